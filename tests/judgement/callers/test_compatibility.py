"""A request meets a live party: whether it is served, and on what terms."""

from dataclasses import replace

import pytest

from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import Left
from hypabi.behaviour.outcome import Undecided as NotFollowed
from hypabi.callsites.model import Caller, CallPath, Onward, Origin, Source, Start
from hypabi.contract.clause import Clause, Ensures, Leaves, Premise, Returns
from hypabi.contract.revision import LiveCall, Revision, Row, Service
from hypabi.judgement.callers.compatibility import Provider, asked_for, check_caller
from hypabi.judgement.callers.findings import (
    CallerQuestion,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    Undecided,
    Unspecified,
    Violated,
)
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from hypabi.unknowns import symbol_address
from tests.callsites.made_site import FUNCTION, site, way
from tests.judgement.handler_contract import (
    ALWAYS,
    ERROR,
    PARTY,
    REVISION,
    WHY,
    aligned,
    equal,
    new,
    number,
    old,
)
from tests.judgement.made_case import AROUND, behaviour, case, x

SET = LiveCall("SET", 0, (("vectors", "x1"),), ("stub",), WHY)
RETURNS = Clause("returns", "", Returns(None), WHY)
SUCCESS = Clause("success", "", Ensures(equal(new("x0"), number(0))), WHY)
REFUSES = Clause("refused", "", Ensures(equal(new("x0"), number(ERROR))), WHY)
ALIGNED = Premise("aligned", "vectors % 2048 == 0", aligned("x1"), WHY)
SERVED = Row("stub", "SET", Service.SERVED, ALWAYS, (), (ALIGNED,), (SUCCESS, RETURNS), None)
REFUSED = replace(SERVED, service=Service.REFUSED, requires=(), clauses=(REFUSES, RETURNS))
OTHER = replace(REFUSED, call=None, service=Service.OTHER)


def revision(*rows: Row) -> Revision:
    return replace(REVISION, calls=(SET,), rows=rows)


def said(
    asks: CallPath, question: CallerQuestion, *cases: Case, rows: tuple[Row, ...] = (SERVED, OTHER)
) -> CallerVerdict:
    provider = Provider(PARTY, behaviour(*cases), AROUND)
    met = check_caller(site(asks), asks, revision(*rows), provider, BitwuzlaSolver())
    return next(point.verdict for point in met.points if point.aspect is question)


def served(asks: CallPath, *cases: Case, rows: tuple[Row, ...] = (SERVED, OTHER)) -> CallerVerdict:
    return said(asks, CallerQuestion.SERVED, *cases, rows=rows)


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        (way(x0=0), ("SET",)),
        (way(x0=7), (None,)),
        (way(), None),
        (way(immediate=1, x0=0), None),
    ],
    ids=["a call's number", "no call's number", "not known", "another conduit"],
)
def test_what_is_asked_for_is_told_by_conduit_and_identifier(
    asks: CallPath, expected: tuple[str | None] | None
) -> None:
    assert asked_for(revision(), asks) == expected


def test_a_call_is_served_where_its_row_says_so_and_each_case_comes_back() -> None:
    asks = way(x0=0, x1=0x800)
    assert served(asks, case(x0=0)) == Satisfied("as SET")
    refused = served(asks, case(x0=ERROR), rows=(REFUSED, OTHER))
    assert isinstance(refused, Violated) and refused.what == f"refused: x0 is {ERROR:#x}"


def test_a_case_that_ends_elsewhere_breaks_the_caller_and_one_not_followed_may() -> None:
    asks = way(x0=0, x1=0x800)
    away = case(Left(x(1), "EL2h"), terms.eq(x(5), 1, 64))
    back = case(None, terms.ne(x(5), 1, 64), x0=0)
    assert isinstance(served(asks, back, away), Violated)
    lost = case(NotFollowed(0x40, "no meaning"), terms.eq(x(5), 1, 64))
    assert isinstance(served(asks, back, lost), Undecided)


def test_where_control_goes_by_what_no_file_defines_is_undecided() -> None:
    """32-bit KVM branches by ``kimage_voffset``, which mmu.o defines and hyp-init.o uses."""
    voffset = terms.symbol(symbol_address("kimage_voffset"), 64)
    asks = way(x0=0, x1=0x800)
    by_it = case(Left(voffset, "EL2h"))
    found = served(asks, by_it)
    assert isinstance(found, Undecided) and "kimage_voffset" in found.reason
    if_it = case(Left(x(1), "EL2h"), terms.eq(voffset, 8, 64))
    assert isinstance(served(asks, if_it), Undecided)
    assert isinstance(served(asks, case(Left(x(1), "EL2h"))), Violated)


