"""The callers of an image and its live parties, as a section of a report in text."""

from collections.abc import Callable, Iterable, Iterator

from hypabi.callsites.model import CallSite, Unread
from hypabi.judgement.callers.findings import (
    DependsOnCaller,
    SatisfiedBeyondContract,
    Undecided,
    Violated,
)
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, MoveTaken
from hypabi.judgement.callers.summary import (
    count_checks,
    reachable_checks,
    spell_request,
    spell_verdict,
    unspecified_sites,
)
from hypabi.report.shared.text_layout import filled, titled

Kind = type[Violated] | type[Undecided] | type[SatisfiedBeyondContract] | type[DependsOnCaller]
"""An answer that is printed."""

Place = Callable[[int], str]
"""Spells an address by its symbol."""


def section(cycle: LifeCycle, place: Place) -> Iterator[str]:
    """Yield what comes of the callers, worst first, and the moves that nobody makes."""
    found = tuple(reachable_checks(cycle))
    yield from titled("Callers, while each party that can be live is")
    yield from filled(f"{summary(cycle).capitalize()}.")
    kinds: tuple[tuple[Kind, str], ...] = (
        (Violated, "refuted"),
        (Undecided, "undecided"),
        (SatisfiedBeyondContract, "kept, but promised by nobody"),
        (DependsOnCaller, "left to their callers"),
    )
    for kind, title in kinds:
        yield from _answers(found, kind, title, place)
    yield from _listed("nobody calls, says the contract", cycle.dormant, place)
    yield from _listed("the contract does not say when these run", unspecified_sites(cycle), place)
    yield from _listed("may ask for these calls, for all that was found out", cycle.unread, place)
    yield from moves(cycle.moves, place)


def summary(cycle: LifeCycle) -> str:
    """Return how many call sites meet how many parties, and what comes of it."""
    found = tuple(reachable_checks(cycle))
    sites = len({each.check.site.address for each in found})
    tally = ", ".join(f"{count} {name}" for name, count in count_checks(cycle).items() if count)
    where = "call site" if sites == 1 else "call sites"
    met = "once" if len(found) == 1 else f"{len(found)} times"
    return f"{sites} {where} met live parties {met}: {tally}" if sites else "none to judge"


def _answers(
    found: Iterable[CheckInContext],
    kind: Kind,
    title: str,
    place: Place,
) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for meeting in found:
        for point in meeting.check.points:
            if isinstance(point.verdict, kind):
                text = f"{point.aspect.value}: {spell_verdict(point.verdict)}"
                told.setdefault(text, []).append(named(meeting, place))
    if told:
        yield ""
        yield f"{title}:"
    for text, who in told.items():
        yield from filled(text, "* ", "  ")
        for each in dict.fromkeys(who):
            yield from filled(each, "    ", "      ")


def named(meeting: CheckInContext, place: Place) -> str:
    """Name a meeting: who asks for what, while who is live."""
    met = meeting.check
    who = met.site.function.name or place(met.site.address)
    return f"{who}, {spell_request(met)}, while {met.party} is live"


def _listed(title: str, sites: Iterable[CallSite | Unread], place: Place) -> Iterator[str]:
    names = dict.fromkeys(site.function.name or place(site.address) for site in sites)
    if names:
        yield ""
        yield from filled(f"{title}: {', '.join(names)}")


def moves(taken: Iterable[MoveTaken], place: Place) -> Iterator[str]:
    """Yield the life cycle: each move of the contract, and who makes it here."""
    rows = tuple(taken)
    if not rows:
        return
    yield ""
    yield "life cycle:"
    for each in rows:
        by = ", ".join(site.function.name or place(site.address) for site in each.by)
        move = f"{each.move.source} -> {each.move.to}, {each.move.call}"
        yield from filled(f"{move}: {by or 'no call site of this image'}", "  ", "    ")
