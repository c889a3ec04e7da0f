"""Whether two ends can differ: shown by a state, excluded by proof, or open with a reason."""

from hypabi.judgement.difference.budget import PatientSolver
from hypabi.judgement.difference.difference_query import (
    DifferenceQuery,
    Differs,
    NotShown,
    shrunk,
)
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Solver
from hypabi.smt.terms import Value
from tests.judgement.made_case import Clueless, x

ONE_SIDED = "cpucap.5 of the old"


def query(*context: Value, solver: Solver | None = None, most: int = 10_000) -> DifferenceQuery:
    patient = PatientSolver(solver or BitwuzlaSolver(), Allowance(most))
    return DifferenceQuery(patient, context, frozenset({"layout"}), one_program=False)


def test_a_difference_is_shown_by_a_state_in_which_the_context_holds() -> None:
    found = query(terms.ult(x(1), 16, 64)).weigh(terms.ne(x(1), 3, 64))
    assert isinstance(found, Differs)
    assert found.model["x1"] < 16 and found.model["x1"] != 3


def test_nothing_differs_where_the_context_excludes_it() -> None:
    differs = terms.ne(x(1), 3, 64)
    assert query(terms.eq(x(1), 3, 64)).weigh(differs) is None
    assert query(terms.eq(x(1), 4, 64)).weigh(differs) is not None
    assert query().weigh(0) is None


def test_a_state_that_rests_on_what_one_side_alone_knows_shows_nothing() -> None:
    for name in (ONE_SIDED, "layout"):
        alone = terms.ne(terms.symbol(name, 64), 0, 64)
        found = query().weigh(alone)
        assert isinstance(found, NotShown) and name in found.reason
    assert isinstance(query().weigh(terms.ne(terms.symbol("cpucap.5", 64), 0, 64)), Differs)


def test_a_state_without_it_is_looked_for_first() -> None:
    alone = terms.ne(terms.symbol(ONE_SIDED, 64), 0, 64)
    found = query().weigh(terms.lor(alone, terms.eq(x(1), 7, 64)))
    assert isinstance(found, Differs)
    assert (found.model["x1"], found.model[ONE_SIDED]) == (7, 0)


def test_a_solver_that_gives_up_and_a_budget_that_is_spent_show_nothing() -> None:
    differs = terms.ne(x(1), 3, 64)
    tired = query(solver=Clueless()).weigh(differs)
    assert tired == NotShown("the solver gave up: it is tired")
    assert isinstance(query(most=0).weigh(differs), NotShown)
    assert not query(solver=Clueless()).never(differs)


def test_never_is_said_by_proof_only() -> None:
    assert query(terms.eq(x(1), 3, 64)).never(terms.eq(x(1), 4, 64))
    assert not query(terms.eq(x(1), 3, 64)).never(terms.eq(x(2), 4, 64))
    assert query().never(0) and not query().never(1)


def test_plainly_asks_with_what_is_one_sided_at_zero() -> None:
    alone = terms.ne(terms.symbol(ONE_SIDED, 64), 0, 64)
    assert not query().plainly(alone)
    assert query().plainly(terms.ne(x(1), 0, 64))
    assert not query().plainly(0)


def test_a_shrunk_state_still_holds_and_has_no_bit_to_spare() -> None:
    conditions = (terms.ne(terms.and_(x(1), 8, 64), 0, 64), terms.ult(x(2), 100, 64))
    found = shrunk({"x1": 0xFF, "x2": 77, "x3": 5}, conditions)
    assert dict(found) == {"x1": 8}
    assert found["x9"] == 0
