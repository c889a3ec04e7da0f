"""What comes of the callers of an image, before it is text or JSON."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.behaviour.call_site import CallSite
from hypabi.judgement.life_cycle import LifeCycle, Meeting, When
from hypabi.judgement.said import Bad, Encounter, Good, Open, PassedOn, Said, Undecided, Unpromised

WORDS: Final[Mapping[type[Said], str]] = {
    Good: "kept",
    Unpromised: "kept unpromised",
    PassedOn: "passed on",
    Open: "left open",
    Bad: "refuted",
    Undecided: "undecided",
}
"""The one word for an answer, in the order in which they are counted."""


def possible(cycle: LifeCycle) -> Iterator[Meeting]:
    """Yield the meetings that can come about: the contract says so, or whoever is live."""
    for meeting in cycle.meetings:
        if meeting.when in (When.IN_TURN, When.WHOEVER):
            yield meeting


def unspoken(cycle: LifeCycle) -> Iterator[CallSite]:
    """Yield the call sites of which the contract does not say when they run."""
    sites = [m.encounter.site for m in cycle.meetings if m.when is When.UNSPOKEN]
    yield from {site.address: site for site in sites}.values()


def counts(cycle: LifeCycle) -> Mapping[str, int]:
    """Count the meetings that can come about by the worst answer of each."""
    found = [WORDS[type(each.encounter.worst())] for each in possible(cycle)]
    return {name: found.count(name) for name in WORDS.values()}


def refutations(cycle: LifeCycle) -> Iterator[Meeting]:
    """Yield the meetings that can come about and are refuted."""
    for meeting in possible(cycle):
        if isinstance(meeting.encounter.worst(), Bad):
            yield meeting


def asked(met: Encounter) -> str:
    """Spell what a caller asks for."""
    if met.call is not None:
        return met.call
    value = met.way.request.registers[met.site.identifier]
    return f"identifier {value:#x}" if isinstance(value, int) else "an identifier that is not known"


def spoken(said: Said) -> str:
    """Return an answer in a line."""
    match said:
        case Good(what) | Unpromised(what) | Bad(what) | PassedOn(what):
            return what
        case Open(reason) | Undecided(reason):
            return reason
        case _:
            assert_never(said)
