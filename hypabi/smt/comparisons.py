"""Comparisons; each is a condition, a value of width 1.

An equation with a constant is solved as far as that is exact: what was added, inverted, masked or
joined moves to the side of the constant, until a field of an unknown stands alone.
"""

import itertools
import operator
from collections.abc import Callable

from hypabi.smt.bitwise import xor
from hypabi.smt.connectives import land, lnot, lor
from hypabi.smt.slices import extract, masked
from hypabi.smt.term import Term, Value, make_term, ordered, part_widths, symbolic

_Junction = Callable[..., Value]

_Step = Value | tuple[Term, Value] | tuple[_Junction, Value, Term]
"""The answer; or an equation that says the same; or a condition, how it is joined to the equation
of another term with the same constant, and that term."""


def eq(a: Value, b: Value, width: int) -> Value:
    """Say whether both are the same."""
    mask = (1 << width) - 1
    if isinstance(a, int):
        a, b = b, a
    if isinstance(b, int):
        b &= mask
        if isinstance(a, int):
            return int(a & mask == b)
    assert isinstance(a, Term)
    return _solve(a, b)


def ne(a: Value, b: Value, width: int) -> Value:
    """Say whether they differ."""
    return lnot(eq(a, b, width))


def _solve(a: Term, b: Value) -> Value:
    """Take steps until there is an answer; a loop, because terms may be deep."""
    conditions: list[tuple[_Junction, Value]] = []
    while True:
        step = _step(a, b)
        match step:
            case int() | Term():
                break
            case (Term() as a, b):
                pass
            case (junction, condition, a):
                conditions.append((junction, condition))
    for junction, run in itertools.groupby(reversed(conditions), key=operator.itemgetter(0)):
        step = junction(*reversed([condition for _, condition in run]), step)
    return step


def _step(a: Term, b: Value) -> _Step:
    if isinstance(b, Term):
        return _alike(a, b)
    if a.width == 1:
        return a if b else lnot(a)
    if a.op == "ite":
        return _choice(a, b)
    return _solved(a, b)


def _equation(a: Value, b: Value) -> _Step:
    """Return two values as an equation, term first, or its answer where both are constants."""
    if isinstance(a, Term):
        return a, b
    return (b, a) if isinstance(b, Term) else int(a == b)


def _alike(a: Term, b: Term) -> _Step:
    """Take off what two terms have in common."""
    if a is b:
        return 1
    if a.width == 1:
        return lnot(xor(a, b, 1))
    if a.op == b.op:
        inside = _same_operation(a, b)
        if inside is not None:
            return inside
    for whole, part in ((a, b), (b, a)):
        other = _other_part(whole, part)
        if other is not None:
            return _equation(other, 0)
    return make_term("eq", ordered(a, b), 1)


def _same_operation(a: Term, b: Term) -> _Step | None:
    """Compare what one operation was applied to, where that says the same."""
    if a.op in ("zext", "sext", "not", "neg"):
        x, y = symbolic(a.args[0]), symbolic(b.args[0])
        return (x, y) if x.width == y.width else None
    if a.op in ("add", "xor", "sub"):
        for i, j in ((0, 0), (1, 1), (0, 1), (1, 0)):
            if a.args[i] == b.args[j] and (i == j or a.op != "sub"):
                return _equation(a.args[1 - i], b.args[1 - j])
    return None


def _other_part(whole: Term, part: Term) -> Value | None:
    """Return what must be 0 in ``x + y == y``, ``x ^ y == y`` or ``y - x == y``."""
    if whole.op in ("add", "xor") and part in whole.args:
        return whole.args[1] if whole.args[0] is part else whole.args[0]
    if whole.op == "sub" and whole.args[0] is part:
        return whole.args[1]
    return None


def _choice(a: Term, constant: int) -> _Step:
    """Compare a choice that has a constant branch."""
    condition, then, otherwise = a.args
    if isinstance(then, Term):
        condition, then, otherwise = lnot(condition), otherwise, then
    if isinstance(then, Term):
        return make_term("eq", (a, constant), 1)
    if isinstance(otherwise, Term):
        if then == constant:
            return lor, condition, otherwise
        return land, lnot(condition), otherwise
    if then == constant:
        return condition
    return lnot(condition) if otherwise == constant else 0


