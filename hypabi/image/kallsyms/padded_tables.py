"""Find names and addresses in kallsyms as kernels until 4.19 hold them.

Every table starts on 16 bytes (arm) or 256 (arm64), and zeros fill the room between two.  Count,
markers and addresses are words of the CPU.  Until 4.5 the addresses themselves stand there; from
4.6 on 32-bit offsets and the word that they count from.
"""

import operator
import struct

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.kallsyms.name_tables import (
    BLOCK,
    MAX_NAME,
    MAX_SYMBOLS,
    MIN_SYMBOLS,
    PADDING,
    NameTable,
    Tokens,
    align,
    walk,
)
from hypabi.image.work import Work
from hypabi.records import frozen


@frozen
class PaddedOffsets:
    """The numbers of the symbols; ``base_position`` is -1 where they are the addresses."""

    offsets: tuple[int, ...]
    base_position: int
    start: int


class PaddedTables:
    """An image in which padded tables are looked for."""

    def __init__(self, content: Content, architecture: Architecture, order: ByteOrder) -> None:
        self.content = content
        self.order = order
        self.word = architecture.bits // 8
        self.padding = PADDING[architecture]

    def find_names(self, tokens: Tokens, work: Work) -> NameTable | None:
        """Go back from the tokens to the markers, and from those to the names and their count.

        Once the work is spent, nothing is found.
        """
        if tokens.start % self.padding:
            return None
        most = align(self.word * (MAX_SYMBOLS // BLOCK), self.padding)
        lowest = max(self.padding, tokens.start - most)
        for start in range(tokens.start - self.padding, lowest - 1, -self.padding):
            markers = self._markers(start, tokens.start)
            work.spend(1 + len(markers))
            if work.spent:
                return None
            end = start + self.word * len(markers)
            if len(markers) > 1 and self._is_padding(end, tokens.start):
                found = self._names_before(start, markers, work)
                if found:
                    return found
        return None

    def _markers(self, start: int, end: int) -> list[int]:
        """Read the ascending words from ``start``, the first of which is zero."""
        markers: list[int] = []
        for place in range(start, end, self.word):
            marker = self._word(place)
            if not markers and marker == 0:
                markers.append(0)
            elif markers and 2 * BLOCK <= marker - markers[-1] <= BLOCK * MAX_NAME:
                markers.append(marker)
            else:
                break
        return markers

    def _names_before(self, end: int, markers: list[int], work: Work) -> NameTable | None:
        """Find the count in front of the names: only from there does every name meet its marker."""
        counts = range((len(markers) - 1) * BLOCK + 1, len(markers) * BLOCK + 1)
        highest = (end - markers[-1] - 2) & -self.padding
        lowest = max(self.padding, highest - BLOCK * MAX_NAME)
        for start in range(highest, lowest - 1, -self.padding):
            place = start - self.padding
            count = self._word(place)
            work.spend(1)
            if count not in counts or not MIN_SYMBOLS <= count <= MAX_SYMBOLS:
                continue
            if not self._is_padding(place + self.word, start) or work.spent:
                continue
            names = self.content.read(start, end - start)
            work.spend(len(names) // 16)
            if walk(names, markers, count, work, self.padding):
                after = end + self.word * len(markers)
                return NameTable(count, place, names, tuple(markers), after)
        return None

    def find_offsets(self, names: NameTable) -> PaddedOffsets | None:
        """Find what stands in front of the count: offsets and their base, or addresses."""
        base = names.count_position - self.padding
        offsets = self._ascending(base, names.count, 4)
        if offsets is not None and self._is_padding(base + self.word, names.count_position):
            start = base - align(4 * names.count, self.padding)
            return PaddedOffsets(offsets, base, start)
        addresses = self._ascending(names.count_position, names.count, self.word)
        if addresses is None:
            return None
        start = names.count_position - align(self.word * names.count, self.padding)
        return PaddedOffsets(addresses, -1, start)

    def _ascending(self, end: int, count: int, size: int) -> tuple[int, ...] | None:
        """Read the table of numbers before ``end`` if they are sorted and only zeros follow."""
        start = end - align(size * count, self.padding)
        if start < 0 or not self._is_padding(start + size * count, end):
            return None
        letters = ("<" if self.order is ByteOrder.LITTLE else ">", "I" if size == 4 else "Q")
        read = self.content.read(start, size * count)
        numbers = struct.unpack(f"{letters[0]}{count}{letters[1]}", read)
        ascending = numbers[-1] > numbers[0] and all(map(operator.le, numbers, numbers[1:]))
        return numbers if ascending else None

    def _word(self, position: int) -> int:
        found = self.content.integer(position, self.word, self.order)
        return -1 if found is None else found

    def _is_padding(self, start: int, end: int) -> bool:
        return not any(self.content.read(start, end - start))
