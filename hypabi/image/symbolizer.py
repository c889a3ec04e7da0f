"""An address as a reader of assembly knows it: a symbol, and the distance to it."""

import re
from collections.abc import Mapping
from typing import Final

from hypabi.image.model import Loaded
from hypabi.records import frozen

FAR: Final = 0x1000
"""From here on a symbol says nothing of an address: symbols are missing between the two."""

ADDRESS: Final = re.compile(r"(?<![\w.])(-?)0x([0-9a-f]{4,16})\b")
"""An address in a text; SLEIGH prints the upper half of the address space as negative numbers."""


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
        """Return text with the addresses in it replaced by symbols."""
        return ADDRESS.sub(self.named, text)

    def beside(self, text: str) -> str:
        """Return text with a symbol beside every address that has one."""

        def both(match: re.Match[str]) -> str:
            named = self.named(match)
            return match[0] if named == match[0] else f"{match[0]} ({named})"

        return ADDRESS.sub(both, text)

    def named(self, match: re.Match[str]) -> str:
        """Return how a match of ``ADDRESS`` is spelled: by its symbol, where it has one."""
        value = int(match[2], 16)
        address = -value & self._mask if match[1] else value
        if self.around(address)[0]:
            return self.name(address)
        return f"{address:#x}" if match[1] and value > self._mask >> 17 else match[0]


@frozen
class Names:
    """The addresses that stand in the texts of a result, and how each is spelled."""

    known: Mapping[str, str]
    """By address as it is written."""

    def inside(self, text: str) -> str:
        """Return text with the addresses in it replaced by symbols."""
        return ADDRESS.sub(lambda match: self.known.get(match[0], match[0]), text)

    def beside(self, text: str) -> str:
        """Return text with a symbol beside every address that has one."""

        def both(match: re.Match[str]) -> str:
            named = self.known.get(match[0])
            return match[0] if named is None else f"{match[0]} ({named})"

        return ADDRESS.sub(both, text)
