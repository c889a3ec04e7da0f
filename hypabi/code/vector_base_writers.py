"""The function of a program without symbols that makes a table of vectors live at HYP.

Encodings: DDI 0406C, A8.8 (ADR, BL, MCR), A5.2.4 (modified immediates) and B3.17 (HVBAR).
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from hypabi.arch.names import InstructionSet
from hypabi.code.t32_words import call_target
from hypabi.image.model import Access, Image, Segment

MOST_BEFORE: Final = 0x200
"""Bytes of a function in front of where it sets the vector base."""
NEAR: Final = 16
"""Bytes in front of it within which the address is taken."""


def find_base_writer(image: Image, table: int, state: InstructionSet) -> int | None:
    """Return the one function that is called and sets HVBAR to a table, by ADR.

    :param state: A32 or T32, in which the table and the code are
    """
    found = {
        function
        for segment in image.segments
        if segment.access is Access.CODE
        for function in _Code(segment, _READINGS[state]).writers(table)
    }
    return found.pop() if len(found) == 1 else None


class _Reading(Protocol):
    """How a 32-bit word reads in one instruction set."""

    step: int
    """Bytes to where the next instruction may be."""

    def calls(self, word: int, place: int) -> int | None:
        """Return the target of a BL."""

    def writes_base(self, word: int) -> int | None:
        """Return the register of an MCR that writes HVBAR."""

    def takes(self, word: int, place: int, register: int) -> int | None:
        """Return the address that ADR puts into a register."""


class _A32:
    step = 4

    def calls(self, word: int, place: int) -> int | None:
        if word & 0x0F000000 != 0x0B000000 or word >> 28 == 0xF:
            return None
        offset = (word & 0xFFFFFF) << 2
        return place + 8 + offset - (offset >> 25 << 26)

    def writes_base(self, word: int) -> int | None:
        return word >> 12 & 15 if word & 0x0FFF0FFF == 0x0E8C0F10 else None

    def takes(self, word: int, place: int, register: int) -> int | None:
        if word & 0x0FFFF000 not in (0x028F0000 | register << 12, 0x024F0000 | register << 12):
            return None
        value, turn = word & 0xFF, 2 * (word >> 8 & 15)
        offset = (value >> turn | value << 32 - turn) & 0xFFFFFFFF
        return place + 8 + offset if word & 0x00800000 else place + 8 - offset


class _T32:
    """Words with the first halfword on top."""

    step = 2

    def calls(self, word: int, place: int) -> int | None:
        return call_target(word, place)

    def writes_base(self, word: int) -> int | None:
        return word >> 12 & 15 if word & 0xFFFF0FFF == 0xEE8C0F10 else None

    def takes(self, word: int, place: int, register: int) -> int | None:
        fixed = word & 0xFBFF8F00
        if fixed not in (0xF20F0000 | register << 8, 0xF2AF0000 | register << 8):
            return None
        offset = (word >> 26 & 1) << 11 | (word >> 12 & 7) << 8 | word & 0xFF
        return (place + 4 & -4) + (offset if fixed >> 16 == 0xF20F else -offset)


_READINGS: Final[Mapping[InstructionSet, _Reading]] = {
    InstructionSet.A32: _A32(),
    InstructionSet.T32: _T32(),
}


class _Code:
    """The code of one segment, read in one instruction set."""

    def __init__(self, segment: Segment, reading: _Reading) -> None:
        self._reading = reading
        self._start = segment.address
        self._words = _words(segment, reading.step)

    def writers(self, table: int) -> Iterator[int]:
        """Yield the functions that set the vector base to a table."""
        reading, step = self._reading, self._reading.step
        called: set[int | None] | None = None
        for number, word in enumerate(self._words):
            register = reading.writes_base(word)
            if register is None or table not in self._taken(number, register):
                continue
            if called is None:
                called = {reading.calls(*each) for each in self._placed(0, len(self._words))}
            at = self._start + step * number
            before = range(at, max(self._start, at - MOST_BEFORE) - step, -step)
            function = next((each for each in before if each in called), None)
            if function is not None:
                yield function

    def _taken(self, number: int, register: int) -> Iterator[int | None]:
        """Yield the addresses that ADR puts into the register which an MCR writes."""
        first = max(0, number - NEAR // self._reading.step)
        for word, place in self._placed(first, number):
            yield self._reading.takes(word, place, register)

    def _placed(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        for number in range(first, last):
            yield self._words[number], self._start + self._reading.step * number


def _words(segment: Segment, step: int) -> Sequence[int]:
    """Return the 32-bit word at each place where an instruction may be."""
    content = bytes(segment.content)
    if step == 4:
        whole = content[: len(content) // 4 * 4]
        return [int.from_bytes(whole[at : at + 4], "little") for at in range(0, len(whole), 4)]
    halves = [int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content), 2)]
    return [one << 16 | other for one, other in itertools.pairwise(halves)]
