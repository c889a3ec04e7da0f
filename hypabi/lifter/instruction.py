"""One lifted instruction: p-code operations over operands that carry the Arm ARM's names.

SLEIGH's varnodes become four kinds of operand, so that nothing outside :mod:`hypabi.lifter.sleigh`
needs to know an address space or a register offset.  Invariants: sizes are in bytes; a branch
inside an instruction goes to a :class:`Label`; ``Label(len(ops))`` is the end of the instruction,
where execution falls through.
"""

import enum

from hypabi.arch.names import InstructionSet
from hypabi.records import frozen


@frozen
class Constant:
    """A literal of ``size`` bytes."""

    value: int
    size: int


@frozen
class Register:
    """``size`` bytes of a register, from bit ``low`` up.  ``name`` is the architectural one.

    ``sp`` and ``lr`` and (A32) ``r8`` to ``r12`` name the current mode's copy; ``semantics``
    resolves them to a bank.
    """

    name: str
    low: int
    size: int


@frozen
class Temporary:
    """A value that lives inside one instruction."""

    index: int
    size: int


@frozen
class Memory:
    """A fixed address: a literal load, or the target of a direct branch."""

    address: int
    size: int


@frozen
class AddressOf:
    """``((S + addend) & mask) >> shift``, where S is where a symbol is that no file defines."""

    symbol: str
    addend: int
    mask: int
    shift: int
    size: int
    """Bytes that the value has."""


@frozen
class Label:
    """A position in the operations of the same instruction."""

    index: int


Operand = Constant | Register | Temporary | Memory | AddressOf | Label


class Opcode(enum.Enum):
    """The p-code operations (Ghidra, *P-Code Reference Manual*) that Arm code uses."""

    COPY = "COPY"
    LOAD = "LOAD"
    STORE = "STORE"
    BRANCH = "BRANCH"
    CBRANCH = "CBRANCH"
    BRANCHIND = "BRANCHIND"
    CALL = "CALL"
    CALLIND = "CALLIND"
    RETURN = "RETURN"
    PIECE = "PIECE"
    SUBPIECE = "SUBPIECE"
    POPCOUNT = "POPCOUNT"
    LZCOUNT = "LZCOUNT"
    INT_EQUAL = "INT_EQUAL"
    INT_NOTEQUAL = "INT_NOTEQUAL"
    INT_SLESS = "INT_SLESS"
    INT_SLESSEQUAL = "INT_SLESSEQUAL"
    INT_LESS = "INT_LESS"
    INT_LESSEQUAL = "INT_LESSEQUAL"
    INT_ZEXT = "INT_ZEXT"
    INT_SEXT = "INT_SEXT"
    INT_ADD = "INT_ADD"
    INT_SUB = "INT_SUB"
    INT_CARRY = "INT_CARRY"
    INT_SCARRY = "INT_SCARRY"
    INT_SBORROW = "INT_SBORROW"
    INT_2COMP = "INT_2COMP"
    INT_NEGATE = "INT_NEGATE"
    INT_XOR = "INT_XOR"
    INT_AND = "INT_AND"
    INT_OR = "INT_OR"
    INT_LEFT = "INT_LEFT"
    INT_RIGHT = "INT_RIGHT"
    INT_SRIGHT = "INT_SRIGHT"
    INT_MULT = "INT_MULT"
    INT_DIV = "INT_DIV"
    INT_REM = "INT_REM"
    INT_SDIV = "INT_SDIV"
    INT_SREM = "INT_SREM"
    BOOL_NEGATE = "BOOL_NEGATE"
    BOOL_XOR = "BOOL_XOR"
    BOOL_AND = "BOOL_AND"
    BOOL_OR = "BOOL_OR"
    USER = "USER"
    UNDEFINED = "UNDEFINED"
    """Any other p-code operation; ``Op.user`` holds its name.  It has no semantics here."""


@frozen
class Op:
    """One operation.  ``user`` is the name of a user op, SLEIGH's or our overlay's.

    LOAD takes (address), STORE takes (address, value); p-code's address-space operand is dropped,
    because Arm has one memory.
    """

    opcode: Opcode
    output: Operand | None
    inputs: tuple[Operand, ...]
    user: str = ""


@frozen
class Instruction:
    """A lifted instruction.  ``size`` is 2 or 4; ``bytes`` are as they lie in the image."""

    address: int
    bytes: bytes
    state: InstructionSet
    ops: tuple[Op, ...]
    overlay: bool = False
    """Whether our overlay, and not SLEIGH, gave the operations."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.bytes)


@frozen
class Undecodable:
    """A word that has no meaning here, and why; meeting it ends the path."""

    address: int
    bytes: bytes
    reason: str
