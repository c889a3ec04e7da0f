"""What comes of the callers of an image, before it is text or JSON."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.judgement.life_cycle import LifeCycle, Meeting, When
from hypabi.judgement.said import Bad, Encounter, Good, Open, PassedOn, Said, Undecided

WORDS: Final[Mapping[type[Said], str]] = {
    Good: "kept",
    PassedOn: "passed on",
    Open: "left open",
    Bad: "refuted",
    Undecided: "undecided",
}
"""The one word for an answer, in the order in which they are counted."""


def possible(cycle: LifeCycle) -> Iterator[Meeting]:
    """Yield the meetings that can come about, as far as the contract says."""
    for meeting in cycle.meetings:
        if meeting.when is not When.OUT_OF_TURN:
            yield meeting


def counts(cycle: LifeCycle) -> Mapping[str, int]:
    """Count the meetings that can come about by the worst answer of each."""
    found = [WORDS[type(each.encounter.worst())] for each in possible(cycle)]
    return {name: found.count(name) for name in WORDS.values()}


def asked(met: Encounter) -> str:
    """Spell what a caller asks for."""
    return "any other identifier" if met.call is None else met.call


def spoken(said: Said) -> str:
    """Return an answer in a line."""
    match said:
        case Good(what) | Bad(what) | PassedOn(what):
            return what
        case Open(reason) | Undecided(reason):
            return reason
        case _:
            assert_never(said)
