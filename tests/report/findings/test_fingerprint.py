from dataclasses import replace

from hypabi.analysis.results.check import CheckResult
from hypabi.report.check.findings import findings_of
from hypabi.report.findings.finding import Finding
from hypabi.report.findings.fingerprint import fingerprints
from tests.inputs import KernelResult
from tests.report.made_check import of_every_kind


def found() -> list[Finding]:
    return list(findings_of(of_every_kind()).every())


def test_no_two_findings_of_a_report_have_one_fingerprint() -> None:
    made = fingerprints(found())
    assert len(set(made)) == len(made) > 30


def test_neither_text_nor_place_nor_path_is_part_of_it() -> None:
    told = found()
    other = [
        replace(each, text="otherwise", lines=(), path=(), spot=None, agree=(), suppressed=None)
        for each in told
    ]
    assert fingerprints(other) == fingerprints(told)


def test_rule_and_what_it_is_about_are_part_of_it() -> None:
    told = found()
    (before,) = fingerprints(told[:1])
    assert fingerprints([replace(told[0], rule=told[-1].rule)]) != (before,)
    for name, value in told[0].about.items():
        about = {**told[0].about, name: f"{value}x"}
        assert fingerprints([replace(told[0], about=about)]) != (before,)


def test_the_second_that_is_about_the_same_is_counted() -> None:
    first, second = fingerprints(found()[:1] * 2)
    assert first.removesuffix(":1") == second.removesuffix(":2")


def test_two_builds_of_one_kernel_have_one_set_of_fingerprints(
    kernel_result: KernelResult,
) -> None:
    """Debian's 6.12 with pages of 4 and of 16 KiB: other addresses, the same findings."""
    results: list[CheckResult] = [
        kernel_result("check", name) for name in ("6.12-arm64", "6.12-arm64-16k")
    ]
    told = [list(findings_of(result).every()) for result in results]
    assert told[0] != told[1]
    assert set(fingerprints(told[0])) == set(fingerprints(told[1]))
