"""A replay amounts to what the machine says, and is data."""

import pytest

from hypabi.analysis.results.shared import ReplayVerdict
from tests.analysis.results.walk import assert_is_data
from tests.report.made_replay import replayed


@pytest.mark.parametrize(
    ("word", "status"),
    [
        (ReplayVerdict.CONFIRMED, 12),
        (ReplayVerdict.NOT_REPRODUCED, 1),
        (ReplayVerdict.NOT_RUN, 16),
    ],
)
def test_a_witness_is_a_refutation_a_defect_or_open(word: ReplayVerdict, status: int) -> None:
    found = replayed(word)
    assert (found.verdict, found.exit_status) == (word.value, status)
    counts = dict.fromkeys((each.value for each in ReplayVerdict), 0)
    assert found.conclusion.counts == {"replays": {**counts, word.value: 1}}
    assert_is_data(found)
