"""Find the kernel's own symbol tables in its image, by what must hold among them.

``scripts/kallsyms.c`` of the kernel writes them without a header.  What stays the same from 2.6 to
7.x: names are length-prefixed strings of tokens; ``markers`` holds where every 256th name starts;
``token_table`` holds 256 strings and ``token_index`` where each starts.  A character that occurs in
some name is the token of its own number, so tokens "0" to "9" stand next to each other, or where a
small kernel has no name with one of them, "l" to "p": that is what is searched for.  The order of
the tables tells the layouts apart:

===========  =================================================================================
until 4.5    addresses, count, names, markers, tokens, index; all padded (:mod:`.padded_tables`)
4.6 - 4.19   offsets, relative base, count, names, markers, tokens, index; all padded
4.20 - 6.3   offsets, relative base, count, names, markers, [order of names], tokens, index
6.4 - 6.x    count, names, markers, tokens, index, offsets, relative base, order of names
7.x          the same without the relative base: an offset counts from its own place, or (arm) is
             the address
===========  =================================================================================

Nothing is returned unless all the tables agree with each other.
"""

import enum
import operator
import struct
from collections.abc import Iterator
from itertools import islice

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.kallsyms.name_tables import NameTable, Tokens, align, find_names, find_tokens
from hypabi.image.kallsyms.padded_tables import PaddedTables
from hypabi.image.model import ImageError
from hypabi.image.work import Work
from hypabi.records import frozen

MAX_CANDIDATES = 64
"""How many places that look like the token table are tried."""
MAX_TOKEN_TABLES = 4
"""How many token tables that agree with their index are followed."""
MAX_SEARCH = 1 << 23
"""What a search may cost: a word that is looked at 1, a name 2, 16 bytes that are copied 1."""

_NEIGHBOURS = (b"0123456789", b"lmnop")
"""Characters that are tokens of their own, next to each other; every kernel has the later ones."""


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


@frozen
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


@frozen
class _Offsets:
    offsets: tuple[int, ...]
    kind: OffsetKind
    base_position: int
    sequence: bytes
    start: int
    end: int


def find_tables(
    content: Content,
    architecture: Architecture,
    work: Work | None = None,
    where: str = "kallsyms",
) -> Tables | None:
    """Find the symbol tables in a kernel image; ``None`` where none hold together.

    :param work: what the search may cost, where several places share one
    :param where: what a refusal calls the image
    :raises ImageError: the search costs more than that
    """
    work = work or Work(MAX_SEARCH)
    for order, tokens in islice(_token_tables(content), MAX_TOKEN_TABLES):
        names = find_names(content, tokens, order, work)
        if names:
            found = _offsets_before(content, architecture, order, tokens, names)
            found = found or _offsets_after(content, architecture, order, tokens, names)
            if found:
                return _tables(order, tokens, names, found)
        padded = _padded(content, architecture, order, tokens, work)
        if padded:
            return padded
        if work.spent:
            what = "too much looks like kallsyms and is not: the search for it was given up"
            raise ImageError(where, what, "give the ELF vmlinux")
    return None


def _token_tables(content: Content) -> Iterator[tuple[ByteOrder, Tokens]]:
    known: set[int] = set()
    for neighbours in _NEIGHBOURS:
        searched = b"".join(bytes((each, 0)) for each in neighbours)
        for place in content.occurrences(searched, MAX_CANDIDATES):
            for order in ByteOrder:
                tokens = find_tokens(content, place, neighbours[0], order)
                if tokens and tokens.start not in known:
                    known.add(tokens.start)
                    yield order, tokens


def _padded(
    content: Content,
    architecture: Architecture,
    order: ByteOrder,
    tokens: Tokens,
    work: Work,
) -> Tables | None:
    """Look for the tables as kernels until 4.19 have them."""
    padded = PaddedTables(content, architecture, order)
    names = padded.find_names(tokens, work)
    found = names and padded.find_offsets(names)
    if not names or not found:
        return None
    kind = OffsetKind.NOTHING if found.base_position < 0 else OffsetKind.BASE
    offsets = _Offsets(found.offsets, kind, found.base_position, b"", found.start, tokens.end)
    return _tables(order, tokens, names, offsets)


def _offsets_before(
    content: Content,
    architecture: Architecture,
    order: ByteOrder,
    tokens: Tokens,
    names: NameTable,
) -> _Offsets | None:
    """Look for the offsets in front of the count, as up to 6.3."""
    word = architecture.bits // 8
    size = 4 * names.count
    base = names.count_position - word
    start = base - align(size, word)
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
    tokens: Tokens,
    names: NameTable,
) -> _Offsets | None:
    """Look for the offsets behind the tokens, as from 6.4 on."""
    word = architecture.bits // 8
    size = 4 * names.count
    for kind in (OffsetKind.BASE, _WITHOUT_BASE[architecture]):
        based = kind is OffsetKind.BASE
        start = align(tokens.end, word if based else 4)
        base = align(start + size, word) if based else -1
        end = base + word if based else start + size
        position = _sequence(content, end, len(content), names.count)
        offsets = position >= 0 and _read_offsets(content, start, size, order, kind)
        if offsets:
            sequence = content.read(position, 3 * names.count)
            end = position + len(sequence)
            return _Offsets(offsets, kind, base, sequence, names.count_position, end)
    return None


def _tables(order: ByteOrder, tokens: Tokens, names: NameTable, offsets: _Offsets) -> Tables:
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
        start = align(after, alignment)
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
