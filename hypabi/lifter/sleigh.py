"""The SLEIGH adapter: words to operations, through pypcode.

The only module that imports pypcode.  SLEIGH's register cells become names; cells that are scratch
space of the specification become temporaries; cells that we do not trust (``cpsr``, ``crN``) make
the word undecodable, because the overlay should have taken it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pypcode

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import (
    Constant,
    Instruction,
    Label,
    Memory,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
    Undecodable,
)
from hypabi.lifter.overlay import a64, a64_allocated

LANGUAGES: Final[Mapping[tuple[bool, ByteOrder], str]] = {
    (True, ByteOrder.LITTLE): "AARCH64:LE:64:v8A",
    (True, ByteOrder.BIG): "AARCH64:BE:64:v8A",
    (False, ByteOrder.LITTLE): "ARM:LE:32:v8",
    (False, ByteOrder.BIG): "ARM:LEBE:32:v8LEInstruction",
}

FLAG_CELLS: Final = {"NG": "N", "ZR": "Z", "CY": "C", "OV": "V", "TB": "CPSR.T", "Q": "CPSR.Q"}
DISTRUSTED: Final = frozenset({"cpsr", "spsr", "contextreg", "currentel", "nzcv", "daif", "spsel"})
SCRATCH_BASE: Final = 1 << 40
"""Index of the first temporary that stands for a scratch cell of the register space."""

OPCODES: Final = {
    getattr(pypcode.OpCode, o.value): o for o in Opcode if hasattr(pypcode.OpCode, o.value)
}


IT_MASK_OF_ONE: Final = 0b1000
"""SLEIGH's ``cond_mask`` for the last instruction of an IT block."""


class _Refused(Exception):
    """The operations of this word cannot be taken over, and why."""


