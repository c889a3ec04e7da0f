"""Bits cut, joined and widened, and combined with constants.

A mask of low bits becomes a cut widened with zeros, and neighbouring cuts become one, so that one
bit field has one form however the code reached it.
"""

from typing import Final

from hypabi.smt.conditional import ite
from hypabi.smt.term import Term, Value, make_term, part_widths, symbolic

_PUSH_LIMIT: Final = 32
"""How deep a cut is pushed into a term; beyond it stays outside, equally true and less simple."""


def extract(a: Value, low: int, size: int, width: int) -> Value:
    """Cut ``size`` bits out of a value of ``width`` bits, from bit ``low`` up."""
    assert low >= 0 and size > 0 and low + size <= width, (low, size, width)
    return _extract(a, low, size, _PUSH_LIMIT)


def _extract(a: Value, low: int, size: int, budget: int) -> Value:
    if isinstance(a, int):
        return (a >> low) & ((1 << size) - 1)
    if size == a.width:
        return a
    if budget:
        pushed = _pushed(a, low, size, budget - 1)
        if pushed is not None:
            return pushed
    return make_term("extract", (a,), size, low)


def _pushed(a: Term, low: int, size: int, budget: int) -> Value | None:
    """Cut the arguments instead of the result, where that leaves less."""
    match a.op:
        case "extract":
            return _extract(a.args[0], a.low + low, size, budget)
        case "concat":
            return _extract_parts(a, low, size, budget)
        case "zext" | "sext":
            return _extract_widened(a, low, size, budget)
        case "and" | "or" | "xor" if isinstance(a.args[1], int):
            constant = (a.args[1] >> low) & ((1 << size) - 1)
            inner = _extract(a.args[0], low, size, budget)
            return _BY_CONSTANT[a.op](inner, constant, size)
        case "not":
            return not_(_extract(a.args[0], low, size, budget), size)
        case "add" if low == 0 and isinstance(a.args[1], int):
            # (x + c)[n:0] = x[n:0] + c: no carry comes from below
            inner = _extract(a.args[0], 0, size, budget)
            return (inner + a.args[1]) & ((1 << size) - 1) if isinstance(inner, int) else None
        case "ite":
            # Half the depth for each branch: shared choices would double the work at each level.
            then = _extract(a.args[1], low, size, budget // 2)
            return ite(a.args[0], then, _extract(a.args[2], low, size, budget // 2), size)
        case _:
            return None


def _extract_parts(a: Term, low: int, size: int, budget: int) -> Value:
    high_part, low_part = a.args
    low_width = part_widths(a)[1]
    if low >= low_width:
        return _extract(high_part, low - low_width, size, budget)
    if low + size <= low_width:
        return _extract(low_part, low, size, budget)
    above = low + size - low_width
    high = _extract(high_part, 0, above, budget)
    return concat(high, _extract(low_part, low, size - above, budget), above, size - above)


def _extract_widened(a: Term, low: int, size: int, budget: int) -> Value:
    inner = a.args[0]
    assert isinstance(inner, Term)
    if low + size <= inner.width:
        return _extract(inner, low, size, budget)
    if a.op == "zext":
        if low >= inner.width:
            return 0
        return zext(_extract(inner, low, inner.width - low, budget), inner.width - low, size)
    start = min(low, inner.width - 1)
    return sext(_extract(inner, start, inner.width - start, budget), inner.width - start, size)


def concat(high: Value, low: Value, high_width: int, low_width: int) -> Value:
    """Join two values, ``high`` above ``low``."""
    width = high_width + low_width
    if isinstance(low, int):
        low &= (1 << low_width) - 1
    if isinstance(high, int):
        high &= (1 << high_width) - 1
        if isinstance(low, int):
            return high << low_width | low
        if high == 0:
            return zext(low, low_width, width)
        return _constant_above(high, low, width)
    if high.op == "zext":
        inner = high.args[0]
        assert isinstance(inner, Term)
        return zext(concat(inner, low, inner.width, low_width), inner.width + low_width, width)
    if high.op == "concat":
        # The right part is where parts are joined, so that neighbours meet.
        upper, middle = part_widths(high)
        tail = concat(high.args[1], low, middle, low_width)
        return concat(high.args[0], tail, upper, middle + low_width)
    if low == 0 and _is_top(high, low_width, width):
        assert isinstance(high.args[0], Term)
        return make_term("and", (high.args[0], (1 << width) - (1 << low_width)), width)
    return _neighbours(high, low, high_width, low_width)


def _constant_above(high: int, low: Term, width: int) -> Value:
    if low.op == "zext":
        inner = low.args[0]
        assert isinstance(inner, Term)
        return make_term("concat", (high << (low.width - inner.width), inner), width)
    if low.op == "concat" and isinstance(low.args[0], int):
        first = part_widths(low)[0]
        return make_term("concat", (high << first | low.args[0], low.args[1]), width)
    return make_term("concat", (high, low), width)


def _neighbours(high: Term, low: Value, high_width: int, low_width: int) -> Value:
    """Join adjacent cuts of one value into a wider cut."""
    width = high_width + low_width
    if high.op == "extract" and isinstance(low, Term):
        if _adjacent(high, low):
            return _extract(high.args[0], low.low, width, _PUSH_LIMIT)
        if low.op == "concat" and isinstance(low.args[0], Term) and _adjacent(high, low.args[0]):
            first, rest = part_widths(low)
            joined = _extract(high.args[0], low.args[0].low, high_width + first, _PUSH_LIMIT)
            return concat(joined, low.args[1], high_width + first, rest)
    return make_term("concat", (high, low), width)


def _adjacent(high: Term, low: Term) -> bool:
    return low.op == "extract" and low.args[0] is high.args[0] and high.low == low.low + low.width


def zext(a: Value, width: int, to: int) -> Value:
    """Widen with zeros."""
    assert width <= to, (width, to)
    if isinstance(a, int):
        return a & ((1 << width) - 1)
    if width == to:
        return a
    return make_term("zext", (a.args[0] if a.op == "zext" else a,), to)


def sext(a: Value, width: int, to: int) -> Value:
    """Widen with copies of the sign bit."""
    assert width <= to, (width, to)
    if isinstance(a, int):
        a &= (1 << width) - 1
        return (a | -(a >> (width - 1) << width)) & ((1 << to) - 1)
    if width == to:
        return a
    if a.op == "zext":
        return make_term("zext", (a.args[0],), to)
    return make_term("sext", (a.args[0] if a.op == "sext" else a,), to)


def not_(a: Value, width: int) -> Value:
    """Invert every bit."""
    if isinstance(a, int):
        return ~a & ((1 << width) - 1)
    if a.op == "not":
        return a.args[0]
    return make_term("not", (a,), width)


def masked(a: Value, mask: int, width: int) -> Value:
    """Keep the bits of ``a`` that ``mask`` has."""
    mask &= (1 << width) - 1
    if isinstance(a, int):
        return a & mask
    if mask == 0:
        return 0
    if mask == (1 << width) - 1:
        return a
    if mask & (mask + 1) == 0:
        size = mask.bit_length()
        return zext(extract(a, 0, size, width), size, width)
    inside = _masked_inside(a, mask)
    return make_term("and", (a, mask), width) if inside is None else inside


def _masked_inside(a: Term, mask: int) -> Value | None:
    """Mask the arguments instead of the result, where that leaves less."""
    width = a.width
    match a.op:
        case "and" if isinstance(a.args[1], int):
            return masked(a.args[0], a.args[1] & mask, width)
        case "or" if isinstance(a.args[1], int) and not a.args[1] & mask:
            return masked(a.args[0], mask, width)
        case "zext":
            inner = symbolic(a.args[0])
            return zext(masked(inner, mask, inner.width), inner.width, width)
        case "ite" if constant_choice(a):
            then, otherwise = (masked(branch, mask, width) for branch in a.args[1:])
            return ite(a.args[0], then, otherwise, width)
        case "concat":
            return _masked_parts(a, mask)
        case _:
            return None


def _masked_parts(a: Term, mask: int) -> Value | None:
    high_width, low_width = part_widths(a)
    high_mask, low_mask = mask >> low_width, mask & ((1 << low_width) - 1)
    if _trivial(high_mask, high_width) or _trivial(low_mask, low_width):
        high = masked(a.args[0], high_mask, high_width)
        low = masked(a.args[1], low_mask, low_width)
        if not (isinstance(low, int) and low == 0 and _is_top(high, low_width, a.width)):
            return concat(high, low, high_width, low_width)
    return None


def _trivial(mask: int, width: int) -> bool:
    return mask in (0, (1 << width) - 1)


def _is_top(high: Value, low_width: int, width: int) -> bool:
    """Say whether ``high`` is all bits from ``low_width`` up of a value of ``width`` bits."""
    return (
        isinstance(high, Term)
        and high.op == "extract"
        and high.low == low_width
        and isinstance(high.args[0], Term)
        and high.args[0].width == width
    )


def with_ones(a: Value, ones: int, width: int) -> Value:
    """Set the bits of ``a`` that ``ones`` has."""
    ones &= (1 << width) - 1
    if isinstance(a, int):
        return (a | ones) & ((1 << width) - 1)
    if ones == 0:
        return a
    if ones == (1 << width) - 1:
        return ones
    if a.op == "or" and isinstance(a.args[1], int):
        return with_ones(a.args[0], a.args[1] | ones, width)
    if constant_choice(a):
        then, otherwise = (with_ones(branch, ones, width) for branch in a.args[1:])
        return ite(a.args[0], then, otherwise, width)
    return make_term("or", (a, ones), width)


def flipped(a: Value, flips: int, width: int) -> Value:
    """Invert the bits of ``a`` that ``flips`` has."""
    flips &= (1 << width) - 1
    if isinstance(a, int):
        return (a ^ flips) & ((1 << width) - 1)
    if flips == 0:
        return a
    if flips == (1 << width) - 1:
        return not_(a, width)
    if a.op == "not":
        return flipped(a.args[0], flips ^ ((1 << width) - 1), width)
    if a.op == "xor" and isinstance(a.args[1], int):
        return flipped(a.args[0], a.args[1] ^ flips, width)
    if constant_choice(a):
        then, otherwise = (flipped(branch, flips, width) for branch in a.args[1:])
        return ite(a.args[0], then, otherwise, width)
    if a.op == "add" and isinstance(a.args[1], int):
        low = extract(a, 0, flips.bit_length(), width)
        if isinstance(low, int):
            # (x + c) ^ k = x + c + (l ^ k) - l, where l are the low bits of x + c, as many as k has
            total = (a.args[1] + (low ^ flips) - low) & ((1 << width) - 1)
            return make_term("add", (a.args[0], total), width) if total else a.args[0]
    return make_term("xor", (a, flips), width)


def constant_choice(a: Term) -> bool:
    """Say whether ``a`` is a choice between two constants, which operations go into."""
    return a.op == "ite" and isinstance(a.args[1], int) and isinstance(a.args[2], int)


_BY_CONSTANT: Final = {"and": masked, "or": with_ones, "xor": flipped}
