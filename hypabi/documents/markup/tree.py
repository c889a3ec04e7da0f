"""A document before it is reStructuredText, HTML or a man page: a small closed tree.

Text is plain: a writer escapes what its own syntax would obey, so nothing that a contract or an
image says can become markup.  An anchor is unique within a document.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from hypabi.records import frozen


@frozen
class Text:
    """Words as they stand."""

    text: str


@frozen
class Code:
    """A name, a number or a formula of the machine, shown in a fixed width."""

    text: str


@frozen
class Emphasis:
    """A word that stands for something: an argument of a call, a party."""

    text: str


@frozen
class Link:
    """Words that lead to an anchor of the same document."""

    text: str
    anchor: str


Inline: TypeAlias = Text | Code | Emphasis | Link
Words: TypeAlias = tuple[Inline, ...]


@frozen
class Paragraph:
    """Prose."""

    words: Words


@frozen
class Bullets:
    """A list without numbers."""

    items: "tuple[Blocks, ...]"


@frozen
class Definitions:
    """Terms, each with what is said of it."""

    items: "tuple[tuple[Words, Blocks], ...]"


@frozen
class Fields:
    """Short named facts: ``Number: 0``."""

    items: tuple[tuple[str, Words], ...]


@frozen
class Table:
    """Rows under a head; every row has as many cells as the head."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]


@frozen
class Listing:
    """Lines that keep their form: an example, a diagram in characters."""

    lines: tuple[str, ...]


@frozen
class Arrow:
    """A move of a diagram: positions of two of its states, and what is written at the arrow."""

    source: int
    target: int
    label: str
    note: str


@frozen
class Diagram:
    """States and moves between them; ``lines`` is the same in characters."""

    title: str
    states: tuple[tuple[str, str], ...]
    """Name and kind: ``boot``, ``party`` or ``beyond``."""
    arrows: tuple[Arrow, ...]
    lines: tuple[str, ...]


@frozen
class Section:
    """A heading with what stands under it."""

    title: Words
    anchor: str
    blocks: "Blocks"


Block: TypeAlias = Paragraph | Bullets | Definitions | Fields | Table | Listing | Diagram | Section
Blocks: TypeAlias = tuple[Block, ...]


@frozen
class Page:
    """A whole document.

    ``notes`` says in lines where it is from: a comment at the top of what is written.
    """

    name: str
    """Of its subject, as a man page is called."""
    title: str
    brief: str
    """One line for a man page's NAME section."""
    notes: tuple[str, ...]
    blocks: Blocks


def words(*parts: "str | Inline | Sequence[Inline]") -> Words:
    """Put words together; a plain string is :class:`Text`."""
    found: list[Inline] = []
    for part in parts:
        match part:
            case str():
                found.append(Text(part))
            case Text() | Code() | Emphasis() | Link():
                found.append(part)
            case _:
                found.extend(part)
    return tuple(found)


def paragraph(*parts: "str | Inline | Sequence[Inline]") -> Paragraph:
    """Make a paragraph of :func:`words`."""
    return Paragraph(words(*parts))


def joined(items: Iterable[Sequence[Inline]], last: str = " and ", other: str = ", ") -> Words:
    """Join items as a sentence does: ``a, b and c``."""
    each = list(items)
    found: list[Inline] = []
    for at, item in enumerate(each):
        if at:
            found.append(Text(last if at == len(each) - 1 else other))
        found.extend(item)
    return tuple(found)


def codes(names: Iterable[str], last: str = " and ") -> Words:
    """Join names of the machine as a sentence does."""
    return joined([(Code(name),) for name in names], last)


def plain(of: Iterable[Inline]) -> str:
    """Return words without their marks."""
    return "".join(each.text for each in of)


_NAME: Final = re.compile(
    r"""(?<![\w/.-])(?:
        [\w.-]+(?:/[\w.{},-]+)+\.(?:S|c|h|rst|yaml)     # a path of the kernel's tree
      | [\w-]+\.(?:S|c|h)                               # a file of it
      | \w*[A-Za-z]\w*_\w*(?:\(\))?                           # an identifier
      | [xr]\d{1,2}(?:-[xr]\d{1,2})?                    # general registers
      | (?:hvc|smc|svc|sc|vmcall|vmmcall)\ \#?\d[\dxa-fA-F]*
      | 0x[0-9a-fA-F]+
    )(?![\w/])""",
    re.VERBOSE,
)


def prose(text: str) -> Words:
    """Mark the names of registers, symbols and files in a sentence of a contract."""
    text = " ".join(text.split())
    found: list[Inline] = []
    at = 0
    for match in _NAME.finditer(text):
        if match.start() > at:
            found.append(Text(text[at : match.start()]))
        found.append(Code(match.group()))
        at = match.end()
    if at < len(text):
        found.append(Text(text[at:]))
    return tuple(found)


def quoted(text: str) -> Words:
    """Return a short citation in quotation marks, its own replaced by single ones."""
    return (Text('"'), *prose(text.replace('"', "'")), Text('"'))


def anchor(*parts: str) -> str:
    """Make an anchor of names: lower case letters, digits and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
