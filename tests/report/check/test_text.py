import pytest
from hypothesis import given

from hypabi.analysis.results.check import CheckResult
from hypabi.contract.clause import Authority
from hypabi.judgement.verification.breach import Amiss
from hypabi.judgement.verification.verdict import (
    Finding,
    Proved,
    Refuted,
    Undecided,
    Unspecified,
)
from hypabi.report.check.text import write
from tests.judgement.made_refutation import refuted
from tests.report import made
from tests.report.made import COLUMNS, LOST, PATH, VACUOUS, checks


def section(text: str, title: str) -> str:
    """Return what stands under a heading."""
    _, _, rest = text.partition(f"\n{title}\n{'-' * len(title)}\n")
    lines: list[str] = []
    for line in rest.splitlines():
        if set(line) == {"-"}:
            return "\n".join(lines[:-1])
        lines.append(line)
    return rest


@pytest.mark.parametrize(
    ("findings", "verdict", "counts"),
    [
        ([made.proved()], "PROVED", "1 clause: 1 proved; 1 party: 1 found"),
        (
            [made.proved(), made.finding(LOST, "frame")],
            "REFUTED",
            "2 clauses: 1 proved, 1 refuted; 1 party: 1 found",
        ),
        (
            [made.proved(), made.finding(Undecided("why"), "frame")],
            "UNDECIDED",
            "2 clauses: 1 proved, 1 undecided; 1 party: 1 found",
        ),
        (
            [made.proved(), made.finding(VACUOUS, "frame")],
            "PROVED",
            "2 clauses: 1 proved, 1 vacuous; 1 party: 1 found",
        ),
        ([made.finding(VACUOUS)], "UNDECIDED", "1 clause: 1 vacuous; 1 party: 1 untested"),
        ([], "UNDECIDED", "0 clauses: none judged; 1 party: 1 untested"),
    ],
)
def test_the_first_lines_are_verdict_and_counts(
    findings: list[Finding], verdict: str, counts: str
) -> None:
    lines = write(made.check(*findings)).splitlines()
    assert lines[:3] == [f"6.1.0-test: {verdict}", counts, ""]


def test_a_refuted_clause_comes_with_its_sentence_its_path_and_its_counterexample() -> None:
    authority = Authority(cite="is allowed to clobber any of the caller-saved registers")
    text = write(made.check(made.finding(LOST, "registers", authority=authority)))
    shown = section(text, "Refuted")
    for expected in (
        "* stub, HVC_SET_VECTORS (x0 = 0): registers",
        '  sentence    "is allowed to clobber any of the caller-saved registers"',
        "  instead     x19 is lost",
        "  observed    x19: 0x10 at entry, 0x11 at exit",
        "  entered at  x9 = 0x0, x10 = 0x7, x19 = 0x10",
        "  system      SCTLR_EL2 = 0x30c50830",
        "  memory      mem[x1] = 0x5",
        "  patched     ARM64_KVM_PROTECTED_MODE",
        "  path        4 instructions",
        "    vectors:",
        f"      {PATH[1]:016x}  mov x1, #0x1",
    ):
        assert f"\n{expected}\n" in f"\n{shown}\n"
    assert "cpucap.3" not in text


def long_path(steps: int, about: str = "x19") -> tuple[str, Refuted]:
    trail = tuple(made.STUB + 4 * step for step in range(steps))
    found = refuted(Amiss.NOT_ENSURED, {}, ((about, 0, 1),), trail)
    return section(write(made.check(made.finding(found))), "Refuted"), found


def test_the_middle_of_a_long_path_is_counted_and_not_printed() -> None:
    shown, refuted = long_path(200)
    assert "  path        200 instructions" in shown
    assert "... 176 more ..." in shown
    assert f"{refuted.trail[0]:016x}" in shown
    assert f"{refuted.trail[-1]:016x}" in shown
    assert f"{refuted.trail[100]:016x}" not in shown


