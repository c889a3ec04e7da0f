"""What can be said of a call site met by a live party: a closed sum, and what was asked."""

import enum
from collections.abc import Mapping
from typing import Final

from hypabi.callsites.model import CallPath, CallSite
from hypabi.records import field, frozen

AT_EL2: Final = (
    "it is issued at EL2 or HYP, where the instruction at {:#x} shows that it runs: it enters the "
    "slots of that level, and not those of calls from below"
)


class Whose(enum.Enum):
    """Where a caller is from: what it may count on differs."""

    OWN = "the image's own"
    """Built with the parties: what they do beyond the contract is there, too."""
    OUTSIDE = "another file's"
    """It has the contract alone, and meets whoever is live."""


class CallerQuestion(enum.Enum):
    """What is asked of a caller and a live party."""

    SERVED = "served"
    ARGUMENTS = "arguments"
    PRECONDITIONS = "preconditions"
    SURVIVES = "survives"
    UNDERSTOOD = "understood"
    READ_FROM = "read from"
    GOES_ON = "goes on"


@frozen
class Satisfied:
    """It is as the caller needs it, and how."""

    what: str


@frozen
class Violated:
    """It is not, and what is instead."""

    what: str
    model: Mapping[str, int] = field(default_factory=dict)
    """Registers at the party's entry, where the finding depends on them."""


@frozen
class SatisfiedBeyondContract:
    """It is as the caller needs it, but the contract promises less, and what."""

    what: str


@frozen
class DependsOnCaller:
    """It is up to those who call the function around the site, and what they must see to."""

    what: str


@frozen
class Unspecified:
    """Nothing can be said, because nothing is promised or the code behind is not followed."""

    why: str


@frozen
class Undecided:
    """It was neither shown nor refuted, and why."""

    reason: str


CallerVerdict = (
    Satisfied | SatisfiedBeyondContract | Violated | DependsOnCaller | Unspecified | Undecided
)


@frozen
class CallerAnswer:
    """One question of a caller check, and the answer."""

    aspect: CallerQuestion
    verdict: CallerVerdict


@frozen
class CallerCheck:
    """One call path to one call site, at one live party."""

    site: CallSite
    way: CallPath
    party: str
    call: str | None
    """``None`` for an identifier that is no call's number."""
    points: tuple[CallerAnswer, ...]

    def worst(self) -> CallerVerdict:
        """Return the answer that decides what to say of the whole."""
        return min((point.verdict for point in self.points), key=lambda said: _ORDER[type(said)])


_ORDER = {
    Violated: 0,
    Undecided: 1,
    SatisfiedBeyondContract: 2,
    DependsOnCaller: 3,
    Unspecified: 4,
    Satisfied: 5,
}
