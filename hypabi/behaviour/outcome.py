"""How a case ends and what it stores, for the packages that read behaviours and never execute."""

from hypabi.execution.memory import Store, address_text
from hypabi.execution.outcome import (
    Called,
    Faulted,
    Left,
    Outcome,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.execution.state import Condition, Effect

__all__ = [
    "Called",
    "Condition",
    "Effect",
    "Faulted",
    "Left",
    "Outcome",
    "Returned",
    "Store",
    "Stuck",
    "Undecided",
    "address_text",
]
