"""Bits of two values combined; a constant among them is for :mod:`hypabi.smt.slices`."""

from typing import Final, Literal

from hypabi.smt.connectives import land, lor
from hypabi.smt.slices import concat, extract, flipped, masked, not_, with_ones, zext
from hypabi.smt.term import Term, Value, make_term, ordered, part_widths, symbolic


def and_(a: Value, b: Value, width: int) -> Value:
    """Return the bits that both have."""
    if width == 1:
        return land(a, b)
    if isinstance(b, int):
        return masked(a, b, width)
    if isinstance(a, int):
        return masked(b, a, width)
    if a is b:
        return a
    if _opposite(a, b):
        return 0
    if a.op == b.op == "zext":
        return _narrow("and", a, b, width)
    return make_term("and", ordered(a, b), width)


def _narrow(op: Literal["and", "or", "xor"], a: Term, b: Term, width: int) -> Value:
    """Combine what was widened with zeros before it is widened."""
    x, y = symbolic(a.args[0]), symbolic(b.args[0])
    size = min(x.width, y.width) if op == "and" else max(x.width, y.width)
    low, high = (_fit(value, size) for value in (x, y))
    return zext(_BITWISE[op](low, high, size), size, width)


def _fit(value: Term, size: int) -> Value:
    if value.width > size:
        return extract(value, 0, size, value.width)
    return zext(value, value.width, size)


def or_(a: Value, b: Value, width: int) -> Value:
    """Return the bits that one of them has."""
    if width == 1:
        return lor(a, b)
    if isinstance(b, int):
        return with_ones(a, b, width)
    if isinstance(a, int):
        return with_ones(b, a, width)
    if a is b:
        return a
    if _opposite(a, b):
        return (1 << width) - 1
    if a.op == b.op == "zext":
        return _narrow("or", a, b, width)
    joined = _disjoint(a, b)
    if joined is None:
        joined = _disjoint(b, a)
    return make_term("or", ordered(a, b), width) if joined is None else joined


def _disjoint(high: Term, low: Term) -> Value | None:
    """Join ``x << n | y`` where ``y`` has at most ``n`` bits."""
    if high.op != "concat" or low.op != "zext" or high.args[1] != 0:
        return None
    high_width, room = part_widths(high)
    field = symbolic(low.args[0])
    if field.width > room:
        return None
    return concat(high.args[0], zext(field, field.width, room), high_width, room)


def xor(a: Value, b: Value, width: int) -> Value:
    """Return the bits that exactly one of them has."""
    if isinstance(b, int):
        return flipped(a, b, width)
    if isinstance(a, int):
        return flipped(b, a, width)
    inverted = 0
    if a.op == "not" and isinstance(a.args[0], Term):
        a, inverted = a.args[0], 1
    if b.op == "not" and isinstance(b.args[0], Term):
        b, inverted = b.args[0], 1 - inverted
    result = _cancelled(a, b)
    if result is None and a.op == b.op == "zext":
        result = _narrow("xor", a, b, width)
    if result is None:
        result = make_term("xor", ordered(a, b), width)
    return not_(result, width) if inverted else result


def _cancelled(a: Term, b: Term) -> Value | None:
    """Cancel what occurs on both sides, at the top or one level down."""
    if a is b:
        return 0
    for outer, other in ((a, b), (b, a)):
        if outer.op == "xor":
            if outer.args[0] is other:
                return outer.args[1]
            if outer.args[1] is other:
                return outer.args[0]
    return None


def _opposite(a: Term, b: Term) -> bool:
    return (a.op == "not" and a.args[0] is b) or (b.op == "not" and b.args[0] is a)


_BITWISE: Final = {"and": and_, "or": or_, "xor": xor}
