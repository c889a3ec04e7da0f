import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.derivation import Derivation, Derived, answers
from hypabi.analysis.results.vector_table import Table
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    Condition,
    Effect,
    Faulted,
    Left,
    Outcome,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.image.model import Role
from hypabi.report.derive import json as derive_json
from hypabi.report.derive.text import Cases, write
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from tests.report import made
from tests.report.made import COLUMNS
from tests.report.schemas import strict

X0, X1, X2 = (terms.symbol(f"x{number}", 64) for number in range(3))
IS_ZERO = terms.eq(X0, 0, 64)
NOT_ZERO = terms.lnot(IS_ZERO)
PROTECTED = terms.symbol("cpucap.40", 1)


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


def derivation(cases: Iterable[Case], names: "dict[int, str] | None" = None) -> Derivation:
    found = tuple(cases)
    widths = {name: 64 for each in found for name in each.registers}
    behaviour = Behaviour(made.STUB + 0x400, {}, "ELR_EL2", "SPSR_EL2", found, widths)
    rows = answers(behaviour, Architecture.ARM64, "x0", names or {}, BitwuzlaSolver)
    table = Table(Role.KERNEL, made.STUB, "EL2", "vectors", "symbol", ("stub",))
    return Derivation(
        made.loaded(),
        Architecture.ARM64,
        "x0",
        None,
        {"ARM64_KVM_PROTECTED_MODE": 40},
        (Derived(table, behaviour.entry, behaviour, rows),),
        0,
        Provenance(("hypabi", "derive", "vmlinuz"), made.VERSIONS),
    )


def test_each_number_the_code_tells_apart_has_a_row_and_any_other_has_one() -> None:
    text = write(
        derivation(
            [case(IS_ZERO, registers={"x0": 7}), case(NOT_ZERO, registers={"x0": 0xBADCA11})],
            {0: "HVC_SET_VECTORS"},
        )
    )
    assert "\nx0 = 0  HVC_SET_VECTORS\n  result    x0 = 7\n" in text
    assert "\nany other x0\n  result    x0 = 0xbadca11\n" in text
    assert "where" not in text  # the number alone decides


def test_a_call_that_the_contract_names_has_a_row_even_if_the_code_does_not_tell_it_apart() -> None:
    text = write(derivation([case()], {3: "HVC_FINALISE_EL2"}))
    assert "\nx0 = 3  HVC_FINALISE_EL2\n  result    x0 = 3\n" in text


def test_a_register_that_a_case_gives_its_own_value_is_kept() -> None:
    same = terms.ite(IS_ZERO, X2, terms.xor(X2, X0, 64), 64)
    text = write(derivation([case(IS_ZERO, registers={"x2": same, "x3": X1}), case(NOT_ZERO)]))
    row = text.partition("\nx0 = 0\n")[2]
    assert "  loses     x3\n  keeps     x1-x2, x4-x30" in row


def test_the_guard_beyond_the_number_is_shown_with_the_capability_s_name() -> None:
    text = write(
        derivation(
            [
                case(IS_ZERO, PROTECTED, outcome=Called("handle_trap", made.STUB)),
                case(IS_ZERO, terms.lnot(PROTECTED)),
                case(NOT_ZERO),
            ]
        )
    )
    assert "\nx0 = 0  (2 cases)\n  case 1\n    where     ARM64_KVM_PROTECTED_MODE\n" in text
    assert "    calls     handle_trap, which is compiled code and not followed" in text


def agreeing() -> Derivation:
    high, low = terms.eq(X1, 1, 64), terms.eq(X1, 2, 64)
    return derivation([case(high, registers={"x0": 5}), case(low, registers={"x0": 5})])


def test_cases_that_do_the_same_are_one_with_both_conditions() -> None:
    assert (
        "\nany other x0\n  where     x1 == 1\n  or        x1 == 2\n  result    x0 = 5\n"
    ) in write(agreeing())


def test_cases_that_do_the_same_are_printed_one_by_one_on_request() -> None:
    text = write(agreeing(), Cases.ONE_BY_ONE)
    assert "case 1\n    where     x1 == 1\n    result    x0 = 5\n" in text
    assert "case 2\n    where     x1 == 2\n    result    x0 = 5\n" in text


