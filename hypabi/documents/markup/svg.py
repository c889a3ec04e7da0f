"""Draw a life cycle as SVG: a state is a column, a move an arrow between two, one below the other.

No layout can make two moves cross or a label hide another, whatever the contract says.
"""

from collections.abc import Iterator
from html import escape as escaped
from typing import Final

from hypabi.documents.markup.tree import Arrow, Diagram
from hypabi.report.shared.text_layout import printable

CHARACTER: Final = 8
"""Pixels that a character of a fixed-width font of 13 px takes, rounded up."""

TOP: Final = 20
BOX: Final = 32
STEP: Final = 46
PAD: Final = 12
LEAST: Final = 130
"""Pixels between two columns at least."""


def escape(text: str) -> str:
    """Return text as it is shown, on one line."""
    return escaped(printable(text))


def write_svg(diagram: Diagram) -> Iterator[str]:
    """Yield the lines of a figure."""
    columns = _columns(diagram)
    right = columns[-1] + _half(diagram.states[-1][0]) + PAD
    right = (
        max(right, *(_right(columns, arrow) for arrow in diagram.arrows))
        if diagram.arrows
        else right
    )
    height = TOP + BOX + STEP * len(diagram.arrows) + STEP // 2
    yield "<figure>"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right}" height="{height}" '
        f'viewBox="0 0 {right} {height}" role="img">'
    )
    yield f"<title>{escape(diagram.title)}</title>"
    for (name, kind), at in zip(diagram.states, columns, strict=True):
        yield from _state(name, kind, at, height)
    for row, arrow in enumerate(diagram.arrows):
        yield from _arrow(arrow, columns, TOP + BOX + STEP * (row + 1))
    yield "</svg>"
    yield "</figure>"


def _half(name: str) -> int:
    return (len(name) * CHARACTER) // 2 + PAD


def _columns(diagram: Diagram) -> list[int]:
    """Return the middle of each state's column: neighbours leave room for what stands between."""
    at = [_half(diagram.states[0][0]) + PAD]
    for before, (name, _) in enumerate(diagram.states[1:]):
        gap = max(LEAST, _half(diagram.states[before][0]) + _half(name) + PAD)
        for arrow in diagram.arrows:
            if {arrow.source, arrow.target} == {before, before + 1}:
                gap = max(gap, _wide(arrow))
        at.append(at[-1] + gap)
    return at


def _wide(arrow: Arrow) -> int:
    return max(len(arrow.label), len(arrow.note)) * CHARACTER + 3 * PAD


def _right(columns: list[int], arrow: Arrow) -> int:
    return min(columns[arrow.source], columns[arrow.target]) + _wide(arrow) + PAD


def _state(name: str, kind: str, at: int, height: int) -> Iterator[str]:
    half = _half(name)
    yield f'<line class="line" x1="{at}" y1="{TOP + BOX}" x2="{at}" y2="{height}"/>'
    round_ = 14 if kind == "beyond" else 3
    yield (
        f'<rect class="{kind}" x="{at - half}" y="{TOP}" width="{2 * half}" height="{BOX}" '
        f'rx="{round_}"/>'
    )
    yield f'<text x="{at}" y="{TOP + BOX // 2 + 5}" text-anchor="middle">{escape(name)}</text>'
    if kind == "boot":
        yield f'<text class="note" x="{at}" y="{TOP - 6}" text-anchor="middle">at boot</text>'


def _arrow(arrow: Arrow, columns: list[int], y: int) -> Iterator[str]:
    start, end = columns[arrow.source], columns[arrow.target]
    if start == end:
        yield f'<path class="move" d="M {start} {y - 8} h 34 v 12 H {start + 8}"/>'
        yield from _head(start, y + 4, 1)
        left = start + 42
    else:
        side = 1 if end < start else -1
        yield f'<line class="move" x1="{start}" y1="{y}" x2="{end + 8 * side}" y2="{y}"/>'
        yield f'<circle class="head" cx="{start}" cy="{y}" r="3"/>'
        yield from _head(end, y, side)
        left = min(start, end) + PAD
    yield f'<text x="{left}" y="{y - 6}">{escape(arrow.label)}</text>'
    if arrow.note:
        yield f'<text class="note" x="{left}" y="{y + 15}">{escape(arrow.note)}</text>'


def _head(x: int, y: int, side: int) -> Iterator[str]:
    back = x + 9 * side
    yield f'<path class="head" d="M {x} {y} L {back} {y - 5} L {back} {y + 5} Z"/>'
