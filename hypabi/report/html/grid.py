"""A grid: things by line and column, each cell with a letter and a colour."""

from collections.abc import Sequence
from typing import Final

from hypabi.records import frozen
from hypabi.report.html.markup import Html, breakable, joined, tag


@frozen
class Mark:
    """What a cell is, by letter, class of style and word."""

    letter: str
    style: str
    word: str


GOOD: Final = Mark("P", "good", "proved")
KEPT: Final = Mark("K", "good", "kept, equal or satisfied")
REFUTED: Final = Mark("R", "bad", "refuted")
INCOMPATIBLE: Final = Mark("R", "bad", "breaks its callers")
UNDECIDED: Final = Mark("U", "open", "undecided")
SUPPRESSED: Final = Mark("S", "none", "suppressed")
VACUOUS: Final = Mark("V", "none", "vacuous: nothing could be tested")
LEFT_OPEN: Final = Mark("-", "none", "left open by the document")
UNREACHABLE: Final = Mark("N", "none", "cannot come about, and is not counted")
CHANGED: Final = Mark("C", "new", "changed, and nobody breaks")


@frozen
class Cell:
    """A cell: its mark, what stands behind the letter, and the finding that it leads to."""

    mark: Mark
    text: str = ""
    target: str | None = None
    """Anchor on the page."""


@frozen
class Grid:
    """Cells by line and column; ``None`` where the two have nothing to do with each other."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def write_grid(grid: Grid) -> Html:
    """Return a grid as a table that scrolls by itself, and what its letters mean."""
    head = tag("tr", tag("td"), *(_head(each, "col") for each in grid.columns))
    lines = [
        tag("tr", _head(name, "row"), *(_cell(each) for each in cells))
        for name, cells in grid.lines
    ]
    table = tag("table", tag("thead", head), tag("tbody", *lines), class_="grid")
    marks = dict.fromkeys(
        cell.mark for _, cells in grid.lines for cell in cells if cell is not None
    )
    return joined(scrolled(table, grid.title), legend(tuple(marks)))


def scrolled(content: Html, label: str) -> Html:
    """Return content that may be wider than the page; a keyboard can scroll it."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)


def legend(marks: Sequence[Mark]) -> Html:
    """Return what letters mean."""
    shown = [joined(badge(mark), f" {mark.word}") for mark in marks]
    parts = [part for each in shown for part in (each, Html("&ensp; "))]
    return tag("p", *parts, class_="soft")


def badge(mark: Mark) -> Html:
    """Return the letter on its colour."""
    return tag("span", mark.letter, class_=f"mark {mark.style}", title=mark.word)


def _head(name: str, scope: str) -> Html:
    return tag("th", breakable(name), scope=scope)


def _cell(cell: Cell | None) -> Html:
    if cell is None:
        return tag("td")
    said = joined(badge(cell.mark), f" {cell.text}" if cell.text else "")
    if cell.target is not None:
        said = tag("a", said, href=f"#{cell.target}")
    return tag("td", said)
