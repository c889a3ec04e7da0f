"""What can be said of a slot that more enters than hypercalls: a closed sum, and its evidence."""

import enum
from collections.abc import Mapping

from hypabi.arch.vector_entries import Reason, VectorEntry
from hypabi.behaviour.outcome import Outcome
from hypabi.records import frozen
from hypabi.smt.terms import Value


class Extent(enum.Enum):
    """How much of what a call does happens."""

    WHOLE = "what the call does"
    PART = "part of what the call does"


class Syndrome(enum.Enum):
    """Whether a decision on the way depends on the syndrome."""

    DECIDES = "looked at"
    IGNORED = "not looked at"


@frozen
class Handled:
    """One call that the exception is handled as, and a state in which it is."""

    call: str | None
    number: int | None
    extent: Extent
    shared: tuple[str, ...]
    """What the exception does as the call does it; empty where that is everything."""
    syndrome: Syndrome
    outcome: Outcome
    """How the exception ends there."""
    answer: int
    """What the result register holds at the end, under the model."""
    changed: tuple[tuple[str, Value], ...]
    """System registers that hold another value at the end, and which, over the state at entry."""
    model: Mapping[str, int]
    trail: tuple[int, ...]
    """Address of every instruction, in order, under the model."""
    from_user: bool
    """Whether a state at EL0 or PL0 will do."""


@frozen
class Unintended:
    """Some state exists in which the exception does what a call does."""

    handled: tuple[Handled, ...]
    not_followed: tuple[str, ...] = ()
    """Why the same could not be said or denied of other calls."""


@frozen
class Guarded:
    """No state exists in which the exception does what a call does, or part of it."""

    syndrome: Syndrome
    ends: tuple[Outcome, ...]
    """How it ends instead, each way once."""


@frozen
class HandedOver:
    """No call is served before control goes to compiled code, which is not followed."""

    syndrome: Syndrome
    functions: tuple[str, ...]


@frozen
class NotReachable:
    """The exception does not come this way while the party has calls to answer, and why."""

    why: str


@frozen
class Undecided:
    """Neither found nor ruled out, and why."""

    reason: str


Judged = Unintended | Guarded | HandedOver | NotReachable | Undecided


@frozen
class JudgedEntry:
    """What was found of one slot of one party, for the exceptions that it treats alike."""

    party: str
    entry: VectorEntry
    reasons: tuple[Reason, ...]
    judged: Judged
    assumptions: tuple[str, ...] = ()
