"""Build the operations of one AArch32 instruction: temporaries, conditions, user ops by name.

:data:`USER_OPS` is the one list of user ops that the A32 and T32 overlays emit, with their
meanings; ``semantics.aarch32`` gives each of them that meaning.  Besides these, the name of a
system operation of :mod:`hypabi.arch.aarch32_maintenance` is one (``ICIALLU``, ``TLBIALLH``; its
operand is the value written, where it matters), and ``read <NAME>`` returns a system register whose
value hardware decides.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.arch.aarch32 import GENERAL
from hypabi.lifter.instruction import (
    Constant,
    Label,
    Memory,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
)

USER_OPS: Final[Mapping[str, str]] = {
    "require mode": "(set) go on only if the current mode is in the set of modes; elsewhere the "
    "instruction is UNDEFINED or UNPREDICTABLE, and the path ends",
    "read cpsr": "() -> what MRS shows of CPSR",
    "write cpsr": "(value, mask) write the fields of CPSR that lie in mask, as far as the current "
    "mode may: CPSRWriteByInstr()",
    "eret": "() exception return: from ELR_hyp in Hyp mode, from lr elsewhere; CPSR from SPSR",
    "exception return": "(target) CPSR from the current mode's SPSR, control to target",
    "return from exception": "(target, status) CPSR from status, control to target",
    "hvc": "(immediate) call Hyp mode; control goes on at the next instruction when it returns",
    "smc": "(immediate) call Monitor mode",
    "svc": "(immediate) call Supervisor mode, or Hyp mode from Hyp mode",
    "bkpt": "(immediate) breakpoint: no way on",
    "hlt": "(immediate) halting breakpoint: no way on",
    "udf": "(immediate) permanently undefined: no way on",
    "exclusive load": "(address, size) mark the address for exclusive access",
    "exclusive store": "(address, size) -> 1 if the mark still stands and the store may happen",
    "CLREX": "() clear the mark",
    "DMB": "(domain and types) barrier",
    "DSB": "(domain and types) barrier",
    "ISB": "(domain and types) barrier",
    "SB": "() speculation barrier",
    "ESB": "() error synchronisation barrier",
    "TSB": "() trace synchronisation barrier",
    "WFE": "() wait for event",
    "WFI": "() wait for interrupt",
    "SEV": "() send event",
    "SEVL": "() send event locally",
}

ALWAYS: Final = 14
"""Condition code AL."""
PC: Final = 15


class Refusal(Exception):
    """The word is UNDEFINED, UNPREDICTABLE or unallocated; ``reason`` says which and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def word(value: int) -> Constant:
    """Return a 32-bit literal."""
    return Constant(value & 0xFFFF_FFFF, 4)


def cell(name: str) -> Register:
    """Return a 32-bit register by name."""
    return Register(name, 0, 4)


def flag(name: str) -> Register:
    """Return a flag or status field: one byte."""
    return Register(name, 0, 1)


def bits(instruction: int, low: int, width: int = 4) -> int:
    """Return ``width`` bits of an instruction from bit ``low`` up."""
    return instruction >> low & (1 << width) - 1


def should_be(instruction: int, mask: int, value: int) -> None:
    """Refuse a word whose (0) and (1) bits are not as the manual prints them."""
    if instruction & mask != value:
        raise Refusal("UNPREDICTABLE: a bit that should be zero or one is not")


def expand_immediate(instruction: int) -> int:
    """Return A32's modified immediate: bits 7:0, rotated right by twice bits 11:8."""
    value, rotation = instruction & 0xFF, 2 * (instruction >> 8 & 0xF)
    return (value >> rotation | value << 32 - rotation) & 0xFFFF_FFFF


