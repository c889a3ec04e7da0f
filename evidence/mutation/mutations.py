"""Every single-instruction mutant of code that was read."""

from collections.abc import Iterator, Sequence
from typing import Final

from evidence.mutation import forms
from evidence.mutation.fields import Field, Kind, changed, fields_of
from hypabi.arch.names import InstructionSet
from hypabi.lifter.instruction import Instruction
from hypabi.records import frozen

NOP: Final = {
    (InstructionSet.A64, 4): 0xD503201F,
    (InstructionSet.A32, 4): 0xE320F000,
    (InstructionSet.T32, 2): 0xBF00,
    (InstructionSet.T32, 4): 0xF3AF8000,
}
"""DDI 0487 C6.2.238; DDI 0406C A8.8.119."""

RETURNS: Final = {
    (InstructionSet.A64, 4): (0xD69F03E0, 0xD65F03C0, 0xD61F0000, 0xD61F03C0, 0xD4200000),
    (InstructionSet.A32, 4): (0xE160006E, 0xE12FFF1E, 0xE1A0F00E, 0xE1B0F00E, 0xE12FFF10),
    (InstructionSet.T32, 2): (0x4770, 0x46F7, 0x4700),
    (InstructionSet.T32, 4): (0xF3DE8F00, 0x4770BF00, 0x46F7BF00, 0xF85DFB04),
}
"""``eret``, a return to LR in each of its forms, a branch to the first register, and others."""

RETURN_FORMS: Final = {
    InstructionSet.A64: ((0xFFFFFFFF, 0xD69F03E0), (0xFF9FFC1F, 0xD61F0000)),
    InstructionSet.A32: ((0x0FFFFFFF, 0x0160006E), (0x0FFFFFD0, 0x012FFF10)),
    InstructionSet.T32: ((0xFFFFFFFF, 0xF3DE8F00), (0xFFFFFF00, 0x4700)),
}
"""What counts as a return: ``eret``, ``ret``, ``br``, ``bx``, as mask and value."""


@frozen
class Mutation:
    """Bytes of code, and what stands there instead."""

    address: int
    state: InstructionSet
    kind: Kind
    old: bytes
    new: bytes

    @property
    def order(self) -> tuple[int, bytes]:
        """What tells it from all others of one program."""
        return self.address, self.new


def mutations(code: Sequence[Instruction]) -> tuple[Mutation, ...]:
    """Return the mutants of instructions, each changed word once, in a fixed order.

    :param code: what is executed, by address
    """
    found: dict[tuple[int, bytes], Mutation] = {}
    following = {each.address: each for each in code}
    names = _system_registers(code)
    for one in code:
        for kind, word in _words(one, names):
            new = _content(word, one)
            if new != one.bytes:
                each = Mutation(one.address, one.state, kind, one.bytes, new)
                found.setdefault(each.order, each)
        two = following.get(one.address + one.size)
        if two is not None and two.bytes != one.bytes and two.state is one.state:
            old, new = one.bytes + two.bytes, two.bytes + one.bytes
            each = Mutation(one.address, one.state, Kind.SWAPPED, old, new)
            found.setdefault(each.order, each)
    return tuple(sorted(found.values(), key=lambda each: each.order))


def word_of(instruction: Instruction) -> int:
    """Return the word of an instruction; of T32 the first halfword is the high one."""
    content = instruction.bytes
    if instruction.state is InstructionSet.T32 and len(content) == 4:
        content = content[2:] + content[:2]
    return int.from_bytes(content, "little")


def is_return(instruction: Instruction) -> bool:
    """Tell whether an instruction is ``eret``, ``ret``, ``br`` or ``bx``."""
    word = word_of(instruction)
    return any(word & mask == value for mask, value in RETURN_FORMS[instruction.state])


def _content(word: int, of: Instruction) -> bytes:
    content = word.to_bytes(of.size, "little")
    wide = of.state is InstructionSet.T32 and of.size == 4
    return content[2:] + content[:2] if wide else content


def _words(of: Instruction, names: Sequence[int]) -> Iterator[tuple[Kind, int]]:
    word, shape = word_of(of), (of.state, of.size)
    yield Kind.DROPPED, NOP[shape]
    if is_return(of):
        yield from ((Kind.RETURN, other) for other in RETURNS[shape])
    found = _fields(of)
    for field in found:
        yield from ((field.kind, other) for other in changed(word, field))
    mask = _name_mask(found)
    if mask and of.state is InstructionSet.A64:
        yield from ((Kind.SYSTEM_REGISTER, word & ~mask | other) for other in names)


def _fields(of: Instruction) -> tuple[Field, ...]:
    word = word_of(of)
    match of.state, of.size:
        case InstructionSet.A64, _:
            return fields_of(word, 32, forms.A64)
        case InstructionSet.A32, _:
            return fields_of(word, 32, forms.A32)
        case _, 2:
            return fields_of(word, 16, forms.T32)
        case _:
            return fields_of(word, 32, forms.T32_WIDE)


def _name_mask(fields: Sequence[Field]) -> int:
    """Return the bits by which a word of A64 names a system register, 0 where it names none."""
    named = [field for field in fields if field.kind is Kind.SYSTEM_REGISTER]
    return sum(field.mask for field in named) if len(named) == 5 else 0


def _system_registers(code: Sequence[Instruction]) -> tuple[int, ...]:
    """Return the names of the system registers that A64 code moves from and to, in place."""
    found = {
        word_of(each) & 0x1FFFE0
        for each in code
        if each.state is InstructionSet.A64 and word_of(each) & 0xFFD00000 == 0xD5100000
    }
    return tuple(sorted(found))
