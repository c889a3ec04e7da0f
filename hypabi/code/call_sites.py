"""Find the words of an image that are an ``hvc``, and the function around an address.

A word is looked for by its encoding: A64 DDI 0487 C6.2.113; A32 and T32 DDI 0406C A8.8.62.  A word
that only looks so, in a literal pool or in data, is told by flow, which is not looked at here.

Which instruction set a place holds is what its symbol says; a program without symbols of T32 code
is searched for A32.  Code is what the loader takes for code; in data of an arm64 kernel only
``hvc #0`` among words that all decode is taken, because up to 6.1 the loader cannot tell
``.rodata.text`` from the data around it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code import uses
from hypabi.code.patches import Patches
from hypabi.frozen import frozen
from hypabi.image.model import Access, Image, Segment, Symbol

A64: Final = re.compile(rb"[\x02\x22\x42\x62\x82\xa2\xc2\xe2][\x00-\xff][\x00-\x1f]\xd4")
A64_ZERO: Final = re.compile(rb"\x02\x00\x00\xd4")
A32: Final = re.compile(rb"[\x70-\x7f][\x00-\xff][\x40-\x4f]\xe1")
T32: Final = re.compile(rb"[\xe0-\xef]\xf7[\x00-\xff][\x80-\x8f]")

BEFORE: Final = 12
BEHIND: Final = 5
"""Words on each side of an ``hvc`` in data that have to decode."""
MOST_SITES: Final = 4096
"""Of one program; an image made of nothing else is no kernel."""
NEAR: Final = 0x1000
"""Bytes searched for the start of a function without a symbol."""


@frozen
class Word:
    """A word that is an ``hvc`` if it is code."""

    address: int
    state: InstructionSet
    immediate: int
    in_code: bool
    """Whether the loader takes the place for code."""


def hvc_words(image: Image) -> tuple[Word, ...]:
    """Return every word of an image that can be an ``hvc``, by address, at most ``MOST_SITES``."""
    found = []
    for segment in image.segments:
        for word in _words(image, segment):
            found.append(word)
            if len(found) == MOST_SITES:
                return tuple(found)
    return tuple(found)


def _words(image: Image, segment: Segment) -> Iterator[Word]:
    code = segment.access is Access.CODE
    if image.architecture is Architecture.ARM64:
        pattern = A64 if code else A64_ZERO
        for offset, word in _matches(pattern, segment, 4):
            if code or _among_code(segment, offset):
                yield Word(segment.address + offset, InstructionSet.A64, word >> 5 & 0xFFFF, code)
    elif code:
        yield from _words_of_arm(image, segment)


def _words_of_arm(image: Image, segment: Segment) -> Iterator[Word]:
    for offset, word in _matches(A32, segment, 4):
        if not _is_thumb(image, segment.address + offset):
            immediate = word >> 4 & 0xFFF0 | word & 0xF
            yield Word(segment.address + offset, InstructionSet.A32, immediate, in_code=True)
    for offset, word in _matches(T32, segment, 2):
        if _is_thumb(image, segment.address + offset):
            immediate = (word & 0xF) << 12 | word >> 16 & 0xFFF
            yield Word(segment.address + offset, InstructionSet.T32, immediate, in_code=True)


def _matches(
    pattern: "re.Pattern[bytes]", segment: Segment, alignment: int
) -> Iterator[tuple[int, int]]:
    """Yield offset and word of each aligned match; matches may overlap unaligned ones."""
    position, content = 0, segment.content
    while (match := pattern.search(content, position)) is not None:
        position = match.start() + 1
        if not (segment.address + match.start()) % alignment:
            yield match.start(), int.from_bytes(match.group(), "little")


def _is_thumb(image: Image, address: int) -> bool:
    symbol = image.symbols.around(address)
    return symbol is not None and symbol.thumb


def _among_code(segment: Segment, offset: int) -> bool:
    """Tell code from data by the words around: they all decode as instructions."""
    first, last = max(0, offset - 4 * BEFORE), offset + 4 + 4 * BEHIND
    content = bytes(segment.content[first:last])
    words = [int.from_bytes(content[at : at + 4], "little") for at in range(0, len(content), 4)]
    return all(uses.a64(word) is not None for word in words)


@frozen
class Extent:
    """A function as symbols and branches tell it: its name may be empty."""

    name: str
    start: int
    end: int
    symbol: bool
    """Whether a symbol is at its start."""


def extent(image: Image, address: int, state: InstructionSet) -> Extent:
    """Return the function around an address: from its symbol to the next one.

    Without a symbol, from behind the last instruction that control cannot pass, or from the last
    target of a call, whichever comes later.
    """
    segment = image.segment(address)
    assert segment is not None
    symbol = image.symbols.around(address)
    if symbol is not None and not (symbol.letter in "Dd" and segment.access is not Access.CODE):
        return Extent(symbol.name, symbol.address, _next(image, symbol, segment), symbol=True)
    first = max(segment.address, address - NEAR)
    end = min(segment.address + len(segment.content), address + NEAR)
    return Extent("", _start(segment, first, address, state), end, symbol=False)


def _next(image: Image, symbol: Symbol, segment: Segment) -> int:
    """Return where the next symbol is: around() names another there."""
    low = symbol.address
    high = segment.address + len(segment.content)
    step = 0x40
    while low + step < high and _same(image, low + step, symbol):
        low, step = low + step, 2 * step
    high = min(high, low + step)
    while high - low > 2:
        middle = (low + high) // 2 & ~1
        low, high = (middle, high) if _same(image, middle, symbol) else (low, middle)
    return high


def _same(image: Image, address: int, symbol: Symbol) -> bool:
    found = image.symbols.around(address)
    return found is not None and found.address == symbol.address


def _start(segment: Segment, first: int, address: int, state: InstructionSet) -> int:
    offset = first - segment.address
    content = bytes(segment.content[offset : address - segment.address])
    if state is InstructionSet.T32:
        return first
    for at in range(len(content) - 4, -1, -4):
        word = int.from_bytes(content[at : at + 4], "little")
        if (_ends_a64 if state is InstructionSet.A64 else _ends_a32)(word):
            return first + at + 4
    return first


def _ends_a64(word: int) -> bool:
    """Return whether a word is BR, RET, ERET or zero, behind which something else starts."""
    return word & 0xFFFFFC1F == 0xD61F0000 or word in (0xD65F03C0, 0xD69F03E0, 0)


def _ends_a32(word: int) -> bool:
    """Return whether a word returns: ``mov pc, lr``, ``bx lr``, ``pop {..., pc}``, ``eret``."""
    popped = word & 0xFFFF8000 == 0xE8BD8000
    return word in (0xE1A0F00E, 0xE12FFF1E, 0xE160006E) or popped


class CallersOf:
    """Finds the direct branches to an address, in all code of an arm64 image.

    The upper half of a branch word holds the upper ten bits of the distance, which among the words
    of one block of 256 KiB takes two values only; so two searches for two bytes do for each block.
    """

    BLOCK: Final = 0x40000

    def __init__(self, image: Image) -> None:
        self._image = image
        self._halves: dict[int, tuple[bytes, bytes]] = {}

    def of(self, target: int, most: int) -> tuple[int, ...]:
        """Return the addresses of ``b`` and ``bl`` to a target, at most ``most``."""
        found: list[int] = []
        if self._image.architecture is not Architecture.ARM64:
            return ()
        for segment in self._image.segments:
            if segment.access is Access.CODE:
                for address in self._in(segment, target):
                    found.append(address)
                    if len(found) == most:
                        return tuple(found)
        return tuple(found)

    def _in(self, segment: Segment, target: int) -> Iterator[int]:
        content, upper = self._content(segment)
        for start in range(0, len(content) & ~3, self.BLOCK):
            end = min(start + self.BLOCK, len(content) & ~3)
            places: set[bytes] = set()
            for edge in (start, end - 4):
                distance = target - (segment.address + edge) >> 2
                if -(1 << 25) <= distance < 1 << 25:
                    places.update(_upper(distance))
            for half in sorted(places):
                yield from self._at(segment, target, upper, half, range(start, end))

    def _content(self, segment: Segment) -> tuple[bytes, bytes]:
        found = self._halves.get(segment.address)
        if found is None:
            content = bytes(segment.content)
            upper = bytearray(len(content) // 4 * 2)
            whole = content[: len(upper) * 2]
            upper[0::2], upper[1::2] = whole[2::4], whole[3::4]
            found = self._halves[segment.address] = (content, bytes(upper))
        return found

    def _at(
        self, segment: Segment, target: int, upper: bytes, half: bytes, block: range
    ) -> Iterator[int]:
        content, _ = self._content(segment)
        position = upper.find(half, block.start // 2, block.stop // 2)
        while position >= 0:
            if not position & 1:
                offset = position * 2
                word = int.from_bytes(content[offset : offset + 4], "little")
                distance = (word & 0x3FFFFFF) - (word >> 25 & 1) * (1 << 26)
                if segment.address + offset + 4 * distance == target:
                    yield segment.address + offset
            position = upper.find(half, position + 1, block.stop // 2)


def _upper(distance: int) -> tuple[bytes, bytes]:
    """Return the upper halves of ``b`` and ``bl`` over a distance in words."""
    top = distance >> 16 & 0x3FF
    return (0x1400 | top).to_bytes(2, "little"), (0x9400 | top).to_bytes(2, "little")


def replaced_by(patches: Patches, addresses: Sequence[int]) -> dict[int, int]:
    """Return by address of an instruction in a replacement where the kernel copies it to."""
    wanted = sorted(addresses)
    found: dict[int, int] = {}
    if not wanted:
        return found
    for site in patches:
        if site.callback:
            continue
        at = bisect_right(wanted, site.replacement - 1)
        while at < len(wanted) and wanted[at] < site.replacement + site.size:
            found.setdefault(wanted[at], site.address + wanted[at] - site.replacement)
            at += 1
    return found
