"""Conditions joined: what one part says is used to simplify the others.

``and`` and ``or`` are each other's mirror image, so everything is written once, for an operation
and its *dual*.  A part of an ``and`` may be taken as true while the other parts are looked at; of
an ``or``, as false.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, cast

from hypabi.smt.term import Term, Value, make_term, symbolic

_Op = Literal["and", "or"]
_Parts = dict[Term, None]
"""Parts without repetition, in order of first appearance."""

_DUAL: Final[dict[_Op, _Op]] = {"and": "or", "or": "and"}
_ABSORBING: Final[dict[_Op, int]] = {"and": 0, "or": 1}


def lnot(value: Value) -> Value:
    """Negate a condition."""
    if isinstance(value, int):
        return ~value & 1
    return value.args[0] if value.op == "not" else make_term("not", (value,), 1)


def land(*values: Value) -> Value:
    """Join conditions that must all hold; none at all hold."""
    return _join("and", values)


def lor(*values: Value) -> Value:
    """Join conditions of which one must hold; none at all do not."""
    return _join("or", values)


def _join(op: _Op, values: Iterable[Value]) -> Value:
    absorbing = _ABSORBING[op]
    symbolic: _Parts = {}
    for value in values:
        if isinstance(value, Term):
            symbolic[value] = None
        elif value & 1 == absorbing:
            return absorbing
    if len(symbolic) < 2:
        return next(iter(symbolic), 1 - absorbing)
    parts: _Parts | None = _flattened(op, symbolic)
    while parts is not None and len(parts) > 1:
        simpler = _simplified(op, parts)
        if simpler is parts:
            return make_term(op, tuple(parts), 1)
        parts = simpler
    if parts is None:
        return absorbing
    return next(iter(parts), 1 - absorbing)


def _flattened(op: _Op, values: Iterable[Term]) -> _Parts:
    """Take joined conditions apart; the order is that of the values, as a path has it."""
    parts: _Parts = {}
    for value in values:
        if value.op == op:
            parts.update(dict.fromkeys(_conditions(value)))
        elif value.op == "not" and _inner(value).op == _DUAL[op]:
            for part in _conditions(_inner(value)):
                negated = _negated(part)
                parts.update(
                    dict.fromkeys(_conditions(negated) if negated.op == op else (negated,))
                )
        else:
            parts[value] = None
    return parts


def _simplified(op: _Op, parts: _Parts) -> _Parts | None:
    """Return simpler parts, ``parts`` where there are none, ``None`` for the absorbing value."""
    negated = {_inner(part) for part in parts if part.op == "not"}
    if not negated.isdisjoint(parts):
        return None
    dual = _DUAL[op]
    for part in parts:
        compound = _inner(part) if part.op == "not" else part
        if compound.width == 1 and compound.op == (dual if compound is part else op):
            simpler = _relieved(part, compound, parts, negated)
            if simpler is not part:
                return _replaced(op, parts, part, simpler)
    return _compared(op, parts)


def _relieved(part: Term, compound: Term, parts: _Parts, negated: set[Term]) -> Value:
    """Simplify a compound part by the other parts.

    ``a and (a or b)`` is ``a``; ``a and (not a or b)`` is ``a and b``; ``a and not (a and b)`` is
    ``a and not b``; and the mirror images.
    """
    holds = compound is not part
    kept: list[Term] = []
    for inside in _conditions(compound):
        opposite = inside in negated or (inside.op == "not" and _inner(inside) in parts)
        same = inside in parts
        if opposite if holds else same:
            return _ABSORBING[_op(compound)] if not holds else lnot(_ABSORBING[_op(compound)])
        if not (same if holds else opposite):
            kept.append(inside)
    if len(kept) == len(compound.args):
        return part
    joined = _join(_op(compound), kept)
    return lnot(joined) if holds else joined


def _replaced(op: _Op, parts: _Parts, old: Term, new: Value) -> _Parts | None:
    if isinstance(new, int):
        return None if new == _ABSORBING[op] else {p: None for p in parts if p is not old}
    return _flattened(op, [new if p is old else p for p in parts])


class _Literal(NamedTuple):
    """A comparison of a term with a constant, and whether it is meant or its negation."""

    op: str
    base: Term
    constant: int
    meant: bool


def _literal(part: Term) -> _Literal | None:
    meant = part.op != "not"
    atom = part if meant else _inner(part)
    if atom.op in ("eq", "ult") and isinstance(atom.args[1], int):
        return _Literal(atom.op, symbolic(atom.args[0]), atom.args[1], meant)
    return None


def _compared(op: _Op, parts: _Parts) -> _Parts | None:
    """Use what the parts say of one term and constants: ``x == 3`` makes ``x != 4`` superfluous."""
    literals = {part: literal for part in parts if (literal := _literal(part)) is not None}
    if len(literals) < 2:
        return parts
    assumed = op == "and"
    fixed = {
        literal.base: literal.constant
        for literal in literals.values()
        if literal.op == "eq" and literal.meant == assumed
    }
    superfluous: set[Term] = set()
    for part, literal in literals.items():
        value = fixed.get(literal.base)
        if value is not None and not (literal.op == "eq" and literal.meant == assumed):
            if _decided(literal, value) == _ABSORBING[op]:
                return None
            superfluous.add(part)
        elif value is not None and literal.constant != value:
            return None
    if superfluous:
        return {part: None for part in parts if part not in superfluous}
    return _tightened(parts, literals, meant=assumed)


def _tightened(parts: _Parts, literals: dict[Term, _Literal], *, meant: bool) -> _Parts:
    """Make ``x < 3`` of ``x < 4 and x != 3``; of ``x >= 4 or x == 3``, its opposite."""
    excluded = {
        (literal.base, literal.constant): part
        for part, literal in literals.items()
        if literal.op == "eq" and literal.meant != meant and literal.constant > 1
    }
    new: dict[Term, Value | None] = {}
    for part, literal in literals.items() if excluded else ():
        bound = literal.constant
        while literal.op == "ult" and literal.meant == meant:
            edge = excluded.pop((literal.base, bound - 1), None)
            if edge is None:
                break
            bound -= 1
            new[edge] = None
        if bound != literal.constant:
            lower = make_term("ult", (literal.base, bound), 1)
            new[part] = lower if meant else lnot(lower)
    if not new:
        return parts
    changed = (new.get(part, part) for part in parts)
    return {part: None for part in changed if isinstance(part, Term)}


def _decided(literal: _Literal, value: int) -> int:
    """Return the literal's truth where its base is ``value``."""
    truth = value == literal.constant if literal.op == "eq" else value < literal.constant
    return int(truth == literal.meant)


def _negated(part: Term) -> Term:
    return _inner(part) if part.op == "not" else make_term("not", (part,), 1)


def _conditions(term: Term) -> tuple[Term, ...]:
    """Return the arguments of a joined condition, which are all terms."""
    return cast("tuple[Term, ...]", term.args)


def _op(compound: Term) -> _Op:
    return "and" if compound.op == "and" else "or"


def _inner(negation: Term) -> Term:
    return symbolic(negation.args[0])
