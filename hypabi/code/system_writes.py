"""Which system register a word writes, and which words only EL2 or HYP may execute.

A64: MSR (register), DDI 0487, C6.2.  A32 and T32: MCR of CP15, DDI 0406C, A8.8.98; in T32 the same
bits stand with the first halfword above the second.
"""

from typing import Final

from hypabi.arch.aarch32_system import Direction, SystemRegister, find_coprocessor_register
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.arch.names import InstructionSet
from hypabi.image.model import Image, ImageError
from hypabi.records import frozen

MSR: Final = (0xFFF00000, 0xD5100000)
MCR: Final = (0x0F100F10, 0x0E000F10)
A64_EL2: Final = (0xFFDC0000, 0xD51C0000)
"""MSR and MRS with op0 = 3 and op1 = 4 or more: registers of EL2, and EL1's by their EL12 names."""
OP1: Final = (4, 5)
A32_HYP: Final = (0x0FE00F10, 0x0E800F10)
"""MCR and MRC of CP15 with opc1 = 4 (DDI 0406C, B3.17): registers of HYP."""
T32_FIRST: Final = 0xE0000000
"""The upper four bits of what a coprocessor instruction of T32 is, which has no condition."""


@frozen
class SystemWrite:
    """A general register that goes to a system register."""

    register: str
    source: int
    """Number of the general register; 31 is zero in A64."""


def instruction_word(image: Image, address: int, state: InstructionSet) -> int:
    """Return four bytes of code, of T32 with the first halfword above; 0 where there are none."""
    try:
        word = int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return 0
    if state is InstructionSet.T32:
        return word << 16 & 0xFFFF0000 | word >> 16
    return word


def system_write(word: int, state: InstructionSet) -> SystemWrite | None:
    """Return the system register that a word writes, ``None`` where it writes none."""
    if state is InstructionSet.A64:
        name = SYSTEM_REGISTERS.get(word >> 5 & 0xFFFF) if word & MSR[0] == MSR[1] else None
        return None if name is None else SystemWrite(name, word & 31)
    if not _is(word, MCR, state):
        return None
    encoding = (word >> 21 & 7, word >> 16 & 0xF, word & 0xF, word >> 5 & 7)
    found = find_coprocessor_register(15, encoding, Direction.WRITE)
    return SystemWrite(found.name, word >> 12 & 0xF) if isinstance(found, SystemRegister) else None


def is_of_el2(word: int, state: InstructionSet) -> bool:
    """Tell whether a word reads or writes a register that is UNDEFINED below EL2 or HYP."""
    if state is InstructionSet.A64:
        return word & A64_EL2[0] == A64_EL2[1] and word >> 16 & 7 in OP1
    return _is(word, A32_HYP, state)


def _is(word: int, form: tuple[int, int], state: InstructionSet) -> bool:
    mask, value = form
    if word & mask != value:
        return False
    return state is InstructionSet.A32 or word & 0xF0000000 == T32_FIRST
