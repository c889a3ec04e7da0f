"""What can be said of a call site met by a live party: a closed sum, and what was asked."""

import enum
from collections.abc import Mapping

from hypabi.behaviour.call_site import CallSite, Way
from hypabi.frozen import field, frozen


class Aspect(enum.Enum):
    """What is asked of a caller and a live party."""

    SERVED = "served"
    PRECONDITIONS = "preconditions"
    SURVIVES = "survives"
    UNDERSTOOD = "understood"
    READ_FROM = "read from"


@frozen
class Good:
    """It is as the caller needs it, and how."""

    what: str


@frozen
class Bad:
    """It is not, and what is instead."""

    what: str
    model: Mapping[str, int] = field(default_factory=dict)
    """Registers at the party's entry, where the finding depends on them."""


@frozen
class Unpromised:
    """It is as the caller needs it, but the contract promises less, and what."""

    what: str


@frozen
class PassedOn:
    """It is up to those who call the function around the site, and what they must see to."""

    what: str


@frozen
class Open:
    """Nothing can be said, because nothing is promised or the code behind is not followed."""

    why: str


@frozen
class Undecided:
    """It was neither shown nor refuted, and why."""

    reason: str


Said = Good | Unpromised | Bad | PassedOn | Open | Undecided


@frozen
class Point:
    """One question of an encounter, and the answer."""

    aspect: Aspect
    said: Said


@frozen
class Encounter:
    """One way to one call site, at one live party."""

    site: CallSite
    way: Way
    party: str
    call: str | None
    """``None`` for an identifier that is no call's number."""
    points: tuple[Point, ...]

    def worst(self) -> Said:
        """Return the answer that decides what to say of the whole."""
        return min((point.said for point in self.points), key=lambda said: _ORDER[type(said)])


_ORDER = {Bad: 0, Undecided: 1, Unpromised: 2, PassedOn: 3, Open: 4, Good: 5}
