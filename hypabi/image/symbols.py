"""The symbols of an image, by name and by address."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from hypabi.image.kallsyms.names import Names
from hypabi.image.model import ImageError, Symbol

MAX_TOGETHER = 1024
"""Most symbols at one address that are looked at; a kernel has some dozens."""
FUNCTIONS = "TtWw"
"""Type letters of code, as ``nm`` prints them."""


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
    :param first: what their offsets count from
    :param starts: where the segments of the image start, ascending
    :param thumb: whether the kernel's functions are T32; kallsyms does not say it of each
    """

    def __init__(
        self, names: Names, first: int, starts: Sequence[int], *, thumb: bool = False
    ) -> None:
        self._names = names
        self._thumb = thumb
        self._offsets = names.tables.offsets
        self._first = first
        self._starts = starts

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Symbol]:
        for text, offset in zip(self._names.texts, self._offsets, strict=True):
            yield self._named(text, self._first + offset)

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        return tuple(self._symbol(index) for index in self._names.indices(name))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment.

        Of several at one address, the one that names a function rather than a boundary.
        """
        last = bisect_right(self._offsets, address - self._first) - 1
        segment = bisect_right(self._starts, address) - 1
        if last < 0 or segment < 0 or self._first + self._offsets[last] < self._starts[segment]:
            return None
        first = bisect_left(self._offsets, self._offsets[last])
        if last - first >= MAX_TOGETHER:
            what = f"more than {MAX_TOGETHER} symbols have this address"
            raise ImageError(f"{address:#x}", what)
        return min((self._symbol(index) for index in range(first, last + 1)), key=rank)

    def _symbol(self, index: int) -> Symbol:
        return self._named(self._names.text(index), self._first + self._offsets[index])

    def _named(self, text: str, address: int) -> Symbol:
        name, letter = text[1:], text[:1]
        if not name.isascii():
            name = name.encode("latin-1").decode("utf-8", "surrogateescape")
        return Symbol(name, address, self._thumb and letter in FUNCTIONS, letter)


def rank(symbol: Symbol) -> tuple[bool, bool, bool, str]:
    """Order the names of one address: functions first, then the linker script's boundaries.

    An alias that KVM's code at EL2 has for a function of the kernel comes behind its own name.
    """
    name = symbol.name
    boundary = (
        name in {"_text", "_stext", "_sinittext"}
        or name.startswith(("__start_", "__end_", "__stop_"))
        or name.endswith(("_start", "_end", "_begin"))
    )
    return "$" in name, boundary, name.startswith("__kvm_nvhe_"), name
