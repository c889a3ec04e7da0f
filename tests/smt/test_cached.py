"""A remembered answer is the solver's own, asked for once, and never outlives what was added."""

import pytest

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.cached import Remembered
from hypabi.smt.solver import Answer, Feasibility, Satisfiable, Unsatisfiable
from hypabi.smt.terms import Value

A, B = terms.symbol("a", 8), terms.symbol("b", 8)
SMALL = terms.ult(A, 4, 8)
LARGE = terms.ult(9, A, 8)


class Counting:
    """A solver that counts what it is asked."""

    def __init__(self) -> None:
        self.solver = BitwuzlaSolver()
        self.asked = 0

    def add(self, condition: Value) -> None:
        self.solver.add(condition)

    def push(self) -> None:
        self.solver.push()

    def pop(self) -> None:
        self.solver.pop()

    def check(self, *assumptions: Value) -> Answer:
        self.asked += 1
        return self.solver.check(*assumptions)

    def feasibility(self, *assumptions: Value) -> Feasibility:
        self.asked += 1
        return self.solver.feasibility(*assumptions)


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_a_question_is_asked_once_and_another_again(counting: Counting) -> None:
    solver = Remembered(counting)
    first = solver.check(SMALL)
    assert solver.check(SMALL) is first
    assert counting.asked == 1
    assert isinstance(solver.check(SMALL, LARGE), Unsatisfiable)
    assert isinstance(solver.feasibility(SMALL, LARGE), Unsatisfiable)
    assert counting.asked == 3


def test_an_answer_is_the_solver_s_own(counting: Counting) -> None:
    solver = Remembered(counting)
    for question in ((SMALL,), (LARGE,), (SMALL, LARGE), (terms.eq(A, B, 8), SMALL), (0,), ()):
        for _ in range(2):
            assert solver.check(*question) == BitwuzlaSolver().check(*question)


def test_what_was_added_is_never_answered_from_memory(counting: Counting) -> None:
    solver = Remembered(counting)
    assert isinstance(solver.check(SMALL), Satisfiable)
    solver.push()
    solver.add(LARGE)
    assert isinstance(solver.check(SMALL), Unsatisfiable)
    solver.push()
    assert isinstance(solver.feasibility(SMALL), Unsatisfiable)
    solver.pop()
    solver.pop()
    assert isinstance(solver.check(SMALL), Satisfiable)
