"""Images made by hand, of segments and names."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Image, Role, Segment, Symbol


@dataclass(frozen=True)
class Names:
    """A table of symbols that a test lists."""

    symbols: tuple[Symbol, ...]

    def find(self, name: str) -> tuple[Symbol, ...]:
        return tuple(symbol for symbol in self.symbols if symbol.name == name)

    def around(self, address: int) -> Symbol | None:
        before = [symbol for symbol in self.symbols if symbol.address <= address]
        return max(before, key=lambda symbol: symbol.address, default=None)

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.symbols)


def image(*segments: Segment, symbols: tuple[Symbol, ...] = ()) -> Image:
    """Return a little-endian arm64 kernel of these segments."""
    return Image(
        role=Role.KERNEL,
        architecture=Architecture.ARM64,
        byte_order=ByteOrder.LITTLE,
        segments=segments,
        entry=segments[0].address,
        symbols=Names(symbols),
        sha256="",
        version="",
        base="made by hand",
    )
