"""Unintended entries in a check: a section of their own, in columns, published as JSON."""

import json
from dataclasses import replace

import pytest

from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.summaries.check import summarize_check
from hypabi.arch.exception_routing import SYNCHRONOUS_64, entries_of_el2
from hypabi.behaviour.outcome import Left, Returned, Stuck
from hypabi.judgement.entries.findings import (
    Extent,
    Guarded,
    HandedOver,
    Handled,
    Judged,
    JudgedEntry,
    NotReachable,
    Syndrome,
    Undecided,
    Unintended,
)
from hypabi.report.check import json as check_json
from hypabi.report.check import text as check_text
from hypabi.smt import terms
from tests.report import made
from tests.report.schemas import strict

X1 = terms.symbol("x1", 64)
SET = Handled(
    "SET", 0, Extent.WHOLE, (), Syndrome.IGNORED, Returned(), 0, (("VBAR_EL2", X1),),
    {"x0": 0, "ESR_EL2.EC": 0x17}, (made.STUB, made.STUB + 4), from_user=True,
)  # fmt: skip
RESTART = Handled(
    "RESTART", 1, Extent.PART, ("where control goes",), Syndrome.DECIDES, Left(X1, "EL2h"), 1, (),
    {"x0": 1}, (), from_user=False,
)  # fmt: skip
KINDS: tuple[Judged, ...] = (
    Unintended((SET, RESTART), ("at 0x1000: why",)),
    Guarded(Syndrome.DECIDES, (Stuck(made.STUB), Returned())),
    HandedOver(Syndrome.DECIDES, ("handle_trap",)),
    NotReachable("nobody comes this way"),
    Undecided("more paths than can be followed"),
)


def with_entries(*judged: Judged) -> CheckResult:
    reasons = tuple(each for each in SYNCHRONOUS_64 if not each.never)
    entry = entries_of_el2()[0]
    found = tuple(JudgedEntry("stub", entry, reasons, each, ("an assumption",)) for each in judged)
    return summarize_check(replace(made.found(made.proved()), entries=found))


@pytest.mark.parametrize("judged", KINDS)
def test_every_kind_fits_a_mail_and_is_published(judged: Judged) -> None:
    check = with_entries(judged)
    text = check_text.write(check)
    assert max(map(len, text.splitlines())) <= made.COLUMNS
    printed = json.loads(check_json.write(check))
    strict("check").validate(printed)


def test_a_check_without_doors_says_nothing_of_them() -> None:
    check = made.check(made.proved())
    assert "Unintended entries" not in check_text.write(check)
    assert json.loads(check_json.write(check))["vector_entries"] is None


def test_an_unintended_entry_changes_neither_the_answer_nor_the_other_counts() -> None:
    plain, found = made.check(made.proved()), with_entries(KINDS[0])
    assert check_text.write(found).splitlines()[0] == check_text.write(plain).splitlines()[0]
    counts = found.conclusion.counts
    assert {**counts, **plain.conclusion.counts} == counts
    assert counts["vector entries"]["unintended entry"] == 1
    assert found.exit_status == plain.exit_status == 0


def test_an_unintended_entry_says_call_change_way_back_and_control() -> None:
    text = check_text.write(with_entries(KINDS[0]))
    for said in (
        "handled as  SET (x0 = 0)",
        "-> returns with x0 = 0x0, VBAR_EL2 becomes x1",
        "RESTART (x0 = 1), in part (where control goes)",
        "-> control goes to x1 at EL2h",
        "the instruction that caused the exception",
        "0x17 SMC: HCR_EL2.TSC",
        "at 0x1000: why",
    ):
        assert said in text, said


def test_what_is_no_unintended_entry_says_why() -> None:
    text = check_text.write(with_entries(*KINDS[1:]))
    assert "None found." in text
    for said in (
        "Guarded, syndrome looked at",
        "Handed over",
        "Not reachable: nobody",
        "Undecided:",
    ):
        assert said in text, said
