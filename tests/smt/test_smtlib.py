"""The SMT-LIB text of a question: read by a parser that is not ours, and the same every time."""

import itertools

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.smtlib import query
from hypabi.smt.term import Value, make_term
from tests.smt.expressions import Step, build, model, steps
from tests.smt.language import OPERATIONS, PLAIN, symbols

X = terms.symbol("x", 64)
Y = terms.symbol("y", 64)


def _answer(text: str) -> str:
    solver = z3.SolverFor("QF_BV", ctx=z3.Context())
    solver.from_string(text)
    return str(solver.check())


def test_text_of_a_small_question() -> None:
    conditions = [terms.ult(X, Y, 64), terms.ne(terms.sub(X, Y, 64), 1, 64)]
    assert query(conditions, "party stub, clause 3\ncounterexample") == (
        "; party stub, clause 3\n"
        "; counterexample\n"
        "(set-logic QF_BV)\n"
        "(declare-const |x| (_ BitVec 64))\n"
        "(declare-const |y| (_ BitVec 64))\n"
        "(assert (bvult |x| |y|))\n"
        "(assert (not (= (bvsub |x| |y|) #x0000000000000001)))\n"
        "(check-sat)\n"
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_parser_reads_the_meaning_of_every_operation(operation: object) -> None:
    chosen = next(o for o in OPERATIONS if o is operation)
    x, y, _ = symbols(4)
    plain = chosen.build(PLAIN, 4, x, y)
    wrong: list[Value] = []
    for a, b in itertools.product(range(16), repeat=2):
        value = evaluate(plain, {"x": a, "y": b})
        here = (make_term("eq", (x, a), 1), make_term("eq", (y, b), 1))
        same = make_term("eq", (plain, value), 1)
        wrong.append(make_term("and", (*here, make_term("not", (same,), 1)), 1))
    assert _answer(query([make_term("or", tuple(wrong), 1)])) == "unsat"


@settings(max_examples=60)
@given(steps(12), st.integers(0, 1000))
def test_parser_reads_the_meaning_of_random_expressions(program: list[Step], seed: int) -> None:
    numbers = model(seed)
    expression = build(program)[-1]
    fixed = [terms.eq(s, numbers[s.name], s.width) for s in terms.symbols_of(expression.smart)]
    value = evaluate(expression.smart, numbers)
    same = terms.eq(expression.smart, value, expression.width)
    assert _answer(query([*fixed, same])) == "sat"
    assert _answer(query([*fixed, terms.lnot(same)])) == "unsat"


def test_constant_conditions_are_written() -> None:
    assert _answer(query([1])) == "sat"
    assert _answer(query([0, terms.eq(X, 1, 64)])) == "unsat"
    assert _answer(query([])) == "sat"


def test_shared_parts_are_defined_once() -> None:
    value: Value = X
    for _ in range(60):
        value = terms.mul(terms.add(value, Y, 64), value, 64)
    text = query([terms.ult(value, 5, 64)])
    assert len(text) < 20_000
    assert text.count("define-fun") >= 59


def test_name_of_a_definition_is_no_name_of_a_symbol() -> None:
    odd = terms.symbol("?1", 64)
    shared = terms.mul(odd, Y, 64)
    text = query([terms.ult(terms.add(shared, X, 64), shared, 64), terms.eq(odd, 1, 64)])
    assert "define-fun ??1 " in text
    assert _answer(text) == "sat"


def test_symbol_that_cannot_be_quoted_is_our_defect() -> None:
    with pytest.raises(AssertionError):
        query([terms.eq(terms.symbol("a|b", 8), 1, 8)])