def test_of_a_long_path_the_last_instructions_that_name_the_lost_register_are_printed() -> None:
    shown, refuted = long_path(200, "x7")
    naming = [a for a in refuted.trail if a // 4 % 8 == 7]
    printed = [a for a in naming if f"{a:016x}" in shown]
    assert printed[-4:] == naming[-4:]
    assert f"{refuted.trail[100]:016x}" not in shown


def test_a_short_path_is_printed_whole() -> None:
    shown, refuted = long_path(28)
    assert all(f"{address:016x}" in shown for address in refuted.trail)
    assert " more ..." not in shown


def test_undecided_clauses_of_one_reason_stand_together() -> None:
    reason = Undecided("at 0xffff800008000804: SLEIGH cannot decode it")
    text = write(
        made.check(
            made.finding(reason, "result"),
            made.finding(Undecided("another"), "vectors"),
            made.finding(reason, "registers"),
        )
    )
    shown = section(text, "Undecided")
    assert shown.count("SLEIGH cannot decode it") == 1
    assert "* at 0xffff800008000804 (sync+0x4): SLEIGH cannot decode it" in shown
    assert "    stub, HVC_SET_VECTORS: result, registers\n" in shown


def test_a_vacuous_clause_is_named_and_not_counted_as_proved() -> None:
    text = write(made.check(made.proved(), made.finding(VACUOUS, "upgraded")))
    shown = section(text, "Vacuous: nothing can be tested, so not counted as proved")
    assert "    stub, HVC_SET_VECTORS: upgraded" in shown
    assert "HVC_SET_VECTORS  V1/2" in section(text, "Clauses proved, of all")


def test_the_table_counts_proved_clauses_by_party_and_call() -> None:
    text = write(
        made.check(
            made.proved("a"),
            made.finding(LOST, "b"),
            made.finding(Undecided("why"), "c"),
            made.proved("a", "kvm"),
            parties=("stub", "kvm"),
            unspecified=(Unspecified("stub", None, "not documented"),),
        )
    )
    shown = section(text, "Clauses proved, of all")
    assert [line.split() for line in shown.splitlines()[:3]] == [
        ["stub", "kvm"],
        ["HVC_SET_VECTORS", "RU1/3", "1/1"],
        ["any", "other", "-"],
    ]
    assert "R refuted, U undecided, - left open" in shown


def test_every_party_is_accounted_for_and_tables_of_nobody_are_listed() -> None:
    text = write(made.check(made.proved(), missing=("kvm-init",), unclaimed=2))
    shown = section(text, "Parties")
    assert f"stub: vectors at {made.STUB:#x}, by symbol" in shown
    assert "kvm-init: none here; looked for vectors" in shown
    assert f"  {made.STUB + 0x800:#x}  no symbol\n  {made.STUB + 0x1000:#x}  no symbol" in shown


def test_what_the_document_leaves_open_is_said() -> None:
    left = (Unspecified("stub", None, "which is not documented here"),)
    shown = section(write(made.check(unspecified=left)), "Left open by the document, so not judged")
    assert "* stub, any other\n    which is not documented here" in shown


def test_an_assumption_of_many_clauses_is_printed_once() -> None:
    same = ("memory at SP_EL2 does not overlap memory at TPIDR_EL2",)
    text = write(
        made.check(
            made.finding(Proved(1), "a", assumptions=same),
            made.finding(Proved(1), "b", assumptions=same),
            assumes=(made.premise("own-vectors", "that is what live means"),),
        )
    )
    assert text.count(same[0]) == 1
    assert "* own-vectors: own-vectors holds\n    that is what live means" in text


def test_the_report_ends_with_what_repeats_it() -> None:
    it = made.check(made.proved(), command=("hypabi", "check", "my kernel"))
    assert section(write(it), "To repeat") == (
        "hypabi check -v 'my kernel'\n\n"
        "with hypabi 0.1.0, pypcode 3.3.3, bitwuzla 0.9.1, and these SHA-256:\n"
        f"{'b' * 64}  image\n{it.contract.sha256}  contract\n"
    )


@given(checks())
def test_no_line_of_any_report_is_wider_than_a_mail_or_moves_a_cursor(check: CheckResult) -> None:
    text = write(check)
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()


def test_an_address_far_behind_a_symbol_is_not_called_by_it() -> None:
    near, far = made.STUB + 0x800 + 0xFFC, made.STUB + 0x800 + 0x1000
    reason = Undecided(f"no symbol for the function at {far:#x}, called from {near:#x}")
    text = write(made.check(made.finding(reason), of=made.loaded(size=0x4000)))
    assert f"{far:#x}, called from {near:#x} (sync+0xffc)" in " ".join(text.split())
