"""Read the terms of a saved form: each must be one that our own constructors could have built.

A term's arguments stand before it, so nothing here recurses and nothing can refer to itself.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias, assert_never, get_args

from hypabi.decode.place import FileError, Place
from hypabi.decode.shape import Checked, Either, ListOf, Named, Number, Text, Word
from hypabi.records import frozen
from hypabi.smt.term import Op, Term, Value, make_term, symbol

MOST_TERMS: Final = 5_000
"""Real kernels have at most 600."""
MOST_WIDTH: Final = 128
MOST_NAME: Final = 4096

CONSTANT: Final = "^0x(0|[1-9a-f][0-9a-f]{0,127})$"
_CONSTANT: Final = re.compile(CONSTANT[1:-1])
Simple: TypeAlias = Literal[
    "add", "sub", "neg", "mul", "udiv", "urem", "sdiv", "srem", "and", "or", "xor", "not", "shl",
    "lshr", "ashr", "eq", "ult", "slt", "ite", "zext", "sext", "popcount", "clz",
]  # fmt: skip
"""Operations whose arguments are values and nothing else."""

Refuse = Callable[[str], FileError]


@frozen
class TermRow:
    """One term as it is written: operation, width, arguments; and where."""

    parts: tuple[Any, ...]
    place: Place


_EITHER: Final = Either(
    "the number of a term or a constant such as '0x1f'",
    Text("a constant such as '0x1f'", CONSTANT),
    Number(0),
)
REFERENCE: Final = Named("value", "The number of a term, or a constant.", lambda: _EITHER)
_ROW: Final = ListOf(
    Either("the number of a term or a text", Text("a name or a constant"), Number(0)),
    first=(Word({op: op for op in get_args(Op)}), Number(1, MOST_WIDTH)),
)
TERMS: Final = ListOf(Checked(_ROW, TermRow), MOST_TERMS)


class SavedTerms:
    """The terms of a file by number, and the constants between them."""

    def __init__(self, rows: Sequence[TermRow]) -> None:
        self._terms: list[Term] = []
        self._widths: dict[str, int] = {}
        for row in rows:
            self._terms.append(self._term(row.parts, row.place.refuse))

    @property
    def widths(self) -> dict[str, int]:
        """Width of each symbol, by name."""
        return self._widths

    def value(self, plain: object, width: int, place: Place) -> Value:
        """Return a value of a known width.

        :param plain: the number of a term, or a constant as text
        """
        return self._value(plain, width, place.refuse)

    def loose(self, plain: object, place: Place) -> Value:
        """Return a value of whatever width it has; a constant has at most 64 bits."""
        found = self._loose(plain, place.refuse)
        if isinstance(found, int) and found >> 64:
            raise place.refuse(f"{plain!r} has more than 64 bits")
        return found

    def _value(self, plain: object, width: int, refuse: Refuse) -> Value:
        found = self._loose(plain, refuse)
        if isinstance(found, int):
            if found >> width:
                raise refuse(f"{plain!r} has more than {width} bits")
            return found
        if found.width != width:
            raise refuse(f"term {plain!r} has {found.width} bits and not {width}")
        return found

    def _loose(self, plain: object, refuse: Refuse) -> Value:
        if isinstance(plain, str) and _CONSTANT.fullmatch(plain):
            return int(plain, 16)
        if type(plain) is int and 0 <= plain < len(self._terms):
            return self._terms[plain]
        raise refuse(f"{_shown(plain)} is no constant, and no term that stands before it")

    def _inner(self, plain: object, refuse: Refuse) -> Term:
        found = self._loose(plain, refuse)
        if isinstance(found, int):
            raise refuse(f"{plain!r} is a constant where a term has to stand")
        return found

    def _term(self, row: tuple[Any, ...], refuse: Refuse) -> Term:
        op: Op = row[0]
        width, *args = row[1:]
        match op:
            case "symbol":
                return self._symbol(args, width, refuse)
            case "extract":
                return self._extract(args, width, refuse)
            case "concat":
                return self._concat(args, width, refuse)
            case _:
                values = self._arguments(op, width, args, refuse)
        if not any(isinstance(value, Term) for value in values):
            raise refuse("it has no symbol in it")
        return make_term(op, values, width)

    def _arguments(
        self, op: Simple, width: int, args: list[object], refuse: Refuse
    ) -> tuple[Value, ...]:
        widths: tuple[int, ...]
        match op:
            case "eq" | "ult" | "slt":
                return self._compared(width, args, refuse)
            case "zext" | "sext" | "popcount" | "clz":
                return (self._resized(op, width, args, refuse),)
            case "ite":
                wanted, widths = 3, (1, width, width)
            case "neg" | "not":
                wanted, widths = 1, (width,)
            case "and" | "or" if width == 1:
                wanted, widths = 2, (1,) * max(2, len(args))
            case (
                "add" | "sub" | "mul" | "udiv" | "urem" | "sdiv" | "srem"
                | "and" | "or" | "xor" | "shl" | "lshr" | "ashr"
            ):  # fmt: skip
                wanted, widths = 2, (width, width)
            case _:
                assert_never(op)
        if len(args) != len(widths):
            raise refuse(f"{op} takes {wanted} arguments")
        return tuple(self._value(a, w, refuse) for a, w in zip(args, widths, strict=True))

    def _compared(self, width: int, args: list[object], refuse: Refuse) -> tuple[Value, ...]:
        if len(args) != 2 or width != 1:
            raise refuse("a comparison takes two arguments and has one bit")
        loose = [self._loose(each, refuse) for each in args]
        inner = next((each.width for each in loose if isinstance(each, Term)), 0)
        return tuple(self._value(each, inner, refuse) for each in args)

    def _resized(self, op: str, width: int, args: list[object], refuse: Refuse) -> Term:
        if len(args) != 1:
            raise refuse(f"{op} takes one argument")
        inner = self._inner(args[0], refuse)
        if op in ("zext", "sext") and inner.width >= width:
            raise refuse(f"{op} to {width} bits does not widen")
        if op in ("popcount", "clz") and inner.width >> width:
            raise refuse(f"{op} of {inner.width} bits does not fit {width}")
        return inner

    def _symbol(self, args: list[object], width: int, refuse: Refuse) -> Term:
        name = args[0] if len(args) == 1 else None
        if not isinstance(name, str):
            raise refuse("a symbol has one name")
        if not name.isprintable() or not 0 < len(name) <= MOST_NAME or set(name) & set("|\\"):
            raise refuse("the name of a symbol is short and printable, without | and \\")
        if self._widths.setdefault(name, width) != width:
            raise refuse(f"{name!r} has {self._widths[name]} bits elsewhere")
        return symbol(name, width)

    def _extract(self, args: list[object], width: int, refuse: Refuse) -> Term:
        if len(args) != 2 or type(args[0]) is not int or not 0 <= args[0] < MOST_WIDTH:
            raise refuse("extract takes its lowest bit and a term")
        inner = self._inner(args[1], refuse)
        if args[0] + width > inner.width:
            raise refuse(f"bits up to {args[0] + width - 1} of {inner.width} are extracted")
        return make_term("extract", (inner,), width, args[0])

    def _concat(self, args: list[object], width: int, refuse: Refuse) -> Term:
        if len(args) != 2:
            raise refuse("concat takes two arguments")
        loose = [self._loose(each, refuse) for each in args]
        widths = [each.width if isinstance(each, Term) else 0 for each in loose]
        known = sum(widths)
        if not known or known > width or (all(widths) and known != width):
            raise refuse(f"the parts of concat have not {width} bits")
        widths = [each or width - known for each in widths]
        if not all(widths):
            raise refuse("a part of concat has no bits")
        high, low = (self._value(a, w, refuse) for a, w in zip(args, widths, strict=True))
        return make_term("concat", (high, low), width)


def _shown(plain: object) -> str:
    text = repr(plain)
    return text if len(text) <= 40 else f"{text[:37]}..."
