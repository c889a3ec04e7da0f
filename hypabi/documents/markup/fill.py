"""Break prose into lines: at spaces, never inside what is glued."""

from collections.abc import Iterable
from typing import Final

GLUE: Final = "\0"
"""Stands for a space that is no place to break a line; nothing printable contains it."""


def fill(text: str, first: str, rest: str, columns: int) -> list[str]:
    """Return ``text`` in lines of at most ``columns`` where its words allow it.

    :param first: starts the first line
    :param rest: starts the others
    """
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        if not empty and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else f" {word}"
        empty = False
    lines.append(line.rstrip() if empty else line)
    return [each.replace(GLUE, " ") for each in lines]


def widest(texts: Iterable[str]) -> int:
    """Return the length of the longest word of texts, of which lines cannot be narrower."""
    return max((len(word) for text in texts for word in text.split()), default=1)
