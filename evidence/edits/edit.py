"""What is changed in the kernel's sources, and what should be found."""

import enum
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hypabi.arch.names import Architecture
from hypabi.records import frozen

HERE: Final = Path(__file__).parent


class Kind(enum.Enum):
    """Which part of the interface an edit is about; each has a file of edits."""

    HANDLERS = "handlers"
    INSTALLERS = "installers"
    E2H = "E2H"
    PLACEMENT = "placement"
    CALLERS = "callers"
    ORDER = "order"


class Direction(enum.Enum):
    """What an edit makes of a kernel."""

    BROKEN = "broken"
    MENDED = "mended"
    """What another edit breaks is right again, and not as it was before."""
    HARMLESS = "harmless"


class EditError(Exception):
    """An edit cannot be made."""


@frozen
class Change:
    """A search and its replacement in one file."""

    file: str
    after: str
    """Regular expression behind whose first match is searched; empty for the whole file."""
    find: str
    """Regular expression; its first match is replaced."""
    replace: str
    """With groups of the search as ``\\1``."""

    def made(self, text: str) -> str:
        """Return a file's text with the change.

        :raises EditError: it is not there to be changed
        """
        anchor = re.search(self.after, text, re.M)
        start = anchor.end() if anchor else 0
        found = re.compile(self.find, re.M).search(text, start)
        if anchor is None or found is None:
            raise EditError(f"{self.file} has no {self.find if anchor else self.after!r}")
        return text[: found.start()] + found.expand(self.replace) + text[found.end() :]


@frozen
class Edit:
    """Changes that belong together."""

    name: str
    kind: Kind
    direction: Direction
    architecture: Architecture
    changes: tuple[Change, ...]
    what: str
    """What is wrong, or why nothing is."""
    rules: tuple[str, ...]
    """Patterns of findings, one of which has to be new."""
    missed: str
    """Why it is not as it should be, where that is known; else empty."""
    first: str = ""
    """What became of it when it was first judged, where it was written before what finds it."""

    def apply(self, read: Callable[[str], str], write: Callable[[str, str], None]) -> None:
        """Make the changes.

        :raises EditError: one cannot be made
        """
        for change in self.changes:
            write(change.file, change.made(read(change.file)))


def read_edits(folder: Path = HERE) -> tuple[Edit, ...]:
    """Return all edits, by kind, in the order of their files."""
    return tuple(each for kind in Kind for each in _of_kind(folder / f"{kind.value.lower()}.toml"))


def _of_kind(path: Path) -> Iterator[Edit]:
    kind = next(kind for kind in Kind if kind.value.lower() == path.stem)
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["edit"]
    named = {row["name"]: row for row in rows}
    for row in rows:
        broken = _changes(named[row["mends"]]) if "mends" in row else ()
        yield Edit(
            row["name"],
            kind,
            Direction(row["direction"]),
            Architecture(row["architecture"]),
            (*broken, *_changes(row)),
            row["what"],
            tuple(row.get("rules", ())),
            row.get("missed", ""),
            row.get("first", ""),
        )


def _changes(row: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(each.get("file", row["file"]), each.get("after", ""), each["find"], each["replace"])
        for each in (row, *row.get("also", ()))
    )