class Lifter:
    """Lift the words of one instruction set state and byte order.

    Lifting is a pure function of address, bytes and ITSTATE, so all lifters of a process share
    SLEIGH's tables.  SLEIGH itself remembers what some A32 and T32 instructions say about others;
    the overlay takes those, and disassembly, which sees them all, has a context of its own.
    """

    def __init__(self, state: InstructionSet, byte_order: ByteOrder) -> None:
        self.state = state
        self._order = byte_order
        self._context, self._cells = _tables(state, byte_order)
        self._printer: pypcode.Context | None = None
        self._overlay = _overlay(state)

    def lift(self, address: int, content: bytes, it: int = 0) -> Instruction | Undecodable:
        """Lift the instruction at the start of ``content`` (4 bytes; T32 may use only 2).

        :param address: where the bytes are executed
        :param it: ITSTATE before the instruction (``CPSR.IT``); 0 but for T32
        """
        content = content[: self._length(content)]
        word = int.from_bytes(content, "little")
        ops = self._overlay(word, address, len(content), it)
        if isinstance(ops, str):
            return Undecodable(address, content, ops)
        if ops is not None:
            return Instruction(address, content, self.state, ops, overlay=True)
        try:
            return Instruction(address, content, self.state, self._translate(address, content, it))
        except (pypcode.BadDataError, pypcode.UnimplError) as refused:
            return Undecodable(address, content, f"SLEIGH cannot decode it: {refused}")
        except _Refused as refused:
            return Undecodable(address, content, str(refused))

    def _translate(self, address: int, content: bytes, it: int) -> tuple[Op, ...]:
        if not it:
            translation = self._context.translate(content, address, max_instructions=1)
            return self._convert(translation, address, len(content))
        from hypabi.lifter.overlay.t32 import in_it_block  # noqa: PLC0415 - few images hold T32

        # An IT block of one instruction: SLEIGH then says nothing about the next one.
        self._context.setVariableDefault("cond_full", it >> 4)
        self._context.setVariableDefault("cond_mask", IT_MASK_OF_ONE)
        try:
            translation = self._context.translate(content, address, max_instructions=1)
            return in_it_block(self._convert(translation, address, len(content)), it)
        finally:
            self._context.setVariableDefault("condit", 0)

    def text(self, address: int, content: bytes) -> str:
        """Return the disassembly of one instruction, or its bytes where SLEIGH has none."""
        content = content[: self._length(content)]
        word = int.from_bytes(content, "little")
        own = self._own_text(word, len(content))
        if own is not None:
            return own
        if isinstance(self._overlay(word, address, len(content), 0), str):
            return f".inst 0x{word:08x}"  # SLEIGH must not even parse some of them
        if self._printer is None:
            pure = self.state is InstructionSet.A64
            self._printer = self._context if pure else _new_context(self.state, self._order)
        try:
            lines = self._printer.disassemble(content, address, max_instructions=1).instructions
            return f"{lines[0].mnem} {lines[0].body}".strip() if lines else f".inst {content.hex()}"
        except (pypcode.BadDataError, pypcode.UnimplError):
            return f".inst 0x{word:08x}"

    def _own_text(self, word: int, size: int) -> str | None:
        """Return the text of a form that SLEIGH cannot print."""
        if self.state is InstructionSet.A64:
            return None
        from hypabi.lifter.overlay import aarch32_text  # noqa: PLC0415 - only 32-bit images pay for it

        if self.state is InstructionSet.A32:
            return aarch32_text.a32_text(word)
        return aarch32_text.t32_text(word, size)

    def _length(self, content: bytes) -> int:
        if self.state is not InstructionSet.T32:
            return 4
        # Arm ARM DDI 0406C, A6.1: 0b11101, 0b11110 and 0b11111 start a 32-bit instruction.
        return 4 if content[1] >> 3 in (0b11101, 0b11110, 0b11111) else 2

    def _convert(self, translation: pypcode.Translation, address: int, size: int) -> tuple[Op, ...]:
        raw = [op for op in translation.ops if op.opcode != pypcode.OpCode.IMARK]
        ops = tuple(self._op(op, index, len(raw), address + size) for index, op in enumerate(raw))
        _check_temporaries(ops)
        return ops

    def _op(self, op: pypcode.PcodeOp, index: int, count: int, following: int) -> Op:
        opcode = OPCODES.get(op.opcode)
        output = None if op.output is None else self._operand(op.output)
        inputs = list(op.inputs)
        if op.opcode == pypcode.OpCode.CALLOTHER:
            user = inputs[0].getUserDefinedOpName()
            return Op(Opcode.USER, output, tuple(map(self._operand, inputs[1:])), user)
        if opcode in (Opcode.LOAD, Opcode.STORE):
            return Op(opcode, output, tuple(map(self._operand, inputs[1:])))
        if opcode in (Opcode.BRANCH, Opcode.CBRANCH):
            target = self._branch(inputs[0], index, count, following)
            return Op(opcode, None, (target, *map(self._operand, inputs[1:])))
        operands = tuple(map(self._operand, inputs))
        if opcode is None:
            return Op(Opcode.UNDEFINED, output, operands, str(op.opcode))
        return Op(opcode, output, operands)

    def _branch(self, target: pypcode.Varnode, index: int, count: int, following: int) -> Operand:
        """Return where a branch goes; SLEIGH skips a conditional instruction by its own end."""
        if target.space.name == "const":
            relative = target.offset - (1 << 64) if target.offset >> 63 else target.offset
            if target.size == 4 and target.offset >> 31:
                relative = target.offset - (1 << 32)
            return Label(index + relative)
        if target.offset == following:
            return Label(count)
        return Memory(target.offset, target.size)

    def _operand(self, varnode: pypcode.Varnode) -> Operand:
        match varnode.space.name:
            case "const":
                return Constant(varnode.offset & (1 << 8 * varnode.size) - 1, varnode.size)
            case "unique":
                return Temporary(varnode.offset, varnode.size)
            case "ram":
                return Memory(varnode.offset, varnode.size)
            case "register":
                return self._register(varnode.offset, varnode.size)
            case other:
                raise _Refused(f"SLEIGH uses its address space {other}")

    def _register(self, offset: int, size: int) -> Operand:
        found = self._cells.get((offset, size))
        if found is None:
            raise _Refused(f"SLEIGH uses an unnamed register cell at {offset:#x}")
        if isinstance(found, str):
            raise _Refused(f"SLEIGH uses its own cell {found}, which has no meaning here")
        return found


