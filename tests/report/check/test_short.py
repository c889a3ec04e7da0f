"""A check as a short text: every finding that weighs, and what was not judged."""

import pytest
from hypothesis import given

from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.verification.verdict import Undecided
from hypabi.report.check.findings import findings_of
from hypabi.report.check.short import write, write_line
from hypabi.report.check.text import write as write_all
from kernels.pins import read_pins
from tests.inputs import KernelResult
from tests.report import made, made_check
from tests.report.made import COLUMNS, LOST, checks


@given(checks())
def test_it_begins_as_the_long_report_and_is_as_narrow(result: CheckResult) -> None:
    short, long = write(result).splitlines(), write_all(result).splitlines()
    before = long.index("")
    assert short[: before + 1] == long[: before + 1]
    assert max(map(len, short)) <= COLUMNS


@given(checks())
def test_the_rule_of_every_finding_that_weighs_is_named_until_there_are_too_many(
    result: CheckResult,
) -> None:
    findings, text = findings_of(result), write(result)
    weighing = {each.rule.id for each in findings.every() if each.weight is not Weight.GOOD}
    assert "\n... and " in text or all(f"\n{rule}  " in text for rule in weighing)


def test_what_fails_alike_is_one_line_that_counts() -> None:
    told = [made.finding(Undecided("no symbol"), f"clause-{at}") for at in range(5)]
    text = write(made.check(made.proved(), *told))
    assert "clause-0, and 4 more: no symbol To see" in " ".join(text.split())
    assert "clause-1" not in text


def test_more_findings_than_fit_are_counted() -> None:
    told = [made.finding(Undecided(f"reason {at}"), f"clause-{at}") for at in range(11)]
    text = write(made.check(made.proved(), *told))
    assert "clause-7: reason 7 ... and 3 more To see" in " ".join(text.split())


def test_a_refutation_comes_before_what_is_undecided() -> None:
    text = write(made.check(made.finding(Undecided("why"), "open"), made.finding(LOST, "frame")))
    assert text.startswith("6.1.0-test: REFUTED and UNDECIDED\n")
    assert text.index(": frame: x19 is lost") < text.index(": open: why")


def test_what_to_type_next_is_shown_where_there_is_something_to_explain() -> None:
    assert "\nTo see more:\nhypabi check -v vmlinuz\n" in write(made.check(made.proved()))
    refuted = write(made.check(made.finding(LOST, "registers")))
    assert "\nTo see more:\nhypabi explain HYP-CLAUSE-" in refuted
    assert refuted.endswith("\nhypabi check -v vmlinuz\n")


def test_what_is_suppressed_is_told_with_its_reason_and_its_end() -> None:
    text = " ".join(write(made_check.of_every_kind()).split())
    assert "- suppressed: HYP-CLAUSE-" in text
    assert "it is going to be repaired (until 2027-06-01)" in text


def test_a_line_says_the_file_the_answer_and_the_rules() -> None:
    refuted = findings_of(made.check(made.finding(LOST, "registers")))
    line = write_line(refuted)
    assert line.count("\n") == 1
    assert line.startswith(f"{refuted.inputs[0].path}: 6.1.0-test: REFUTED: HYP-CLAUSE-")
    assert write_line(findings_of(made.check(made.proved()))).endswith(": PROVED\n")


@pytest.mark.parametrize("name", sorted(read_pins()))
def test_of_a_stock_kernel_it_has_at_most_30_lines(name: str, kernel_result: KernelResult) -> None:
    assert len(write(kernel_result("check", name)).splitlines()) <= 30
