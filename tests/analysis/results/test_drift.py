"""What drifted amounts to its findings, and is data."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.judgement.drift.findings import Kind
from tests.analysis.results.walk import assert_is_data
from tests.report.made_drift import OPEN, coverage, drift, finding, of_every_kind

MOVED = finding(Kind.MOVED)
BROKEN = finding(Kind.DIFFERS, contradicted=True)


def test_it_is_data() -> None:
    assert_is_data(of_every_kind())


@pytest.mark.parametrize(
    ("findings", "undecided", "verdict", "status"),
    [
        ((), (), "holds", 0),
        ((MOVED,), (), "drifted", 4),
        ((MOVED, BROKEN), (), "contradicted by the code", 12),
        ((), (OPEN,), "undecided", 16),
        ((MOVED,), (OPEN,), "undecided", 20),
        ((BROKEN,), (OPEN,), "contradicted by the code", 28),
    ],
    ids=str,
)
def test_the_worst_finding_is_the_verdict(
    findings: tuple[object, ...], undecided: tuple[object, ...], verdict: str, status: int
) -> None:
    found = drift(*findings, undecided=undecided)  # type: ignore[arg-type]
    assert (found.verdict, found.exit_status) == (verdict, status)


@pytest.mark.parametrize(("sentences", "held", "facts"), [(0, 0, 0), (5, 0, 0)])
def test_a_document_of_which_nothing_was_held_or_compared_is_undecided(
    sentences: int, held: int, facts: int
) -> None:
    found = drift(of=coverage(sentences, held, facts))
    assert (found.verdict, found.exit_status) == ("undecided", 16)
    assert sum(found.conclusion.counts["sentences"].values()) == sentences


def test_a_document_of_which_numbers_alone_were_compared_holds() -> None:
    assert drift(of=coverage(5, 0, 1)).verdict == "holds"


@given(st.lists(st.sampled_from(Kind), max_size=6), st.integers(0, 3), st.integers(0, 3))
def test_every_finding_and_sentence_is_counted_once(
    kinds: list[Kind], undecided: int, held: int
) -> None:
    found = drift(*map(finding, kinds), undecided=(OPEN,) * undecided, of=coverage(3, held))
    counts = found.conclusion.counts
    assert counts["sentences"] == {"held": held, "not held": 3 - held}
    words = Counter([*(kind.value for kind in kinds), *["undecided"] * undecided])
    assert {word: n for word, n in counts["findings"].items() if n} == words
