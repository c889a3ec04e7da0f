"""Shifts; by a constant they become cuts and joins, as every other bit field."""

from hypabi.smt.slices import concat, extract, sext, zext
from hypabi.smt.term import Op, Term, Value, make_term, reduced


def shl(a: Value, b: Value, width: int) -> Value:
    """Shift left by ``b``, which has the same width; nothing is left from ``width`` on."""
    if isinstance(b, int):
        b &= (1 << width) - 1
        if b == 0 and isinstance(a, Term):
            return a
        if b >= width:
            return 0
        return concat(extract(a, 0, width - b, width), 0, width - b, b) if b else reduced(a, width)
    return _shifted("shl", a, b, width)


def lshr(a: Value, b: Value, width: int) -> Value:
    """Shift right by ``b``, zeros coming in."""
    if isinstance(b, int):
        b &= (1 << width) - 1
        if b >= width:
            return 0
        return zext(extract(a, b, width - b, width), width - b, width)
    return _shifted("lshr", a, b, width)


def ashr(a: Value, b: Value, width: int) -> Value:
    """Shift right by ``b``, copies of the sign coming in."""
    if isinstance(b, int):
        b = min(b & ((1 << width) - 1), width - 1)
        return sext(extract(a, b, width - b, width), width - b, width)
    if isinstance(a, int) and a & ((1 << width) - 1) == (1 << width) - 1:
        return (1 << width) - 1
    return _shifted("ashr", a, b, width)


def _shifted(op: Op, a: Value, b: Term, width: int) -> Value:
    a = reduced(a, width)
    return 0 if a == 0 else make_term(op, (a, b), width)
