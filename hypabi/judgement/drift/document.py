"""A document as drift sees it: sentences and the calls' entries, each with its line.

Flat on purpose: what a sentence means depends on nothing but its words, on the section and on the
entry it stands in.  An *entry* is what a document says of one call: a list item, a definition, a
row of a table or a section that starts by naming the call.  What could not be read as either is
listed with its line and its reason, so that nothing of a document is dropped in silence.
"""

import enum
import re
from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.records import frozen

NAME: Final = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
"""How a call's name is spelled: HVC_SET_VECTORS."""

_QUOTES: Final = re.compile("[\"'`\u00b4\u2018-\u201f]")
_WORD: Final = re.compile(r"[\w#]+(?:[-./+][\w]+)*")


@frozen
class Sentence:
    """One sentence, white space made single; ``entry`` counts the entries from 0."""

    text: str
    line: int
    section: str
    entry: int | None
    paragraph: int


@frozen
class Assignment:
    """One line ``r1/x1 = vectors (arm64 only)``: the registers, what they hold, and where only."""

    registers: tuple[str, ...]
    value: str
    only: Architecture | None
    line: int

    def on(self, architecture: Architecture) -> tuple[str, ...]:
        """Return the registers that the line names for an architecture."""
        if self.only not in (None, architecture):
            return ()
        return tuple(name for name in self.registers if of_register(name) is architecture)


@frozen
class Entry:
    """What a document says of one call: its name, a number where it gives one, its registers.

    ``named`` is the line that names the call in a register, ``None`` where a title does.  ``on``
    are the architectures that it says it is of, ``served`` the parties that it says serve it, each
    as far as it says so.
    """

    name: str
    line: int
    number: int | None
    named: Assignment | None
    arguments: tuple[Assignment, ...]
    on: tuple[Architecture, ...] | None
    served: Mapping[Architecture, tuple[str, ...]]

    def about(self, architecture: Architecture) -> bool:
        """Tell whether the entry speaks of an architecture."""
        if self.on is not None and architecture not in self.on:
            return False
        return self.named is None or bool(self.named.on(architecture))


class Shape(enum.Enum):
    """What a part of a document is."""

    HEADING = "heading"
    """A title, a term, or a call's name that stands alone."""
    TEXT = "text"
    ROW = "row"
    HEAD = "head"
    """The first row of a table, where it names the columns."""
    FIELD = "field"
    LITERAL = "literal"


@frozen
class Part:
    """A part of a document: its text, the cells of a row, or name and value of a field."""

    shape: Shape
    line: int
    cells: tuple[str, ...]
    until: int
    """Number of the first part behind it and behind what it heads."""

    @property
    def text(self) -> str:
        """Return its text on one line."""
        return " ".join(" ".join(self.cells).split())


@frozen
class Unread:
    """A part of a document that was not read, and why."""

    line: int
    reason: str
    weight: "Weight"


class Weight(enum.Enum):
    """Whether something that was not read may have said something."""

    STATEMENT = "statement"
    ILLUSTRATION = "illustration"
    """A drawing, a program, a picture: what is shown and not stated."""


@frozen
class Document:
    """One document, in its order."""

    path: str
    sha256: str
    sentences: tuple[Sentence, ...]
    entries: tuple[Entry, ...]
    titles: tuple[str, ...]
    unread: tuple[Unread, ...]
    parts: tuple[Part, ...]
    """The same by headings, tables and fields, from 0."""
    lines: tuple[str, ...]


def of_register(name: str) -> Architecture | None:
    """Return the architecture that spells a register so, ``None`` where both do."""
    if name in ("ip", "lr", "sp", "pc"):
        return Architecture.ARM if name == "ip" else None
    return Architecture.ARM if name[0] == "r" else Architecture.ARM64


def raw_words(text: str) -> list[str]:
    """Return the words of a text as they are spelled, without quotes and punctuation."""
    return _WORD.findall(_QUOTES.sub("", text))


def words(text: str) -> list[str]:
    """Return the words by which two texts are compared: white space, quotes, case do not count."""
    return [word.casefold() for word in raw_words(text)]
