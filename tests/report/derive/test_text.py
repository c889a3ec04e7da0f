"""A derivation as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.derivation import (
    AgreeingCases,
    DerivedCase,
    DeriveResult,
    Ending,
    MemoryRegion,
    MemoryWrite,
    SystemEffect,
)
from hypabi.records import replace
from hypabi.report.derive.text import Cases, write
from tests.report import made
from tests.report.made import COLUMNS
from tests.report.made_derivations import call, case, derivation, entry, of_calls


def test_the_first_lines_say_the_verdict_and_how_it_comes_about() -> None:
    lost = case(ends=(Ending.UNDECIDED, "beyond vectors: no semantics"))
    whole, half = entry(call("0x0", case()), call(None, case())), entry(call(None, case(), lost))
    assert write(derivation(whole)).splitlines()[:2] == [
        "6.1.0-test (arm64): DERIVED",
        "1 entry: 1 derived; 2 calls: 2 derived",
    ]
    assert write(derivation(whole, half)).splitlines()[:2] == [
        "6.1.0-test (arm64): UNDECIDED",
        "2 entries: 1 derived, 1 undecided; 3 calls: 2 derived, 1 undecided",
    ]


def test_a_file_that_does_not_say_its_version_goes_by_its_name() -> None:
    text = write(derivation(version=""))
    assert text.startswith("vmlinuz (arm64): UNDECIDED\n0 entries: none judged; ")


def test_each_number_has_a_row_and_any_other_has_one() -> None:
    text = write(
        of_calls(
            call("0x0", case(registers={"x0": "0x7"}), name="HVC_SET_VECTORS"),
            call("0x10", case()),
            call(None, case(registers={"x0": "0xbadca11"})),
        )
    )
    assert "\nx0 = 0  HVC_SET_VECTORS\n  result    x0 = 7\n" in text
    assert "\nx0 = 0x10\n  result    x0 = 0x10\n" in text
    assert "\nany other x0\n  result    x0 = 0xbadca11\n" in text


def test_where_the_number_is_not_known_a_result_that_is_kept_is_unchanged() -> None:
    assert "\nany other x0\n  result    x0 = unchanged\n" in write(of_calls(call(None, case())))


def test_what_a_call_loses_and_keeps_is_said_in_few_words() -> None:
    text = write(of_calls(call("0x0", case(registers={"x3": "x1", "x0": "x1"}))))
    assert "  loses     x3\n  keeps     x1-x2, x4-x30, SP_EL0-SP_EL3\n" in text


def test_a_condition_is_shown_with_the_capability_s_name() -> None:
    traps = (Ending.CALLS, "handle_trap, which is compiled code and not followed")
    text = write(of_calls(call("0x0", case("cpucap.40", ends=traps), case("!cpucap.40"))))
    assert "\nx0 = 0  (2 cases)\n  case 1\n    where     ARM64_KVM_PROTECTED_MODE\n" in text
    assert "    calls     handle_trap, which is compiled code and not followed" in text
    assert "  case 2\n    where     !ARM64_KVM_PROTECTED_MODE\n" in text


def agreeing(*, always: bool = False) -> DeriveResult:
    cases = [case("x1 == 1", registers={"x0": "0x5"}), case("x1 == 2", registers={"x0": "0x5"})]
    return of_calls(call(None, *cases, agreeing=(AgreeingCases((0, 1), always),)))


def test_cases_that_do_the_same_are_one_with_both_conditions() -> None:
    assert (
        "\nany other x0\n  where     x1 == 1\n  or        x1 == 2\n  result    x0 = 5\n"
    ) in write(agreeing())


def test_cases_that_do_the_same_are_printed_one_by_one_on_request() -> None:
    text = write(agreeing(), Cases.ONE_BY_ONE)
    assert "case 1\n    where     x1 == 1\n    result    x0 = 5\n" in text
    assert "case 2\n    where     x1 == 2\n    result    x0 = 5\n" in text


def test_conditions_that_are_always_met_together_are_not_printed() -> None:
    assert "where" not in write(agreeing(always=True))
    assert "where" not in write(of_calls(call("0x0", case())), Cases.ONE_BY_ONE)


@pytest.mark.parametrize(
    ("ends", "line"),
    [
        ((Ending.RETURNS, "to the caller"), "returns   to the caller, from sync+0x4"),
        ((Ending.LEAVES, "to x1 at EL2h"), "leaves    to x1 at EL2h, from sync+0x4"),
        ((Ending.CALLS, "kvm"), "calls     kvm, from sync+0x4"),
        ((Ending.STUCK, "at sync"), "stuck     at sync"),
        ((Ending.FAULTS, "at sync: brk #0x1"), "faults    at sync: brk #0x1"),
        ((Ending.ASKS, "by hvc #0x0 at sync"), "asks      by hvc #0x0 at sync"),
        ((Ending.UNDECIDED, "beyond sync: why"), "undecided beyond sync: why"),
    ],
)
def test_every_way_to_end_is_said_with_its_place(ends: tuple[Ending, str], line: str) -> None:
    assert f"\n  {line}\n" in write(of_calls(call(None, case(ends=ends, last_place="sync+0x4"))))


def test_an_address_is_named_by_its_symbol() -> None:
    address = f"{made.STUB + 0x800:#x}"
    leaves = case(registers={"x1": f"mem[{address}]"}, ends=(Ending.LEAVES, "to x1"))
    text = write(derivation(entry(call(None, leaves)), symbols={address: "sync"}))
    assert "  passes    x1 = mem[sync]\n" in text


def test_memory_is_printed_by_region_and_a_single_store_with_its_value() -> None:
    memory = (
        MemoryWrite("SP_EL2 - 0x10", 8, "x0"),
        MemoryWrite("SP_EL2 - 0x8", 8, "x1"),
        MemoryWrite("x1 + 0x10", 8, "x2"),
    )
    regions = (MemoryRegion("SP_EL2 - 0x10", 16, 2), MemoryRegion("x1 + 0x10", 8, 1))
    text = write(of_calls(call(None, case(memory=memory, regions=regions))))
    assert (
        "  writes    2 times in 16 bytes at SP_EL2 - 0x10\n            8 bytes at x1 + 0x10: x2\n"
    ) in text


def test_effects_are_named_in_order_and_counted() -> None:
    names = ("ISB", "TLBI VMALLE1", "TLBI VMALLE1", "DSB")
    performed = tuple(SystemEffect("0x0", name, (), None) for name in names)
    sometimes = SystemEffect("0x0", "ISB", (), "cpucap.40")
    text = write(of_calls(call(None, case(effects=(*performed, sometimes)))))
    assert "  does      ISB, TLBI VMALLE1 x2, DSB, ISB (at times)\n" in text


def test_an_assumption_is_printed_once_for_an_entry() -> None:
    same = case(assumptions=("so",))
    assert write(of_calls(call("0x0", same), call(None, same))).count("\n  * so\n") == 1


def test_a_long_term_is_cut() -> None:
    long = " + ".join(f"mem[x{number}]" for number in range(40))
    text = write(of_calls(call(None, case(system={"VBAR_EL2": long}))))
    assert "  sets      VBAR_EL2 = mem[x0] + " in text
    assert max(map(len, text.splitlines())) <= COLUMNS
    assert "mem[x39]" not in text


NAMES = st.text(min_size=1, max_size=60)


def of_names(register: str, value: str, reason: str) -> DerivedCase:
    return case(
        reason,
        value,
        registers={register: value},
        system={register: value},
        memory=(MemoryWrite(value, 8, value),),
        regions=(MemoryRegion(value, 8, 1),),
        effects=(SystemEffect("0x0", reason, (), None),),
        ends=(Ending.LEAVES, reason),
        last_place=value,
        assumptions=(reason,),
    )


@given(NAMES, NAMES, st.text(max_size=300))
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(
    register: str, value: str, reason: str
) -> None:
    one = of_names(register, value, reason)
    calls = (call("0x0", one, name=None), call(None, one, replace(one, ends=Ending.RETURNS)))
    of = entry(*calls, parties=(value, reason))
    result = derivation(of, replace(of, table=None, place=value), version=register)
    for line in write(result).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
