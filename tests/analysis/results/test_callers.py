"""A list of call sites amounts to what its sites are, and is data."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.callers import Kind, SiteVerdict
from tests.analysis.results.walk import assert_is_data
from tests.report.made_callers import callers, of_every_kind, site

KIND = {
    SiteVerdict.NAMED: Kind.NAMED,
    SiteVerdict.IN_DOUBT: Kind.NAMED,
    SiteVerdict.DEPENDS: Kind.UNRESOLVED,
    SiteVerdict.NO_CONTRACT: Kind.NO_CONTRACT,
    SiteVerdict.NO_CALL: Kind.NO_CALL,
    SiteVerdict.UNRESOLVED: Kind.UNRESOLVED,
    SiteVerdict.TAKEN: Kind.UNINITIALISED,
    SiteVerdict.UNINITIALISED: Kind.UNINITIALISED,
}


def test_it_is_data() -> None:
    assert_is_data(of_every_kind())


@pytest.mark.parametrize(
    ("words", "verdict", "status"),
    [
        ([SiteVerdict.NAMED, SiteVerdict.NAMED], "named", 0),
        ([SiteVerdict.NAMED, SiteVerdict.IN_DOUBT], "undecided", 16),
        ([SiteVerdict.NAMED, SiteVerdict.DEPENDS], "named", 0),
        ([SiteVerdict.NO_CONTRACT], "undecided", 16),
        ([SiteVerdict.NO_CALL], "undecided", 16),
        ([SiteVerdict.UNRESOLVED], "undecided", 16),
        ([SiteVerdict.TAKEN, SiteVerdict.NAMED], "undecided", 16),
        ([SiteVerdict.UNINITIALISED, SiteVerdict.NAMED], "refuted", 12),
        ([SiteVerdict.UNINITIALISED, SiteVerdict.UNRESOLVED], "refuted", 28),
        ([], "undecided", 16),
    ],
)
def test_the_worst_site_is_the_verdict(words: list[SiteVerdict], verdict: str, status: int) -> None:
    found = callers(*(site(kind=KIND[word], verdict=word) for word in words))
    assert (found.verdict, found.exit_status) == (verdict, status)


@given(st.lists(st.sampled_from(SiteVerdict), max_size=6))
def test_every_site_is_counted_once(words: list[SiteVerdict]) -> None:
    found = callers(*(site(kind=KIND[word], verdict=word) for word in words))
    counted = found.conclusion.counts["call sites"]
    assert {word: n for word, n in counted.items() if n} == Counter(word.value for word in words)
