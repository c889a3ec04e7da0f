"""A replay as an attempt that reports can print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from hypabi.analysis.results.replay import CONFIRMED, NOT_REPRODUCED, NOT_RUN, Attempt
from hypabi.witness.replay import Confirmed, NotReproduced, NotRun, Replay


def attempt(
    replay: Replay, file: str | None = None, needed: Mapping[str, int] = MappingProxyType({})
) -> Attempt:
    """Return a replay as reports print it.

    :param file: that the witness was written to
    :param needed: of the state at entry, at link addresses
    """
    match replay:
        case Confirmed(machine):
            return Attempt(CONFIRMED, machine, file=file, needed=needed)
        case NotReproduced(machine, differences):
            found = tuple((each.what, each.predicted, each.observed) for each in differences)
            return Attempt(NOT_REPRODUCED, machine, differences=found, file=file, needed=needed)
        case NotRun(machine, reason):
            return Attempt(NOT_RUN, machine, reason, file=file, needed=needed)
        case _:
            assert_never(replay)
