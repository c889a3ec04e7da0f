"""Where a thing stands in a file, and how the file is refused."""

from collections.abc import Iterable, Mapping
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import field, frozen

MOST_COMPARED: Final = 4000
LONGEST_COMPARED: Final = 60
"""With how many words a misspelt one is compared, and how long they are: it takes the square."""


class FileError(HypabiError):
    """A file that somebody wrote says what it cannot mean: the place, what, and what to try."""


@frozen
class Place:
    """A key of a file: ``calls.HVC_SET_VECTORS.number`` on line 12.

    A place knows its own name and the place above it: spelled out, ten thousand keys under a long
    one would take a thousand times the file.
    """

    file: str
    line: int
    name: str
    above: "Place | None" = None
    lines: Mapping[str, int] | None = field(default=None, compare=False)
    """Of the keys under it, where they are known."""

    @property
    def key(self) -> str:
        """Return the names from the top of the file down, with dots between them."""
        names: list[str] = []
        place: Place | None = self
        while place is not None:
            names.append(place.name)
            place = place.above
        return ".".join(name for name in reversed(names) if name).replace(".[", "[")

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}" if self.key else where

    def below(self, key: str, line: int | None = None) -> "Place":
        """Name a key under this one: on its line, on this one where nobody knows."""
        known = self.line if self.lines is None else self.lines.get(key, self.line)
        return Place(self.file, line or known, key, self)

    def knowing(self, lines: Mapping[str, int]) -> "Place":
        """Return the same place, which knows the lines of the keys under it."""
        return Place(self.file, self.line, self.name, self.above, lines)

    def refuse(self, what: str, hint: str = "") -> FileError:
        """Build the refusal of what stands here."""
        return FileError(str(self), what, hint)


NOWHERE = Place("", 0, "")
"""For what was built in memory."""


def known(name: str, table: Iterable[str], place: Place) -> None:
    """Refuse a name that a table of the file does not have."""
    if name not in table:
        raise place.refuse(f"there is no {name!r}", closest_name(name, table))


def closest_name(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that was probably meant, or say which there are."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a refusal pays for it

    choices = sorted(known)
    short = [choice for choice in choices[:MOST_COMPARED] if len(choice) <= LONGEST_COMPARED]
    matches = get_close_matches(word, short, 1, 0.5) if len(word) <= LONGEST_COMPARED else []
    if matches:
        return f"did you mean {matches[0]!r}?"
    if not choices:
        return ""
    listed = ", ".join(choices[:12])
    return f"known here: {listed}" + (", ..." if len(choices) > 12 else "")
