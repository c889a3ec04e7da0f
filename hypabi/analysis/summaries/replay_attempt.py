"""What a machine made of a refutation, told as plain values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from hypabi.analysis.results.shared import ReplayAttempt, ReplayDifference, ReplayVerdict
from hypabi.analysis.summaries.shared import values_of
from hypabi.witness.replay import Confirmed, NotReproduced, NotRun, Replay


def replay_attempt(
    replay: Replay, file: str | None = None, needed: Mapping[str, int] = MappingProxyType({})
) -> ReplayAttempt:
    """Return a replay as reports print it.

    :param file: that the witness was written to
    :param needed: of the state at entry, at link addresses
    """
    values = values_of(needed)
    match replay:
        case Confirmed(machine):
            return ReplayAttempt(ReplayVerdict.CONFIRMED, machine, None, (), values, file)
        case NotReproduced(machine, differences):
            found = tuple(
                ReplayDifference(each.what, each.predicted, each.observed) for each in differences
            )
            return ReplayAttempt(ReplayVerdict.NOT_REPRODUCED, machine, None, found, values, file)
        case NotRun(machine, reason):
            return ReplayAttempt(ReplayVerdict.NOT_RUN, machine, reason, (), values, file)
        case _:
            assert_never(replay)
