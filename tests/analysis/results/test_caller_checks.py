"""Callers come to one word for each call site: the worst of what can come about."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.caller_checks import CALL_SITES, CALLER_WORDS, CallerCheck, CallerWord
from hypabi.analysis.results.conclusion import Conclusion, conclude
from hypabi.judgement.callers.schedule import Reachability
from tests.analysis.results.walk import assert_is_data
from tests.report.made_matrix import check, checks, of_every_kind, site

WORST_FIRST = (
    CallerWord.VIOLATED,
    CallerWord.UNDECIDED,
    CallerWord.SUPPRESSED,
    CallerWord.BEYOND,
    CallerWord.DEPENDS,
    CallerWord.UNSPECIFIED,
    CallerWord.SATISFIED,
)
STATUS = {CallerWord.VIOLATED: 12, CallerWord.UNDECIDED: 16, CallerWord.UNSCHEDULED: 16}
PARTIES = ("stub", "kvm-init", "kvm-run")


def concluded(*made: CallerCheck) -> Conclusion:
    return conclude(checks(*made).judged(), "satisfied", {CALL_SITES: CALLER_WORDS})


def test_they_are_data() -> None:
    assert_is_data(of_every_kind().callers)


def test_the_worst_party_decides_of_a_call_site() -> None:
    for worse, better in pairwise(WORST_FIRST):
        for words in permutations((worse, better)):
            found = checks(*(check(w, party=p) for w, p in zip(words, PARTIES, strict=False)))
            assert found.call_sites() == {site().address: worse}


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(CallerWord)), max_size=8))
def test_each_call_site_is_counted_once_and_no_bit_is_lost(
    met: list[tuple[int, CallerWord]],
) -> None:
    found = concluded(*(check(word, site("f", address)) for address, word in met))
    assert sum(found.counts[CALL_SITES].values()) == len({address for address, _ in met})
    bits = 0
    for _, word in met:
        bits |= STATUS.get(word, 0)
    assert found.exit_status == (bits if met else 16)


def test_what_cannot_come_about_is_not_counted() -> None:
    beyond = check(CallerWord.VIOLATED, party="kvm-run", when=Reachability.UNREACHABLE)
    found = concluded(check(), beyond)
    assert (found.exit_status, found.counts[CALL_SITES]["violated"]) == (0, 0)


@pytest.mark.parametrize("word", [CallerWord.SATISFIED, CallerWord.VIOLATED])
def test_a_call_site_whose_moment_nobody_says_is_undecided(word: CallerWord) -> None:
    found = concluded(check(word, when=Reachability.UNSPOKEN))
    assert (found.exit_status, found.counts[CALL_SITES]["unscheduled"]) == (16, 1)


def test_whoever_is_live_is_counted() -> None:
    assert (
        concluded(check(CallerWord.VIOLATED, when=Reachability.WHOEVER_IS_LIVE)).exit_status == 12
    )


def test_two_nameless_call_sites_are_two() -> None:
    found = concluded(check(of=site("", 0x10)), check(of=site("", 0x20)))
    assert found.counts[CALL_SITES]["satisfied"] == 2


def test_one_hvc_into_which_two_functions_run_is_one_call_site() -> None:
    found = checks(
        check(of=site("first", 0x10)), check(CallerWord.VIOLATED, of=site("second", 0x10))
    )
    assert found.call_sites() == {"0x10": CallerWord.VIOLATED}
