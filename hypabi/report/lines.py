"""Plain text for a mail: at most 75 columns, no colour, nothing a terminal would obey.

Every line of a report passes through here, so the width is one number and an image cannot put
control characters on a reader's terminal by way of a symbol's or a file's name.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

COLUMNS: Final = 75
"""b4's and the kernel's habit for text in a mail."""


def printable(text: str) -> str:
    """Return ``text`` on one line, with everything that is not printable escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def filled(text: str, first: str = "", indent: str | None = None) -> Iterator[str]:
    """Yield ``text`` in lines that fit; ``first`` starts the first line, ``indent`` the others."""
    rest = " " * len(first) if indent is None else indent
    yield from textwrap.wrap(
        printable(text),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def titled(title: str) -> Iterator[str]:
    """Yield a heading of a section, after an empty line."""
    yield ""
    yield title
    yield "-" * len(title)


def cut(text: str, columns: int) -> str:
    """Return ``text`` in at most ``columns``, its end replaced by ``...`` if it is longer."""
    text = printable(text)
    return text if len(text) <= columns else f"{text[: columns - 3]}..."


def matrix(
    corner: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    """Yield a table, its columns aligned to the right and broken into blocks that fit."""
    left = max(len(name) for name in (corner, *(name for name, _ in rows)))
    widths = [
        max(len(title), *(len(cells[at]) for _, cells in rows)) for at, title in enumerate(columns)
    ]
    start = 0
    while start < len(columns):
        end, total = start, left
        while end < len(columns) and (end == start or total + 2 + widths[end] <= COLUMNS):
            total += 2 + widths[end]
            end += 1
        for name, cells in ((corner, columns), *rows):
            line = "".join(f"  {cells[at]:>{widths[at]}}" for at in range(start, end))
            yield f"{name:<{left}}{line}".rstrip()
        start = end
        if start < len(columns):
            yield ""
