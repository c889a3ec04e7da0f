"""Where a function begins and ends, as symbols and branches tell it."""

from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code.t32_words import read_t32
from hypabi.image.model import Access, Image, Segment, Symbol
from hypabi.records import frozen


@frozen
class Extent:
    """A function as symbols and branches tell it: its name may be empty."""

    name: str
    start: int
    end: int
    symbol: bool
    """Whether a symbol is at its start."""


def function_extent(image: Image, address: int, state: InstructionSet) -> Extent:
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


NEAR: Final = 0x1000
"""Bytes searched for the start of a function without a symbol."""


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
        return first + _start_t32(content)
    for at in range(len(content) - 4, -1, -4):
        word = int.from_bytes(content[at : at + 4], "little")
        if (_ends_a64 if state is InstructionSet.A64 else _ends_a32)(word):
            return first + at + 4
    return first


def _start_t32(content: bytes) -> int:
    """Return the offset behind the last instruction that returns, 0 where there is none.

    Read from the first byte on, wherever that stands in an instruction: T32 is soon in step.
    """
    start = at = 0
    while (read := read_t32(content, at)) is not None:
        at += read[1]
        if _ends_t32(*read):
            start = at
    return start


def _ends_t32(word: int, size: int) -> bool:
    """Return whether an instruction returns: as in A32."""
    if size == 2:
        return word in (0x46F7, 0x4770) or word & 0xFF00 == 0xBD00
    return word == 0xF3DE8F00 or word & 0xFFFF8000 == 0xE8BD8000


def _ends_a64(word: int) -> bool:
    """Return whether a word is BR, RET, ERET or zero, behind which something else starts."""
    return word & 0xFFFFFC1F == 0xD61F0000 or word in (0xD65F03C0, 0xD69F03E0, 0)


def _ends_a32(word: int) -> bool:
    """Return whether a word returns: ``mov pc, lr``, ``bx lr``, ``pop {..., pc}``, ``eret``."""
    popped = word & 0xFFFF8000 == 0xE8BD8000
    return word in (0xE1A0F00E, 0xE12FFF1E, 0xE160006E) or popped
