"""What A64 code refers to by its distance from itself, and words at which branches may land.

Encodings: DDI 0487, C4.1.  Code that is copied takes such distances along.
"""

from collections.abc import Iterator
from typing import Final

from hypabi.code.a64_words import (
    PAGE,
    branch_target,
    formed_address,
    goes_on,
    is_adrp,
    signed_field,
    word_at,
)
from hypabi.image.model import Image

MOST_CODE: Final = 1 << 16
"""Bytes of copied code that are looked through."""
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
            low = start & -PAGE if is_adrp(word) else start
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
        target = branch_target(word, place)
        if target is not None:
            waiting.append(target)
        if goes_on(word):
            waiting.append(place + 4)
    return found


def _entries(image: Image, start: int, end: int) -> Iterator[int]:
    """Yield where a region may be entered: its start, and where a table of vectors has slots."""
    yield start
    if start % 0x800 == 0 and end - start >= 0x800:
        for slot in range(start, start + 0x800, 0x80):
            if word_at(image, slot):
                yield slot


def _refers(word: int, place: int) -> Iterator[int]:
    for target in (branch_target(word, place), formed_address(word, place)):
        if target is not None:
            yield target
    if word >> 24 & 0x3B == 0x18:  # LDR (literal)
        yield place + 4 * signed_field(word, 5, 19)
