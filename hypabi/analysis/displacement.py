"""A program that stands elsewhere than it was linked for."""

from collections.abc import Iterator

from hypabi.image.model import Fixups, Image, Symbol, Symbols
from hypabi.image.undefined import NO_STAND_IN
from hypabi.records import frozen, replace


@frozen
class _MovedFixups:
    """Fixups of a program that stands elsewhere; what they write stays the link address."""

    fixups: Fixups
    by: int
    limit: int

    def apply(self, address: int, content: bytes) -> bytes:
        """Return ``content`` as the program sees it at its link address."""
        return self.fixups.apply((address - self.by) % self.limit, content)

    def places_of(self, value: int) -> tuple[int, ...]:
        """Return the addresses at which the pointer ``value`` is written."""
        return tuple((place + self.by) % self.limit for place in self.fixups.places_of(value))


@frozen
class _MovedSymbols:
    """Symbols of a program that stands elsewhere."""

    symbols: Symbols
    by: int
    limit: int

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        return tuple(map(self._moved, self.symbols.find(name)))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        found = self.symbols.around((address - self.by) % self.limit)
        return None if found is None else self._moved(found)

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Symbol]:
        return map(self._moved, self.symbols)

    def _moved(self, symbol: Symbol) -> Symbol:
        return replace(symbol, address=(symbol.address + self.by) % self.limit)


def displaced(image: Image, by: int) -> Image:
    """Return a program that stands elsewhere than it was linked for.

    :param by: added to every address, modulo the width of an address
    """
    if by == 0:
        return image
    limit = 1 << image.architecture.bits
    segments = tuple(replace(s, address=(s.address + by) % limit) for s in image.segments)
    return replace(
        image,
        segments=segments,
        entry=(image.entry + by) % limit,
        symbols=_MovedSymbols(image.symbols, by, limit),
        fixups=_MovedFixups(image.fixups, by, limit),
        references={
            (at + by) % limit: replace(each, stand_in=NO_STAND_IN)
            for at, each in image.references.items()
        },
        stand_ins={(at + by) % limit: name for at, name in image.stand_ins.items()},
    )
