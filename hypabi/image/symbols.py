"""The symbols of an image, by name and by address."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from hypabi.image.model import Symbol
from hypabi.image.names import Names


class NoSymbols:
    """The symbols of a program that carries none."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Symbol]:
        return iter(())

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return nothing."""
        return ()

    def around(self, address: int) -> Symbol | None:
        """Return nothing."""
        return None


class KernelSymbols:
    """The kernel's own symbols, ``kallsyms``.

    :param names: their names
    :param addresses: the address of each, ascending
    :param starts: where the segments of the image start, ascending
    """

    def __init__(self, names: Names, addresses: Sequence[int], starts: Sequence[int]) -> None:
        self._names = names
        self._addresses = addresses
        self._starts = starts

    def __len__(self) -> int:
        return len(self._addresses)

    def __iter__(self) -> Iterator[Symbol]:
        for text, address in zip(self._names.texts, self._addresses, strict=True):
            yield _symbol(text, address)

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        return tuple(self._symbol(index) for index in self._names.indices(name))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment.

        Of several at one address, the one that names a function rather than a boundary.
        """
        last = bisect_right(self._addresses, address) - 1
        segment = bisect_right(self._starts, address) - 1
        if last < 0 or segment < 0 or self._addresses[last] < self._starts[segment]:
            return None
        first = bisect_left(self._addresses, self._addresses[last])
        return min((self._symbol(index) for index in range(first, last + 1)), key=rank)

    def _symbol(self, index: int) -> Symbol:
        return _symbol(self._names.text(index), self._addresses[index])


def _symbol(text: str, address: int) -> Symbol:
    name = text[1:]
    if not name.isascii():
        name = name.encode("latin-1").decode("utf-8", "surrogateescape")
    return Symbol(name, address, letter=text[:1])


def rank(symbol: Symbol) -> tuple[bool, bool, str]:
    """Order the names of one address: functions first, then the linker script's boundaries."""
    name = symbol.name
    boundary = name in {"_text", "_stext", "_sinittext"} or name.endswith(
        ("_start", "_end", "_begin")
    )
    return "$" in name, boundary, name
