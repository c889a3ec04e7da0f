"""How a case ends and what it stores, for the packages that read behaviours and never execute."""

from hypabi.symbolic.memory import Store, address_text, base_text
from hypabi.symbolic.outcome import (
    Called,
    CalledBack,
    Cause,
    Fault,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.symbolic.state import Condition, Effect


def writes_code(outcome: Outcome) -> bool:
    """Tell whether a path is only undecided because it overwrites code of the image."""
    return isinstance(outcome, Undecided) and outcome.cause is Cause.WRITES_CODE


__all__ = [
    "Called",
    "CalledBack",
    "Condition",
    "Effect",
    "Fault",
    "Faulted",
    "Left",
    "Outcome",
    "Requested",
    "Returned",
    "Store",
    "Stuck",
    "Undecided",
    "address_text",
    "base_text",
    "writes_code",
]
