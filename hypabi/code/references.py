"""What A64 code refers to by its distance from itself, and words at which branches may land.

Encodings: DDI 0487, C4.1.  Code that is copied takes such distances along.
"""

from collections.abc import Iterator
from typing import Final

from hypabi.image.model import Image, ImageError

PAGE: Final = 0x1000
MOST_CODE: Final = 1 << 16
"""Bytes of copied code that are looked through."""
ENDS: Final = ((0xFFFFFC1F, 0xD65F0000), (0xFFFFFC1F, 0xD61F0000), (0xFFFFFFFF, 0xD69F03E0))
"""RET, BR and ERET."""
LANDINGS: Final = frozenset({0xD503245F, 0xD503249F, 0xD50324DF, 0xD503233F, 0xD503237F})
"""BTI c, j and jc, PACIASP and PACIBSP (C6.2.45, D8.4.5)."""


def is_landing(word: int) -> bool:
    """Tell whether a branch to an instruction is no Branch Target exception, of some kind."""
    return word in LANDINGS


def references_out(image: Image, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield each instruction that code refers out of its region with, and to where.

    The code is what can be reached from the region's start and from each of its addresses that the
    region's own branches lead to; what lies between is data.

    :param end: first address behind the region
    """
    found = _reached(image, start, end)
    for place in sorted(found):
        word = found[place]
        for target in _refers(word, place):
            low = start & -PAGE if _is_adrp(word) else start
            if not low <= target < end:
                yield place, target


def _reached(image: Image, start: int, end: int) -> dict[int, int]:
    """Return the instruction words of a region that control can reach within it, by address."""
    found: dict[int, int] = {}
    waiting = list(_entries(image, start, end))
    while waiting and 4 * len(found) < MOST_CODE:
        place = waiting.pop()
        word = word_at(image, place) if start <= place < end else None
        if word is None or place in found:
            continue
        found[place] = word
        target = _branch(word, place)
        if target is not None:
            waiting.append(target)
        if not _stops(word):
            waiting.append(place + 4)
    return found


def _entries(image: Image, start: int, end: int) -> Iterator[int]:
    """Yield where a region may be entered: its start, and where a table of vectors has slots."""
    yield start
    if start % 0x800 == 0 and end - start >= 0x800:
        for slot in range(start, start + 0x800, 0x80):
            if word_at(image, slot):
                yield slot


def word_at(image: Image, address: int) -> int | None:
    """Return the instruction word at an address; instructions are little-endian always."""
    try:
        return int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return None


def _refers(word: int, place: int) -> Iterator[int]:
    target = _branch(word, place)
    if target is not None:
        yield target
    elif _is_adrp(word):
        yield (place & -PAGE) + (_immediate(word) << 12)
    elif word >> 24 & 0x9F == 0x10:
        yield place + _immediate(word)
    elif word >> 24 & 0x3B == 0x18:
        yield place + 4 * _signed(word, 5, 19)


def _is_adrp(word: int) -> bool:
    return word >> 24 & 0x9F == 0x90


def _immediate(word: int) -> int:
    """Return the immediate of ADR and ADRP."""
    value = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
    return value - (value >> 20 << 21)


def _branch(word: int, place: int) -> int | None:
    if word >> 26 & 0x1F == 0b00101:
        return place + 4 * _signed(word, 0, 26)
    if word >> 24 == 0x54 or word >> 25 & 0x3F == 0b011010:
        return place + 4 * _signed(word, 5, 19)
    if word >> 25 & 0x3F == 0b011011:
        return place + 4 * _signed(word, 5, 14)
    return None


def _stops(word: int) -> bool:
    return word >> 26 == 0b000101 or any(word & mask == ends for mask, ends in ENDS)


def _signed(word: int, low: int, size: int) -> int:
    field = word >> low & (1 << size) - 1
    return field - (field >> (size - 1) << size)
