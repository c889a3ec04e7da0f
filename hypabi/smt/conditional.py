"""A choice between two values, and the conditions that a choice of conditions comes down to."""

from hypabi.smt.connectives import land, lnot, lor
from hypabi.smt.term import Term, Value, make_term


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
    merged = _merged(condition, a, b, width)
    return make_term("ite", (condition, a, b), width) if merged is None else merged


def _merged(condition: Term, a: Value, b: Value, width: int) -> Value | None:
    """Make one choice, with a joined condition, of two nested ones that agree in a branch."""
    if isinstance(a, Term) and a.op == "ite":
        inner, x, y = a.args
        if y == b:
            return ite(land(condition, inner), x, b, width)
        if x == b:
            return ite(land(condition, lnot(inner)), y, b, width)
    if isinstance(b, Term) and b.op == "ite":
        inner, x, y = b.args
        if x == a:
            return ite(lor(condition, inner), a, y, width)
        if y == a:
            return ite(lor(condition, lnot(inner)), a, x, width)
    return None


def _under(condition: Term, branch: Value, side: int) -> Value:
    """Use in a branch what its condition says: a choice it has made, a constant it has named."""
    if not isinstance(branch, Term):
        return branch
    if branch.op == "ite" and branch.args[0] is condition:
        return branch.args[side]
    if side == 1 and condition.op == "eq" and isinstance(condition.args[1], int):
        named = condition.args[0]
        if branch is named or (branch.op == "zext" and branch.args[0] is named):
            return condition.args[1]
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
    return make_term("ite", (condition, a, b), 1)
