"""A comparison amounts to what its calls came to, and is data."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.difference import ChangeKind
from hypabi.judgement.difference.model import Bearing
from tests.analysis.results.walk import assert_is_data
from tests.report.made_diff import SUPPRESSED, call, diff, difference, of_every_kind

HARMLESS = difference(Bearing.HARMLESS)


def test_it_is_data() -> None:
    assert_is_data(of_every_kind())


@pytest.mark.parametrize(
    ("kinds", "verdict", "status"),
    [
        ("equal equal", "equal", 0),
        ("equal vacuous", "equal", 0),
        ("equal stronger", "changed", 4),
        ("equal weaker", "incompatible", 12),
        ("equal renumbered", "incompatible", 12),
        ("stronger incompatible", "incompatible", 12),
        ("equal undecided", "undecided", 16),
        ("stronger undecided", "undecided", 20),
        ("weaker undecided", "incompatible", 28),
        ("vacuous vacuous", "undecided", 16),
        ("", "undecided", 16),
    ],
)
def test_the_worst_call_is_the_verdict(kinds: str, verdict: str, status: int) -> None:
    found = diff(*(call(ChangeKind(kind)) for kind in kinds.split()))
    assert (found.verdict, found.exit_status) == (verdict, status)


def test_a_harmless_difference_is_a_change_that_breaks_nobody() -> None:
    found = diff(call(ChangeKind.EQUAL, HARMLESS))
    assert (found.verdict, found.exit_status) == ("changed", 4)
    assert found.conclusion.counts["comparisons"]["equal"] == 1


def test_what_is_suppressed_is_good_and_counted_as_suppressed() -> None:
    known = call(ChangeKind.INCOMPATIBLE, suppressed=SUPPRESSED)
    found = diff(known, call(ChangeKind.EQUAL))
    assert (found.verdict, found.exit_status) == ("equal", 0)
    counts = found.conclusion.counts["comparisons"]
    assert (counts["suppressed"], counts["incompatible"]) == (1, 0)


def test_what_was_not_decided_of_a_suppressed_change_is_still_undecided() -> None:
    known = call(ChangeKind.WEAKER, reasons=("a limit",), suppressed=SUPPRESSED)
    found = diff(known, call(ChangeKind.EQUAL))
    assert (found.verdict, found.exit_status) == ("undecided", 16)


def test_what_was_not_decided_of_a_broken_call_is_in_the_status() -> None:
    assert diff(call(ChangeKind.WEAKER, reasons=("a limit",))).exit_status == 28


@given(st.lists(st.sampled_from(ChangeKind), max_size=6))
def test_every_call_is_counted_once(kinds: list[ChangeKind]) -> None:
    counts = diff(*map(call, kinds)).conclusion.counts["comparisons"]
    assert {word: n for word, n in counts.items() if n} == Counter(each.value for each in kinds)
