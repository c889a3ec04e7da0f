"""What a caller counts on behind its ``hvc`` is lost, kept, or not known to be either."""

from dataclasses import replace

import pytest

from hypabi.behaviour.case import Case
from hypabi.callsites.model import (
    Answer,
    Caller,
    Liveness,
    MayRead,
    Read,
    ResultUse,
    Test,
    Why,
    after,
)
from hypabi.contract.clause import Clause, Ensures, KeepsRegisters
from hypabi.contract.revision import Row, Service
from hypabi.judgement.callers.findings import (
    CallerQuestion,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    SatisfiedBeyondContract,
    Undecided,
    Violated,
)
from hypabi.judgement.callers.preservation import Back, Entered, answered, held, refusals_told
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Solver
from hypabi.smt.terms import Term, Value
from tests.callsites.made_site import FUNCTION, NOTHING, live, site, way
from tests.judgement.handler_contract import ALWAYS, ERROR, REVISION, WHY, equal, new, number
from tests.judgement.made_case import Clueless, case, x

ANSWERS = Clause("answers", "", Ensures(equal(new("x0"), number(0))), WHY)
FRAME = Clause("registers", "", KeepsRegisters(("x0", "x18")), WHY)
ROW = Row("stub", None, Service.SERVED, ALWAYS, (), (), (ANSWERS, FRAME), None)
READ = Read("x9", 0x1008)


def told(
    question: CallerQuestion,
    *cases: Case,
    relied: Liveness = NOTHING,
    answers: tuple[Answer, ...] = (),
    entered: Entered | None = None,
    solver: Solver | None = None,
) -> CallerVerdict:
    back = Back(entered or Entered((), {}), cases)
    asked = site(way(), reliance=relied, answers=answers)
    points = held(asked, way(), ROW, REVISION, back, solver or BitwuzlaSolver())
    return next(point.verdict for point in points if point.aspect is question)


def survives(*cases: Case, **more: Liveness | Entered | Solver) -> CallerVerdict:
    return told(CallerQuestion.SURVIVES, *cases, **more)  # type: ignore[arg-type]


def test_a_register_that_is_read_and_lost_in_one_case_is_violated_with_a_state() -> None:
    kept, lost = case(x9=x(9)), case(None, terms.eq(x(2), 7, 64), x9=x(3))
    found = survives(kept, lost, relied=live(READ))
    assert isinstance(found, Violated)
    assert found.what == "x9 is lost, and read at 0x1008"
    assert found.model["x2"] == 7 and found.model["x3"] != found.model["x9"]
    assert isinstance(survives(kept, relied=live(READ)), Satisfied)
    assert isinstance(survives(kept, lost, relied=NOTHING), Satisfied)


def test_what_the_request_brings_decides_what_is_lost() -> None:
    moved = case(x9=terms.add(x(9), x(1), 64))
    nothing: dict[Term, Value] = {terms.symbol("x1", 64): 0}
    something: dict[Term, Value] = {terms.symbol("x1", 64): 8}
    assert isinstance(survives(moved, relied=live(READ), entered=Entered((), nothing)), Satisfied)
    assert isinstance(survives(moved, relied=live(READ), entered=Entered((), something)), Violated)


@pytest.mark.parametrize(
    ("register", "why", "expected"),
    [
        ("x19", Why.KEPT, Violated),
        ("x18", Why.KEPT, Undecided),  # the contract lets a call lose it
        ("x9", Why.CALLEE, Undecided),
        ("x9", Why.BEYOND, Undecided),
        ("x1", Why.RETURNED, Satisfied),  # nobody was promised what it holds
    ],
)
def test_what_others_may_read_is_violated_only_where_the_standard_keeps_it(
    register: str, why: Why, expected: type[CallerVerdict]
) -> None:
    relied = live(may_read=[MayRead(register, why, 0x1010)])
    assert isinstance(survives(replace(case(), registers={register: 0}), relied=relied), expected)
    assert isinstance(survives(case(), relied=relied), Satisfied)


