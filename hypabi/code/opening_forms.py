"""Which instructions belong to an opening, in A32 and in T32.

Those that compute, read and write the status, change the mode, or read and write the registers of
HYP and the kernel's control register.  Both instruction sets take the same: what the one says in
other instructions than the other (CBZ, an IT block) belongs as what it stands for.

Encodings: DDI 0406C, A5 and A6 (classes of instructions), A8.8 and B9.3 (MRS, MSR, ERET), B3.17
(CP15).
"""

from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code import t32_words
from hypabi.image.model import Access, Image
from hypabi.records import frozen

Forms = tuple[tuple[int, int], ...]
"""Masks, each with what a word has under it."""

_CP15: Final[Forms] = (
    (0x0FE00F10, 0x0E800F10),  # MCR, MRC with opc1 = 4: registers of HYP
    (0x0FEF0F10, 0x0E010F10),  # the same of c1: SCTLR
    (0x0FFF0F10, 0x0E070F10),  # MCR of c7: barriers
)
_A32_UNCONDITIONAL: Final[Forms] = (
    (0xFFFFFDFF, 0xF1010000),  # SETEND
    (0xFFF1FE20, 0xF1000000),  # CPS
    (0xFFFFFF00, 0xF57FF000),  # CLREX, DSB, DMB, ISB
)
_A32: Final[Forms] = (
    (0x0FBF0FFF, 0x010F0000),  # MRS
    (0x0FB0FFF0, 0x0120F000),  # MSR (register)
    (0x0FB0F000, 0x0320F000),  # MSR (immediate), hints
    (0x0FB0FEFF, 0x01200200),  # MRS (banked)
    (0x0FB0FEF0, 0x0120F200),  # MSR (banked)
    (0x0FFFFFFF, 0x0160006E),  # ERET
    (0x0F000000, 0x0F000000),  # SVC
    (0x0FB00000, 0x03000000),  # MOVW, MOVT
    *_CP15,
)
_T32_SHORT: Final[Forms] = (
    (0xC000, 0x0000),  # shifts, ADD, SUB, MOV, CMP of low registers
    (0xFC00, 0x4000),  # data processing
    (0xFC00, 0x4400),  # ADD, CMP, MOV of any registers, BX
    (0xF000, 0xA000),  # ADR, ADD of SP
    (0xFF00, 0xB000),  # ADD, SUB to SP
    (0xFFE0, 0xB660),  # CPS
    (0xFFF0, 0xB650),  # SETEND
    (0xFF0F, 0xBF00),  # hints
    (0xFF00, 0xDF00),  # SVC
)
_T32_LONG: Final[Forms] = (
    (0xFE000000, 0xEA000000),  # data processing (shifted register)
    (0xFA008000, 0xF0000000),  # data processing (modified immediate)
    (0xFB508000, 0xF2000000),  # ADDW, SUBW, ADR
    (0xFB708000, 0xF2400000),  # MOVW, MOVT
    (0xFF80F0F0, 0xFA00F000),  # shifts by a register
    (0xFFE0D000, 0xF3808000),  # MSR
    (0xFFE0D000, 0xF3A08000),  # CPS, hints, barriers
    (0xFFFFFFFF, 0xF3DE8F00),  # ERET
    (0xFFE0D000, 0xF3E08000),  # MRS
    *((mask | 0xF0000000, value | 0xE0000000) for mask, value in _CP15),
)
_T32_MUL: Final = (0xFFC0, 0x4340)
_T32_BX: Final = (0xFF00, 0x4700)
_T32_SUBS_PC: Final = (0xFFFFFF00, 0xF3DE8F00)
_T32_IT: Final = 0xBF00
"""The upper byte of IT, whose lower four bits are not all zero."""

MRS_CPSR: Final = {
    InstructionSet.A32: (0x0FFF0FFF, 0x010F0000),
    InstructionSet.T32: (0xFFFFF0FF, 0xF3EF8000),
}


@frozen
class Place:
    """Where an instruction is, and the instruction set in which it is read."""

    address: int
    state: InstructionSet


@frozen
class Onward:
    """An instruction that belongs to an opening, and where the opening goes on."""

    to: Place


@frozen
class Ends:
    """An instruction that does something else."""


@frozen
class Lost:
    """An instruction behind which nobody says where control is, or none at all."""


def step(image: Image, place: Place, installers: frozenset[int]) -> Onward | Ends | Lost:
    """Return what becomes of an opening at an instruction.

    :param installers: functions that it may call
    """
    read = word_at(image, place)
    if read is None:
        return Lost()
    word, size = read
    if place.state is InstructionSet.A32:
        return _step_a32(image, word, place, installers)
    return _step_t32(image, word, size, place, installers)


def word_at(image: Image, place: Place) -> tuple[int, int] | None:
    """Return an instruction of code and its size in bytes."""
    segment = image.segment(place.address)
    if segment is None or segment.access is not Access.CODE:
        return None
    at = place.address - segment.address
    if place.state is InstructionSet.T32:
        return t32_words.read_t32(segment.content, at) if at % 2 == 0 else None
    word = segment.content[at : at + 4]
    return (int.from_bytes(word, "little"), 4) if len(word) == 4 and at % 4 == 0 else None


