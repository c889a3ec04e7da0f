"""Write a document as a man page: man(7) macros, tables by tbl(1), section 7 for an interface."""

import re
from collections.abc import Iterator
from typing import Final, assert_never

from hypabi.documents.markup.table import broken, lines_of, widths
from hypabi.documents.markup.tree import (
    Block,
    Blocks,
    Bullets,
    Code,
    Definitions,
    Diagram,
    Emphasis,
    Fields,
    Inline,
    Link,
    Listing,
    Page,
    Paragraph,
    Section,
    Table,
    Text,
    Words,
    plain,
)
from hypabi.report.shared.text_layout import printable

SECTION: Final = 7
"""Of the manual: overviews, conventions and interfaces."""

ROOM: Final = 70
"""Columns of a table: those of a terminal of 80 that groff gives to text, less its margin."""

INDENT: Final = 7
"""Columns by which .RS moves to the right."""

TAB: Final = "@"
"""Between two cells; in a cell it is escaped."""

_SPECIAL: Final = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
    TAB: "\\(at",
}
"""Characters that groff would turn into something a reader cannot copy (groff_char(7))."""


def write(page: Page) -> str:
    """Return a document as roff, ending in a newline."""
    name = re.sub(r"[^A-Za-z0-9_.+-]", "-", page.name)
    lines = ["'\\\" t", '.\\" SPDX-License-Identifier: MIT']
    lines += [f'.\\" {printable(note)}' for note in page.notes]
    # No date: the same contract gives the same bytes.
    lines += [f'.TH {escaped(name.upper())} {SECTION} "" "hypabi" "Hypercalls"']
    # Names are long here: nothing is hyphenated, and no line is stretched to the margin.
    lines += [".nh", ".ad l"]
    lines += [".SH NAME", f"{escaped(name)} \\- {escaped(page.brief)}"]
    opening = tuple(block for block in page.blocks if not isinstance(block, Section))
    sections = tuple(block for block in page.blocks if isinstance(block, Section))
    lines += [".SH DESCRIPTION", *_blocks(opening, 0), *_blocks(sections, 0)]
    return "\n".join(lines) + "\n"


def _blocks(blocks: Blocks, depth: int) -> Iterator[str]:
    for at, block in enumerate(blocks):
        if isinstance(block, Paragraph) and (at or depth):
            yield ".PP"
        yield from _block(block, depth)


def _block(block: Block, depth: int) -> Iterator[str]:  # noqa: C901 - a case for each kind
    match block:
        case Paragraph(words):
            yield from text(words)
        case Bullets(items):
            for item in items:
                yield ".IP \\(bu 3"
                yield from _inside(item, depth)
        case Definitions(items):
            for term, inside in items:
                yield ".TP"
                yield from text(term, "B")
                yield from _inside(inside, depth)
        case Fields(items):
            for at, (name, words) in enumerate(items):
                yield ".TP"
                yield from [".PD 0"] if at == 1 else []
                yield f".B {escaped(name)}:"
                yield from text(words)
            yield ".PD"
        case Table(head, rows):
            yield from _table(head, rows, ROOM)
        case Listing(lines) | Diagram(lines=lines):
            yield from (".PP", ".EX")
            yield from (_kept(line) for line in lines)
            yield ".EE"
        case Section(title, _, inside):
            heading = plain(title)
            yield f".SH {escaped(heading.upper())}" if depth == 0 else f".SS {escaped(heading)}"
            yield from _section(inside, depth + 1)
        case _:
            assert_never(block)


def _section(blocks: Blocks, depth: int) -> Iterator[str]:
    """Yield what stands under a heading, which begins a paragraph by itself."""
    lines = list(_blocks(blocks, depth))
    yield from lines[1:] if lines[:1] == [".PP"] else lines


def _inside(blocks: Blocks, depth: int) -> Iterator[str]:
    """Yield the blocks of an item: its first paragraph stands beside the mark."""
    for at, block in enumerate(blocks):
        match block:
            case Paragraph(words):
                if at:
                    yield ".IP"
                yield from text(words)
            case Table(head, rows):
                yield from (".RS", *_table(head, rows, ROOM - INDENT), ".RE")
            case _:
                yield from (".RS", *_block(block, depth), ".RE")


def _table(
    head: tuple[Words, ...], rows: tuple[tuple[Words, ...], ...], room: int
) -> Iterator[str]:
    """Yield a table; its lines are broken here, because tbl(1) breaks words that fit nowhere."""
    cells = [[printable(plain(cell)) for cell in row] for row in (head, *rows)]
    room -= 2 * (len(head) - 1)
    lines = broken(cells, room)
    if sum(widths(lines)) > room:
        yield from _as_list(head, rows)
        return
    yield from (".PP", ".TS", f"nokeep tab({TAB});")
    yield "lb2 " * (len(head) - 1) + "lb"
    yield "l2 " * (len(head) - 1) + "l."
    for row in lines:
        for line in lines_of(row):
            yield TAB.join(_guarded(escaped(cell)) or "\\&" for cell in line)
    yield ".TE"


def _as_list(head: tuple[Words, ...], rows: tuple[tuple[Words, ...], ...]) -> Iterator[str]:
    """Yield the rows of a table that is too wide, one below the other."""
    for first, *rest in rows:
        yield ".TP"
        yield from text(first, "B")
        for name, cell in zip(head[1:], rest, strict=True):
            yield from text((*name, Text(": "), *cell))
            yield ".br"


def text(words: Words, font: str = "R") -> list[str]:
    """Return prose as roff: one line for each sentence, so that a change of one is one line."""
    written = "".join(_mark(each, font) for each in words)
    lines = re.sub(r"(?<=[.:;]) +(?=[A-Z\\(])", "\n", written).split("\n")
    if font != "R":
        lines = [f"\\f{font}{line}\\fR" for line in lines]
    return [_guarded(line) for line in lines]


def _mark(each: Inline, font: str) -> str:
    match each:
        case Text(said) | Link(said):
            return escaped(said)
        case Code(said):
            return f"\\fB{escaped(said)}\\f{font}"
        case Emphasis(said):
            return f"\\fI{escaped(said)}\\f{font}"
        case _:
            assert_never(each)


def _kept(line: str) -> str:
    return _guarded(escaped(line)) or ""


def _guarded(line: str) -> str:
    """Keep a line from being taken for a request."""
    return f"\\&{line}" if line[:1] in (".", "'") else line


def escaped(said: str) -> str:
    """Return text as roff prints it, letter for letter."""
    return "".join(
        _SPECIAL.get(each) or (each if ord(each) < 0x80 else f"\\[u{ord(each):04X}]")
        for each in printable(said)
    )
