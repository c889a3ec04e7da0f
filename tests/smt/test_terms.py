"""What a term is: one object for one structure, immutable, without a truth value, however deep."""

import copy
import gc

import pytest

from hypabi.smt import term as term_module
from hypabi.smt import terms
from hypabi.smt.evaluate import MEANINGS, evaluate
from hypabi.smt.rewrite import subterms
from hypabi.smt.smtlib import query
from hypabi.smt.term import Term, Value, make_term

X = terms.symbol("x", 64)
Y = terms.symbol("y", 64)
DEPTH = 3_000
"""Thrice as deep as Python calls itself (``sys.getrecursionlimit()``)."""
WIDTH = 10_000


def test_equal_structure_is_the_same_object() -> None:
    assert terms.symbol("x", 64) is X
    assert terms.add(X, 5, 64) is terms.add(X, 5, 64)
    assert terms.mul(X, terms.add(Y, 1, 64), 64) is terms.mul(X, terms.add(Y, 1, 64), 64)
    assert copy.copy(X) is X and copy.deepcopy([X])[0] is X


def test_commutative_operands_have_one_order() -> None:
    for build in (terms.add, terms.mul, terms.and_, terms.or_, terms.xor, terms.eq):
        assert build(X, Y, 64) is build(Y, X, 64)


def test_different_structure_is_a_different_object() -> None:
    assert terms.symbol("x", 32) is not X
    assert terms.sub(X, Y, 64) is not terms.sub(Y, X, 64)
    assert terms.extract(X, 0, 8, 64) is not terms.extract(X, 8, 8, 64)


def test_term_has_no_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(terms.eq(X, Y, 64))


def test_term_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        X.width = 32
    with pytest.raises(AttributeError):
        del X.args
    with pytest.raises(AttributeError):
        X.extra = 1


def test_a_term_that_nobody_holds_leaves_the_table() -> None:
    gc.collect()
    before = len(term_module._living)
    many = [terms.add(X, terms.symbol(f"short-lived {i}", 64), 64) for i in range(100)]
    assert len(term_module._living) == before + 200
    del many
    assert len(term_module._living) == before


def test_constants_are_reduced_and_stay_python_integers() -> None:
    assert terms.add(250, 10, 8) == 4
    assert terms.sub(0, 1, 8) == 255
    assert terms.add(X, -1, 64) is terms.sub(X, 1, 64)
    assert terms.add(X, 1 << 64, 64) is X
    assert terms.eq(-1, 0xFF, 8) == 1


def _chains() -> dict[str, Value]:
    """Build one term of every operation that can nest, three thousand deep."""
    symbols = [terms.symbol(f"v{i}", 64) for i in range(5)]
    chains: dict[str, Value] = {}
    for name in ("add", "sub", "xor", "shl"):
        value: Value = X
        for i in range(DEPTH):
            value = getattr(terms, name)(value, symbols[i % 5], 64)
        chains[name] = value
    masked: Value = X
    choice: Value = X
    equal: Value = X
    for i in range(DEPTH):
        masked = terms.xor(terms.and_(masked, 0xF0F0F0F0 + i, 64), 0x1234 + i, 64)
        choice = terms.ite(terms.eq(X, i, 64), i + 7, choice, 64)
        equal = terms.ite(terms.ult(symbols[i % 5], choice, 64), terms.not_(equal, 64), i, 64)
    return chains | {"masked": masked, "choice": choice, "equal": equal}


def test_deep_terms_are_built_measured_evaluated_rewritten_and_written() -> None:
    model = {"x": 3, "y": 4} | {f"v{i}": i * 77 for i in range(5)}
    for name, deep in _chains().items():
        assert terms.size_of(deep) > DEPTH, name
        expected = evaluate(deep, model)
        assert evaluate(terms.substitute(deep, {X: Y}), {**model, "y": 3}) == expected, name
        known = frozenset({_term(terms.eq(X, 3, 64))})
        assert evaluate(terms.simplify_under(deep, known), model) == expected, name
        cut = terms.extract(deep, 3, 8, 64)
        assert evaluate(cut, model) == expected >> 3 & 0xFF, name
        condition = terms.eq(deep, expected, 64)
        assert evaluate(condition, model) == 1, name
        assert terms.text(deep, 64)
        assert query([condition]).endswith("(check-sat)\n")


def _term(value: Value) -> Term:
    assert isinstance(value, Term)
    return value


def test_conditions_ten_thousand_wide_are_joined() -> None:
    conditions = [terms.ne(X, i, 64) for i in range(WIDTH)]
    joined = terms.land(*conditions)
    assert evaluate(joined, {"x": WIDTH}) == 1
    assert evaluate(joined, {"x": WIDTH - 1}) == 0


def test_every_operation_has_a_meaning() -> None:
    assert set(MEANINGS) == set(term_module.Op.__args__) - {"symbol"}  # type: ignore[attr-defined]


def test_subterms_come_once_and_after_their_arguments() -> None:
    value = make_term("mul", (terms.add(X, Y, 64), terms.neg(terms.add(X, Y, 64), 64)), 64)
    order = list(subterms((value, X)))
    assert len(order) == len(set(order)) == terms.size_of(value) == 5
    for position, found in enumerate(order):
        assert all(a in order[:position] for a in found.args if isinstance(a, Term))
