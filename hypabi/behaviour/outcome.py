"""How a case ends and what it stores, for the packages that read behaviours and never execute."""

from hypabi.symbolic.memory import Store, address_text, base_text
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
]