def _solved(a: Term, constant: int) -> _Step:
    """Move to the side of the constant what was done to a term."""
    mask = (1 << a.width) - 1
    match a.op:
        case "add" | "xor" if isinstance(a.args[1], int):
            moved = constant - a.args[1] if a.op == "add" else constant ^ a.args[1]
            return symbolic(a.args[0]), moved & mask
        case "sub" if isinstance(a.args[0], int):
            return symbolic(a.args[1]), (a.args[0] - constant) & mask
        case "sub" | "xor" if constant == 0:
            return symbolic(a.args[0]), a.args[1]
        case "neg" | "not":
            return symbolic(a.args[0]), (-constant if a.op == "neg" else ~constant) & mask
        case "zext" | "sext":
            inner = symbolic(a.args[0])
            return (inner, constant & ((1 << inner.width) - 1)) if _reached(a, constant) else 0
        case "concat":
            high_width, low_width = part_widths(a)
            high = eq(a.args[0], constant >> low_width, high_width)
            return land(high, eq(a.args[1], constant & ((1 << low_width) - 1), low_width))
        case "and" | "or" if isinstance(a.args[1], int):
            return _equals_masked(a, a.args[1], constant)
        case _:
            return make_term("eq", (a, constant), 1)


def _reached(a: Term, constant: int) -> bool:
    """Say whether widening can give ``constant``."""
    width = symbolic(a.args[0]).width
    above = constant >> width
    if a.op == "zext" or not constant >> (width - 1) & 1:
        return above == 0
    return above == (1 << (a.width - width)) - 1


def _equals_masked(a: Term, mask: int, constant: int) -> _Step:
    """Solve ``x & mask == constant`` or ``x | mask == constant``."""
    inner = symbolic(a.args[0])
    if a.op == "or":
        if constant & mask != mask:
            return 0
        free = ~mask & ((1 << a.width) - 1)
        return _equation(masked(inner, free, a.width), constant & free)
    if constant & ~mask:
        return 0
    field = _contiguous(mask)
    if field is None:
        return make_term("eq", (a, constant), 1)
    low, size = field
    return _equation(extract(inner, low, size, a.width), constant >> low)


def _contiguous(mask: int) -> tuple[int, int] | None:
    """Return lowest bit and length of a mask whose ones are adjacent, ``None`` for any other."""
    low = (mask & -mask).bit_length() - 1
    field = mask >> low if mask else 0
    return (low, field.bit_length()) if field and field & (field + 1) == 0 else None


def ult(a: Value, b: Value, width: int) -> Value:
    """Say whether ``a`` is less than ``b``, unsigned."""
    mask = (1 << width) - 1
    if isinstance(a, int):
        a &= mask
        if isinstance(b, int):
            return int(a < b & mask)
        return _above(a, b, mask)
    if isinstance(b, int):
        return _below(a, b & mask, mask)
    if a is b:
        return 0
    if width == 1:
        return land(lnot(a), b)
    if a.op == "zext" and b.op == "zext":
        x, y = symbolic(a.args[0]), symbolic(b.args[0])
        if x.width == y.width:
            return ult(x, y, x.width)
    return make_term("ult", (a, b), 1)


def _below(a: Term, bound: int, mask: int) -> Value:
    """Say whether a term is less than a constant."""
    while a.op == "zext" and bound <= mask:
        a = symbolic(a.args[0])
        mask = (1 << a.width) - 1
    if bound > mask:
        return 1
    if bound == 0:
        return 0
    if bound == 1:
        return eq(a, 0, a.width)
    if bound == mask:
        return ne(a, mask, a.width)
    return make_term("ult", (a, bound), 1)


def _above(bound: int, a: Term, mask: int) -> Value:
    """Say whether a term is greater than a constant."""
    if bound >= mask:
        return 0
    return lnot(_below(a, bound + 1, mask))


def ule(a: Value, b: Value, width: int) -> Value:
    """Say whether ``a`` is at most ``b``, unsigned."""
    return lnot(ult(b, a, width))


def slt(a: Value, b: Value, width: int) -> Value:
    """Say whether ``a`` is less than ``b``, signed."""
    sign = 1 << (width - 1)
    mask = (1 << width) - 1
    if isinstance(a, int) and isinstance(b, int):
        return int((a & mask) ^ sign < (b & mask) ^ sign)
    if isinstance(b, int):
        b &= mask
        if b == 0:
            return extract(a, width - 1, 1, width)
        if b == sign:
            return 0
    if isinstance(a, int):
        a &= mask
        if a == mask:
            return lnot(extract(b, width - 1, 1, width))
        if a == sign - 1:
            return 0
    if a is b:
        return 0
    if _not_negative(a, width) and _not_negative(b, width):
        return ult(a, b, width)
    return make_term("slt", (a, b), 1)


def _not_negative(a: Value, width: int) -> bool:
    return a.op == "zext" if isinstance(a, Term) else not a >> (width - 1)


def sle(a: Value, b: Value, width: int) -> Value:
    """Say whether ``a`` is at most ``b``, signed."""
    return lnot(slt(b, a, width))