def _check_temporaries(ops: tuple[Op, ...]) -> None:
    """Refuse operations that read a part of a temporary, or one that nothing has written.

    A temporary is one value here, and not bytes as in SLEIGH's own space.

    :raises _Refused: they do
    """
    sizes: dict[int, int] = {}
    for op in ops:
        for operand in op.inputs:
            if isinstance(operand, Temporary) and sizes.get(operand.index) != operand.size:
                raise _Refused("SLEIGH reads a part of a temporary, or one it has not written")
        if isinstance(op.output, Temporary):
            sizes[op.output.index] = op.output.size


@cache
def _tables(
    state: InstructionSet, order: ByteOrder
) -> tuple[pypcode.Context, Mapping[tuple[int, int], Operand | str]]:
    """Return SLEIGH's tables and what its cells mean; to read them takes a sixth of a second."""
    context = _new_context(state, order)
    return context, _cells(context, state, order)


def _new_context(state: InstructionSet, order: ByteOrder) -> pypcode.Context:
    context = pypcode.Context(_language(LANGUAGES[state is InstructionSet.A64, order]))
    if state is not InstructionSet.A64:
        context.setVariableDefault("TMode", int(state is InstructionSet.T32))
    return context


def _language(name: str) -> pypcode.ArchLanguage:
    """Return a language by its name.

    A name given to pypcode makes it read the definitions of every processor there is; this reads
    the one file that has it.
    """
    family = name.partition(":")[0]
    folder = Path(pypcode.SPECFILES_DIR) / family / "data" / "languages"
    languages = pypcode.Arch(family, str(folder / f"{family}.ldefs")).languages
    return next(language for language in languages if language.id == name)


def _cells(
    context: pypcode.Context, state: InstructionSet, order: ByteOrder
) -> dict[tuple[int, int], Operand | str]:
    """Map each register cell (offset, size) to an operand, or to its name if it is refused."""
    cells: dict[tuple[int, int], Operand | str] = {}
    for name, varnode in context.registers.items():
        cells[varnode.offset, varnode.size] = _cell(name, varnode.offset, varnode.size)
    if state is InstructionSet.A64:
        for number in range(31):
            wide = context.registers[f"x{number}"]
            low = wide.offset + (4 if order is ByteOrder.BIG else 0)
            cells[low, 4] = Register(f"x{number}", 0, 4)
        stack = context.registers["wsp"]
        cells[stack.offset, 4] = Register("sp", 0, 4)
        for size in (4, 8):
            zero = context.registers["xzr" if size == 8 else "wzr"]
            cells[zero.offset, size] = Constant(0, size)
    return cells


def _cell(name: str, offset: int, size: int) -> Operand | str:
    if name in FLAG_CELLS:
        return Register(FLAG_CELLS[name], 0, size)
    if name in DISTRUSTED or (name.startswith("cr") and name[2:].isdigit()):
        return name
    if name in ("sp", "lr") or (name[0] in "xr" and name[1:].isdigit()):
        return Register(name, 0, size)
    if name.startswith(("tmp", "TMP", "shift_carry", "mult_", "ISAMode")) or name == "pc":
        return Temporary(SCRATCH_BASE + offset, size)
    return name


def _overlay(state: InstructionSet) -> Callable[[int, int, int, int], tuple[Op, ...] | str | None]:
    """Return the overlay of an instruction set: operations, a reason to refuse, or ``None``."""
    if state is InstructionSet.A64:
        return lambda word, _address, _size, _it: a64_allocated.refused(word) or a64.decode(word)
    from hypabi.lifter.overlay import a32  # noqa: PLC0415 - only 32-bit images pay for it

    return a32.decode_for(state)
