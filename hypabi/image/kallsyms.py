"""Find the kernel's own symbol tables in its image, by what must hold among them.

``scripts/kallsyms.c`` of the kernel writes them without a header.  What stays the same from 5.10 to
7.x: names are length-prefixed strings of tokens; ``markers`` holds where every 256th name starts;
``token_table`` holds 256 strings and ``token_index`` where each starts.  Every digit occurs in some
name, so the tokens "0" to "9" stand next to each other: that is what is searched for.  The order of
the tables tells the three layouts apart:

==========  ==================================================================================
5.10, 6.1   offsets, relative base, count, names, markers, [order of names], tokens, index
6.4 - 6.x   count, names, markers, tokens, index, offsets, relative base, order of names
7.x         the same without the relative base: an offset counts from its own place, or (arm) is
            the address
==========  ==================================================================================

Nothing is returned unless all the tables agree with each other.
"""

import enum
import operator
import struct
from dataclasses import dataclass

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content

MAX_CANDIDATES = 64
"""How many places that look like the token table are tried."""
MAX_TOKEN_TABLE = 256 * 512
"""Longest token table in bytes: 256 tokens of KSYM_NAME_LEN (``include/linux/kallsyms.h``)."""
MAX_SYMBOLS = 1 << 22
"""Most symbols accepted; a kernel with every driver built in has about a tenth of this."""
MIN_SYMBOLS = 512
"""Fewest symbols accepted; below two markers the invariants prove too little."""
MAX_NAME = 512 + 2
"""Longest compressed name with its length: KSYM_NAME_LEN, and two bytes of ULEB128."""
MAX_RUNS = 1 << 16
"""How many places where the markers may begin are tried."""
MAX_SURPLUS = 16
"""How many words too many are taken for markers at most."""
BLOCK = 256
"""How many names one marker covers."""

_DIGITS = b"".join(bytes((digit, 0)) for digit in b"0123456789")


class OffsetKind(enum.Enum):
    """What a number of the offsets table is relative to."""

    BASE = "the relative base word"
    PLACE = "its own place"
    NOTHING = "nothing: it is the address"


_WITHOUT_BASE = {
    Architecture.ARM64: OffsetKind.PLACE,
    Architecture.ARM: OffsetKind.NOTHING,
}
"""What replaced the base word in 7.x (``kallsyms_sym_address``, kernel/kallsyms.c)."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one image; positions count from the start of the image."""

    order: ByteOrder
    count: int
    names: bytes
    markers: tuple[int, ...]
    tokens: tuple[bytes, ...]
    offsets: tuple[int, ...]
    """For each symbol its distance from what ``kind`` says; for ``PLACE``, from the start."""
    kind: OffsetKind
    base_position: int
    """Where the relative base word is; -1 where there is none."""
    sequence: bytes
    """The symbols sorted by name, three bytes for each, most significant first; empty if absent."""
    start: int
    """First position of the first table."""
    end: int
    """First position after the last table."""


