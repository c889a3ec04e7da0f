"""Symbols of an image: looked up by name and by address without decoding the whole table."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

from hypabi.image.kallsyms import BLOCK, Tables, name_end
from hypabi.image.model import ImageError, Symbol


class KernelSymbols:
    """The kernel's own symbols, ``kallsyms``.

    :param tables: the tables, already found to agree with each other
    :param addresses: address of each symbol in the order of the tables, ascending
    :param starts: where the segments of the image start, ascending
    """

    def __init__(self, tables: Tables, addresses: list[int], starts: tuple[int, ...]) -> None:
        self._tables = tables
        self._addresses = addresses
        self._starts = starts

    def __len__(self) -> int:
        return self._tables.count

    def __iter__(self) -> Iterator[Symbol]:
        for index, text in enumerate(self._texts()):
            yield self._symbol(index, text)

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        if not self._tables.sequence:
            indices = self._index_by_name.get(name, ())
        else:
            indices = self._search(name.encode())
        return tuple(self._symbol(i, self._text(i)) for i in sorted(indices))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        last = bisect_right(self._addresses, address) - 1
        if last < 0:
            return None
        found = self._addresses[last]
        segment = bisect_right(self._starts, address) - 1
        if segment < 0 or found < self._starts[segment]:
            return None
        first = bisect_left(self._addresses, found)
        aliases = [self._symbol(i, self._text(i)) for i in range(first, last + 1)]
        return min(aliases, key=_rank)

    def _symbol(self, index: int, text: bytes) -> Symbol:
        name = text[1:].decode("utf-8", "replace")
        return Symbol(name, self._addresses[index], letter=chr(text[0]))

    def _text(self, index: int) -> bytes:
        """Return type letter and name of one symbol."""
        position = self._tables.markers[index // BLOCK]
        for _ in range(index % BLOCK):
            position = name_end(self._tables.names, position)[1]
        start, end = name_end(self._tables.names, position)
        tokens = self._tables.tokens
        return b"".join([tokens[code] for code in self._tables.names[start:end]])

    def _texts(self) -> Iterator[bytes]:
        """Yield type letter and name of every symbol."""
        names, tokens = self._tables.names, self._tables.tokens
        position = 0
        for _ in range(self._tables.count):
            start, position = name_end(names, position)
            yield b"".join([tokens[code] for code in names[start:position]])

    @cached_property
    def _index_by_name(self) -> dict[str, list[int]]:
        indices: dict[str, list[int]] = {}
        for index, text in enumerate(self._texts()):
            indices.setdefault(text[1:].decode("utf-8", "replace"), []).append(index)
        return indices

    def _search(self, name: bytes) -> list[int]:
        """Find a name by bisection in the kernel's order of names."""
        key = _sort_key(name)
        low, high = 0, self._tables.count
        while low < high:
            middle = (low + high) // 2
            if _sort_key(self._text(self._sequenced(middle))[1:]) < key:
                low = middle + 1
            else:
                high = middle
        found = []
        for position in range(low, self._tables.count):
            index = self._sequenced(position)
            text = self._text(index)[1:]
            if _sort_key(text) != key:
                break
            if text == name:
                found.append(index)
        return found

    def _sequenced(self, position: int) -> int:
        sequence = self._tables.sequence
        index = int.from_bytes(sequence[3 * position : 3 * position + 3], "big")
        if index >= self._tables.count:
            raise ImageError("kallsyms", f"the order of names holds {index} at {position}")
        return index


def function_offsets(tables: Tables, limit: int) -> list[int]:
    """Return the offsets of about ``limit`` functions (type ``T`` or ``t``), evenly spread."""
    codes = {code for code, token in enumerate(tables.tokens) if token[:1] in (b"T", b"t")}
    found = []
    for block, position in enumerate(tables.markers):
        for index in range(block * BLOCK, min((block + 1) * BLOCK, tables.count)):
            start, end = name_end(tables.names, position)
            if tables.names[start] in codes:
                found.append(tables.offsets[index])
            position = end
    return found[:: max(1, len(found) // limit)]


def _sort_key(name: bytes) -> bytes:
    # Kernels built with Clang's LTO sorted a name without this suffix (scripts/kallsyms.c).
    return name.partition(b".llvm.")[0]


def _rank(symbol: Symbol) -> tuple[bool, bool, str]:
    """Order the names of one address: a function before a boundary before a mapping symbol."""
    name = symbol.name
    boundary = name in {"_text", "_stext", "_sinittext"} or name.endswith(("_start", "_end", "_begin"))
    return name.startswith("$"), boundary, name
