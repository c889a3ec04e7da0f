"""What else than a hypercall enters the code that answers hypercalls, as plain values."""

import enum
from collections.abc import Mapping

from hypabi.analysis.results.shared import Hex
from hypabi.arch.vector_entries import Kind, Origin, Resumes
from hypabi.judgement.entries.findings import Extent, Syndrome
from hypabi.records import frozen


class EntryWord(enum.Enum):
    """What was found of a vector entry, in the order in which they are counted."""

    UNINTENDED = "unintended entry"
    """A state exists in which the exception does what a call does."""
    GUARDED = "guarded"
    """No such state exists."""
    HANDED_OVER = "handed over"
    """Control goes to compiled code first, which is not followed."""
    NOT_REACHABLE = "not reachable"
    """The exception does not come this way while the party has calls to answer."""
    UNDECIDED = "undecided"


@frozen
class ExceptionReason:
    """One reason for an exception that enters there."""

    ec: Hex | None
    """Exception class of the syndrome; null where the exception leaves it alone."""
    name: str
    kind: Kind
    where: str | None
    """Which control routes it there; null where none is needed."""
    resumes: Resumes
    """What the preferred return address is."""
    user: bool
    """Whether code at EL0 or PL0 can cause it."""


@frozen
class HandledCall:
    """One call that an exception is handled as, and a state in which it is."""

    call: str | None
    """Null is any identifier that is no call's number."""
    number: Hex | None
    extent: Extent
    shared: tuple[str, ...]
    """What the exception does as the call does it; empty where that is everything."""
    syndrome: Syndrome
    """Whether a decision on the way depends on the syndrome."""
    returns: bool
    """Whether it ends by returning to where the exception was taken from."""
    ends: str
    """How it ends, in words."""
    answer: Hex
    """What the result register holds at the end."""
    changed: Mapping[str, str]
    """System registers that hold another value at the end, and which, over the state at entry."""
    state: Mapping[str, Hex]
    """At entry."""
    path: tuple[Hex, ...]
    """Address of every instruction executed, in order."""
    by_programs: bool
    """Whether a state at EL0 or PL0 will do."""


@frozen
class EntryFinding:
    """What was found of one slot of a party, for the exceptions that it treats alike."""

    party: str
    slot: Hex
    """Offset in the vector table."""
    name: str
    origin: Origin
    """Where the exceptions are taken from."""
    exceptions: tuple[ExceptionReason, ...]
    entered_by: str
    """The exceptions, in words."""
    found: EntryWord
    reason: str | None
    """Why it is not reachable, or undecided."""
    not_followed: tuple[str, ...]
    """Of an unintended entry: why the same could not be said or denied of other calls."""
    syndrome: Syndrome | None
    """Whether a decision on the way depends on the syndrome, where something guards or is handed
    over."""
    ends: tuple[str, ...]
    """How it ends instead, where it is guarded or handed over."""
    instead: tuple[str, ...]
    """The same in few words: what a guarded one does, the functions that others are handed to."""
    handled_as: tuple[HandledCall, ...]
    """Of an unintended entry: the calls."""
    assumptions: tuple[str, ...]
