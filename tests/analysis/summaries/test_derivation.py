"""A derivation told as plain values says what the terms say."""

from collections.abc import Iterable

import pytest

from hypabi.analysis.case_views import answers_by_number
from hypabi.analysis.findings.derivation import Derivation, Derived
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.derivation import DerivedCase, DeriveResult, Ending
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.summaries.derivation import summarize_derivation
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Condition,
    Effect,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.image.model import Role
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from tests.analysis.results.walk import assert_is_data
from tests.report import made

X0, X1, X2 = (terms.symbol(f"x{number}", 64) for number in range(3))
ONE, TWO = terms.eq(X1, 1, 64), terms.eq(X1, 2, 64)
SYNC = made.STUB + 0x800


def case(
    *guard: Value,
    registers: "dict[str, Value] | None" = None,
    stores: tuple[Store, ...] = (),
    effects: tuple[Effect, ...] = (),
    outcome: Outcome | None = None,
    assumptions: tuple[str, ...] = (),
) -> Case:
    conditions = tuple(Condition(made.STUB, term) for term in guard)
    ends = Returned() if outcome is None else outcome
    return Case(conditions, registers or {}, stores, effects, ends, assumptions, None)


def summary(cases: Iterable[Case], names: "dict[int, str] | None" = None) -> DeriveResult:
    found = tuple(cases)
    widths = {name: 64 for each in found for name in each.registers}
    behaviour = Behaviour(made.STUB + 0x400, {}, "ELR_EL2", "SPSR_EL2", found, widths)
    rows = answers_by_number(behaviour, Architecture.ARM64, "x0", names or {}, BitwuzlaSolver)
    table = Table(Role.KERNEL, made.STUB, "EL2", "vectors", "symbol", ("stub",))
    return summarize_derivation(
        Derivation(
            made.loaded(),
            Architecture.ARM64,
            "x0",
            "x0",
            None,
            {"ARM64_KVM_PROTECTED_MODE": 40},
            (Derived(table, behaviour.entry, behaviour, rows),),
            Provenance(("hypabi", "derive", "vmlinuz"), made.VERSIONS),
        )
    )


def only(*cases: Case) -> tuple[DerivedCase, ...]:
    """Return the cases of the one row of a derivation."""
    (entry,) = summary(cases).entries
    (call,) = entry.calls
    return call.cases


def test_it_is_data_and_holds_what_identifies_its_inputs() -> None:
    found = summary([case(terms.eq(X0, 0, 64)), case(outcome=Undecided(SYNC, "why"))], {0: "A"})
    assert_is_data(found)
    assert found.reproduce.image_sha256 == "b" * 64
    assert found.verdict == "undecided"
    (entry,) = found.entries
    assert (entry.place, entry.parties) == ("vectors+0x400", ("stub",))
    assert [(call.number, call.call) for call in entry.calls] == [("0x0", "A"), (None, None)]


def test_what_changes_is_a_term_and_what_does_not_is_kept() -> None:
    (made_of,) = only(case(registers={"x1": X2, "x9": 7, "VBAR_EL2": X1}))
    assert made_of.registers == {"x1": "x2", "x9": "0x7"}
    assert made_of.system_registers == {"VBAR_EL2": "x1"}
    assert {"x1", "x9"}.isdisjoint(made_of.kept) and {"x0", "x30", "SP_EL0"} <= set(made_of.kept)


def test_conditions_are_told_one_by_one_and_as_one() -> None:
    (made_of,) = only(case(ONE, terms.eq(X2, 0, 64)))
    assert made_of.where == ("x1 == 1", "x2 == 0")
    assert made_of.when == "x1 == 1 && x2 == 0"
    assert only(case())[0].when == "1"


def test_cases_agree_where_they_differ_only_in_when_they_are_taken() -> None:
    first, second = case(ONE, registers={"x0": 5}), case(TWO, registers={"x0": 5})
    other = case(terms.lnot(ONE), terms.lnot(TWO))
    (call,) = summary([first, other, second]).entries[0].calls
    assert [each.cases for each in call.agreeing] == [(0, 2), (1,)]
    assert not any(each.always for each in call.agreeing)