@dataclass(frozen=True, slots=True)
class _Tokens:
    tokens: tuple[bytes, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Names:
    count: int
    count_position: int
    names: bytes
    markers: tuple[int, ...]
    end: int
    """First position after the markers."""


@dataclass(frozen=True, slots=True)
class _Offsets:
    offsets: tuple[int, ...]
    kind: OffsetKind
    base_position: int
    sequence: bytes
    start: int
    end: int


def find_tables(content: Content, architecture: Architecture) -> Tables | None:
    """Find the symbol tables in a kernel image; ``None`` where none hold together."""
    for hit in content.occurrences(_DIGITS, MAX_CANDIDATES):
        for order in ByteOrder:
            tokens = _tokens(content, hit, order)
            names = tokens and _names(content, tokens, order)
            if tokens and names:
                found = _offsets_before(content, architecture, order, tokens, names)
                found = found or _offsets_after(content, architecture, order, tokens, names)
                if found:
                    return _tables(order, tokens, names, found)
    return None


def _align(position: int, alignment: int) -> int:
    return (position + alignment - 1) & -alignment


def _tokens(content: Content, digits: int, order: ByteOrder) -> _Tokens | None:
    """Check the 256 tokens around the digits against the index that follows them."""
    end = digits
    for _ in range(256 - ord("0")):
        end = content.find(b"\0", end, digits + MAX_TOKEN_TABLE) + 1
        if end == 0:
            return None
    for alignment in (4, 8):
        position = _align(end, alignment)
        index = content.read(position, 512)
        if len(index) < 512:
            return None
        entries = [
            int.from_bytes(index[at : at + 2], "little" if order is ByteOrder.LITTLE else "big")
            for at in range(0, 512, 2)
        ]
        start = digits - entries[ord("0")]
        if start < 0 or entries[0] != 0:
            continue
        tokens = content.read(start, end - start).split(b"\0")[:-1]
        if len(tokens) == 256 and _starts(tokens) == entries:
            return _Tokens(tuple(tokens), start, position + 512)
    return None


def _starts(tokens: list[bytes]) -> list[int]:
    starts, position = [], 0
    for token in tokens:
        starts.append(position)
        position += len(token) + 1
    return starts


def _names(content: Content, tokens: _Tokens, order: ByteOrder) -> _Names | None:
    """Go back from the tokens to the markers, and from those to the names and their count.

    The markers begin with zero and ascend, so each run of zero bytes is a place where they may
    begin.
    """
    lowest = max(0, tokens.start - 3 * MAX_SYMBOLS - 4 * (MAX_SYMBOLS // BLOCK))
    position = tokens.start
    for _ in range(MAX_RUNS):
        zero = content.rfind(b"\0\0\0\0", lowest, position)
        if zero < 0:
            return None
        start = zero & -4
        markers = _markers(content, start, tokens.start, order)
        found = _names_before(content, start, markers, order) if len(markers) > 1 else None
        if found:
            return found
        position = _run_start(content, lowest, zero)
    return None


def _run_start(content: Content, lowest: int, zero: int) -> int:
    """Return where the run of zero bytes around ``zero`` starts, or an earlier position."""
    first = max(lowest, zero - 0x10000)
    return first + len(content.read(first, zero - first).rstrip(b"\0")) + 3


def _markers(content: Content, start: int, end: int, order: ByteOrder) -> list[int]:
    """Read the ascending words from ``start``, as far as 256 names can lie between each two."""
    markers = [0]
    size = 8
    while start + 4 * len(markers) < end and len(markers) < MAX_SYMBOLS // BLOCK:
        words = _words(content, start + 4 * len(markers), min(size, end - start), order)
        for word in words:
            if not 2 * BLOCK <= word - markers[-1] <= BLOCK * MAX_NAME:
                return markers
            markers.append(word)
        if not words:
            break
        size *= 4
    return markers


def _names_before(
    content: Content, end: int, markers: list[int], order: ByteOrder
) -> _Names | None:
    """Find the count in front of the names: only from there does every name meet its marker."""
    # Where another table follows, its words may happen to continue the markers.
    for blocks in range(len(markers), max(1, len(markers) - MAX_SURPLUS), -1):
        highest = (end - markers[blocks - 1] - 2) & -4
        lowest = max(0, highest - BLOCK * MAX_NAME) & -4
        counts = range((blocks - 1) * BLOCK + 1, blocks * BLOCK + 1)
        words = _words(content, lowest, highest - lowest, order)
        for position in range(len(words) - 1, -1, -1):
            count = words[position]
            if count not in counts or not MIN_SYMBOLS <= count <= MAX_SYMBOLS:
                continue
            for start in (lowest + 4 * position + 4, lowest + 4 * position + 8):
                names = content.read(start, end - start)
                if _walk(names, markers[:blocks], count):
                    after = end + 4 * blocks
                    return _Names(
                        count, lowest + 4 * position, names, tuple(markers[:blocks]), after
                    )
    return None


def _words(content: Content, start: int, size: int, order: ByteOrder) -> tuple[int, ...]:
    """Read as many unsigned 32-bit words as there are in ``size`` bytes."""
    found = content.read(start, size)
    letter = "<" if order is ByteOrder.LITTLE else ">"
    return struct.unpack(f"{letter}{len(found) // 4}I", found[: len(found) & -4])


def _walk(names: bytes, markers: list[int], count: int) -> bool:
    """Tell whether every name starts where the markers say and the last one ends the table."""
    position = 0
    try:
        for index in range(count):
            if not index % BLOCK and markers[index // BLOCK] != position:
                return False
            length = names[position]
            if length >= 0x80:
                length = ((length & 0x7F) | names[position + 1] << 7) + 1
            elif length == 0:
                return False
            position += length + 1
    except IndexError:
        return False
    return position <= len(names) < position + 8 and not any(names[position:])


def _offsets_before(
    content: Content,
    architecture: Architecture,
    order: ByteOrder,
    tokens: _Tokens,
    names: _Names,
) -> _Offsets | None:
    """Look for the offsets in front of the count, as up to 6.3."""
    word = architecture.bits // 8
    size = 4 * names.count
    base = names.count_position - word
    start = base - _align(size, word)
    offsets = _read_offsets(content, start, size, order, OffsetKind.BASE)
    if not offsets:
        return None
    position = _sequence(content, names.end, tokens.start, names.count)
    sequence = content.read(position, 3 * names.count) if position >= 0 else b""
    return _Offsets(offsets, OffsetKind.BASE, base, sequence, start, tokens.end)


def _offsets_after(
    content: Content,
    architecture: Architecture,
    order: ByteOrder,
    tokens: _Tokens,
    names: _Names,
) -> _Offsets | None:
    """Look for the offsets behind the tokens, as from 6.4 on."""
    word = architecture.bits // 8
    size = 4 * names.count
    for kind in (OffsetKind.BASE, _WITHOUT_BASE[architecture]):
        based = kind is OffsetKind.BASE
        start = _align(tokens.end, word if based else 4)
        base = _align(start + size, word) if based else -1
        end = base + word if based else start + size
        position = _sequence(content, end, len(content), names.count)
        offsets = position >= 0 and _read_offsets(content, start, size, order, kind)
        if offsets:
            sequence = content.read(position, 3 * names.count)
            end = position + len(sequence)
            return _Offsets(offsets, kind, base, sequence, names.count_position, end)
    return None


def _tables(order: ByteOrder, tokens: _Tokens, names: _Names, offsets: _Offsets) -> Tables:
    return Tables(
        order=order,
        count=names.count,
        names=names.names,
        markers=names.markers,
        tokens=tokens.tokens,
        offsets=offsets.offsets,
        kind=offsets.kind,
        base_position=offsets.base_position,
        sequence=offsets.sequence,
        start=offsets.start,
        end=offsets.end,
    )


def _sequence(content: Content, after: int, limit: int, count: int) -> int:
    """Return where the order of names is, if it follows: a permutation of the symbols."""
    top = (count - 1) >> 16
    for alignment in (4, 8):
        start = _align(after, alignment)
        end = start + 3 * count
        if end <= limit:
            # Each index occurs once, so each most significant byte does 0x10000 times.
            tops = content.read(start, end - start)[0::3]
            full = all(tops.count(value) == 1 << 16 for value in range(top))
            if full and tops.count(top) == count - (top << 16):
                return start
    return -1


def _read_offsets(
    content: Content, start: int, size: int, order: ByteOrder, kind: OffsetKind
) -> tuple[int, ...]:
    """Read the offsets if they are sorted by address, as the kernel's own search needs them."""
    if start < 0 or start + size > len(content):
        return ()
    letter = "<" if order is ByteOrder.LITTLE else ">"
    signed = "i" if kind is OffsetKind.PLACE else "I"
    numbers = struct.unpack(f"{letter}{size // 4}{signed}", content.read(start, size))
    if kind is OffsetKind.PLACE:
        numbers = tuple(map(operator.add, numbers, range(start, start + size, 4)))
    ascending = numbers[-1] > numbers[0] and all(map(operator.le, numbers, numbers[1:]))
    return numbers if ascending else ()
