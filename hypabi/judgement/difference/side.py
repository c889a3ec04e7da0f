"""One of two images that are compared, and the people who must agree where they differ."""

from collections.abc import Mapping

from hypabi.behaviour.case import Behaviour
from hypabi.contract.revision import LiveParty, Revision
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.records import frozen


@frozen
class Side:
    """One of the two: what is promised of it, and what its parties do, in names."""

    revision: Revision
    behaviours: Mapping[str, Behaviour]
    """By name of the party; what it says of layout alone was taken out."""
    surroundings: Surroundings
    program: str
    """SHA-256 of the image: two sides that share it are one program."""
    users: Mapping[str, tuple[str, ...]]
    """Who is outside the image: the calls of each."""


def must_agree(home: Side, other: Side, party: LiveParty, call: str | None) -> tuple[str, ...]:
    """Return the owners of the party and of who else serves the call, then users outside."""
    found: dict[str, None] = {}
    for side in (home, other):
        own = side.revision.party(party.name)
        if own is not None:
            found[own.owner] = None
        served = next((each for each in side.revision.calls if each.name == call), None)
        for each in side.revision.parties:
            if served is not None and each.name in served.served_by:
                found[each.owner] = None
    for side in (home, other):
        for name, calls in side.users.items():
            if call is not None and call in calls:
                found[name] = None
    return tuple(found)
