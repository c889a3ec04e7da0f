"""Where the code that a CPU starts with in HYP mode has installed the stub and dropped to SVC.

A kernel of 32-bit Arm, its decompressor and what EFI enters open alike: they read the mode that
they were entered in, call the installer and change their mode.  The opening ends in front of the
first instruction that does anything else: one that uses memory, calls another
function or asks for an identity of the CPU.

Encodings: DDI 0406C, A5 (classes of instructions), A8.8 and B9.3 (MRS, MSR, ERET), B3.17 (CP15).
"""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.image.model import Access, Image
from hypabi.records import frozen

MOST: Final = 160
"""Instructions of an opening."""
MOST_BEFORE: Final = 64
"""Instructions of a function in front of where it reads its mode."""

MRS_CPSR: Final = (0x0FFF0FFF, 0x010F0000)
READS_HSCTLR: Final = re.compile(rb"\x10[\x0f-\xef]\x91\xee")
"""MRC p15, 4, <Rt>, c1, c0, 0, always, as a little-endian word."""
NEAR: Final = 16
"""Instructions between the two."""

_UNCONDITIONAL: Final = (
    (0xFFFFFDFF, 0xF1010000),  # SETEND
    (0xFFF1FE20, 0xF1000000),  # CPS
    (0xFFFFFF00, 0xF57FF000),  # CLREX, DSB, DMB, ISB
)
_CONDITIONAL: Final = (
    (0x0FBF0FFF, 0x010F0000),  # MRS
    (0x0FB0FFF0, 0x0120F000),  # MSR (register)
    (0x0FB0F000, 0x0320F000),  # MSR (immediate), hints
    (0x0FB0FEFF, 0x01200200),  # MRS (banked)
    (0x0FB0FEF0, 0x0120F200),  # MSR (banked)
    (0x0FFFFFFF, 0x0160006E),  # ERET
    (0x0F000000, 0x0F000000),  # SVC
    (0x0FB00000, 0x03000000),  # MOVW, MOVT
    (0x0FE00F10, 0x0E800F10),  # MCR, MRC of CP15 with opc1 = 4: registers of HYP
    (0x0FEF0F10, 0x0E010F10),  # the same of c1: SCTLR
    (0x0FFF0F10, 0x0E070F10),  # MCR of c7: barriers
)


@frozen
class Opening:
    """Addresses of its first instruction, and of the first behind it."""

    start: int
    end: int


def opening_at(image: Image, address: int, installers: frozenset[int]) -> Opening | None:
    """Return the opening of code, ``None`` where it does not read as one in A32.

    :param address: of the code's first instruction
    :param installers: functions that it may call
    """
    place = address
    for _ in range(MOST):
        word = _word(image, place)
        if word is None or _leaves_a32(word):
            return None
        if word >> 28 == 0xE and _is_branch(word):
            if branch_target(word, place) <= place:
                return Opening(address, place)
            place = branch_target(word, place)
        elif _belongs(word, place, installers):
            place += 4
        else:
            return Opening(address, place)
    return None


def mode_read_in(image: Image, function: int) -> int | None:
    """Return where a function first reads CPSR, ``None`` where it does not soon."""
    places = range(function, function + 4 * MOST_BEFORE, 4)
    return next((place for place in places if _is(_word(image, place), MRS_CPSR)), None)


def find_looks_at_hyp(image: Image) -> frozenset[int]:
    """Return where CPSR is read and, in the same opening and close behind, HSCTLR."""
    found = set()
    for place in _reads_of_hsctlr(image):
        if place & 3:
            continue
        before = range(place - 4, place - 4 * NEAR, -4)
        read = next((each for each in before if _is(_word(image, each), MRS_CPSR)), None)
        opening = None if read is None else opening_at(image, read, frozenset())
        if opening is not None and place < opening.end:
            found.add(opening.start)
    return frozenset(found)


def branch_target(word: int, place: int) -> int:
    """Return where B or BL goes."""
    offset = (word & 0xFFFFFF) << 2
    return place + 8 + offset - (offset >> 25 << 26)


def _reads_of_hsctlr(image: Image) -> Iterator[int]:
    for segment in image.segments:
        if segment.access is not Access.CODE:
            continue
        for found in READS_HSCTLR.finditer(segment.content):
            yield segment.address + found.start()


def _word(image: Image, place: int) -> int | None:
    segment = image.segment(place)
    if segment is None or segment.access is not Access.CODE or place & 3:
        return None
    at = place - segment.address
    word = segment.content[at : at + 4]
    return int.from_bytes(word, "little") if len(word) == 4 else None


def _is(word: int | None, form: tuple[int, int]) -> bool:
    return word is not None and word & form[0] == form[1]


def _is_branch(word: int) -> bool:
    return word & 0x0F000000 == 0x0A000000


def _belongs(word: int, place: int, installers: frozenset[int]) -> bool:
    if word >> 28 == 0xF:
        return any(_is(word, form) for form in _UNCONDITIONAL)
    if word & 0x0F000000 == 0x0B000000:
        return branch_target(word, place) in installers
    if _is_branch(word):
        return branch_target(word, place) > place
    return _computes(word) or any(_is(word, form) for form in _CONDITIONAL)


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