def test_a_case_that_this_request_cannot_take_is_left_out() -> None:
    away = case(Left(x(1), "EL2h"), terms.eq(x(0), 3, 64))
    back = case(None, terms.ne(x(0), 3, 64), x0=0)
    assert isinstance(served(way(x0=0, x1=0x800), back, away), Satisfied)
    assert isinstance(served(way(x0=0, x1=0x800), away), Undecided)


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        (way(x0=0, x1=0x800), Satisfied),
        (way(x0=0, x1=0x801), Violated),
        (way(x0=0), DependsOnCaller),
    ],
)
def test_a_precondition_is_met_missed_or_left_to_the_caller(
    asks: CallPath, expected: type[CallerVerdict]
) -> None:
    found = said(asks, CallerQuestion.PRECONDITIONS, case(x0=0))
    assert isinstance(found, expected)
    if isinstance(found, DependsOnCaller):
        assert found.what == "vectors % 2048 == 0: x1 is the function's argument"


def test_an_unknown_identifier_is_the_caller_s_or_nobody_s() -> None:
    assert isinstance(served(way(), case(x0=0)), DependsOnCaller)
    by_chance = served(way(x0=terms.symbol("x9", 64)), case(x0=0))
    assert isinstance(by_chance, Violated) and "uninitialised" in by_chance.what


def test_where_the_contract_is_silent_nothing_is_said() -> None:
    assert isinstance(served(way(x0=0), case(x0=0), rows=(OTHER,)), Unspecified)
    silent = replace(SERVED, clauses=(), unspecified=WHY)
    assert isinstance(served(way(x0=0), case(x0=0), rows=(silent, OTHER)), Unspecified)


def test_what_a_function_spoils_that_was_passed_as_it_should_be_is_a_violation() -> None:
    passed = terms.symbol("x0", 64)
    spoiled = said(way(x0=0, x1=terms.add(passed, 4, 64)), CallerQuestion.PRECONDITIONS, case(x0=0))
    assert isinstance(spoiled, Violated)
    kept = said(way(x0=0, x1=terms.add(passed, 4096, 64)), CallerQuestion.PRECONDITIONS, case(x0=0))
    assert isinstance(kept, DependsOnCaller)


def called(x0: Value) -> CallerVerdict:
    """Return what is said of alignment where the function's one caller passes ``x0``."""
    asks = way(x0=0, x1=terms.symbol("x0", 64))
    caller = Caller(0x2000, replace(FUNCTION, name="machine_kexec"), (way(x0=x0),))
    provider = Provider(PARTY, behaviour(case(x0=0)), AROUND)
    of = replace(site(asks), callers=(caller,))
    met = check_caller(of, asks, revision(SERVED, OTHER), provider, BitwuzlaSolver())
    question = CallerQuestion.PRECONDITIONS
    return next(point.verdict for point in met.points if point.aspect is question)


def test_what_a_caller_of_the_function_passes_is_judged() -> None:
    violated = called(8)
    assert isinstance(violated, Violated) and "machine_kexec" in violated.what
    assert isinstance(called(4096), Satisfied)
    assert isinstance(called(terms.symbol("x5", 64)), DependsOnCaller)


LEAVES = Clause("leaves", "", Leaves(old("x1"), "EL2h"), WHY)
RESTART = replace(SERVED, requires=(), clauses=(LEAVES,))
TARGET = terms.symbol("x8 behind", 64)
SOURCE = Source("x8 behind", Origin.EARLIER, "x8", 0x1004)


def went_on(asks: CallPath) -> CallerVerdict:
    """Return what is said of code that goes on at the address in x8 behind the call."""
    left = replace(case(), outcome=Left(x(1), "EL2h"))
    provider = Provider(PARTY, behaviour(left), AROUND)
    of = replace(site(asks), onward=Onward(0x1010, "x8", TARGET, {"x8 behind": SOURCE}))
    met = check_caller(of, asks, revision(RESTART, OTHER), provider, BitwuzlaSolver())
    return next(p.verdict for p in met.points if p.aspect is CallerQuestion.GOES_ON)


def test_code_behind_a_call_that_leaves_goes_where_it_asks_to_go() -> None:
    same = terms.symbol("x8", 64)
    assert isinstance(went_on(way(x0=0, x1=same)), Satisfied)
    assert isinstance(went_on(way(x0=0, x1=terms.symbol("x7", 64))), Violated)
    midst = replace(way(x0=0, x1=terms.symbol("x7", 64)), start=Start.INSIDE)
    assert isinstance(went_on(midst), Undecided)
