"""What comes of the callers of an image, before it is text or JSON."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.callsites.model import CallSite
from hypabi.judgement.callers.findings import (
    CallerCheck,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    SatisfiedBeyondContract,
    Undecided,
    Unspecified,
    Violated,
)
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, Reachability

WORDS: Final[Mapping[type[CallerVerdict], str]] = {
    Satisfied: "kept",
    SatisfiedBeyondContract: "kept unpromised",
    DependsOnCaller: "passed on",
    Unspecified: "left open",
    Violated: "refuted",
    Undecided: "undecided",
}
"""The one word for an answer, in the order in which they are counted."""


def reachable_checks(cycle: LifeCycle) -> Iterator[CheckInContext]:
    """Yield the meetings that can come about: the contract says so, or whoever is live."""
    for meeting in cycle.checks:
        if meeting.when in (Reachability.REACHABLE, Reachability.WHOEVER_IS_LIVE):
            yield meeting


def unspecified_sites(cycle: LifeCycle) -> Iterator[CallSite]:
    """Yield the call sites of which the contract does not say when they run."""
    sites = [m.check.site for m in cycle.checks if m.when is Reachability.UNSPOKEN]
    yield from {site.address: site for site in sites}.values()


def count_checks(cycle: LifeCycle) -> Mapping[str, int]:
    """Count the meetings that can come about by the worst answer of each."""
    found = [WORDS[type(each.check.worst())] for each in reachable_checks(cycle)]
    return {name: found.count(name) for name in WORDS.values()}


def violated_checks(cycle: LifeCycle) -> Iterator[CheckInContext]:
    """Yield the meetings that can come about and are refuted."""
    for meeting in reachable_checks(cycle):
        if isinstance(meeting.check.worst(), Violated):
            yield meeting


def spell_request(met: CallerCheck) -> str:
    """Spell what a caller asks for."""
    if met.call is not None:
        return met.call
    value = met.way.request.registers[met.site.identifier]
    return f"identifier {value:#x}" if isinstance(value, int) else "an identifier that is not known"


def spell_verdict(said: CallerVerdict) -> str:
    """Return an answer in a line."""
    match said:
        case (
            Satisfied(what) | SatisfiedBeyondContract(what) | Violated(what) | DependsOnCaller(what)
        ):
            return what
        case Unspecified(reason) | Undecided(reason):
            return reason
        case _:
            assert_never(said)
