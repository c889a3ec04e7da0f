"""A comparison as text: the verdict first, who breaks, and nothing that does not fit a mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.difference import CallersOf, ChangeKind
from hypabi.judgement.difference.model import Aspect, Bearing
from hypabi.records import replace
from hypabi.report.diff.text import write
from tests.report.made import COLUMNS
from tests.report.made_diff import SUPPRESSIONS, call, diff, difference, of_every_kind

SUBJECT = f"6.1.0-old -> image {'b' * 12}"


@pytest.mark.parametrize(
    ("kinds", "lines"),
    [
        ("equal", [": EQUAL", "1 comparison: 1 equal"]),
        ("equal stronger", [": CHANGED", "2 comparisons: 1 stronger, 1 equal; nobody breaks"]),
        ("equal weaker", [": INCOMPATIBLE", "2 comparisons: 1 weaker, 1 equal"]),
        ("equal undecided", [": UNDECIDED", "2 comparisons: 1 undecided, 1 equal"]),
        ("vacuous", [": UNDECIDED", "1 comparison: 1 vacuous"]),
    ],
)
def test_it_starts_with_the_verdict_and_how_it_comes_about(kinds: str, lines: list[str]) -> None:
    text = write(diff(*(call(ChangeKind(kind)) for kind in kinds.split())))
    assert text.splitlines()[:3] == [f"{SUBJECT}{lines[0]}", lines[1], ""]


def test_equal_calls_that_differ_harmlessly_are_said_to() -> None:
    text = write(diff(call(ChangeKind.EQUAL, difference(Bearing.HARMLESS, "x5"))))
    assert "1 equal; 1 of the equal differ harmlessly; nobody breaks\n" in text
    assert "\n  harmless: x5\n" in text


@pytest.mark.parametrize("direction", CallersOf)
def test_old_and_new_are_what_each_provider_does_whoever_calls(direction: CallersOf) -> None:
    text = write(diff(call(ChangeKind.WEAKER, direction=direction)))
    assert "  old         x19 is kept\n  new         x19 is 1\n" in text


def test_a_stronger_call_says_what_the_callers_own_provider_does_first() -> None:
    own = write(diff(call(ChangeKind.STRONGER, direction=CallersOf.OLD)))
    assert "x19: x19 is kept; there x19 is 1\n" in own
    other = write(diff(call(ChangeKind.STRONGER, direction=CallersOf.NEW)))
    assert "x19: x19 is 1; there x19 is kept\n" in other


def test_a_party_that_one_side_lacks_is_told_from_the_callers_own_side() -> None:
    gone = replace(difference(Bearing.BREAKS), aspect=Aspect.PARTY, old="here", new="nowhere")
    text = write(diff(call(ChangeKind.INCOMPATIBLE, gone, direction=CallersOf.NEW)))
    assert "  party       nowhere\n  but         here\n" in text


def test_what_is_suppressed_is_listed_and_nowhere_else() -> None:
    text = write(of_every_kind())
    before, _, listed = text.partition("Suppressed, as of 2026-11-29")
    assert "* stub, HVC_KNOWN (x0 = 0): old callers on new: weaker\n    nobody calls it" in listed
    assert "* stub, HVC_KNOWN" not in before
    assert "* unused, line 9: stub, any-other: weaker" in listed


TEXT = st.text(max_size=120)


@given(TEXT, TEXT, st.sampled_from(ChangeKind))
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(
    name: str, why: str, kind: ChangeKind
) -> None:
    of = call(kind, difference(Bearing.BREAKS, name), reasons=(why,), name=name)
    of = replace(of, party=name, must_agree=(why,), assumptions=(why,))
    result = replace(diff(of, suppressions=SUPPRESSIONS), identifier=name)
    sided = replace(result.old, version=name, missing=(why,))
    for line in write(replace(result, old=sided)).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