def test_a_register_that_the_contract_lets_go_and_this_party_keeps_is_beyond_it() -> None:
    found = survives(case(), relied=live(Read("x18", 0x1004)))
    assert isinstance(found, SatisfiedBeyondContract)
    assert isinstance(survives(case(), relied=live(READ)), Satisfied)


def test_flow_that_was_lost_and_a_solver_that_gives_up_prove_nothing() -> None:
    assert isinstance(survives(case(), relied=live(READ, undecided=["lost"])), Undecided)
    found = survives(case(x9=x(3)), relied=live(READ), solver=Clueless())
    assert isinstance(found, Undecided) and "it is tired" in found.reason


def understood(uses: tuple[ResultUse, ...], *tests: Test, result: Value = ERROR) -> CallerVerdict:
    looked = (Answer("x0", uses, tests),)
    return told(CallerQuestion.UNDERSTOOD, case(x0=result), answers=looked)


RESULT = terms.symbol(after("x0"), 64)


def test_an_error_that_nobody_looks_at_is_violated() -> None:
    assert isinstance(understood((ResultUse.OVERWRITTEN,)), Violated)
    assert isinstance(understood((ResultUse.OVERWRITTEN,), result=0), Satisfied)
    assert isinstance(understood((ResultUse.RETURNED,)), DependsOnCaller)
    assert isinstance(understood((ResultUse.STORED,)), Undecided)


def test_only_a_test_that_parts_success_from_the_error_understands_it() -> None:
    telling = Test(0x1004, terms.eq(RESULT, 0, 64))
    blind = Test(0x1004, terms.eq(RESULT, 5, 64))
    assert isinstance(understood((ResultUse.USED,), telling), Satisfied)
    assert isinstance(understood((ResultUse.USED,), blind), Undecided)


def test_an_answer_is_read_from_a_register_that_holds_one() -> None:
    looked = (Answer("x1", (ResultUse.USED,), ()),)
    relied = live(Read("x1", 0x1004))
    found = told(CallerQuestion.READ_FROM, case(x0=0, x1=4), answers=looked, relied=relied)
    assert isinstance(found, Violated) and "x1" in found.what
    instead = told(CallerQuestion.READ_FROM, case(x0=0), answers=looked, relied=relied)
    assert isinstance(instead, Violated) and instead.what.endswith("and not x0")
    both = (*looked, Answer("x0", (ResultUse.USED,), ()))
    kept = told(CallerQuestion.READ_FROM, case(x0=0), answers=both, relied=relied)
    assert isinstance(kept, Satisfied)


def test_a_register_is_answered_that_a_promise_reads_at_exit() -> None:
    assert answered((ANSWERS, FRAME)) == {"x0"}
    assert answered((FRAME,)) == frozenset()


def refused(*tests: Value, uses: tuple[ResultUse, ...] = (ResultUse.USED,)) -> object:
    """Return what is said of a caller that may be answered the error or -1."""
    asked = tuple(Test(0x1004, each) for each in tests)
    of = site(way(x0=0), answers=(Answer("x0", uses, asked),))
    return refusals_told(of, (ERROR, -1), REVISION)


def test_every_answer_that_is_no_success_has_to_be_told() -> None:
    answer = terms.symbol(after("x0"), 64)
    assert isinstance(refused(terms.eq(answer, 0, 64)), Satisfied)
    negative = terms.extract(answer, 63, 1, 64)
    told = refused(negative)
    assert isinstance(told, Violated) and f"{ERROR:#x}" in told.what, "the error is not negative"
    assert isinstance(refused(negative, terms.eq(answer, ERROR, 64)), Satisfied)


def warning(condition: Value, *, warns: bool | None) -> object:
    test = Test(0x1004, condition, warns=warns)
    of = site(way(x0=0), answers=(Answer("x0", (ResultUse.USED,), (test,)),))
    return refusals_told(of, (ERROR, -1), REVISION)