def test_conditions_that_are_always_met_together_are_not_printed() -> None:
    one = terms.eq(X1, 1, 64)
    assert "where" not in write(derivation([case(one), case(terms.lnot(one))]))


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Returned(), "returns   to the caller"),
        (Left(X1, "EL2h"), "leaves    to x1 at EL2h"),
        (Left(made.STUB + 0x800, "EL2h"), "leaves    to sync at EL2h"),
        (Stuck(made.STUB + 0x810), "stuck     at sync+0x10"),
        (Faulted(made.STUB, "brk #0x1"), "faults    at vectors: brk #0x1"),
        (Called("kvm_handler", made.STUB), "calls     kvm_handler, which is compiled code"),
        (Undecided(made.STUB, "no semantics"), "undecided beyond vectors: no semantics"),
    ],
)
def test_every_way_to_end_is_said_with_its_place(outcome: Outcome, line: str) -> None:
    assert f"\n  {line}" in write(derivation([case(outcome=outcome)]))


def test_memory_is_printed_by_region_and_a_single_store_with_its_value() -> None:
    stack = terms.symbol("SP_EL2", 64)
    stores = (
        Store(X1, 0x10, 8, X2),
        Store(stack, -16 % 2**64, 8, X0),
        Store(stack, -8 % 2**64, 8, X1),
    )
    text = write(derivation([case(stores=stores)]))
    assert "  writes    8 bytes at x1 + 0x10: x2\n" in text
    assert "            2 times in 16 bytes at SP_EL2 - 0x10\n" in text


def test_effects_are_named_in_order_and_counted() -> None:
    names = ("ISB", "TLBI VMALLE1", "TLBI VMALLE1", "DSB")
    performed = tuple(Effect(made.STUB, name, ()) for name in names)
    sometimes = Effect(made.STUB, "ISB", (), PROTECTED)
    text = write(derivation([case(effects=(*performed, sometimes))]))
    assert "  does      ISB, TLBI VMALLE1 x2, DSB, ISB (at times)\n" in text


def test_an_assumption_is_printed_once_for_an_entry() -> None:
    text = write(
        derivation([case(IS_ZERO, assumptions=("so",)), case(NOT_ZERO, assumptions=("so",))])
    )
    assert text.count("\n  * so\n") == 1


def test_a_long_term_is_cut_in_text_and_whole_in_json() -> None:
    long: Value = X1
    for number in range(40):
        long = terms.add(long, terms.symbol(f"mem[x{number}]", 64), 64)
    it = derivation([case(registers={"VBAR_EL2": long})])
    text = write(it)
    assert "  sets      VBAR_EL2 = " in text
    assert max(map(len, text.splitlines())) <= COLUMNS
    assert "mem[x0]" not in text
    assert "mem[x0]" in derive_json.write(it)


def test_json_is_as_published() -> None:
    stores = (Store(None, 0x1000, 4, 1),)
    effects = (Effect(made.STUB, "DSB", (X1,), PROTECTED),)
    it = derivation(
        [case(IS_ZERO, stores=stores, effects=effects), case(NOT_ZERO, outcome=Stuck(made.STUB))]
    )
    printed = json.loads(derive_json.write(it))
    strict("derive").validate(printed)
    cases = printed["entries"][0]["calls"][0]["cases"]
    assert cases[0]["memory"] == [{"address": "0x1000", "size": 4, "value": "0x1"}]
    assert cases[0]["effects"][0]["where"] == "cpucap.40"


NAMES = st.text(min_size=1, max_size=60)


@given(NAMES, NAMES, st.text(max_size=300))
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(
    symbol: str, register: str, reason: str
) -> None:
    value = terms.symbol(symbol, 64)
    cases = [
        case(terms.eq(value, 1, 64), registers={register: value}, assumptions=(reason,)),
        case(terms.eq(value, 2, 64), outcome=Undecided(made.STUB, reason)),
        case(terms.eq(value, 3, 64), outcome=Left(value, reason)),
        case(terms.eq(value, 4, 64), stores=(Store(value, 0, 8, value),)),
        case(terms.eq(value, 5, 64), effects=(Effect(0, reason, ()),)),
    ]
    for line in write(derivation(cases)).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
