"""Verdict, counts and exit status come from one function, so they cannot disagree."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.conclusion import Judged, Weight, conclude, spell_counts

BITS = {
    Weight.GOOD: 0,
    Weight.CHANGE: 4,
    Weight.REFUTED: 12,
    Weight.UNDECIDED: 16,
    Weight.DEFECT: 1,
}  # as `hypabi --help` lists them
UNITS = {"clauses": tuple(weight.value for weight in Weight)}


def of(*weights: Weight) -> tuple[str, int]:
    items = [Judged("clauses", weight.value, weight) for weight in weights]
    found = conclude(items, "proved", UNITS)
    return found.verdict, found.exit_status


@pytest.mark.parametrize(
    ("weights", "verdict", "status"),
    [
        ((Weight.GOOD,), "proved", 0),
        ((Weight.GOOD, Weight.CHANGE), "changed", 4),
        ((Weight.REFUTED, Weight.GOOD), "refuted", 12),
        ((Weight.UNDECIDED, Weight.GOOD), "undecided", 16),
        ((Weight.UNDECIDED, Weight.REFUTED), "refuted", 28),
        ((Weight.DEFECT, Weight.REFUTED), "contradicted", 13),
        ((), "undecided", 16),
    ],
)
def test_the_worst_thing_is_the_verdict(
    weights: tuple[Weight, ...], verdict: str, status: int
) -> None:
    assert of(*weights) == (verdict, status)


@given(st.lists(st.sampled_from(Weight), max_size=5))
def test_the_good_word_means_status_0_and_status_0_the_good_word(weights: list[Weight]) -> None:
    verdict, status = of(*weights)
    assert (verdict == "proved") is (status == 0)
    assert (
        status
        == (16 if not weights else 0)
        | sum(bit for bit in (1, 4, 8, 16) if any(BITS[each] & bit for each in weights))
        or not weights
    )


def test_each_unit_adds_up_to_what_was_judged() -> None:
    for weights in itertools.product(Weight, repeat=2):
        items = [Judged("clauses", each.value, each) for each in weights]
        assert sum(conclude(items, "proved", UNITS).counts["clauses"].values()) == 2


def test_counts_are_spelled_with_their_unit() -> None:
    counts = {"clauses": {"proved": 2, "refuted": 0}, "call sites": {"satisfied": 0}}
    assert spell_counts(counts) == "2 clauses: 2 proved; 0 call sites: none judged"


def test_one_of_a_unit_is_not_spelled_as_many() -> None:
    counts = {"parties": {"found": 1}, "call sites": {"satisfied": 1}, "derived": {"so": 1}}
    assert spell_counts(counts) == "1 party: 1 found; 1 call site: 1 satisfied; 1 derived: 1 so"


@given(st.sampled_from(Weight), st.lists(st.sampled_from(Weight), max_size=3))
def test_what_is_in_a_thing_besides_counts_for_the_whole_and_not_in_its_unit(
    weight: Weight, besides: list[Weight]
) -> None:
    one = Judged("clauses", weight.value, weight, tuple(besides))
    found = conclude([one], "proved", UNITS)
    assert (found.verdict, found.exit_status) == of(weight, *besides)
    assert sum(found.counts["clauses"].values()) == found.counts["clauses"][weight.value] == 1


def test_a_question_may_have_its_own_words() -> None:
    own = {Weight.REFUTED: "incompatible"}
    for weight, verdict in ((Weight.REFUTED, "incompatible"), (Weight.CHANGE, "changed")):
        item = Judged("clauses", weight.value, weight)
        assert conclude([item], "equal", UNITS, own).verdict == verdict
