"""Turn YAML text into located plain values, without YAML's surprises.

PyYAML is used for its syntax only: events are read, nothing is constructed, so no tag runs code
and no word becomes a truth value or a date behind the writer's back.  What a plain scalar means is
decided here: decimal and 0x integers are integers, ``null`` and nothing are null, everything else
is text.  Plain words that another YAML reader would take for something else (``no``, ``on``,
``5.10``) are text here, and marked, so that ``lint`` can ask for quotes; so is a plain text that a
comment cuts off, as in ``issues hvc #0``.

Refused: more than one document, an alias, a tag, a merge key, a duplicate key, a key that is no
text, and depth, size or number of parts beyond the bounds.
"""

import re
from collections.abc import Iterator
from typing import Final

import yaml

from hypabi.decode.bounds import Bounds, Counted
from hypabi.decode.node import Node, Scalar, Sequence, Table
from hypabi.decode.place import FileError, Place

_INTEGER: Final = re.compile(r"-?(?:0x[0-9a-fA-F]{1,16}|0|[1-9][0-9]{0,19})")
_SURPRISE: Final = re.compile(
    r"(?i:y|yes|n|no|on|off|true|false|null|\.inf|\.nan)|=|[-+]?\.?[0-9][0-9_.:eE+-]*|0[xob][0-9_]+"
)
"""Plain words that a YAML 1.1 or 1.2 reader may take for something else than text."""
_CUT: Final = re.compile(r"\s*#[0-9A-Za-z]")
"""A comment that starts without a space, behind a text."""


def compose_yaml(text: bytes, file: str, bounds: Bounds) -> Node:
    """Read one YAML document.

    :param file: what refusals call it
    :raises FileError: the text is no YAML, or uses what no file of ours has need of
    """
    counted = Counted(text, file, bounds)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Composer(yaml.parse(text, loader), text, counted).document()
    except yaml.YAMLError as error:
        raise _syntax(error, file) from None
    except RecursionError:  # libyaml's binding is flat; the fallback in Python is not
        raise counted.top.refuse(f"this is nested deeper than {bounds.depth}") from None


def _syntax(error: yaml.YAMLError, file: str) -> FileError:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 0
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return Place(file, line, "").refuse(f"this is no YAML: {problem}")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 0


class _Composer:
    """Builds nodes from libyaml's events, and counts them."""

    def __init__(self, events: Iterator[yaml.Event], text: bytes, counted: Counted) -> None:
        self._events = events
        self._lines = text.split(b"\n")
        self._counted = counted
        self._line = (-1, "")
        """The line that was looked at last, and its text where it has a ``#``."""

    def document(self) -> Node:
        top = self._counted.top
        self._next()  # the stream starts
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise top.refuse("the file is empty")
        node = self._node(self._next(), top, 0)
        self._next()  # the document ends
        end = self._next()
        if not isinstance(end, yaml.StreamEndEvent):
            place = Place(top.file, _line(end), "")
            raise place.refuse("a second document starts here", "one file holds one document")
        return node

    def _next(self) -> yaml.Event:
        self._counted.part()
        return next(self._events)

    def _node(self, event: yaml.Event, named: Place, depth: int) -> Node:
        """Build what starts with an event; ``named`` has its key, not yet its line."""
        place = Place(named.file, _line(event), named.name, named.above)
        self._counted.enter(place, depth)
        match event:
            case yaml.AliasEvent(anchor=anchor):
                raise place.refuse(f"*{anchor} repeats another part", "write it out")
            case yaml.NodeEvent(anchor=str() as anchor):
                raise place.refuse(f"&{anchor} names a part for repetition", "leave it out")
            case yaml.ScalarEvent(tag=None):
                return _scalar(event, place, cut=self._is_cut(event))
            case yaml.SequenceStartEvent(tag=None):
                return self._sequence(place, depth)
            case yaml.MappingStartEvent(tag=None):
                return self._table(place, depth)
            case _:
                tag = getattr(event, "tag", "")
                raise place.refuse(f"the tag {tag} has no meaning here", "leave it out")

    def _is_cut(self, event: yaml.ScalarEvent) -> bool:
        """Tell whether a plain scalar ends at a ``#`` that its writer may have meant as text."""
        end = event.end_mark
        if not event.implicit[0] or end is None or end.line >= len(self._lines):
            return False
        if self._line[0] != end.line:
            line = self._lines[end.line]
            text = line.decode("utf-8", "replace") if b"#" in line else ""
            self._line = (end.line, text)
        return _CUT.match(self._line[1], end.column) is not None

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, place.below(f"[{len(items)}]"), depth + 1))
        return Sequence(tuple(items), place)

    def _table(self, place: Place, depth: int) -> Table:
        items: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._key(event, place, depth, items)
            items[name] = self._node(self._next(), place.below(name), depth + 1)
        return Table(items, place)

    def _key(self, event: yaml.Event, place: Place, depth: int, items: dict[str, Node]) -> str:
        node = self._node(event, place, depth + 1)
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            raise node.place.refuse("a key is a plain text", "quote it if it is a number")
        self._counted.key(node.value, node.place, items)
        if node.value == "<<":
            raise node.place.refuse("a merge key has no meaning here", "write it out")
        return node.value


def _scalar(event: yaml.ScalarEvent, place: Place, *, cut: bool) -> Scalar:
    text: str = event.value
    if not event.implicit[0]:
        return Scalar(text, place)
    if text in ("", "null", "~"):
        return Scalar(None, place)
    if _INTEGER.fullmatch(text):
        return Scalar(int(text, 0), place)
    return Scalar(text, place, surprising=_SURPRISE.fullmatch(text) is not None, cut=cut)


class _Writer(yaml.SafeDumper):
    """Writes what :func:`compose_yaml` reads: lists in a line, large numbers in hexadecimal."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out."""
        del data
        return True


def _number(writer: yaml.SafeDumper, number: int) -> yaml.Node:
    text = str(number) if -10 < number < 10 else f"{number:#x}"
    return writer.represent_scalar("tag:yaml.org,2002:int", text)


def _list(writer: yaml.SafeDumper, items: list[object]) -> yaml.Node:
    return writer.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Writer.add_representer(int, _number)
_Writer.add_representer(list, _list)


def write_yaml(plain: object) -> str:
    """Return plain values as YAML that says the same to any reader."""
    text: str = yaml.dump(plain, Dumper=_Writer, sort_keys=False, width=98, allow_unicode=True)
    return text