def has_form(word: int | None, form: tuple[int, int]) -> bool:
    """Tell whether a word has what a form asks for under its mask."""
    return word is not None and word & form[0] == form[1]


def branch_target(word: int, place: int) -> int:
    """Return where B or BL of A32 goes."""
    offset = (word & 0xFFFFFF) << 2
    return place + 8 + offset - (offset >> 25 << 26)


def _onward(address: int, state: InstructionSet) -> Onward:
    return Onward(Place(address, state))


def _jump(place: Place, target: int) -> Onward | Ends:
    return _onward(target, place.state) if target > place.address else Ends()


def _step_a32(
    image: Image, word: int, place: Place, installers: frozenset[int]
) -> Onward | Ends | Lost:
    address = place.address
    if _leaves_a32(word):
        target = _entered_by_pc(image, word, place)
        if target is None:
            return Lost()
        state = InstructionSet.T32 if target & 1 else InstructionSet.A32
        return _onward(target & ~1, state) if target > address else Lost()
    if word >> 28 == 0xE and _is_branch(word):
        return _jump(place, branch_target(word, address))
    return _onward(address + 4, place.state) if _belongs_a32(word, address, installers) else Ends()


def _entered_by_pc(image: Image, word: int, place: Place) -> int | None:
    """Return the address to which a jump goes that takes it from its own place, bit 0 for T32.

    ``add rN, pc, #n; bx rN``, as the entry of a Thumb-2 kernel has it, and ``sub pc, pc, #n``, as
    that of its decompressor since 5.8.
    """
    if word & 0xFFFFFF00 == 0xE24FF000:
        return place.address + 8 - (word & 0xFF)
    before = word_at(image, Place(place.address - 4, place.state))
    if before is None or word & 0xFFFFFFF0 != 0xE12FFF10:
        return None
    taken = before[0] & 0xFFFFFF00 == 0xE28F0000 | (word & 15) << 12
    return place.address + 4 + (before[0] & 0xFF) if taken else None


def _is_branch(word: int) -> bool:
    return word & 0x0F000000 == 0x0A000000


def _belongs_a32(word: int, place: int, installers: frozenset[int]) -> bool:
    if word >> 28 == 0xF:
        return _has_one(word, _A32_UNCONDITIONAL)
    if word & 0x0F000000 == 0x0B000000:
        return branch_target(word, place) in installers
    if _is_branch(word):
        return branch_target(word, place) > place
    return _computes(word) or _has_one(word, _A32)


def _has_one(word: int, forms: Forms) -> bool:
    return any(has_form(word, form) for form in forms)


def _computes(word: int) -> bool:
    """Tell whether a word is a data-processing instruction (A5.2)."""
    if word & 0x0C000000 or (not word & 0x02000000 and word & 0x90 == 0x90):
        return False
    return word & 0x01900000 != 0x01000000


def _leaves_a32(word: int) -> bool:
    """Tell whether a word goes to a computed address: BX, BLX, or what writes the PC."""
    if word >> 28 == 0xF:
        return False
    if word & 0x0FFFFFD0 == 0x012FFF10:
        return True
    tests = word & 0x01900000 == 0x01100000
    return _computes(word) and not tests and word >> 12 & 15 == 15


def _step_t32(
    image: Image, word: int, size: int, place: Place, installers: frozenset[int]
) -> Onward | Ends | Lost:
    address = place.address
    if size == 2 and word & 0xFF00 == _T32_IT and word & 15:
        behind = _behind_block(image, word, address + 2, installers)
        return Ends() if behind is None else _onward(behind, place.state)
    if _leaves_t32(word, size):
        return Lost()
    target = t32_words.branch_target(word, address)
    if target is not None:
        return _jump(place, target)
    belongs = _belongs_t32(word, size, address, installers)
    return _onward(address + size, place.state) if belongs else Ends()


def _behind_block(image: Image, it: int, place: int, installers: frozenset[int]) -> int | None:
    """Return the address behind an IT block, which belongs whole or not at all."""
    for _ in range(4 - ((it & -it).bit_length() - 1)):
        read = word_at(image, Place(place, InstructionSet.T32))
        if read is None or _leaves_t32(*read):
            return None
        target = t32_words.branch_target(read[0], place)
        if target is None and not _belongs_t32(*read, place, installers):
            return None
        if target is not None and target <= place:
            return None
        place += read[1]
    return place


def _belongs_t32(word: int, size: int, place: int, installers: frozenset[int]) -> bool:
    target = t32_words.conditional_target(word, place)
    if target is not None:
        return target > place
    if size == 2:
        return _has_one(word, _T32_SHORT) and not has_form(word, _T32_MUL)
    return t32_words.call_target(word, place) in installers or _has_one(word, _T32_LONG)


def _leaves_t32(word: int, size: int) -> bool:
    """Tell whether an instruction goes to a computed address: BX, BLX, or what writes the PC."""
    if size == 4:
        return has_form(word, _T32_SUBS_PC) and word & 0xFF != 0
    writes_pc = word & 0xFC00 == 0x4400 and word & 0x0300 != 0x0100 and word & 0x87 == 0x87
    return has_form(word, _T32_BX) or writes_pc
