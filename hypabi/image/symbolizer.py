"""An address as a reader of assembly knows it: a symbol, and the distance to it."""

import re
from typing import Final

from hypabi.image.model import Loaded

FAR: Final = 0x1000
"""From here on a symbol says nothing of an address: symbols are missing between the two."""

_ADDRESS: Final = re.compile(r"(?<![\w.])(-?)0x([0-9a-f]{4,16})\b")


class Places:
    """Names addresses of a file's programs by their symbols."""

    def __init__(self, loaded: Loaded) -> None:
        self._images = loaded.images
        self._mask = (1 << loaded.images[-1].architecture.bits) - 1
        self._found: dict[int, tuple[str, int]] = {}

    def name(self, address: int) -> str:
        """Return ``symbol+0x10``, or the address where no symbol stands before it."""
        symbol, offset = self.around(address)
        if not symbol:
            return f"{address:#x}"
        return f"{symbol}+{offset:#x}" if offset else symbol

    def around(self, address: int) -> tuple[str, int]:
        """Return the symbol shortly before an address and the distance to it; empty for none."""
        found = self._found.get(address)
        if found is None:
            found = self._found[address] = self._around(address)
        return found

    def _around(self, address: int) -> tuple[str, int]:
        for image in self._images:
            if image.segment(address) is not None:
                symbol = image.symbols.around(address)
                if symbol is not None and address - symbol.address < FAR:
                    return symbol.name, address - symbol.address
                return "", 0
        return "", 0

    def inside(self, text: str) -> str:
        """Return text with the addresses in it replaced by symbols.

        SLEIGH prints the upper half of the address space as negative numbers.
        """
        return _ADDRESS.sub(self._named, text)

    def beside(self, text: str) -> str:
        """Return text with a symbol beside every address that has one."""

        def both(match: re.Match[str]) -> str:
            named = self._named(match)
            return match[0] if named == match[0] else f"{match[0]} ({named})"

        return _ADDRESS.sub(both, text)

    def _named(self, match: re.Match[str]) -> str:
        value = int(match[2], 16)
        address = -value & self._mask if match[1] else value
        if self.around(address)[0]:
            return self.name(address)
        return f"{address:#x}" if match[1] and value > self._mask >> 17 else match[0]
