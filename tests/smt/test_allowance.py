"""What a run may ask is counted: the same for the same questions, and nothing is said beyond."""

import pytest

from hypabi.smt import terms
from hypabi.smt.allowance import (
    HARD,
    MOST,
    PLAIN,
    QUESTION,
    SPENT,
    Allowance,
    CountedSolver,
    counted,
    is_spent,
)
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.cached import Remembered
from hypabi.smt.solver import Feasible, Satisfiable, Unknown, Unsatisfiable
from hypabi.smt.terms import Value

X, Y = terms.symbol("x", 64), terms.symbol("y", 64)


def cost(*conditions: Value) -> int:
    allowance = Allowance()
    CountedSolver(BitwuzlaSolver(), allowance).feasibility(*conditions)
    return MOST - allowance.left


def test_what_is_plain_costs_its_terms() -> None:
    one = terms.ult(X, 1 << 60, 64)
    assert cost(one) == PLAIN + QUESTION + 2
    assert cost(one, terms.lnot(terms.eq(Y, 2, 64))) == PLAIN + QUESTION + 5


def test_what_constants_decide_is_not_asked() -> None:
    fixed, others = terms.eq(X, 1, 64), [terms.ne(X, n, 64) for n in range(2, 300)]
    assert cost(*others, fixed) == PLAIN
    assert cost(*others, terms.eq(X, 299, 64), fixed) == PLAIN
    allowance = Allowance()
    solver = CountedSolver(BitwuzlaSolver(), allowance)
    solver.add(terms.eq(X, 2, 64))
    assert isinstance(solver.feasibility(fixed), Unsatisfiable)


def test_what_computes_costs_its_square() -> None:
    few = [terms.eq(terms.add(X, terms.xor(Y, n, 64), 64), n, 64) for n in range(1, 9)]
    many = [terms.eq(terms.add(X, terms.xor(Y, n, 64), 64), n, 64) for n in range(1, 17)]
    assert cost(*many) - QUESTION > 3 * (cost(*few) - QUESTION)


def test_a_product_of_unknowns_costs_as_what_may_take_seconds() -> None:
    assert cost(terms.eq(terms.mul(X, Y, 64), 15, 64)) >= HARD
    assert cost(terms.eq(terms.mul(X, 3, 64), 15, 64)) < HARD


def test_what_was_added_counts_for_each_question_until_it_is_forgotten() -> None:
    allowance = Allowance()
    solver = CountedSolver(BitwuzlaSolver(), allowance)
    solver.push()
    solver.add(terms.eq(X, 1, 64))
    solver.feasibility(terms.eq(Y, 1, 64))
    with_it = MOST - allowance.left
    solver.pop()
    solver.feasibility(terms.eq(Y, 1, 64))
    assert MOST - allowance.left - with_it == with_it - 2


def test_answers_are_those_of_the_solver_until_the_allowance_is_spent() -> None:
    allowance = Allowance(200)
    solver = CountedSolver(BitwuzlaSolver(), allowance)
    assert isinstance(solver.feasibility(terms.eq(X, 1, 64)), Feasible)
    assert isinstance(solver.check(terms.eq(X, 1, 64)), Satisfiable)
    both = (terms.eq(X, 1, 64), terms.eq(X, 2, 64))
    assert isinstance(solver.check(*both), Unsatisfiable)
    allowance.spend(200)
    assert is_spent(solver)
    for answer in (solver.check(*both), solver.feasibility(*both)):
        assert answer == Unknown(SPENT, spent=True)


def test_solvers_of_one_run_draw_on_one_allowance() -> None:
    allowance = Allowance(100)
    new = counted(BitwuzlaSolver, allowance)
    one, other = new(), Remembered(new())
    one.feasibility(terms.eq(X, 1, 64))
    assert not is_spent(other)
    allowance.spend(100)
    assert is_spent(one)
    assert is_spent(other)
    assert not is_spent(BitwuzlaSolver())


@pytest.mark.parametrize("most", [0, 1, 31])
def test_a_question_for_which_not_enough_is_left_is_not_asked(most: int) -> None:
    solver = CountedSolver(BitwuzlaSolver(), Allowance(most))
    assert solver.check(terms.eq(X, 1, 64)) == Unknown(SPENT, spent=True)
