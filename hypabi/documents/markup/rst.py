"""Write a document as reStructuredText in the kernel's style (Documentation/doc-guide/sphinx.rst).

Headings: ``=`` above and below the title, then ``=``, ``-``, ``~`` below.  Lines have at most 78
columns where a word allows it.  Everything parses with docutils alone; nothing needs an extension.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.documents.markup.fill import GLUE, fill
from hypabi.documents.markup.table import write_table
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

COLUMNS: Final = 78
INDENT: Final = "  "
_ADORNMENT: Final = "=-~^"

_MARKUP: Final = re.compile(r"[\\*`|]|_(?!\w)|(?<=:):(?=\s|$)")
"""What docutils would obey inside a paragraph: emphasis, literals, references, ``::``."""

_START: Final = re.compile(r"[!#-&+,\-./:;<=>?@\[\]^_{}~]|\(?(?:\w{1,4}|#)[.)](?=\s|$)")
"""What docutils may take for a list, a rule, a directive or a field where a paragraph starts."""

_RULE: Final = re.compile(r"(?<!\S)([!-/:-@\[\]-`{-~])\1+(?!\S)")
"""What it takes for an adornment, if it comes to stand in a line by itself."""

_BEFORE: Final = " \t\n-:/'\"<([{" + GLUE
_AFTER: Final = " \t\n-.,:;!?\\/'\")]}>" + GLUE
"""Characters that may stand beside inline markup (docutils, inline markup recognition rules)."""


def write(page: Page) -> str:
    """Return a document as reStructuredText, ending in a newline."""
    lines = [".. SPDX-License-Identifier: MIT", ""]
    lines += ["..", *(f"{INDENT}{printable(line)}" for line in page.notes), ""]
    title = escaped(page.title)
    lines += ["=" * len(title), title, "=" * len(title)]
    lines += _Writer(titles(page.blocks)).blocks(page.blocks, "", 0)
    return "\n".join(lines) + "\n"


def titles(blocks: Blocks) -> dict[str, str]:
    """Return the title of each section by its anchor, of those that have one of their own.

    Such a title is a target by itself; a section that shares its title gets a label.
    """
    every = list(_sections(blocks))
    count = Counter(title.lower() for _, title in every)
    return {anchor: title for anchor, title in every if count[title.lower()] == 1}


def _sections(blocks: Blocks) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if isinstance(block, Section):
            yield block.anchor, plain(block.title)
            yield from _sections(block.blocks)


class _Writer:
    """Writes blocks; knows the titles, to which links lead."""

    def __init__(self, sections: Mapping[str, str]) -> None:
        self.sections = sections

    def blocks(self, blocks: Blocks, indent: str, depth: int) -> Iterator[str]:
        """Yield the lines of blocks, an empty one before each."""
        before: Block | None = None
        for at, block in enumerate(blocks):
            after = blocks[at + 1] if at + 1 < len(blocks) else None
            yield ""
            match before, block, after:
                case Paragraph(words), Listing(lines) | Diagram(lines=lines), _ if _ends(words):
                    yield from _literal(lines, indent)
                case _, Paragraph(words), Listing() | Diagram() if _ends(words):
                    *most, last = self.filled(words, indent, indent)
                    yield from (*most, f"{last}:")
                case _:
                    yield from self.block(block, indent, depth)
            before = block

    def block(self, block: Block, indent: str, depth: int) -> Iterator[str]:
        """Yield the lines of one block; a case for each kind."""
        match block:
            case Paragraph(words):
                yield from self.filled(words, indent, indent)
            case Bullets(items):
                yield from self.bullets(items, indent, depth)
            case Definitions(items):
                yield from self.definitions(items, indent, depth)
            case Fields(items):
                for name, words in items:
                    yield from self.filled(words, f"{indent}:{name}: ", indent + INDENT * 2)
            case Table():
                cells = [[self.cell(cell) for cell in row] for row in (block.head, *block.rows)]
                for line in write_table(cells, COLUMNS - len(indent)):
                    yield f"{indent}{line}"
            case Listing(lines) | Diagram(lines=lines):
                yield f"{indent}::"
                yield ""
                yield from _literal(lines, indent)
            case Section():
                assert not indent, "a heading stands at the margin"
                yield from self.section(block, depth)
            case _:
                assert_never(block)

    def section(self, section: Section, depth: int) -> Iterator[str]:
        """Yield a heading and what stands under it, with a label where its title is no target."""
        if section.anchor not in self.sections:
            yield f".. _{section.anchor}:"
            yield ""
        text = self.inline(section.title).replace(GLUE, " ")
        yield text
        yield _ADORNMENT[depth] * len(text)
        yield from self.blocks(section.blocks, "", depth + 1)

    def bullets(self, items: tuple[Blocks, ...], indent: str, depth: int) -> Iterator[str]:
        """Yield a list; its items stand apart where one has several blocks."""
        loose = any(len(item) > 1 for item in items)
        for at, item in enumerate(items):
            if at and loose:
                yield ""
            match item:
                case (Paragraph(words), *rest):
                    yield from self.filled(words, f"{indent}* ", indent + INDENT)
                    yield from self.blocks(tuple(rest), indent + INDENT, depth)
                case _:
                    raise AssertionError("an item of a list starts with a paragraph")

    def definitions(
        self, items: tuple[tuple[Words, Blocks], ...], indent: str, depth: int
    ) -> Iterator[str]:
        """Yield terms with what is said of them."""
        for at, (term, blocks) in enumerate(items):
            if at:
                yield ""
            yield indent + _safe(self.inline(term)).replace(GLUE, " ")
            inner = self.blocks(blocks, indent + INDENT, depth)
            next(inner)  # no empty line after a term
            yield from inner

    def filled(self, words: Words, first: str, rest: str) -> list[str]:
        """Return prose in lines; ``first`` starts the first, ``rest`` the others."""
        return fill(self.cell(words), first, rest, COLUMNS)

    def cell(self, words: Words) -> str:
        """Return prose in one line that is nothing but a paragraph."""
        text = _safe(self.inline(words))
        return f"{text[:-1]}\\:" if text.endswith("::") else text

    def inline(self, words: Words) -> str:
        """Return words with their marks, set off from neighbours that docutils would not accept."""
        written = ""
        for at, each in enumerate(words):
            marked = not isinstance(each, Text)
            if marked and written and written[-1] not in _BEFORE:
                written += f"\\{GLUE}"
            written += self.mark(each)
            following = _opening(words[at + 1]) if at + 1 < len(words) else ""
            if marked and following and following not in _AFTER:
                written += f"\\{GLUE}"
        return written

    def mark(self, each: Inline) -> str:
        """Return one piece of a sentence with its marks."""
        match each:
            case Text(text):
                return escaped(text)
            case Code(raw):
                text = printable(raw)
                if not text.strip() or "``" in text or text[0] in " `" or text[-1] in " `\\":
                    return escaped(text)
                glued = text.replace(" ", GLUE) if len(text) <= COLUMNS // 2 else text
                return f"``{glued}``"
            case Emphasis(text):
                return f"*{escaped(text)}*".replace(" ", GLUE)
            case Link(text, anchor):
                title = self.sections.get(anchor, anchor)
                if title.lower() == text.lower():
                    return f"`{escaped(text)}`_".replace(" ", GLUE)
                return f"`{escaped(text)} <{escaped(title)}_>`__".replace(" ", GLUE)
            case _:
                assert_never(each)


def _literal(lines: tuple[str, ...], indent: str) -> Iterator[str]:
    yield from (f"{indent}{INDENT}{printable(line)}".rstrip() for line in lines)


def _ends(words: Words) -> bool:
    """Tell whether a paragraph ends with the colon that makes what follows a literal block."""
    return plain(words).endswith(":")


def _safe(text: str) -> str:
    """Keep a paragraph from starting like a list, a rule, a directive or a field."""
    if text and not text.strip("\\"):
        return f"\\{GLUE}{text}"  # an escaped space is nothing; a line of backslashes is a rule
    return f"\\{text}" if _START.match(text) else text


def _opening(each: Inline) -> str:
    """Return the first character of what comes next; a mark of its own is set off by itself."""
    return each.text[:1] if isinstance(each, Text) else " "


def escaped(text: str) -> str:
    """Return text in which docutils finds no markup."""
    ruled = _MARKUP.sub(lambda found: f"\\{found.group()}", printable(text))
    return _RULE.sub(lambda found: f"\\{found.group()}", ruled)
