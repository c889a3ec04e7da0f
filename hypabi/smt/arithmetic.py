"""Arithmetic modulo 2**width, and division with SMT-LIB's answers for a zero divisor."""

from hypabi.smt.conditional import ite
from hypabi.smt.shifts import lshr, shl
from hypabi.smt.slices import constant_choice, masked, not_, zext
from hypabi.smt.term import Op, Term, Value, make_term, ordered, reduced


def add(a: Value, b: Value, width: int) -> Value:
    """Add."""
    if isinstance(a, int):
        a, b = b, a
    if isinstance(b, int):
        b &= (1 << width) - 1
        if isinstance(a, int):
            return (a + b) & ((1 << width) - 1)
        return _offset(a, b, width) if b else a
    assert isinstance(a, Term)
    (base_a, offset_a), (base_b, offset_b) = _split(a), _split(b)
    if offset_a or offset_b:
        return add(add(base_a, base_b, width), offset_a + offset_b, width)
    if b.op == "neg":
        return sub(a, b.args[0], width)
    if a.op == "neg":
        return sub(b, a.args[0], width)
    if a.op == "sub" and a.args[1] is b:
        return a.args[0]
    if b.op == "sub" and b.args[1] is a:
        return b.args[0]
    return make_term("add", ordered(a, b), width)


def _offset(a: Term, constant: int, width: int) -> Value:
    """Add a constant other than 0 and merge it with one that is already there."""
    mask = (1 << width) - 1
    match a.op:
        case "add" if isinstance(a.args[1], int):
            total = (a.args[1] + constant) & mask
            return make_term("add", (a.args[0], total), width) if total else a.args[0]
        case "sub" if isinstance(a.args[0], int):
            return sub(a.args[0] + constant, a.args[1], width)
        case "not":  # ~x is -1 - x
            return sub(constant - 1, a.args[0], width)
        case "neg":
            return sub(constant, a.args[0], width)
        case "ite" if constant_choice(a):
            then, otherwise = (add(branch, constant, width) for branch in a.args[1:])
            return ite(a.args[0], then, otherwise, width)
        case _:
            return make_term("add", (a, constant), width)


def _split(a: Term) -> tuple[Value, int]:
    """Return a term and the constant that was added to it."""
    if a.op == "add" and isinstance(a.args[1], int):
        return a.args[0], a.args[1]
    return a, 0


def sub(a: Value, b: Value, width: int) -> Value:
    """Subtract ``b`` from ``a``."""
    if isinstance(b, int):
        return add(a, -b, width)
    if isinstance(a, int):
        return _from_constant(a & ((1 << width) - 1), b, width)
    (base_a, offset_a), (base_b, offset_b) = _split(a), _split(b)
    if offset_a or offset_b:
        return add(sub(base_a, base_b, width), offset_a - offset_b, width)
    if a is b:
        return 0
    if b.op == "neg":
        return add(a, b.args[0], width)
    rest = _difference(a, b)
    return make_term("sub", (a, b), width) if rest is None else rest


def _from_constant(constant: int, b: Term, width: int) -> Value:
    match b.op:
        case "add" if isinstance(b.args[1], int):
            return sub(constant - b.args[1], b.args[0], width)
        case "sub" if isinstance(b.args[0], int):
            return add(b.args[1], constant - b.args[0], width)
        case "sub" if constant == 0:
            return sub(b.args[1], b.args[0], width)
        case "neg":
            return add(b.args[0], constant, width)
        case "not":  # constant - (-1 - x)
            return add(b.args[0], constant + 1, width)
        case _ if constant == 0:
            return make_term("neg", (b,), width)
        case _ if constant == (1 << width) - 1:
            return not_(b, width)
        case _:
            return make_term("sub", (constant, b), width)


def _difference(a: Term, b: Term) -> Value | None:
    """Cancel what is on both sides of ``a - b``, one level down."""
    if a.op == "add":
        if a.args[0] is b:
            return a.args[1]
        if a.args[1] is b:
            return a.args[0]
    if b.op == "sub" and b.args[0] is a:
        return b.args[1]
    if a.op == "sub" and a.args[0] is b:
        return neg(a.args[1], b.width)
    return None


def neg(a: Value, width: int) -> Value:
    """Negate in two's complement."""
    return sub(0, a, width)


