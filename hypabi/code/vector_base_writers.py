"""The function of a program without symbols that makes a table of vectors live at HYP.

Encodings: DDI 0406C, A8.8 (ADR, BL, MCR), A5.2.4 (modified immediates) and B3.17 (HVBAR).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.image.model import Access, Image, Segment

MOST_BEFORE: Final = 0x200
"""Bytes of a function in front of where it sets the vector base."""
NEAR: Final = 4
"""Instructions in front of it by which the address is taken."""


def find_base_writer(image: Image, table: int) -> int | None:
    """Return the one function of A32 code that is called and sets HVBAR to a table, by ADR."""
    found = {
        function
        for segment in image.segments
        if segment.access is Access.CODE
        for function in _writers(segment, table)
    }
    return found.pop() if len(found) == 1 else None


def _writers(segment: Segment, table: int) -> Iterator[int]:
    words = [
        int.from_bytes(segment.content[at : at + 4], "little")
        for at in range(0, len(segment.content) // 4 * 4, 4)
    ]
    start = segment.address
    called = {_target(word, start + 4 * n) for n, word in enumerate(words) if _is_bl(word)}
    for number, word in enumerate(words):
        at = start + 4 * number
        if word & 0x0FFF0FFF == 0x0E8C0F10 and table in _taken(words, number, start):
            before = range(at, max(start, at - MOST_BEFORE) - 4, -4)
            function = next((each for each in before if each in called), None)
            if function is not None:
                yield function


def _taken(words: Sequence[int], number: int, start: int) -> Iterator[int]:
    """Yield the addresses that ADR puts into the register which an MCR writes."""
    register = words[number] >> 12 & 15
    for index in range(max(0, number - NEAR), number):
        word = words[index]
        if word & 0x0FFFF000 in (0x028F0000 | register << 12, 0x024F0000 | register << 12):
            value, turn = word & 0xFF, 2 * (word >> 8 & 15)
            offset = (value >> turn | value << 32 - turn) & 0xFFFFFFFF
            place = start + 4 * index + 8
            yield place + offset if word & 0x00800000 else place - offset


def _is_bl(word: int) -> bool:
    return word & 0x0F000000 == 0x0B000000 and word >> 28 != 0xF


def _target(word: int, place: int) -> int:
    offset = (word & 0xFFFFFF) << 2
    return place + 8 + offset - (offset >> 25 << 26)