@pytest.mark.parametrize(
    "different",
    [
        case(TWO, registers={"x0": 6}),
        case(TWO, registers={"VBAR_EL2": X1}),
        case(TWO, stores=(Store(X1, 0, 8, X2),)),
        case(TWO, effects=(Effect(made.STUB, "ISB", ()),)),
        case(TWO, outcome=Stuck(made.STUB)),
        case(TWO, outcome=Left(X1, "EL2h", X2)),
    ],
)
def test_cases_that_do_something_else_do_not_agree(different: Case) -> None:
    (call,) = summary([case(ONE), different]).entries[0].calls
    assert [each.cases for each in call.agreeing] == [(0,), (1,)]


def test_conditions_that_join_to_all_there_is_are_always_met() -> None:
    (call,) = summary([case(ONE), case(terms.lnot(ONE))]).entries[0].calls
    assert [(each.cases, each.always) for each in call.agreeing] == [((0, 1), True)]


@pytest.mark.parametrize(
    ("outcome", "ends", "how"),
    [
        (Returned(), Ending.RETURNS, "to the caller"),
        (Left(X1, "EL2h"), Ending.LEAVES, "to x1 at EL2h"),
        (Left(SYNC, "EL2h"), Ending.LEAVES, "to sync at EL2h"),
        (Stuck(SYNC + 0x10), Ending.STUCK, "at sync+0x10"),
        (Faulted(made.STUB, "brk #0x1"), Ending.FAULTS, "at vectors: brk #0x1"),
        (
            Called("handler", made.STUB),
            Ending.CALLS,
            "handler, which is compiled code and not followed",
        ),
        (CalledBack(terms.symbol("r0", 32), "hyp"), Ending.CALLS, "r0 at hyp"),
        (Requested(SYNC, 4), Ending.ASKS, "by hvc #0x4 at sync"),
        (Undecided(made.STUB, "no semantics"), Ending.UNDECIDED, "beyond vectors: no semantics"),
    ],
)
def test_every_way_to_end_has_its_word(outcome: Outcome, ends: Ending, how: str) -> None:
    (made_of,) = only(case(outcome=outcome))
    assert (made_of.ends, made_of.how) == (ends, how)


def test_successive_stores_to_one_base_are_a_region() -> None:
    stack = terms.symbol("SP_EL2", 64)
    stores = (
        Store(X1, 0x10, 8, X2),
        Store(stack, -16 % 2**64, 8, X0),
        Store(stack, -8 % 2**64, 8, X1),
        Store(None, 0x1000, 4, 1),
    )
    (made_of,) = only(case(stores=stores))
    assert [(each.address, each.size, each.value) for each in made_of.memory] == [
        ("x1 + 0x10", 8, "x2"),
        ("SP_EL2 - 0x10", 8, "x0"),
        ("SP_EL2 - 0x8", 8, "x1"),
        ("0x1000", 4, "0x1"),
    ]
    assert [(each.address, each.size, each.stores) for each in made_of.regions] == [
        ("x1 + 0x10", 8, 1),
        ("SP_EL2 - 0x10", 16, 2),
        ("0x1000", 4, 1),
    ]


def test_an_effect_says_under_which_condition_it_happens() -> None:
    protected = terms.symbol("cpucap.40", 1)
    performed = (Effect(made.STUB, "ISB", ()), Effect(made.STUB, "DSB", (X1,), protected))
    (made_of,) = only(case(effects=performed))
    assert [(each.name, each.operands, each.where) for each in made_of.effects] == [
        ("ISB", (), None),
        ("DSB", ("x1",), "cpucap.40"),
    ]


def test_every_address_that_has_a_symbol_is_told_with_it() -> None:
    there = terms.symbol(f"mem[{SYNC:#x}]", 64)
    found = summary(
        [
            case(ONE, registers={"x2": there, "x3": 0x1234}),
            case(TWO, assumptions=(f"that {made.STUB:#x} is not patched",)),
        ]
    )
    assert found.symbols == {f"{SYNC:#x}": "sync", f"{made.STUB:#x}": "vectors"}
