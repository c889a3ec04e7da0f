"""What a clause demands of one case: a condition, an answer without a solver, or nothing."""

import pytest

from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.contract.clause import (
    Calls,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Region,
    Returns,
    Statement,
)
from hypabi.judgement.verification.breach import Lost
from hypabi.judgement.verification.clause_demands import (
    Asked,
    CallBack,
    Unconcerned,
    Unfollowed,
    Unnamed,
    answers,
    demands,
)
from hypabi.judgement.verification.demand import Demand, Subject
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from tests.judgement.handler_contract import (
    ERROR,
    FAILS,
    REVISION,
    SUCCEEDS,
    equal,
    new,
    number,
    old,
)
from tests.judgement.made_case import case, lowered, x

X1 = terms.symbol("x1", 64)
assert isinstance(X1, Term)


def asked(statement: Statement, of: Case, call_back: CallBack = CallBack.UNASKED) -> list[Asked]:
    return list(demands(statement, lowered(of, {"SPSel": 1, "DAIF": 0}), REVISION, call_back))


def demanded(statement: Statement, of: Case, call_back: CallBack = CallBack.UNASKED) -> Value:
    """Return the conjunction of what is demanded, and nothing but conditions is."""
    found = asked(statement, of, call_back)
    assert all(isinstance(each, Demand) for each in found)
    return terms.land(*(each.holds for each in found if isinstance(each, Demand)))


def test_a_frame_demands_each_register_that_it_does_not_let_change() -> None:
    changes = case(x9=3, x10=4, VBAR_EL2=5)
    (demand,) = asked(KeepsRegisters(("x10",)), changes)
    assert isinstance(demand, Demand) and demand.breach == Lost("x9")
    assert evaluate(demand.holds, {"x9": 3}) and not evaluate(demand.holds, {"x9": 4})
    (system,) = asked(KeepsSystemRegisters(()), changes)
    assert isinstance(system, Demand) and system.breach == Lost("VBAR_EL2")
    assert asked(KeepsRegisters(("x9", "x10")), changes) == []


PROMISE = Ensures(equal(new("x0"), old("x1")))


@pytest.mark.parametrize("outcome", [Returned(), Left(X1, "EL2h")])
def test_a_postcondition_is_demanded_where_control_leaves(outcome: Outcome) -> None:
    assert demanded(PROMISE, case(outcome, x0=x(1))) == 1
    assert evaluate(demanded(PROMISE, case(outcome, x0=x(2))), {"x1": 1, "x2": 2}) == 0


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Stuck(0x40), Unconcerned),
        (Undecided(0x40, "no meaning"), Unfollowed),
        (Faulted(0x40, "a load"), Unfollowed),
        (Called("f", 0x80), Unfollowed),
        (CalledBack(X1, "hyp"), Unfollowed),
    ],
)
@pytest.mark.parametrize("statement", [PROMISE, KeepsRegisters(()), KeepsMemory(())])
def test_nothing_is_demanded_of_an_end_that_is_not_seen_and_it_is_said(
    statement: Statement, outcome: Outcome, kind: type[Asked]
) -> None:
    (found,) = asked(statement, case(outcome, x0=x(1)))
    assert isinstance(found, kind)


def test_a_call_back_that_was_promised_is_judged_at_the_moment_of_the_call() -> None:
    called = case(CalledBack(X1, "hyp"), x0=x(1))
    assert demanded(PROMISE, called, CallBack.PROMISED) == 1
    assert demanded(Calls(old("x1"), "hyp"), called) == 1
    assert demanded(Calls(old("x1"), "svc"), called) == 0
    assert evaluate(demanded(Calls(old("x2"), "hyp"), called), {"x1": 1, "x2": 2}) == 0
    assert demanded(Calls(old("x1"), "hyp"), case()) == 0


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Called("handle_trap", 0), 1),
        (Called("__kvm_nvhe_handle_trap", 0), 1),  # what an nVHE object's symbols start with
        (Called("other", 0), 0),
        (Returned(), 0),
    ],
)
def test_control_is_handed_to_the_function_that_is_named(outcome: Outcome, expected: int) -> None:
    assert demanded(HandedTo("handle_trap"), case(outcome)) == expected


def test_a_function_without_a_symbol_is_not_known_to_be_another() -> None:
    (found,) = asked(HandedTo("handle_trap"), case(Called("0x80001234", 0x80001234)))
    assert found == Unnamed("0x80001234")


def test_leaving_is_for_the_promised_place_in_the_promised_mode() -> None:
    leaves = Leaves(old("x1"), "EL2h")
    assert demanded(leaves, case(Left(X1, "EL2h", 0x3C9))) == 1
    assert demanded(leaves, case(Left(X1, "EL1h", 0x3C5))) == 0
    elsewhere = demanded(leaves, case(Left(x(2), "EL2h", 0x3C9)))
    assert evaluate(elsewhere, {"x1": 1, "x2": 2}) == 0
    assert demanded(leaves, case()) == 0


def test_returning_keeps_the_caller_s_status_or_enters_the_promised_mode() -> None:
    back = terms.symbol("ELR_EL2", 64)
    assert demanded(Returns(None), case()) == 1
    changed = demanded(Returns(None), case(Left(back, "EL2h", 0x3C9)))
    assert evaluate(changed, {"SPSR_EL2": 0x3C5}) == 0
    assert evaluate(changed, {"SPSR_EL2": 0x3C9}) == 1
    assert demanded(Returns("EL2h"), case(Left(back, "EL2h", 0x3C9))) == 1
    assert demanded(Returns("EL2h"), case(Left(back, "EL1h", 0x3C5))) == 0


@pytest.mark.parametrize(
    ("offset", "size", "inside"),
    [(0, 8, 1), (8, 8, 1), (9, 8, 0), (16, 8, 0), (-1, 1, 0), (15, 1, 1), (0, 32, 0)],
)
def test_memory_may_be_written_where_the_whole_store_fits(
    offset: int, size: int, inside: int
) -> None:
    store = Store(X1, offset, size, 0)
    region = KeepsMemory((Region(old("x1"), 16),))
    assert evaluate(demanded(region, case(stores=(store,))), {"x1": 0x1000}) == inside


def test_no_memory_may_be_written_where_no_region_is_named() -> None:
    assert demanded(KeepsMemory(()), case(stores=(Store(X1, 0, 8, 0),))) == 0
    assert asked(KeepsMemory(()), case()) == []


def test_a_case_answers_by_the_result_register_where_its_end_is_seen() -> None:
    failed = case(x0=ERROR)
    assert answers(failed, lowered(failed), REVISION, FAILS) == 1
    assert answers(failed, lowered(failed), REVISION, SUCCEEDS) == 0
    assert answers(failed, lowered(failed), REVISION, None) == 1
    stuck, open_ = case(Stuck(0)), case(Undecided(0, "no meaning"))
    assert answers(stuck, lowered(stuck), REVISION, SUCCEEDS) == 0
    assert answers(open_, lowered(open_), REVISION, SUCCEEDS) == 1, "it may answer anything"


def test_a_demand_names_the_register_that_it_is_about() -> None:
    (demand,) = asked(Ensures(equal(new("x0"), number(0))), case(x0=x(1)))
    assert isinstance(demand, Demand)
    assert demand.about == (Subject("x0", 64, terms.symbol("x0", 64), x(1)),)
