"""Write a document as one HTML file: no script, nothing loaded, light or dark as the reader is."""

from collections.abc import Iterator
from html import escape as escaped
from typing import assert_never

from hypabi.documents.markup.style import STYLE
from hypabi.documents.markup.svg import write_svg
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
)
from hypabi.report.shared.text_layout import printable


def escape(text: str) -> str:
    """Return text as a browser shows it, on one line."""
    return escaped(printable(text))


def write(page: Page) -> str:
    """Return a document as HTML, ending in a newline."""
    notes = "<br>".join(escape(note.strip()) for note in page.notes)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(page.title)}</title>",
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        f"<h1>{escape(page.title)}</h1>",
        *_contents(page.blocks),
        "<main>",
        *_blocks(page.blocks, 2),
        "</main>",
        f"<footer><p>{notes}</p></footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _contents(blocks: Blocks) -> Iterator[str]:
    sections = [block for block in blocks if isinstance(block, Section)]
    if sections:
        yield '<nav aria-label="Contents">'
        yield from _entries(sections)
        yield "</nav>"


def _entries(sections: list[Section]) -> Iterator[str]:
    yield "<ul>"
    for section in sections:
        yield f'<li><a href="#{section.anchor}">{_inline(section.title)}</a>'
        inner = [block for block in section.blocks if isinstance(block, Section)]
        if inner:
            yield from _entries(inner)
        yield "</li>"
    yield "</ul>"


def _blocks(blocks: Blocks, level: int) -> Iterator[str]:
    for block in blocks:
        yield from _block(block, level)


def _block(block: Block, level: int) -> Iterator[str]:  # noqa: C901 - a case for each kind
    match block:
        case Paragraph(words):
            yield f"<p>{_inline(words)}</p>"
        case Bullets(items):
            yield "<ul>"
            for item in items:
                yield from _wrapped("li", _blocks(item, level))
            yield "</ul>"
        case Definitions(items):
            yield "<dl>"
            for term, inside in items:
                yield f"<dt>{_inline(term)}</dt>"
                yield from _wrapped("dd", _blocks(inside, level))
            yield "</dl>"
        case Fields(items):
            yield '<table class="fields">'
            for name, words in items:
                yield f'<tr><th scope="row">{escape(name)}</th><td>{_inline(words)}</td></tr>'
            yield "</table>"
        case Table(head, rows):
            yield from _table(head, rows)
        case Listing(lines):
            yield f"<pre>{chr(10).join(map(escape, lines))}</pre>"
        case Diagram():
            yield from write_svg(block)
        case Section(title, anchor, inside):
            heading = f"h{min(level, 6)}"
            yield f'<section id="{anchor}">'
            yield f"<{heading}>{_inline(title)}</{heading}>"
            yield from _blocks(inside, level + 1)
            yield "</section>"
        case _:
            assert_never(block)


def _wrapped(element: str, inside: Iterator[str]) -> Iterator[str]:
    yield f"<{element}>"
    yield from inside
    yield f"</{element}>"


def _table(head: tuple[Words, ...], rows: tuple[tuple[Words, ...], ...]) -> Iterator[str]:
    yield '<div class="wide"><table>'
    cells = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
    yield f"<thead><tr>{cells}</tr></thead>"
    yield "<tbody>"
    for first, *rest in rows:
        cells = "".join(f"<td>{_inline(cell)}</td>" for cell in rest)
        yield f'<tr><th scope="row">{_inline(first)}</th>{cells}</tr>'
    yield "</tbody>"
    yield "</table></div>"


def _inline(words: Words) -> str:
    return "".join(map(_mark, words))


def _mark(each: Inline) -> str:
    match each:
        case Text(text):
            return escape(text)
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Emphasis(text):
            return f"<em>{escape(text)}</em>"
        case Link(text, anchor):
            return f'<a href="#{escape(anchor)}">{escape(text)}</a>'
        case _:
            assert_never(each)
