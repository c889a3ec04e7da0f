"""What can be said of a caller and a live party: a closed sum, and by which promise."""

import enum
from collections.abc import Mapping

from hypabi.contract.revision import Row
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.records import frozen


class Promise(enum.Enum):
    """Which promise a cell was judged by."""

    SERVED = "served"
    """What the call does at this party."""
    UNSERVED = "unserved"
    """What this party answers to a call that it does not serve."""
    ELSEWHERE = "elsewhere"
    """What the call does at the party that serves it; nothing is promised of this one."""


@frozen
class Kept:
    """The party keeps every clause of the promise."""

    promise: Promise
    clauses: int
    assumptions: tuple[str, ...]
    granted: tuple[str, ...]
    """What holds at entry without the caller, as the contracts spell it."""


@frozen
class Broken:
    """The party does something else."""

    promise: Promise
    finding: Finding
    """The refuted clause that says most: how the call ends before what it leaves behind."""
    verdict: Refuted
    instead: str
    """What happens instead, in a line."""
    pinned: Mapping[str, int]
    """What the caller puts into registers, whatever it was called with."""
    row: Row
    """Of the caller's contract: what was promised, and by whom."""
    granted: tuple[str, ...]
    """What holds at entry without the caller, as the contracts spell it."""


@frozen
class Open:
    """The caller's contract leaves open what happens, and why."""

    why: str


@frozen
class NotDecided:
    """Neither kept nor broken, and why."""

    reason: str


Cell = Kept | Broken | Open | NotDecided
