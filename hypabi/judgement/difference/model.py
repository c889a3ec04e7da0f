"""What can be said of one call at one party in two images: a closed sum without a truth value.

Every cell has a direction: a *home*, whose callers are meant and whose revision says what they may
rely on, and the *other* side, which they meet.  What the home provider does, the other has to do.
"""

import enum
from collections.abc import Mapping
from typing import assert_never

from hypabi.judgement.verification.verdict import _NoTruthValue
from hypabi.records import frozen


class Aspect(enum.Enum):
    """Which part of what a caller sees is different."""

    PARTY = "party"
    """Whose vectors there are."""
    END = "end"
    """How and where control leaves."""
    RESULT = "result"
    """The result register."""
    PROMISED = "promised"
    """What else the contract promises, by value."""
    REGISTER = "register"
    """A general register that has to be kept."""
    SYSTEM_REGISTER = "system-register"
    """A system register that has to be kept."""
    MEMORY = "memory"
    """Memory that has to be kept."""
    EFFECT = "effect"
    """Barriers, TLB and cache operations."""


class Bearing(enum.Enum):
    """What a difference is to the callers of the home side."""

    BREAKS = "breaks"
    """The call ends otherwise, or something else is there that was promised by doing."""
    LOSES = "loses"
    """Something is lost that the home provider keeps."""
    GAINS = "gains"
    """Something is kept or served that the home provider loses or refuses."""
    CHANGED = "changed"
    """A system register has another value, as the contract permits: it can be seen, and whoever
    looks at it has to know."""
    HARMLESS = "harmless"
    """The contract lets nobody rely on it."""


@frozen
class Difference:
    """One thing that is different, and one state at entry that shows it."""

    aspect: Aspect
    bearing: Bearing
    subject: str
    """The register, memory or end that differs."""
    home: str
    """What the home provider does, in words."""
    other: str
    """What the other provider does."""
    witness: Mapping[str, int]
    """What has to be at entry; everything else is zero."""


@frozen
class Equal(_NoTruthValue):
    """Proved: whatever a caller may rely on is the same in every state at entry."""

    notes: tuple[Difference, ...]
    """Harmless differences."""


@frozen
class Renumbered(_NoTruthValue):
    """Proved: the other side does the same, but under another number."""

    number: int
    """The other side's."""
    call: str
    """Its name there."""
    differences: tuple[Difference, ...]
    """What meets a caller that uses the old number there."""


@frozen
class Stronger(_NoTruthValue):
    """Proved: the other side does all that the home does, and more."""

    differences: tuple[Difference, ...]


@frozen
class Changed(_NoTruthValue):
    """Proved: nothing that was promised is different; a system register has another value."""

    differences: tuple[Difference, ...]


@frozen
class Weaker(_NoTruthValue):
    """Something is lost that the home provider keeps; nothing worse was shown."""

    differences: tuple[Difference, ...]
    reasons: tuple[str, ...] = ()
    """Why it may be worse: what could not be decided besides."""


@frozen
class Incompatible(_NoTruthValue):
    """The call ends otherwise, or with another result."""

    differences: tuple[Difference, ...]
    reasons: tuple[str, ...] = ()
    """What could not be decided besides."""


@frozen
class Undecided(_NoTruthValue):
    """Neither was shown, and why; what was shown besides."""

    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]


@frozen
class Vacuous(_NoTruthValue):
    """No state at entry meets what the call presupposes, so there is nothing to compare."""

    reason: str


Change = Equal | Changed | Renumbered | Stronger | Weaker | Incompatible | Undecided | Vacuous


class Direction(enum.Enum):
    """Whose callers meet whose provider."""

    OLD_CALLERS = "old callers on the new provider"
    NEW_CALLERS = "new callers on the old provider"


@frozen
class Cell:
    """One call at one party in one direction.

    ``call`` is ``None`` for every identifier that is no call's number, and for a party that only
    the home side has.
    """

    direction: Direction
    party: str
    call: str | None
    number: int | None
    change: Change
    only_here: bool
    """Whether only the home side's revision has the call, or the party."""
    left_open: bool
    """Whether the document declines to say what the call does, so that nobody may rely on it."""
    assumptions: tuple[str, ...]
    must_agree: tuple[str, ...]
    """Owners of the providers, and users outside the image; empty where nothing breaks."""


def differences_of(change: Change) -> tuple[Difference, ...]:
    """Return what is different, harmless or not."""
    match change:
        case Equal(notes):
            return notes
        case Vacuous():
            return ()
        case Changed() | Renumbered() | Stronger() | Weaker() | Incompatible() | Undecided():
            return change.differences
        case _:
            assert_never(change)


def reasons_of(change: Change) -> tuple[str, ...]:
    """Return what could not be decided, and why."""
    match change:
        case Undecided(reasons, _) | Weaker(_, reasons) | Incompatible(_, reasons):
            return reasons
        case Equal() | Changed() | Renumbered() | Stronger() | Vacuous():
            return ()
        case _:
            assert_never(change)


def breaks(change: Change) -> bool:
    """Tell whether a change was shown to break callers of the home side."""
    breaking = (Bearing.BREAKS, Bearing.LOSES)
    return any(each.bearing in breaking for each in differences_of(change))


def change_of(
    differences: tuple[Difference, ...], reasons: tuple[str, ...]
) -> Equal | Changed | Stronger | Weaker | Incompatible | Undecided:
    """Return what differences amount to; the worst that was shown decides.

    :param reasons: why something else could not be decided
    """
    bearings = {each.bearing for each in differences}
    if Bearing.BREAKS in bearings:
        return Incompatible(differences, reasons)
    if Bearing.LOSES in bearings:
        return Weaker(differences, reasons)
    if reasons:
        return Undecided(reasons, differences)
    if Bearing.GAINS in bearings:
        return Stronger(differences)
    if Bearing.CHANGED in bearings:
        return Changed(differences)
    return Equal(differences)
