"""How a case ends and where, in words."""

from typing import assert_never

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


def ending(outcome: Outcome, last: int | None, places: Places) -> tuple[str, str]:
    """Return how a case ends and where, as a label and a text.

    :param last: address of the last instruction executed, if known
    """
    at = "" if last is None else f", from {places.name(last)}"
    match outcome:
        case Returned():
            return "returns", f"to the caller{at}"
        case Left(target, mode, _):
            where = places.name(target) if isinstance(target, int) else terms.text(target, 64)
            return "leaves", f"to {where} at {mode}{at}"
        case Stuck(address):
            return "stuck", f"at {places.name(address)}"
        case Faulted(address, what):
            return "faults", f"at {places.name(address)}: {what}"
        case Called(name):
            return "calls", f"{name}, which is compiled code and not followed{at}"
        case CalledBack(target, mode):
            return "calls", f"{terms.text(target, 32)} at {mode}{at}"
        case Requested(address, immediate):
            return "asks", f"by hvc #{immediate:#x} at {places.name(address)}"
        case Undecided(address, reason):
            return "undecided", f"beyond {places.name(address)}: {reason}"
        case _:
            assert_never(outcome)
