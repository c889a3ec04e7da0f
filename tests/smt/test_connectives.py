"""Joined conditions simplify each other without changing what they say."""

import itertools
from collections.abc import Callable

import pytest

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate_all
from hypabi.smt.term import Term, Value, make_term
from tests.smt.language import PLAIN

X = terms.symbol("x", 4)
P = terms.symbol("p", 1)
Q = terms.symbol("q", 1)
MODELS = [{"x": x, "p": p, "q": q} for x in range(16) for p in (0, 1) for q in (0, 1)]

Join = Callable[..., Value]
JOINS: dict[str, tuple[Join, Join]] = {
    "and": (terms.land, PLAIN.land),
    "or": (terms.lor, PLAIN.lor),
}


def _literals() -> list[Term]:
    numbers = [terms.eq(X, n, 4) for n in (0, 2, 3)] + [terms.ult(X, n, 4) for n in (2, 3, 4)]
    return [_term(atom) for atom in (*numbers, P, Q)]


def _elements() -> list[Term]:
    """Return literals, their negations, pairs of them joined, and the negations of these."""
    atoms = _literals()
    literals = [*atoms, *(_term(terms.lnot(atom)) for atom in atoms)]
    pairs = [
        _term(made)
        for a, b in itertools.combinations(literals, 2)
        for join in (terms.land, terms.lor)
        if isinstance(made := join(a, b), Term)
    ]
    everything = [*literals, *pairs, *(_term(terms.lnot(pair)) for pair in pairs)]
    return list(dict.fromkeys(everything))


@pytest.mark.parametrize("name", JOINS)
def test_every_pair_of_conditions_joined_means_the_same_for_all_operands(name: str) -> None:
    smart_join, plain_join = JOINS[name]
    literals, elements = _elements()[:16], _elements()
    values: dict[Term, Value] = {}
    for a, b in itertools.chain(
        itertools.product(literals, elements), itertools.product(elements[16::5], elements[16::3])
    ):
        values[_term(plain_join(a, b))] = smart_join(a, b)
    _assert_same(values)


@pytest.mark.parametrize("name", JOINS)
def test_every_three_literals_joined_mean_the_same_for_all_operands(name: str) -> None:
    smart_join, plain_join = JOINS[name]
    literals = _elements()[:16]
    values = {
        _term(plain_join(*three)): smart_join(*three)
        for three in itertools.permutations(literals, 3)
    }
    _assert_same(values)


def _assert_same(values: dict[Term, Value]) -> None:
    flat = tuple(itertools.chain.from_iterable(values.items()))
    for model in MODELS:
        results = evaluate_all(flat, model)
        wrong = [flat[i : i + 2] for i in range(0, len(flat), 2) if results[i] != results[i + 1]]
        assert not wrong, (wrong[:3], model)


def _written(value: Value) -> str:
    return terms.text(value, 1)


def test_conditions_read_as_a_person_would_write_them() -> None:
    x = terms.symbol("x", 64)
    equal = [terms.eq(x, n, 64) for n in range(6)]
    unequal = [terms.lnot(condition) for condition in equal]
    below = terms.ult(x, 4, 64)
    assert _written(terms.land(unequal[0], unequal[1], equal[3])) == "x == 3"
    assert _written(terms.land(below, unequal[3])) == "x < 3"
    assert _written(terms.lor(terms.lnot(below), equal[3])) == "x >= 3"
    assert _written(terms.lor(unequal[3], equal[4])) == "x != 3"
    assert terms.land(equal[3], equal[4]) == 0
    assert terms.land(below, equal[5]) == 0
    assert terms.lor(unequal[3], unequal[4]) == 1
    assert terms.lor(P, terms.land(terms.lnot(P), Q)) is terms.lor(P, Q)
    assert terms.land(P, terms.lor(P, Q)) is P
    assert terms.land(P, terms.lnot(terms.land(P, Q))) is terms.land(P, terms.lnot(Q))


def test_order_is_that_of_the_path() -> None:
    assert terms.land(Q, P) is not terms.land(P, Q)
    assert terms.land(terms.land(Q, P), Q) is make_term("and", (Q, P), 1)


def test_one_condition_joined_is_itself() -> None:
    for condition in _elements():
        assert terms.land(condition) is condition
        assert terms.lor(0, condition, 0) is condition
        assert terms.land(condition, condition, 1) is condition
        assert terms.lnot(terms.lnot(condition)) is condition


def _term(value: Value) -> Term:
    assert isinstance(value, Term)
    return value
