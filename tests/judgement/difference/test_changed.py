"""Another value of a system register that a call may write is a change, and never harmless."""

from dataclasses import replace

import pytest

from hypabi.analysis.findings.difference import kind_of
from hypabi.analysis.results.difference import ChangeKind
from hypabi.behaviour.case import Behaviour, Case
from hypabi.contract.clause import Clause, Ensures, KeepsSystemRegisters, Partly
from hypabi.contract.expression import Disjunction, Operation, Operator, Predicate
from hypabi.judgement.difference.compare import compare_sides
from hypabi.judgement.difference.model import (
    Aspect,
    Bearing,
    Change,
    Changed,
    Direction,
    Equal,
    Incompatible,
    Stronger,
    Undecided,
    Weaker,
)
from hypabi.judgement.difference.side import Side
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from tests.judgement.difference.one_call import FRAME, RETURNS, SUCCESS, revision
from tests.judgement.handler_contract import WHY, bits, equal, new, number, old
from tests.judgement.made_case import AROUND, Clueless, behaviour, case, x

WHOLE = KeepsSystemRegisters(("SCTLR_EL2",))
FIELD = KeepsSystemRegisters((), (Partly("SCTLR_EL2", 64, 0, 0, None),))
ENTRY = terms.symbol("SCTLR_EL2", 64)


def change(
    home: Case,
    other: Case,
    system: KeepsSystemRegisters = WHOLE,
    solver: type = BitwuzlaSolver,
    promises: tuple[Clause, ...] = (),
) -> Change:
    row = revision().rows[0]
    clauses = (SUCCESS, *promises, FRAME, Clause("system-registers", "", system, WHY), RETURNS)
    contract = replace(revision(), rows=(replace(row, clauses=clauses),))

    def side(of: Behaviour, program: str) -> Side:
        return Side(contract, {"stub": of}, AROUND, program, {})

    one, another = side(behaviour(home), "one"), side(behaviour(other), "another")
    (cell,) = compare_sides(one, another, Direction.OLD_CALLERS, solver)
    return cell.change


def leaves(value: Value, x1: Value = 0) -> Case:
    return case(x0=0, SCTLR_EL2=value, x1=x1)


def test_another_value_is_a_change_with_a_state_that_shows_it() -> None:
    for home, other in (
        (leaves(0x30), leaves(0)),
        (leaves(0), case(x0=0)),
        (case(x0=0), leaves(5)),
    ):
        found = change(home, other)
        assert isinstance(found, Changed)
        (each,) = (d for d in found.differences if d.bearing is Bearing.CHANGED)
        assert (each.aspect, each.subject) == (Aspect.SYSTEM_REGISTER, "SCTLR_EL2")
        assert each.home != each.other
        assert kind_of(found) is ChangeKind.CHANGED


def test_the_same_value_is_equal_and_a_general_register_is_still_harmless() -> None:
    assert isinstance(change(leaves(x(2)), leaves(x(2))), Equal)
    found = change(leaves(0), leaves(0, x1=1))
    assert isinstance(found, Equal) and [e.bearing for e in found.notes] == [Bearing.HARMLESS]


def test_what_is_worse_decides() -> None:
    assert isinstance(change(leaves(1), case(x0=0, SCTLR_EL2=0, x9=0)), Weaker)
    assert isinstance(change(case(x0=0, SCTLR_EL2=1, x9=0), leaves(0)), Stronger)
    assert isinstance(change(leaves(1), case(x0=1, SCTLR_EL2=0)), Incompatible)


def test_what_is_not_shown_is_undecided_and_never_equal() -> None:
    assert isinstance(change(leaves(x(2)), leaves(x(3)), solver=Clueless), Undecided)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (terms.or_(ENTRY, 1, 64), Changed),
        (terms.or_(ENTRY, 2, 64), Weaker),
        (terms.or_(ENTRY, 3, 64), Weaker),
    ],
)
def test_bits_that_may_not_change_are_lost_as_ever(other: Value, expected: type) -> None:
    assert isinstance(change(case(x0=0), leaves(other), FIELD), expected)


def masked(value: int) -> Operation:
    return Operation(Operator.AND, new("SCTLR_EL2"), number(value))


MMU_OFF = equal(bits(new("SCTLR_EL2"), 0, 0), number(0, 1))
LOW_BYTE = equal(masked(0xFF), number(0x30))
KEPT_OR_ZERO = Disjunction(
    (equal(new("SCTLR_EL2"), old("SCTLR_EL2")), equal(new("SCTLR_EL2"), number(0)))
)


@pytest.mark.parametrize(
    ("holds", "home", "other", "expected"),
    [
        (MMU_OFF, 0x30, 0, Changed),
        (MMU_OFF, 0x30, 0x31, Incompatible),
        (LOW_BYTE, 0x30, 0x1030, Changed),
        (LOW_BYTE, 0x30, 0x1031, Incompatible),
        (LOW_BYTE, 0x31, 0x1030, Incompatible),
        (LOW_BYTE, 0x31, 0x31, Equal),
        (KEPT_OR_ZERO, ENTRY, 0, Changed),
        (KEPT_OR_ZERO, 0, 1, Incompatible),
    ],
)
def test_a_difference_breaks_only_where_one_side_does_not_keep_the_promise(
    holds: Predicate, home: Value, other: Value, expected: type
) -> None:
    promise = (Clause("some", "", Ensures(holds), WHY),)
    assert isinstance(change(leaves(home), leaves(other), promises=promise), expected)


def test_a_difference_where_a_promise_does_not_apply_is_a_change() -> None:
    holds = Ensures(equal(new("SCTLR_EL2"), old("x2")))
    promise = (Clause("it", "", holds, WHY, when=equal(old("x5"), number(1))),)
    one = terms.ite(terms.eq(x(5), 1, 64), x(2), 0, 64)
    another = terms.ite(terms.eq(x(5), 1, 64), x(2), 7, 64)
    assert isinstance(change(leaves(one), leaves(another), promises=promise), Changed)
    assert isinstance(change(leaves(one), leaves(7), promises=promise), Incompatible)


def test_a_general_register_is_compared_by_value_whatever_the_promise_says() -> None:
    low = equal(bits(new("x1"), 3, 0), number(0, 4))
    either = Disjunction((equal(new("x1"), number(1)), equal(new("x1"), number(2))))
    for holds, expected in ((low, Equal), (either, Incompatible)):
        promise = (Clause("some", "", Ensures(holds), WHY),)
        found = change(case(x0=0, x1=0x10), case(x0=0, x1=0x20), promises=promise)
        assert isinstance(found, expected)
