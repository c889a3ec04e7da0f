"""Cut a paragraph into sentences, each with the line it starts on.

A full stop ends a sentence where white space follows it and no abbreviation precedes it; one inside
a literal, or inside double quotes that go on, ends none.
"""

import re
from collections.abc import Iterator
from typing import Final

ABBREVIATIONS: Final = frozenset(
    {"e.g", "i.e", "eg", "ie", "cf", "vs", "viz", "resp", "approx", "incl", "aka", "no", "nos"}
    | {"fig", "figs", "sec", "sect", "ch", "chap", "dr", "mr", "ms", "st"}
)
"""Words whose full stop does not end a sentence; ``etc`` may end one and is none of them."""

MASK: Final = "\x00"
"""Stands for a character that ends nothing; no document contains it."""

_END: Final = re.compile(r"(?:\.|[!?]+)[)\]}\"'\u2019\u201d]*(?=\s+\S)")
_QUOTED: Final = re.compile('"[^"]{1,400}"|\u201c[^\u201c\u201d]{1,400}\u201d')
_BEFORE: Final = re.compile(r"[\w.]+$")


def sentences(text: str, mask: str) -> Iterator[tuple[str, int]]:
    """Yield each sentence with how many line feeds stand before it.

    :param text: of a paragraph, its lines as they were wrapped
    :param mask: the same with :data:`MASK` for every character of a literal
    """
    mask = _QUOTED.sub(_quoted, mask)
    start = 0
    for end in _ends(mask):
        yield from _one(text, start, end)
        start = end
    yield from _one(text, start, len(text))


def _one(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    said = text[start:end]
    if said.strip():
        before = len(said) - len(said.lstrip())
        yield " ".join(said.split()), text.count("\n", 0, start + before)


def _ends(mask: str) -> Iterator[int]:
    for found in _END.finditer(mask):
        if found[0].startswith("."):
            before = _BEFORE.search(mask, max(0, found.start() - 20), found.start())
            word = before[0] if before else ""
            if word.lower() in ABBREVIATIONS or word.endswith("."):  # an ellipsis goes on
                continue
            if len(word) == 1 and word.isupper():  # an initial
                continue
        yield found.end()


def _quoted(found: re.Match[str]) -> str:
    """Mask a quotation but for a full stop right before its closing quote."""
    inner = found[0][1:-1]
    kept = inner[-1] if inner[-1] in ".!?" else MASK
    return found[0][0] + MASK * (len(inner) - 1) + kept + found[0][-1]
