"""Turn JSON text into located plain values: the grammar of RFC 8259 without its latitude.

The standard reader says neither on which line a value stands nor that a key stands twice, and
takes what RFC 8259 has not (``NaN``).  Refused besides: a number with a fraction or an exponent,
one of more than 20 digits, half a surrogate pair, a duplicate key, and depth, size or number of
parts beyond the bounds.
"""

import json
import re
from typing import Final, NoReturn

from hypabi.decode.bounds import Bounds, Counted
from hypabi.decode.node import Node, Scalar, Sequence, Table
from hypabi.decode.place import Place

_TOKEN: Final = re.compile(
    r"[ \t\r\n]*+(?:"
    r'(?P<text>"[^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+")'
    r"|(?P<number>-?[0-9][0-9.eE+-]*+)"
    r"|(?P<word>[A-Za-z]++)"
    r"|(?P<mark>[\[\]{},:])"
    r"|(?P<end>\Z)"
    r"|(?P<other>.))"
)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
_WORDS: Final = {"null": None, "true": True, "false": False}
_SHOWN: Final = 24


def compose_json(text: bytes, file: str, bounds: Bounds, line: int = 1) -> Node:
    """Read one JSON document.

    :param file: what refusals call it
    :param line: on which it begins there
    :raises FileError: the text is no JSON, or uses what no file of ours has need of
    """
    counted = Counted(text, file, bounds)
    try:
        return _Composer(text.decode("utf-8"), counted, line).document()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        raise Place(file, line, "").refuse("this is no JSON: it is no UTF-8") from None


class _Composer:
    """Reads token by token; calls itself for what is inside, which the bound of depth limits."""

    def __init__(self, text: str, counted: Counted, line: int) -> None:
        self._text = text
        self._counted = counted
        self._at = 0
        self._line = line
        self._kind = ""
        self._token = ""

    def document(self) -> Node:
        top = self._counted.top
        self._next()
        if not self._token:
            raise top.refuse("the file is empty")
        node = self._node(top, 0)
        if self._token:
            self._refuse("something stands behind the document")
        return node

    def _next(self) -> None:
        """Go on to the next token, which is empty at the end."""
        found = _TOKEN.match(self._text, self._at)
        assert found is not None and found.lastgroup is not None
        start, end = found.span(found.lastgroup)
        self._line += self._text.count("\n", self._at, start)
        self._kind, self._token, self._at = found.lastgroup, self._text[start:end], end
        if self._kind == "other":
            rest = self._text[start : start + _SHOWN].partition("\n")[0]
            self._refuse(f"{rest!r} is no value")

    def _refuse(self, what: str) -> NoReturn:
        raise Place(self._counted.top.file, self._line, "").refuse(f"this is no JSON: {what}")

    def _node(self, named: Place, depth: int) -> Node:
        """Build what starts with the token; ``named`` has its key, not yet its line."""
        place = Place(named.file, self._line, named.name, named.above)
        self._counted.part()
        self._counted.enter(place, depth)
        match self._token:
            case "[":
                return self._sequence(place, depth)
            case "{":
                return self._table(place, depth)
            case _:
                scalar = Scalar(self._scalar(place), place)
                self._next()
                return scalar

    def _scalar(self, place: Place) -> str | int | bool | None:
        token = self._token
        if self._kind == "text":
            return self._unquoted(token, place)
        if self._kind == "number":
            if _INTEGER.fullmatch(token) is None:
                what = f"{token[:_SHOWN]} is no whole number of at most 20 digits"
                raise place.refuse(what)
            return int(token)
        if self._kind != "word" or token not in _WORDS:
            self._refuse(f"{token[:_SHOWN]!r} is no value" if token else "it ends too early")
        return _WORDS[token]

    def _unquoted(self, token: str, place: Place) -> str:
        if "\\" not in token:
            return token[1:-1]
        try:
            text: str = json.loads(token)
            text.encode()
        except ValueError:
            raise place.refuse(
                "this is no JSON: a text has an escape that is no character"
            ) from None
        return text

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        self._next()
        while self._token != "]":
            if items:
                self._mark(",")
            items.append(self._node(place.below(f"[{len(items)}]"), depth + 1))
        self._counted.part()
        self._next()
        return Sequence(tuple(items), place)

    def _table(self, place: Place, depth: int) -> Table:
        items: dict[str, Node] = {}
        self._next()
        while self._token != "}":
            if items:
                self._mark(",")
            name = self._key(place, items)
            self._mark(":")
            items[name] = self._node(place.below(name), depth + 1)
        self._counted.part()
        self._next()
        return Table(items, place)

    def _key(self, place: Place, items: dict[str, Node]) -> str:
        if self._kind != "text":
            self._refuse("a key in double quotes has to stand here")
        here = Place(place.file, self._line, place.name, place.above)
        name = self._unquoted(self._token, here)
        self._counted.part()
        self._counted.key(name, here, items)
        self._next()
        return name

    def _mark(self, mark: str) -> None:
        if self._token != mark:
            found = f"not {self._token[:_SHOWN]!r}" if self._token else "and the file ends"
            self._refuse(f"{mark!r} has to stand here, {found}")
        self._next()
