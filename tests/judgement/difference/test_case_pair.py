"""Two cases that one state can lead to: what a caller sees differ, and how bad that is."""

from dataclasses import dataclass

import pytest

from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import Called, Left, Outcome, Returned, Store, Stuck, Undecided
from hypabi.contract.clause import Region
from hypabi.judgement.difference.budget import MOST, PatientSolver
from hypabi.judgement.difference.case_pair import Pair
from hypabi.judgement.difference.case_view import Provided, Rules
from hypabi.judgement.difference.difference_query import DifferenceQuery
from hypabi.judgement.difference.model import Aspect, Bearing, Difference
from hypabi.judgement.verification.observables import Frame, Seen
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from hypabi.symbolic.state import Step, Trail
from tests.judgement.handler_contract import REVISION, equal, new, old
from tests.judgement.made_case import behaviour, case, lowered, x

FRAME = Frame(frozenset({"x0", "x1"}), frozenset({"SPSR_EL2"}), ())


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a pair."""

    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]

    @property
    def bearings(self) -> dict[str, Bearing]:
        return {each.subject: each.bearing for each in self.differences}


def compared(
    home: Case,
    other: Case,
    *context: Value,
    frame: Frame = FRAME,
    seen: tuple[Seen, ...] = (),
    handed_over: object = False,
    sets_up: object = False,
) -> Found:
    sides = [Provided(behaviour(each), each, lowered(each)) for each in (home, other)]
    solver = PatientSolver(BitwuzlaSolver(), Allowance(MOST))
    query = DifferenceQuery(solver, context, frozenset(), one_program=False)
    rules = Rules(REVISION, seen, frame, bool(handed_over), bool(sets_up))
    pair = Pair(sides[0], sides[1], rules, query, set())
    differences = tuple(pair.differences())
    return Found(differences, tuple(pair.reasons))


@pytest.mark.parametrize("outcome", [Returned(), Left(x(1), "EL2h", 0x3C9), Stuck(0x40)])
def test_a_case_is_equal_to_itself(outcome: Outcome) -> None:
    made = case(outcome, x0=0, x9=x(3))
    assert compared(made, made) == Found((), ())


def test_another_result_breaks_and_the_same_by_other_words_does_not() -> None:
    assert compared(case(x0=0), case(x0=1)).bearings == {"x0": Bearing.BREAKS}
    one, other = case(x0=terms.sub(x(1), x(2), 64)), case(x0=terms.sub(x(1), x(2), 64))
    assert compared(one, other) == Found((), ())
    doubled = case(x0=terms.add(x(2), x(2), 64)), case(x0=terms.mul(x(2), 2, 64))
    assert compared(*doubled) == Found((), ())


def test_a_register_that_one_side_keeps_is_lost_or_gained_by_the_other() -> None:
    keeps, loses = case(x0=0), case(x0=0, x9=0)
    assert compared(keeps, loses).bearings == {"x9": Bearing.LOSES}
    assert compared(loses, keeps).bearings == {"x9": Bearing.GAINS}
    (found,) = compared(keeps, loses).differences
    assert (found.aspect, found.home) == (Aspect.REGISTER, "x9 is kept")
    assert found.witness["x9"] != 0


def test_what_the_frame_lets_go_is_harmless() -> None:
    found = compared(case(x0=0), case(x0=0, x1=0))
    assert found.bearings == {"x1": Bearing.HARMLESS}
    open_ = Frame(None, None, None)
    assert compared(case(x0=0), case(x0=0, x9=0), frame=open_).bearings == {"x9": Bearing.HARMLESS}


def test_a_register_that_a_promise_speaks_of_is_compared_by_its_value() -> None:
    seen = (Seen(new("VBAR_EL2"), equal(new("VBAR_EL2"), old("x1")), None, None),)
    one, other = case(x0=0, VBAR_EL2=x(1)), case(x0=0, VBAR_EL2=x(2))
    assert compared(one, other, seen=seen).bearings == {"VBAR_EL2": Bearing.BREAKS}
    same = terms.eq(x(1), x(2), 64)
    assert compared(one, other, same, seen=seen) == Found((), ())


@pytest.mark.parametrize(
    "other", [Left(x(1), "EL2h", 0x3C9), Stuck(0x40)], ids=["leaves", "is stuck"]
)
def test_another_end_breaks(other: Outcome) -> None:
    found = compared(case(x0=0), case(other, x0=0))
    assert [(each.aspect, each.bearing) for each in found.differences] == [
        (Aspect.END, Bearing.BREAKS)
    ]


def test_another_place_or_mode_breaks() -> None:
    def leaves(target: Value, status: int) -> Case:
        return case(Left(target, "EL2h", status))

    assert compared(leaves(x(1), 0x3C9), leaves(x(2), 0x3C9)).differences
    assert compared(leaves(x(1), 0x3C9), leaves(x(1), 0x3C5)).differences
    assert not compared(leaves(x(1), 0x3C9), leaves(x(1), 0x3C9)).differences


def test_what_was_not_followed_is_a_reason_and_never_equal() -> None:
    lost = case(Undecided(0x40, "no meaning"))
    for one, other in ((lost, case(x0=0)), (case(x0=0), lost)):
        found = compared(one, other)
        assert found.differences == () and found.reasons == ("not followed no meaning",)


def test_compiled_code_is_compared_by_name_where_no_more_is_promised() -> None:
    one, other = case(Called("f", 0x80)), case(Called("g", 0x80))
    nvhe = case(Called("__kvm_nvhe_f", 0x90))
    assert compared(one, other).reasons and not compared(one, other).differences
    assert compared(one, other, handed_over=True).differences
    assert compared(one, nvhe, handed_over=True) == Found((), ())


def test_paths_of_thousands_of_instructions_are_compared() -> None:
    sides = []
    for _ in range(2):
        trail: Trail = None
        for depth in range(4000):
            trail = Step(4 * depth, trail, depth + 1)
        sides.append(replace(case(x0=0), trail=trail))
    assert compared(sides[0], sides[1]) == Found((), ())


def test_what_who_installs_a_party_leaves_to_compiled_code_is_compared() -> None:
    one, other = (case(Called("f", 0x80), SCTLR_EL2=x(each)) for each in (2, 3))
    assert compared(one, other, handed_over=True) == Found((), ())
    found = compared(one, other, handed_over=True, sets_up=True)
    assert set(found.bearings) == {"SCTLR_EL2"}
    assert compared(one, one, handed_over=True, sets_up=True) == Found((), ())


def test_memory_that_only_one_side_writes_is_lost() -> None:
    base = terms.symbol("x5", 64)
    assert isinstance(base, terms.Term)
    writes = case(stores=(Store(base, 0, 8, x(3)),), x0=0)
    assert [each.bearing for each in compared(case(x0=0), writes).differences] == [Bearing.LOSES]
    assert [each.bearing for each in compared(writes, case(x0=0)).differences] == [Bearing.GAINS]
    scratch = Frame(FRAME.general, FRAME.system, (Region(old("x5"), 8),))
    assert compared(case(x0=0), writes, frame=scratch) == Found((), ())
