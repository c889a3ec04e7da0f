"""Which caller checks can come about, and which moves of the life cycle a call site makes."""

from dataclasses import replace

from hypabi.callsites.model import CallPath
from hypabi.contract.clause import Clause, Ensures, Returns
from hypabi.contract.model import Program as ProgramName
from hypabi.contract.revision import CallerContext, LiveCall, Move, Revision, Row, Service
from hypabi.judgement.callers.compatibility import Provider
from hypabi.judgement.callers.schedule import (
    LifeCycle,
    Program,
    Reachability,
    concerned,
    hold_callers,
    may_ask_for_more,
    may_concern,
)
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from tests.callsites.made_site import FUNCTION, site, way
from tests.judgement.handler_contract import ALWAYS, PARTY, REVISION, WHY, equal, new, number
from tests.judgement.made_case import AROUND, behaviour, case

KERNEL = ProgramName.KERNEL
SET = LiveCall("SET", 0, (), ("stub",), WHY)
CLAUSES = (
    Clause("success", "", Ensures(equal(new("x0"), number(0))), WHY),
    Clause("returns", "", Returns(None), WHY),
)
SERVED = Row("stub", "SET", Service.SERVED, ALWAYS, (), (), CLAUSES, None)
OTHER = replace(SERVED, call=None, service=Service.OTHER)
MOVE = Move("stub", "SET", "payload")


def context(*states: str, function: str = "f") -> CallerContext:
    return CallerContext("it", None, (function,), (), (), states, WHY)


def revision(*contexts: CallerContext) -> Revision:
    rows = (SERVED, OTHER)
    return replace(REVISION, calls=(SET,), rows=rows, moves=(MOVE,), contexts=contexts)


def held(of: Revision, *ways: CallPath) -> LifeCycle:
    provider = Provider(PARTY, behaviour(case(x0=0)), AROUND)
    program = Program(KERNEL, (site(*ways),), (), {"stub": provider})
    return hold_callers(of, (program,), BitwuzlaSolver())


def test_a_site_that_the_contract_does_not_speak_of_meets_every_party_and_moves_it() -> None:
    found = held(revision(), way(x0=0))
    (met,) = found.checks
    assert (met.when, met.context, met.check.call) == (Reachability.WHOEVER_IS_LIVE, None, "SET")
    (taken,) = found.moves
    assert taken.move is MOVE and [each.address for each in taken.by] == [site().address]
    assert found.dormant == ()


def test_a_site_of_which_a_contract_says_nothing_that_speaks_of_others_is_unspoken() -> None:
    found = held(revision(context("stub", function="g")), way(x0=0))
    assert [met.when for met in found.checks] == [Reachability.UNSPOKEN]


def test_a_site_that_breaks_with_everybody_counts_whoever_is_live() -> None:
    nobody_sets = terms.symbol("x9", 64)  # AAPCS64 6.1.1: x9 is no argument
    (met,) = held(revision(), way(x0=nobody_sets)).checks
    assert met.when is Reachability.WHOEVER_IS_LIVE


def test_a_site_that_runs_while_another_is_live_is_unreachable_and_moves_nothing() -> None:
    found = held(revision(context("payload")), way(x0=0))
    (met,) = found.checks
    assert met.when is Reachability.PARTY_NOT_FOUND
    assert found.dormant == ()
    nobody = held(revision(context()), way(x0=0))
    assert nobody.checks[0].when is Reachability.UNREACHABLE
    assert [taken.by for taken in nobody.moves] == [()]
    assert [each.address for each in nobody.dormant] == [site().address]


def test_a_site_that_runs_while_the_party_is_live_is_reachable() -> None:
    said = context("stub")
    (met,) = held(revision(said), way(x0=0)).checks
    assert met.when is Reachability.REACHABLE and met.context is said
    (other,) = held(revision(context("payload", function="g")), way(x0=0)).checks
    assert other.context is None, "it is said of another function"


def test_a_function_that_is_named_runs_then_whichever_call_it_makes() -> None:
    anybody = replace(context("stub"), functions=(), calls=("SET",))
    named = replace(context("payload"), calls=("RESET",))
    (met,) = held(revision(anybody, named), way(x0=0)).checks
    assert (met.when, met.context) == (Reachability.PARTY_NOT_FOUND, named)
    other = replace(named, functions=("g",))
    (met,) = held(revision(anybody, other), way(x0=0)).checks
    assert (met.when, met.context) == (Reachability.REACHABLE, anybody)
    elsewhere = held(revision(anybody, named), way(x0=0x8600_0077))
    assert elsewhere.checks == () and elsewhere.elsewhere == 1


def test_a_way_that_asks_for_something_else_is_counted_and_not_held() -> None:
    found = held(revision(), way(x0=0), way(x0=0x8600_0077), way(immediate=1, x0=0))
    assert len(found.checks) == 1
    assert found.elsewhere == 2


def test_a_contract_concerns_its_numbers_its_code_and_who_leaves_it_to_chance() -> None:
    plain = revision()
    assert concerned(plain, KERNEL, FUNCTION, way(x0=0))
    assert not concerned(plain, KERNEL, FUNCTION, way(x0=0x8600_0077))
    assert concerned(revision(context("stub")), KERNEL, FUNCTION, way(x0=0x8600_0077))
    assert concerned(plain, KERNEL, FUNCTION, way(x0=terms.symbol("x9", 64)))
    assert not concerned(plain, KERNEL, FUNCTION, way(immediate=1, x0=terms.symbol("x9", 64)))


def test_a_constant_may_concern_a_contract_by_number_or_by_its_function() -> None:
    assert may_concern(revision(), KERNEL, FUNCTION, 0)
    assert not may_concern(revision(), KERNEL, FUNCTION, 0x8600_0077)
    assert may_concern(revision(context("stub")), KERNEL, FUNCTION, 0x8600_0077)
    assert not may_concern(revision(context("stub", function="g")), KERNEL, FUNCTION, 0x8600_0077)


def test_only_an_identifier_that_is_not_known_may_ask_for_more() -> None:
    assert may_ask_for_more(revision(), way())
    assert not may_ask_for_more(revision(), way(x0=0))
    assert not may_ask_for_more(revision(), way(immediate=1))