def test_who_warns_of_success_alone_has_the_sense_of_its_test_wrong() -> None:
    failed = terms.ne(terms.symbol(after("x0"), 64), 0, 64)
    assert isinstance(warning(failed, warns=True), Satisfied)
    assert isinstance(warning(terms.lnot(failed), warns=False), Satisfied)
    assert isinstance(warning(failed, warns=None), Satisfied)
    said = warning(failed, warns=False)
    assert isinstance(said, Violated) and "it warns where x0 is 0x0" in said.what
    assert isinstance(warning(terms.lnot(failed), warns=True), Violated)


def test_an_answer_that_nobody_looks_at_is_a_violation_and_one_not_followed_is_undecided() -> None:
    assert isinstance(refused(uses=(ResultUse.OVERWRITTEN,)), Violated)
    assert isinstance(refused(uses=(ResultUse.USED,)), Undecided)
    assert refusals_told(site(way(x0=0)), (), REVISION) is None


VALUE = Clause("value", "", Ensures(equal(new("x1"), number(5))), WHY)


def read_value(*uses: ResultUse, returned: bool = False) -> object:
    """Return what is said of who asks for a value in x1."""
    status = (ResultUse.RETURNED,) if returned else (ResultUse.USED,)
    of = site(way(x0=4), answers=(Answer("x0", status, ()), Answer("x1", uses, ())))
    row = replace(ROW, clauses=(ANSWERS, VALUE, FRAME))
    back = Back(Entered((), {}), (case(x0=0, x1=5),))
    points = held(of, of.paths[0], row, REVISION, back, BitwuzlaSolver())
    return next(p.verdict for p in points if p.aspect is CallerQuestion.READ_FROM)


def test_who_asks_for_a_value_reads_it_or_returns_it_with_its_status() -> None:
    assert isinstance(read_value(ResultUse.USED), Satisfied)
    assert isinstance(read_value(ResultUse.RETURNED, returned=True), Satisfied)
    assert isinstance(read_value(ResultUse.RETURNED), Violated)
    assert isinstance(read_value(ResultUse.OVERWRITTEN), Violated)


def test_a_link_register_that_was_lost_before_is_not_to_be_read() -> None:
    reads = live(Read("x30", 0x1008))
    of = replace(site(way(x0=0), reliance=reads), link_lost=0xFF0)
    back = Back(Entered((), {}), (case(x0=0),))
    (survives, *_) = held(of, of.paths[0], ROW, REVISION, back, BitwuzlaSolver())
    assert isinstance(survives.verdict, Violated) and "0xff0" in survives.verdict.what
    kept = replace(of, link_lost=None)
    (survives, *_) = held(kept, of.paths[0], ROW, REVISION, back, BitwuzlaSolver())
    assert isinstance(survives.verdict, Satisfied)


def test_a_register_that_the_functions_caller_reads_has_to_survive() -> None:
    caller = Caller(0x2000, FUNCTION, (), (Read("x9", 0x2004),))
    through = replace(NOTHING, through=frozenset({"x9"}))
    of = replace(site(way(x0=0), reliance=through), callers=(caller,))
    for final, verdict in ((x(9), Satisfied), (7, Violated)):
        back = Back(Entered((), {}), (case(x0=0, x9=final),))
        (survives, *_) = held(of, of.paths[0], ROW, REVISION, back, BitwuzlaSolver())
        assert isinstance(survives.verdict, verdict)


def test_a_register_that_nothing_has_set_is_not_to_be_read() -> None:
    read = Read("x11", 0x1008)
    of = replace(site(way(x0=0), reliance=live(read)), never_set=(read,))
    back = Back(Entered((), {}), (case(x0=0, x11=x(11)),))
    (survives, *_) = held(of, of.paths[0], ROW, REVISION, back, BitwuzlaSolver())
    assert isinstance(survives.verdict, Violated) and "nothing sets it" in survives.verdict.what
    (survives, *_) = held(
        replace(of, never_set=()), of.paths[0], ROW, REVISION, back, BitwuzlaSolver()
    )
    assert isinstance(survives.verdict, Satisfied)
