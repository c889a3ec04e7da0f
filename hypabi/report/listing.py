"""A path as a reader of assembly knows it: addresses, symbols, mnemonics."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hypabi.image.model import Loaded
from hypabi.report.lines import COLUMNS, cut

HEAD: Final = 8
TAIL: Final = 16
"""Instructions shown of a long path; the end is where the clause fails, so more of it."""

_ADDRESS: Final = re.compile(r"#?(0x[0-9a-f]{5,16})\b")


class Places:
    """Names addresses of a file's programs by their symbols."""

    def __init__(self, loaded: Loaded) -> None:
        self._images = loaded.images
        self._names: dict[int, str] = {}

    def name(self, address: int) -> str:
        """Return ``symbol+0x10``, or the address where no symbol stands before it."""
        symbol, offset = self.around(address)
        if not symbol:
            return f"{address:#x}"
        return f"{symbol}+{offset:#x}" if offset else symbol

    def around(self, address: int) -> tuple[str, int]:
        """Return the symbol at or before an address and the distance to it; empty for none."""
        for image in self._images:
            if image.segment(address) is not None:
                symbol = image.symbols.around(address)
                return (symbol.name, address - symbol.address) if symbol else ("", 0)
        return "", 0

    def inside(self, text: str) -> str:
        """Return disassembly with the addresses in it replaced by symbols."""

        def named(match: re.Match[str]) -> str:
            symbol, _ = self.around(int(match[1], 16))
            return self.name(int(match[1], 16)) if symbol else match[0]

        return _ADDRESS.sub(named, text)


def listing(
    trail: Sequence[int], texts: Callable[[int], str], places: Places, indent: str
) -> Iterator[str]:
    """Yield a path as disassembly under its functions' names, the middle of a long one cut."""
    function = None
    width = max((len(f"{address:x}") for address in trail), default=0)
    for address in _shortened(trail):
        if address is None:
            yield f"{indent}  ... {len(trail) - HEAD - TAIL} instructions ..."
            function = None
            continue
        symbol, _ = places.around(address)
        if symbol != function:
            function = symbol
            yield cut(f"{indent}{places.name(address) if symbol else 'no symbol'}:", COLUMNS)
        text = places.inside(texts(address))
        yield cut(f"{indent}  {address:0{width}x}  {text}", COLUMNS)


def _shortened(trail: Sequence[int]) -> Iterator[int | None]:
    if len(trail) <= HEAD + TAIL + 1:
        yield from trail
        return
    yield from trail[:HEAD]
    yield None
    yield from trail[-TAIL:]
