"""Plain text for a mail: 75 columns, or those of a terminal, no colour, nothing it would obey.

Every line of a report passes through here, so the width is one number and an image cannot put
control characters on a reader's terminal by way of a symbol's or a file's name.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

COLUMNS: Final = 75
"""b4's and the kernel's habit for text in a mail."""
NARROWEST: Final = 60
WIDEST: Final = 120
"""Between these a report is as wide as the terminal that it is printed on."""

_columns: ContextVar[int] = ContextVar("columns", default=COLUMNS)

INDENT: Final = "  "
LABEL: Final = 10
"""How far a label stands in, and how wide it is; two spaces part it from its text."""

NARROW: Final = 10
"""Width beyond which the title of a column is broken at its hyphens."""


_GLUE: Final = "\0"
"""Stands for a space that is no place to break a line; nothing printable contains it."""


def columns() -> int:
    """Return how wide a report is made."""
    return _columns.get()


def fit_terminal(width: int) -> None:
    """Make reports fit a terminal of so many columns, within reason."""
    _columns.set(min(max(width, NARROWEST), WIDEST))


@contextmanager
def in_columns(width: int) -> Iterator[None]:
    """Make reports of a width, whatever the terminal is."""
    before = _columns.set(width)
    try:
        yield
    finally:
        _columns.reset(before)


def printable(text: str) -> str:
    """Return ``text`` on one line, with everything that is not printable escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def filled(text: str, first: str = "", indent: str | None = None) -> Iterator[str]:
    """Yield prose in lines that fit; ``first`` starts the first line, ``indent`` the others."""
    rest = " " * len(first) if indent is None else indent
    yield from _wrapped(printable(" ".join(text.split())), printable(first), rest)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    lines = textwrap.wrap(
        text, columns(), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return lines or [first.rstrip()]


def listed(items: Iterable[str], first: str) -> Iterator[str]:
    """Yield items, separated by commas, in lines that fit; no line breaks inside a short item."""
    glued = ", ".join(item.replace(" ", _GLUE) for item in map(printable, items))
    for line in _wrapped(glued, first, " " * len(first)):
        yield line.replace(_GLUE, " ")


def labelled(label: str, text: str, indent: str = INDENT) -> Iterator[str]:
    """Yield a paragraph under a label."""
    yield from filled(text, _label(label, indent))


def labelled_list(label: str, items: Iterable[str], indent: str = INDENT) -> Iterator[str]:
    """Yield items under a label, separated by commas; no line breaks inside a short item."""
    yield from listed(items, _label(label, indent))


def _label(label: str, indent: str) -> str:
    return f"{indent}{label:<{LABEL}}  "


def titled(title: str) -> Iterator[str]:
    """Yield a heading of a section, after an empty line."""
    yield ""
    yield title
    yield "-" * len(title)


def cut(text: str, most: int) -> str:
    """Return ``text`` in at most ``most`` columns, its end replaced by ``...`` if it is longer."""
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def matrix(
    corner: str, titles: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    """Yield a table, its columns aligned to the right and broken into blocks that fit."""
    yield from grid(corner, [_broken(title) for title in titles], rows)


def grid(
    corner: str, titles: Sequence[Sequence[str]], rows: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    """Yield a table as :func:`matrix` does, of columns whose titles are lines already."""
    left = max(len(name) for name in (corner, *(name for name, _ in rows)))
    widths = [
        max(map(len, (*title, *(cells[at] for _, cells in rows))), default=0)
        for at, title in enumerate(titles)
    ]
    for block, at in enumerate(_blocks(widths, columns() - left)):
        if block:
            yield ""
        height = max((len(titles[column]) for column in at), default=0)
        for line in range(height):
            name = corner if line == height - 1 else ""
            cells = {column: _from_below(titles[column], line, height) for column in at}
            yield _row(name, left, [(cells[column], widths[column]) for column in at])
        for name, told in rows:
            yield _row(name, left, [(told[column], widths[column]) for column in at])


def _row(name: str, left: int, cells: Iterable[tuple[str, int]]) -> str:
    line = "".join(f"  {text:>{width}}" for text, width in cells)
    return f"{name:<{left}}{line}".rstrip()


def _broken(title: str) -> list[str]:
    """Break a title at its hyphens into lines of a narrow column."""
    lines = [""]
    for part in title.replace("-", "-\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > NARROW:
            lines.append(part)
        else:
            lines[-1] += part
    return lines


def _from_below(title: Sequence[str], line: int, height: int) -> str:
    """Return a line of a title that stands at the bottom of its head."""
    at = line - (height - len(title))
    return title[at] if at >= 0 else ""


def _blocks(widths: Sequence[int], room: int) -> Iterator[range]:
    """Yield runs of columns that fit in a line; a column too wide for any stands alone."""
    start, total = 0, 0
    for at, width in enumerate(widths):
        if at > start and total + 2 + width > room:
            yield range(start, at)
            start, total = at, 0
        total += 2 + width
    yield range(start, len(widths))
