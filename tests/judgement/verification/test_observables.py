"""What a caller can see of a call, and what is open to change."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.behaviour.outcome import Called, CalledBack, Left, Store
from hypabi.contract.clause import (
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Region,
    Returns,
    Statement,
)
from hypabi.contract.expression import Conjunction, Disjunction, Negation, Operation, Operator
from hypabi.contract.revision import Row, Service
from hypabi.judgement.verification.observables import (
    Frame,
    Seen,
    at_exit,
    frame_of,
    handed_over,
    is_kept,
    is_register,
    lost_by,
    map_observables,
    seen_of,
)
from hypabi.smt import terms
from hypabi.smt.terms import Term
from tests.judgement.handler_contract import ALWAYS, SUCCEEDS, WHY, bits, equal, new, number, old
from tests.judgement.made_case import behaviour, case, x

X1, X7 = terms.symbol("x1", 64), terms.symbol("x7", 64)
assert isinstance(X1, Term)


def row(*statements: Statement) -> Row:
    clauses = tuple(Clause(f"c{n}", "", each, WHY) for n, each in enumerate(statements))
    return Row("stub", "SET", Service.SERVED, ALWAYS, (), (), clauses, None)


def test_a_register_that_a_promise_reads_at_exit_is_seen_and_at_entry_is_not() -> None:
    holds = equal(new("VBAR_EL2"), old("x1"))
    (found,) = seen_of(row(Ensures(holds)))
    assert found == Seen(new("VBAR_EL2"), holds, None, None)
    assert found.register == "VBAR_EL2"


def test_what_is_seen_is_found_in_every_kind_of_predicate_and_once() -> None:
    field = bits(new("SCTLR_EL2"), 0, 0)
    total = Operation(Operator.ADD, new("x2"), number(1))
    holds = Conjunction(
        (
            Negation(equal(field, number(0, 1))),
            Disjunction((equal(total, number(0)), equal(new("x3"), number(0)))),
            equal(new("x3"), number(4)),
        )
    )
    assert [each.of for each in seen_of(row(Ensures(holds)))] == [field, new("x2"), new("x3")]


def test_a_promise_is_seen_under_what_it_depends_on() -> None:
    when = equal(old("x5"), number(1))
    holds = equal(bits(new("x0"), 3, 0), number(0, 4))
    clause = Clause("it", "", Ensures(holds), WHY, when, SUCCEEDS)
    made = Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (clause,), None)
    (found,) = seen_of(made)
    assert found == Seen(bits(new("x0"), 3, 0), holds, when, SUCCEEDS)
    assert found.register == "x0"


def test_a_frame_is_what_its_clauses_say_and_open_where_none_does() -> None:
    stack = (Region(old("SP_EL2"), 16),)
    whole = row(KeepsRegisters(("x0",)), KeepsSystemRegisters(()), KeepsMemory(stack))
    assert frame_of(whole) == Frame(frozenset({"x0"}), frozenset(), stack)
    assert frame_of(row(Returns(None))) == Frame(None, None, None)


def test_only_a_row_that_names_compiled_code_is_handed_over() -> None:
    assert handed_over(row(HandedTo("f")))
    assert not handed_over(row(Returns(None)))


def test_a_register_is_kept_that_is_not_listed_or_gets_what_it_held() -> None:
    of = case(x1=x(1), x2=x(1))
    made = behaviour(of)
    assert is_kept(made, of, "x1") and is_kept(made, of, "x3")
    assert not is_kept(made, of, "x2")
    assert at_exit(made, of, "x2", 64) is X1
    assert at_exit(made, of, "x7", 64) is X7


def test_registers_of_each_kind_are_lost_and_parts_of_pstate_are_none() -> None:
    of = case(x1=0, VBAR_EL2=0, SPSel=0, SP_EL1=0)
    general = set(lost_by(Architecture.ARM64, of, general=True))
    system = set(lost_by(Architecture.ARM64, of, general=False))
    assert "x1" in general and "VBAR_EL2" in system
    assert general | system == {"x1", "VBAR_EL2", "SP_EL1"} and not general & system
    assert not is_register("SPSel") and not is_register("pc") and is_register("x1")


@pytest.mark.parametrize("outcome", [Left(X1, "EL2h", X1), CalledBack(X1, "hyp")])
def test_another_entry_is_put_in_everywhere(outcome: Left | CalledBack) -> None:
    before = behaviour(case(outcome, terms.eq(X1, 3, 64), stores=(Store(X1, 8, 8, x(1)),), x2=x(1)))
    after = map_observables(before, {X1: X7})
    (found,) = after.cases
    assert found.guard[0].term is terms.eq(X7, 3, 64)
    assert found.registers["x2"] is X7 and found.stores[0].base is X7
    assert isinstance(found.outcome, Left | CalledBack) and found.outcome.target is X7
    assert after.at_entry["x1"] is X7


def test_a_constant_entry_makes_an_address_absolute_and_leaves_the_rest() -> None:
    before = behaviour(case(Called("f", 0x80), stores=(Store(X1, 8, 8, x(2)),)))
    (found,) = map_observables(before, {X1: 0x1000}).cases
    assert (found.stores[0].base, found.stores[0].offset) == (None, 0x1008)
    assert found.stores[0].value is x(2) and found.outcome == Called("f", 0x80)
    assert map_observables(before, {}) is before
