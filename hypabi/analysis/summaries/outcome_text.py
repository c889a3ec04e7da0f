"""How a case ends and where, in words."""

from typing import assert_never

from hypabi.analysis.results.derivation import Ending
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.image.symbolizer import Places
from hypabi.smt import terms


def ending(outcome: Outcome, places: Places) -> tuple[Ending, str]:
    """Return how a case ends, and to where, at which mode, or why."""
    match outcome:
        case Returned():
            return Ending.RETURNS, "to the caller"
        case Left(target, mode, _):
            where = places.name(target) if isinstance(target, int) else terms.text(target, 64)
            return Ending.LEAVES, f"to {where} at {mode}"
        case Stuck(address):
            return Ending.STUCK, f"at {places.name(address)}"
        case Faulted(address, what):
            return Ending.FAULTS, f"at {places.name(address)}: {what}"
        case Called(name):
            return Ending.CALLS, f"{name}, which is compiled code and not followed"
        case CalledBack(target, mode):
            return Ending.CALLS, f"{terms.text(target, 32)} at {mode}"
        case Requested(address, immediate):
            return Ending.ASKS, f"by hvc #{immediate:#x} at {places.name(address)}"
        case Undecided(address, reason):
            return Ending.UNDECIDED, f"beyond {places.name(address)}: {reason}"
        case _:
            assert_never(outcome)
