"""Drift as text: the verdict first, each finding with its evidence, and nothing too wide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.judgement.drift.findings import Kind
from hypabi.records import replace
from hypabi.report.drift.text import TITLES, write
from tests.report.made import COLUMNS
from tests.report.made_drift import OPEN, REFUTED, drift, finding, of_every_kind, subject

COVERED = (
    "10 of 20 words are held, 4 numbers and registers were compared, 5 of 6 promises rest on a "
    "sentence"
)


def head(text: str) -> tuple[str, str]:
    """Return the first line, and the paragraph that follows it."""
    first, _, rest = text.partition("\n")
    return first, " ".join(rest.partition("\n\n")[0].split())


@pytest.mark.parametrize(
    ("kinds", "verdict", "counts"),
    [
        ([], "HOLDS", ""),
        ([Kind.MOVED], "DRIFTED", "1 finding: 1 moved; "),
        ([Kind.MOVED, Kind.CHANGED], "DRIFTED", "2 findings: 1 changed, 1 moved; "),
    ],
)
def test_it_starts_with_the_verdict_and_how_it_comes_about(
    kinds: list[Kind], verdict: str, counts: str
) -> None:
    found = head(write(drift(*map(finding, kinds))))
    expected = f"2 sentences: 1 held, 1 not held; {counts}{COVERED}"
    assert found == (f"made.rst: {verdict}", expected)


def test_a_document_without_any_finding_has_no_count_of_them() -> None:
    assert "none judged" not in write(drift())


def test_every_kind_of_finding_has_a_title() -> None:
    text = write(of_every_kind())
    for kind in Kind:
        assert f"\n{TITLES[kind]}\n" in text


def test_a_refutation_is_shown_in_full_and_addresses_by_their_symbols() -> None:
    text = write(drift(finding(Kind.CONTRADICTED, contradicted=True)))
    assert "stub, HVC_SET_VECTORS (0): registers: refuted without M ==" in " ".join(text.split())
    for line in (
        "    entered at  x0 = 0x0, x19 = 0x7",
        "    memory      mem[vectors] = 0x1",
        "    patched     ARM64_KVM_PROTECTED_MODE",
        "    observed    x19: 0x7 at entry, 0x8 at exit",
        "        ffff800008000000  mov x19, #0x1",
    ):
        assert f"\n{line}\n" in text
    assert "x19 is lost at vectors" in text


def test_what_is_open_has_its_address_beside_its_symbol() -> None:
    assert "* at 0xffff800008000000 (vectors): it was not followed" in write(
        drift(undecided=(OPEN,))
    )


def test_only_what_is_shown_and_not_stated_is_listed_as_an_illustration() -> None:
    text = write(drift())
    assert "* 9: a picture" in text and "a line" not in text


TEXT = st.text(max_size=120)


@given(TEXT, TEXT, st.sampled_from(Kind))
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(name: str, why: str, kind: Kind) -> None:
    found = finding(kind, contradicted=True, what=why)
    judged = replace(REFUTED, party=name, clause=why, reason=why, counterexample={name: "0x1"})
    first = replace(found.evidence[0], verdict=judged)
    result = drift(replace(found, evidence=(first, *found.evidence[1:]), because=why))
    result = replace(result, subjects=(subject(name),), uncited=(why,))
    for line in write(result).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
