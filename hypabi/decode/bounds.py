"""How much of a file is read, and what is more is refused."""

from pathlib import Path

from hypabi.decode.node import Node
from hypabi.decode.place import Place
from hypabi.records import frozen
from hypabi.regular import read_regular


@frozen
class Bounds:
    """The most that a reader needs of one file."""

    bytes: int
    parts: int
    """Values, keys and ends of lists and mappings."""
    depth: int
    """Lists and mappings inside each other."""
    key: int = 256
    """Characters of one key; the names of the longest symbols of a kernel have about a hundred."""


def read_bounded(path: Path, bounds: Bounds) -> bytes:
    """Read a file, one byte more than is allowed at most.

    :raises FileError: it cannot be read
    """
    try:
        return read_regular(path, bounds.bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Place(str(path), 0, "").refuse(f"cannot be read: {reason}") from None


class Counted:
    """What a tree has taken of its bounds while it is made; both syntaxes refuse by it."""

    def __init__(self, text: bytes, file: str, bounds: Bounds) -> None:
        self.top = Place(file, 0, "")
        self.bounds = bounds
        self._parts = 0
        if len(text) > bounds.bytes:
            raise self.top.refuse(f"the file is too large: at most {bounds.bytes} bytes are read")

    def part(self) -> None:
        """Count one more part."""
        self._parts += 1
        if self._parts > self.bounds.parts:
            raise self.top.refuse(f"the file has more than {self.bounds.parts} parts")

    def enter(self, place: Place, depth: int) -> None:
        """Refuse what stands in too many lists and mappings."""
        if depth > self.bounds.depth:
            raise place.refuse(f"this is nested deeper than {self.bounds.depth}")

    def key(self, name: str, place: Place, items: dict[str, Node]) -> None:
        """Refuse a key that is too long, or is there already."""
        if len(name) > self.bounds.key:
            raise place.refuse(f"a key has more than {self.bounds.key} characters")
        if name in items:
            first = items[name].place.line
            raise place.below(name).refuse(
                "the key stands here a second time", f"first on line {first}"
            )
