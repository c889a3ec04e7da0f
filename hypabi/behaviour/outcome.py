"""How a case ends and what it stores, for the packages that read behaviours and never execute."""

from hypabi.symbolic.memory import WRITES_CODE, Store, address_text, base_text
from hypabi.symbolic.outcome import (
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
from hypabi.symbolic.state import Condition, Effect


def writes_code(outcome: Outcome) -> bool:
    """Tell whether a path is only undecided because it overwrites code of the image."""
    return isinstance(outcome, Undecided) and outcome.reason.startswith(WRITES_CODE)


__all__ = [
    "Called",
    "CalledBack",
    "Condition",
    "Effect",
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