class Block:
    """The operations of one instruction while they are written.

    :param pc: what the instruction reads as PC: its address + 8 in A32, + 4 in T32
    """

    __slots__ = ("_open", "_temporaries", "ops", "pc")

    def __init__(self, pc: int) -> None:
        self.ops: list[Op] = []
        self.pc = pc & 0xFFFF_FFFF
        self._temporaries = 0
        self._open: list[int] = []

    def temporary(self, size: int) -> Temporary:
        """Return a new temporary."""
        self._temporaries += 1
        return Temporary(self._temporaries - 1, size)

    def compute(self, opcode: Opcode, *inputs: Operand, size: int = 4) -> Temporary:
        """Append an operation and return its output."""
        output = self.temporary(size)
        self.emit(opcode, output, *inputs)
        return output

    def emit(self, opcode: Opcode, output: Operand, *inputs: Operand) -> None:
        """Append an operation."""
        self.ops.append(Op(opcode, output, inputs))

    def copy(self, output: Operand, value: Operand) -> None:
        """Append ``output = value``."""
        self.emit(Opcode.COPY, output, value)

    def store(self, address: Operand, value: Operand) -> None:
        """Append a write to memory."""
        self.ops.append(Op(Opcode.STORE, None, (address, value)))

    def call(self, target: int) -> None:
        """Append a call of a fixed address."""
        self.ops.append(Op(Opcode.CALL, None, (Memory(target, 4),)))

    def go(self, opcode: Opcode, target: Operand) -> None:
        """Append a BRANCHIND or RETURN to a computed address."""
        self.ops.append(Op(opcode, None, (target,)))

    def user(self, name: str, *inputs: Operand, output: Operand | None = None) -> None:
        """Append a user op."""
        self.ops.append(Op(Opcode.USER, output, inputs, name))

    def require(self, modes: int) -> None:
        """Append the condition that the current mode is one of ``modes``."""
        self.user("require mode", word(modes))

    def source(self, number: int) -> Operand:
        """Return R<number> to read; R15 is the constant that the instruction sees."""
        return word(self.pc) if number == PC else cell(GENERAL[number])

    def target(self, number: int) -> Register:
        """Return R<number> to write.

        :raises Refusal: R15, which none of the forms here may write
        """
        if number == PC:
            raise Refusal("UNPREDICTABLE: the result goes to the pc")
        return cell(GENERAL[number])

    def plus(self, value: Operand, offset: int) -> Operand:
        """Return ``value + offset``."""
        return value if offset == 0 else self.compute(Opcode.INT_ADD, value, word(offset))

    def skip_if(self, condition: Operand) -> None:
        """Skip what follows up to :meth:`land` where ``condition`` holds."""
        self._open.append(len(self.ops))
        self.ops.append(Op(Opcode.CBRANCH, None, (Label(0), condition)))

    def land(self) -> None:
        """Say where the innermost open :meth:`skip_if` goes: here."""
        index = self._open.pop()
        _, condition = self.ops[index].inputs
        self.ops[index] = Op(Opcode.CBRANCH, None, (Label(len(self.ops)), condition))

    def under(self, condition: int) -> None:
        """Skip the rest of the instruction unless ``condition`` (Arm ARM, A8.3) passes."""
        if condition < ALWAYS:
            self.skip_if(self._fails(condition))

    def finish(self) -> tuple[Op, ...]:
        """Return the operations."""
        while self._open:
            self.land()
        return tuple(self.ops)

    def _fails(self, condition: int) -> Operand:
        """Return the byte that is 1 where ``condition`` fails: bit 0 of a condition inverts it."""
        passes = self._base(condition >> 1)
        return passes if condition & 1 else self.compute(Opcode.BOOL_NEGATE, passes, size=1)

    def _base(self, pair: int) -> Operand:
        if pair < 4:  # EQ, CS, MI, VS
            return flag("ZCNV"[pair])
        not_zero = self.compute(Opcode.BOOL_NEGATE, flag("Z"), size=1) if pair != 5 else flag("N")
        if pair == 4:  # HI
            return self.compute(Opcode.BOOL_AND, flag("C"), not_zero, size=1)
        same = self.compute(Opcode.INT_EQUAL, flag("N"), flag("V"), size=1)
        if pair == 5:  # GE
            return same
        return self.compute(Opcode.BOOL_AND, not_zero, same, size=1)  # GT
