"""Random expressions with shared parts keep their meaning through everything done to them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Satisfiable
from hypabi.smt.term import Term, Value
from tests.smt.expressions import Step, build, model, steps


@settings(max_examples=300)
@given(steps(), st.integers(0, 1000))
def test_simplified_expression_has_the_value_of_the_plain_one(
    program: list[Step], seed: int
) -> None:
    for expression in build(program):
        value = evaluate(expression.smart, model(seed))
        assert value == evaluate(expression.plain, model(seed))
        assert 0 <= value < 1 << expression.width


@settings(max_examples=150)
@given(steps(), st.integers(0, 1000))
def test_substitution_of_values_is_evaluation(program: list[Step], seed: int) -> None:
    numbers = model(seed)
    for expression in build(program):
        everything: dict[Term, Value] = {
            symbol: numbers[symbol.name] for symbol in terms.symbols_of(expression.plain)
        }
        assert terms.substitute(expression.smart, everything) == evaluate(expression.smart, numbers)
        assert terms.substitute(expression.plain, everything) == evaluate(expression.plain, numbers)


@settings(max_examples=150)
@given(steps(), st.integers(0, 1000), st.integers(0, 1000))
def test_substitution_of_some_keeps_the_meaning(program: list[Step], seed: int, cut: int) -> None:
    numbers = model(seed)
    for expression in build(program):
        names = sorted(terms.symbols_of(expression.smart), key=lambda s: s.name)
        some: dict[Term, Value] = {
            symbol: numbers[symbol.name] for i, symbol in enumerate(names) if cut >> i & 1
        }
        result = terms.substitute(expression.smart, some)
        assert evaluate(result, numbers) == evaluate(expression.smart, numbers)
        assert terms.symbols_of(result).isdisjoint(some)


@settings(max_examples=150)
@given(steps(), st.integers(0, 1000))
def test_simplification_under_conditions_that_hold_keeps_the_value(
    program: list[Step], seed: int
) -> None:
    numbers = model(seed)
    results = build(program)
    conditions = [e.smart for e in results if e.width == 1]
    held = [c if evaluate(c, numbers) else terms.lnot(c) for c in conditions[:4]]
    known = frozenset(c for c in held if isinstance(c, Term))
    for expression in results:
        simplified = terms.simplify_under(expression.smart, known)
        assert evaluate(simplified, numbers) == evaluate(expression.smart, numbers)
        if expression.smart in known:
            assert simplified == 1


@settings(max_examples=60)
@given(steps(12), st.integers(0, 1000))
def test_solver_finds_the_value_that_evaluation_finds(program: list[Step], seed: int) -> None:
    """With every unknown fixed, the only value of the expression is the evaluated one."""
    numbers = model(seed)
    solver = BitwuzlaSolver()
    expression = build(program)[-1]
    for symbol in sorted(terms.symbols_of(expression.smart), key=lambda s: s.name):
        solver.add(terms.eq(symbol, numbers[symbol.name], symbol.width))
    result = terms.symbol("result", expression.width)
    answer = solver.check(terms.eq(result, expression.smart, expression.width))
    assert isinstance(answer, Satisfiable)
    assert answer.model["result"] == evaluate(expression.smart, numbers)
