"""The parts of a document in their order: headings with what they head, rows, fields, paragraphs.

A sentence says nothing without the heading that it stands under, and a table of registers is no
sentence.  docutils' tree has both; this makes a flat list of it, in which a heading knows where its
part of the document ends.
"""

import re
from collections.abc import Sequence
from typing import Final

from docutils import nodes

from hypabi.judgement.drift.document import NAME, Part, Shape
from hypabi.records import replace

_MARK: Final = re.compile(r"[*`|\\]|\]_")
_ALONE: Final = re.compile(rf"{NAME}:?")
_HEADINGS: Final = (nodes.title, nodes.subtitle, nodes.term)
_TEXTS: Final = (nodes.paragraph, nodes.line, nodes.attribution, nodes.caption)
_LITERALS: Final = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_SILENT: Final = (nodes.system_message, nodes.comment, nodes.target, nodes.pending)


def read_parts(tree: nodes.Node, lines: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts of a tree that is known not to be nested too deep.

    :param lines: of the document, by which a part's line is found
    """
    reader = _Parts(lines)
    reader.walk(tree)
    return tuple(reader.parts)


class _Parts:
    """Walks the tree once."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = [_plain(line) for line in lines]
        self.parts: list[Part] = []
        self.behind = 0
        """How many lines are behind us."""

    def walk(self, node: nodes.Node) -> None:
        match node:
            case _ if isinstance(node, _SILENT):
                return
            case _ if isinstance(node, _HEADINGS):
                self.add(Shape.HEADING, node.astext())
            case nodes.row():
                head = isinstance(node.parent, nodes.thead)
                cells = (" ".join(cell.astext().split()) for cell in node.children)
                self.add(Shape.HEAD if head else Shape.ROW, *cells)
            case nodes.field():
                name, value = node.children[:2]
                self.add(Shape.FIELD, name.astext(), " ".join(value.astext().split()))
            case _ if isinstance(node, _LITERALS):
                self.add(Shape.LITERAL, node.astext())
            case _ if isinstance(node, _TEXTS):
                self.text(node)
            case _:
                self.inside(node)

    def inside(self, node: nodes.Node) -> None:
        """Read what a node holds; what heads it ends with it, and one name alone with the next."""
        opened: list[int] = []
        for child in node.children:
            start = len(self.parts)
            self.walk(child)
            heads = len(self.parts) > start and self.parts[start].shape is Shape.HEADING
            alone = isinstance(child, nodes.paragraph)
            if heads and alone:
                self.close(opened, alone=True)
            if heads and (alone or isinstance(child, _HEADINGS)):
                opened.append(start)
        self.close(opened)

    def close(self, opened: list[int], *, alone: bool = False) -> None:
        """End what the latest headings head; of names that stood alone the latest only."""
        while opened and not (alone and len(opened) == 1):
            at = opened.pop()
            self.parts[at] = replace(self.parts[at], until=len(self.parts))
            if alone:
                return

    def text(self, node: nodes.Element) -> None:
        """Read a paragraph; a call's name alone, or in bold in front, is a heading."""
        said = node.astext()
        first, *rest = node.children
        bold = isinstance(first, nodes.strong) and _ALONE.fullmatch(first.astext().strip())
        if bold or _ALONE.fullmatch(said.strip()):
            self.add(Shape.HEADING, first.astext() if bold else said)
            said = "".join(each.astext() for each in rest) if bold else ""
        if said.strip():
            self.add(Shape.TEXT, said)

    def add(self, shape: Shape, *cells: str) -> None:
        """Note a part, on the next line that has what it begins with, else its longest word."""
        begins = next((_plain(line) for cell in cells for line in cell.splitlines() if line), "")
        longest = max(
            (word for cell in cells for word in _plain(cell).split()), key=len, default=""
        )
        later = range(self.behind, len(self.lines))
        found = (n for text in (begins, longest) if text for n in later if text in self.lines[n])
        self.behind = next(found, self.behind - 1) + 1
        self.parts.append(Part(shape, max(self.behind, 1), tuple(cells), len(self.parts) + 1))


def _plain(text: str) -> str:
    """Return a text without marks, its white space made single."""
    return " ".join(_MARK.sub(" ", text).split())