def mul(a: Value, b: Value, width: int) -> Value:
    """Multiply."""
    if isinstance(a, int):
        a, b = b, a
    mask = (1 << width) - 1
    if isinstance(b, int):
        b &= mask
        if isinstance(a, int):
            return a * b & mask
        if b & (b - 1) == 0:
            return shl(a, b.bit_length() - 1, width) if b else 0
        if b == mask:
            return neg(a, width)
        if a.op == "mul" and isinstance(a.args[1], int):
            return mul(a.args[0], a.args[1] * b, width)
        return make_term("mul", (a, b), width)
    assert isinstance(a, Term)
    return make_term("mul", ordered(a, b), width)


def udiv(a: Value, b: Value, width: int) -> Value:
    """Divide unsigned; by zero the quotient is all ones (SMT-LIB, FixedSizeBitVectors)."""
    mask = (1 << width) - 1
    if isinstance(b, int):
        b &= mask
        if b == 0:
            return mask
        if isinstance(a, int):
            return (a & mask) // b
        if b & (b - 1) == 0:
            return lshr(a, b.bit_length() - 1, width)
    return _divided("udiv", a, b, width)


def urem(a: Value, b: Value, width: int) -> Value:
    """Return the unsigned remainder; by zero it is the dividend."""
    mask = (1 << width) - 1
    if isinstance(b, int):
        b &= mask
        if b == 0:
            return reduced(a, width)
        if isinstance(a, int):
            return (a & mask) % b
        if b & (b - 1) == 0:
            return masked(a, b - 1, width)
    return _divided("urem", a, b, width)


def sdiv(a: Value, b: Value, width: int) -> Value:
    """Divide signed, towards zero; by zero the quotient is 1 or -1, against the dividend's sign."""
    if isinstance(a, int) and isinstance(b, int):
        negative_a, size_a = _magnitude(a, width)
        negative_b, size_b = _magnitude(b, width)
        mask = (1 << width) - 1
        quotient = size_a // size_b if size_b else mask
        return (-quotient if negative_a != negative_b else quotient) & mask
    if isinstance(b, int) and isinstance(a, Term) and b & ((1 << width) - 1) == 1 and width > 1:
        return a
    return _divided("sdiv", a, b, width)


def srem(a: Value, b: Value, width: int) -> Value:
    """Return the remainder with the dividend's sign; by zero it is the dividend."""
    if isinstance(a, int) and isinstance(b, int):
        negative, size_a = _magnitude(a, width)
        _, size_b = _magnitude(b, width)
        rest = size_a % size_b if size_b else size_a
        return (-rest if negative else rest) & ((1 << width) - 1)
    if isinstance(b, int) and isinstance(a, Term):
        b &= (1 << width) - 1
        if b == 0:
            return a
        if b in (1, (1 << width) - 1):
            return 0
    return _divided("srem", a, b, width)


def _magnitude(a: int, width: int) -> tuple[bool, int]:
    a &= (1 << width) - 1
    return (True, (1 << width) - a) if a >> (width - 1) else (False, a)


def _divided(op: Op, a: Value, b: Value, width: int) -> Value:
    return make_term(op, (reduced(a, width), reduced(b, width)), width)


def popcount(a: Value, width: int, to: int) -> Value:
    """Count the ones of ``a``, as a value of ``to`` bits."""
    if isinstance(a, int):
        return (a & ((1 << width) - 1)).bit_count() & ((1 << to) - 1)
    if a.op == "zext":
        return popcount(a.args[0], _inner_width(a), to)
    if width == 1:
        return zext(a, 1, to)
    return make_term("popcount", (a,), to)


def clz(a: Value, width: int, to: int) -> Value:
    """Count the zeros above the highest one of ``a`` (all of them for 0), as ``to`` bits."""
    if isinstance(a, int):
        return (width - (a & ((1 << width) - 1)).bit_length()) & ((1 << to) - 1)
    if a.op == "zext":
        inner = _inner_width(a)
        return add(clz(a.args[0], inner, to), width - inner, to)
    return make_term("clz", (a,), to)


def _inner_width(a: Term) -> int:
    inner = a.args[0]
    assert isinstance(inner, Term)
    return inner.width
