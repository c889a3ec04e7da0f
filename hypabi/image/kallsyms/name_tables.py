"""Find the names among the tables of kallsyms: tokens, count, names and markers.

They come in this order everywhere: count, names, markers, then (6.2, 6.3 and kernels with their
changes) the order of names, then the tokens and their index.
"""

import struct

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.work import Work
from hypabi.records import frozen

MAX_TOKEN_TABLE = 256 * 512
"""Longest token table in bytes: 256 tokens of KSYM_NAME_LEN (``include/linux/kallsyms.h``)."""
MAX_SYMBOLS = 1 << 20
"""Most symbols accepted; a kernel with every driver built in has about two fifths of this."""
MIN_SYMBOLS = 512
"""Fewest symbols accepted; below two markers the invariants prove too little."""
MAX_TOKENS = 512
"""Most tokens of a name, and longest token: KSYM_NAME_LEN."""
MAX_NAME = MAX_TOKENS + 2
"""Longest compressed name with its length: two bytes of ULEB128."""
MAX_TEXT = 2048
"""Longest name; the kernel's own limit is KSYM_NAME_LEN."""
MAX_RUNS = 256
"""How many places where the markers may begin are tried."""
MAX_SURPLUS = 16
"""How many words too many are taken for markers at most."""
BLOCK = 256
"""How many names one marker covers."""
PADDING = {Architecture.ARM: 16, Architecture.ARM64: 256}
"""What each table is aligned to until 4.19: ``.align 4`` and ``.align 8`` of ``scripts/kallsyms.c``
are powers of two to these assemblers."""


@frozen
class Tokens:
    """The 256 tokens, and where they and their index are."""

    tokens: tuple[bytes, ...]
    start: int
    end: int


@frozen
class NameTable:
    """The names with their count and markers."""

    count: int
    count_position: int
    names: bytes
    markers: tuple[int, ...]
    end: int
    """First position after the markers."""


def align(position: int, alignment: int) -> int:
    """Return the first aligned position from ``position`` on."""
    return (position + alignment - 1) & -alignment


def find_tokens(content: Content, position: int, token: int, order: ByteOrder) -> Tokens | None:
    """Check the 256 tokens around one of them against the index that follows them.

    :param position: where the token would be
    :param token: which of the 256 it would be
    """
    end = position
    for _ in range(256 - token):
        end = content.find(b"\0", end, position + MAX_TOKEN_TABLE) + 1
        if end == 0:
            return None
    for after in sorted({align(end, alignment) for alignment in (4, 8, *PADDING.values())}):
        index = content.read(after, 512)
        if len(index) < 512:
            return None
        entries = [
            int.from_bytes(index[at : at + 2], "little" if order is ByteOrder.LITTLE else "big")
            for at in range(0, 512, 2)
        ]
        start = position - entries[token]
        if start < 0 or entries[0] != 0:
            continue
        tokens = content.read(start, end - start).split(b"\0")[:-1]
        if len(tokens) != 256 or max(map(len, tokens)) > MAX_TOKENS:
            continue
        if _starts(tokens) == entries:
            return Tokens(tuple(tokens), start, after + 512)
    return None


def _starts(tokens: list[bytes]) -> list[int]:
    starts, position = [], 0
    for token in tokens:
        starts.append(position)
        position += len(token) + 1
    return starts


def find_names(content: Content, tokens: Tokens, order: ByteOrder, work: Work) -> NameTable | None:
    """Go back from the tokens to the markers, and from those to the names and their count.

    The markers begin with zero and ascend, so each run of zero bytes is a place where they may
    begin.  Once the work is spent, nothing is found.
    """
    lowest = max(0, tokens.start - 3 * MAX_SYMBOLS - 4 * (MAX_SYMBOLS // BLOCK))
    position = tokens.start
    for _ in range(MAX_RUNS):
        zero = content.rfind(b"\0\0\0\0", lowest, position)
        if zero < 0 or work.spent:
            return None
        start = zero & -4
        markers = _markers(content, start, tokens.start, order)
        work.spend(len(markers))
        found = _names_before(content, start, markers, order, work) if len(markers) > 1 else None
        if found:
            return found
        position = _run_start(content, lowest, zero)
    return None


def _run_start(content: Content, lowest: int, zero: int) -> int:
    """Return where the run of zero bytes around ``zero`` starts, or an earlier position."""
    first = max(lowest, zero - 0x1000)
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
    content: Content, end: int, markers: list[int], order: ByteOrder, work: Work
) -> NameTable | None:
    """Find the count in front of the names: only from there does every name meet its marker."""
    # Where another table follows, its words may happen to continue the markers.
    for blocks in range(len(markers), max(1, len(markers) - MAX_SURPLUS), -1):
        highest = (end - markers[blocks - 1] - 2) & -4
        lowest = max(0, highest - BLOCK * MAX_NAME) & -4
        counts = range((blocks - 1) * BLOCK + 1, blocks * BLOCK + 1)
        words = _words(content, lowest, highest - lowest, order)
        work.spend(len(words))
        for position in range(len(words) - 1, -1, -1):
            count = words[position]
            if count not in counts or not MIN_SYMBOLS <= count <= MAX_SYMBOLS:
                continue
            for start in (lowest + 4 * position + 4, lowest + 4 * position + 8):
                if work.spent:
                    return None
                names = content.read(start, end - start)
                work.spend(len(names) // 16)
                if walk(names, markers[:blocks], count, work):
                    after = end + 4 * blocks
                    return NameTable(
                        count, lowest + 4 * position, names, tuple(markers[:blocks]), after
                    )
    return None


def _words(content: Content, start: int, size: int, order: ByteOrder) -> tuple[int, ...]:
    """Read as many unsigned 32-bit words as there are in ``size`` bytes."""
    found = content.read(start, size)
    letter = "<" if order is ByteOrder.LITTLE else ">"
    return struct.unpack(f"{letter}{len(found) // 4}I", found[: len(found) & -4])


def walk(
    names: bytes, markers: list[int], count: int, work: Work | None = None, alignment: int = 8
) -> bool:
    """Tell whether every name starts where the markers say and the last one ends the table.

    :param alignment: of what follows: fewer zero bytes than this may stand behind the last name
    """
    position = index = 0
    try:
        for index in range(count):
            if not index % BLOCK and markers[index // BLOCK] != position:
                return False
            length = names[position]
            if length >= 0x80:
                length = ((length & 0x7F) | names[position + 1] << 7) + 1
                if length > MAX_NAME:
                    return False
            elif length == 0:
                return False
            position += length + 1
    except IndexError:
        return False
    finally:
        if work is not None:
            work.spend(2 * index)
    return position <= len(names) < position + alignment and not any(names[position:])
