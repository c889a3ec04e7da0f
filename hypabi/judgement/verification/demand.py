"""One condition that a clause demands of a case."""

import enum

from hypabi.records import frozen
from hypabi.smt.terms import Value


class Seen(enum.Enum):
    """What shows that a demand is broken."""

    AT_THE_END = "at the end"
    BY_WHAT_FOLLOWS = "by what follows"
    """Only the instruction to which control goes, which is not run."""


@frozen
class Demand:
    """One condition that must hold at the end of a case, and what to print otherwise."""

    holds: Value
    otherwise: str
    about: tuple[tuple[str, int, Value, Value], ...] = ()
    """Name, width, value at entry and at exit of what the demand is about."""
    seen: Seen = Seen.AT_THE_END
