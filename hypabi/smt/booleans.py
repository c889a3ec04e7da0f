"""Conditions: bit-vectors of width 1, joined, negated and chosen by."""

from hypabi.smt.term import Op, Term, Value, make


def lnot(value: Value) -> Value:
    """Negate a condition."""
    if isinstance(value, int):
        return ~value & 1
    if value.op == "not":
        return value.args[0]
    return make("not", (value,), 1)


def land(*values: Value) -> Value:
    """Join conditions that must all hold; none at all hold."""
    return _junction("and", values, 0)


def lor(*values: Value) -> Value:
    """Join conditions of which one must hold; none at all do not."""
    return _junction("or", values, 1)


def _junction(op: Op, values: tuple[Value, ...], absorbing: int) -> Value:
    """Flatten, drop what repeats, and let a condition meet its negation.

    The order of first appearance is kept: a path condition reads in the order of the path.
    """
    parts: dict[Term, None] = {}
    for value in values:
        if isinstance(value, int):
            if value & 1 == absorbing:
                return absorbing
            continue
        assert isinstance(value, Term)
        if value.op == op:
            for part in value.args:
                parts[part] = None  # type: ignore[index]
        else:
            parts[value] = None
    if len(parts) > 1:
        for part in parts:
            if part.op == "not" and part.args[0] in parts:
                return absorbing
        return make(op, tuple(parts), 1)
    for part in parts:
        return part
    return 1 - absorbing


def ite(condition: Value, a: Value, b: Value, width: int) -> Value:
    """Return ``a`` where ``condition`` holds and ``b`` where it does not."""
    if isinstance(condition, int):
        chosen = a if condition & 1 else b
        return chosen & ((1 << width) - 1) if isinstance(chosen, int) else chosen
    if condition.op == "not":
        condition, a, b = condition.args[0], b, a
        assert isinstance(condition, Term)
    mask = (1 << width) - 1
    a = a & mask if isinstance(a, int) else _under(condition, a, 1)
    b = b & mask if isinstance(b, int) else _under(condition, b, 2)
    if a == b:
        return a
    if width == 1:
        return _choice_of_conditions(condition, a, b)
    # One of two nested choices that agree in a branch: a single choice with a joined condition.
    if isinstance(a, Term) and a.op == "ite" and a.args[2] == b:
        return ite(land(condition, a.args[0]), a.args[1], b, width)
    if isinstance(b, Term) and b.op == "ite" and b.args[1] == a:
        return ite(lor(condition, b.args[0]), a, b.args[2], width)
    return make("ite", (condition, a, b), width)


def _under(condition: Term, branch: Value, side: int) -> Value:
    """Drop from a branch the choice that ``condition`` has already made."""
    if isinstance(branch, Term) and branch.op == "ite" and branch.args[0] is condition:
        return branch.args[side]
    return branch


def _choice_of_conditions(condition: Term, a: Value, b: Value) -> Value:
    if a is condition:
        a = 1
    if b is condition:
        b = 0
    if isinstance(a, int):
        return lor(condition, b) if a else land(lnot(condition), b)
    if isinstance(b, int):
        return lor(lnot(condition), a) if b else land(condition, a)
    return make("ite", (condition, a, b), 1)
