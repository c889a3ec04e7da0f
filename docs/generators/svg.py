"""A small writer of pictures: SVG that reads on light and on dark, and says in words what it shows.

Every picture carries its own ground, so that it stays readable whatever page it stands on.  The same
calls give the same bytes; widths of text are estimated, because no font is asked.
"""

from html import escape
from typing import Final

STYLE: Final = """
    .ground { fill: #ffffff }
    text { fill: #1c2430; font: 12px system-ui, sans-serif }
    .code { font-family: ui-monospace, monospace; font-size: 11px }
    .name { font-weight: 600 }
    .muted { fill: #667085 }
    .good { fill: #1b7f4b }
    .bad { fill: #b42318 }
    .box { fill: #f2f4f7; stroke: #98a2b3 }
    .hot { fill: #dbeafe; stroke: #1d4ed8 }
    .away { fill: none; stroke: #98a2b3; stroke-dasharray: 4 3 }
    .line { stroke: #98a2b3; fill: none }
    .life { stroke: #d0d5dd; stroke-dasharray: 2 4 }
    .arrow { stroke: #1d4ed8; fill: none; stroke-width: 1.5 }
    .head { fill: #1d4ed8 }
    .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #14181f }
      text { fill: #e4e7ec }
      .muted { fill: #98a2b3 }
      .good { fill: #6ce9a6 }
      .bad { fill: #fda29b }
      .box { fill: #222a35; stroke: #667085 }
      .hot { fill: #16305c; stroke: #84adff }
      .away { stroke: #667085 }
      .line { stroke: #667085 }
      .life { stroke: #3b4554 }
      .arrow { stroke: #84adff }
      .head { fill: #84adff }
      .halo { stroke: #14181f }
    }
"""
CODE: Final = 6.7
"""Width of one character of code, in pixels."""


class Drawing:
    """A picture that grows by what is drawn into it.

    :param title: what it is, in one line
    :param description: what it shows, for whoever cannot see it
    """

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        self._width = width
        self._height = height
        self._title = title
        self._description = description
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """Write a line of text whose baseline is at ``y``."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        style = f' class="{kind}"' if kind else ""
        self._parts.append(f'<text x="{x:g}" y="{y:g}"{style}{place}>{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a rectangle."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" class="{kind}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> None:
        """Draw a straight line."""
        self._parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" class="{kind}"/>')

    def arrow(self, x1: float, x2: float, y: float) -> None:
        """Draw a level arrow; one that ends where it starts goes round."""
        if x1 == x2:
            self._parts.append(f'<path d="M{x1:g} {y - 5:g}h22v10h-15" class="arrow"/>')
            x2, back = x1 + 2, 7
        else:
            back = -7 if x2 > x1 else 7
            self.line(x1, y, x2 + back, y, "arrow")
            self._parts.append(f'<circle cx="{x1:g}" cy="{y:g}" r="3" class="head"/>')
        tip = y + 5 if x2 == x1 + 2 else y
        self._parts.append(f'<path d="M{x2:g} {tip:g}l{back:g} -4v8z" class="head"/>')

    def dot(self, x: float, y: float) -> None:
        """Draw where something begins."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" class="head"/>')

    def svg(self) -> str:
        """Return the file."""
        size = f'width="{self._width}" height="{self._height}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {self._width} {self._height}" role="img" aria-labelledby="t d">\n'
            f'<title id="t">{escape(self._title)}</title>\n'
            f'<desc id="d">{escape(self._description)}</desc>\n<style>{STYLE}</style>\n'
            f'<rect width="{self._width}" height="{self._height}" rx="6" class="ground"/>\n'
        )
        return head + "\n".join(self._parts) + "\n</svg>\n"
