"""The callers of an image and its live parties, as a section of a report in text."""

from collections.abc import Callable, Iterable, Iterator

from hypabi.behaviour.call_site import CallSite, Unread
from hypabi.judgement.life_cycle import LifeCycle, Meeting, Taken
from hypabi.judgement.said import Bad, PassedOn, Undecided, Unpromised
from hypabi.report.life_cycle import asked, counts, possible, spoken, unspoken
from hypabi.report.lines import filled, titled

Kind = type[Bad] | type[Undecided] | type[Unpromised] | type[PassedOn]
"""An answer that is printed."""

Place = Callable[[int], str]
"""Spells an address by its symbol."""


def section(cycle: LifeCycle, place: Place) -> Iterator[str]:
    """Yield what comes of the callers, worst first, and the moves that nobody makes."""
    found = tuple(possible(cycle))
    yield from titled("Callers, while each party that can be live is")
    yield from filled(f"{summary(cycle).capitalize()}.")
    kinds: tuple[tuple[Kind, str], ...] = (
        (Bad, "refuted"),
        (Undecided, "undecided"),
        (Unpromised, "kept, but promised by nobody"),
        (PassedOn, "left to their callers"),
    )
    for kind, title in kinds:
        yield from _answers(found, kind, title, place)
    yield from _listed("nobody calls, says the contract", cycle.dormant, place)
    yield from _listed("the contract does not say when these run", unspoken(cycle), place)
    yield from _listed("may ask for these calls, for all that was found out", cycle.unread, place)
    yield from moves(cycle.moves, place)


def summary(cycle: LifeCycle) -> str:
    """Return how many call sites meet how many parties, and what comes of it."""
    found = tuple(possible(cycle))
    sites = len({each.encounter.site.address for each in found})
    tally = ", ".join(f"{count} {name}" for name, count in counts(cycle).items() if count)
    where = "call site" if sites == 1 else "call sites"
    met = "once" if len(found) == 1 else f"{len(found)} times"
    return f"{sites} {where} met live parties {met}: {tally}" if sites else "none to judge"


def _answers(
    found: Iterable[Meeting],
    kind: Kind,
    title: str,
    place: Place,
) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for meeting in found:
        for point in meeting.encounter.points:
            if isinstance(point.said, kind):
                text = f"{point.aspect.value}: {spoken(point.said)}"
                told.setdefault(text, []).append(named(meeting, place))
    if told:
        yield ""
        yield f"{title}:"
    for text, who in told.items():
        yield from filled(text, "* ", "  ")
        for each in dict.fromkeys(who):
            yield from filled(each, "    ", "      ")


def named(meeting: Meeting, place: Place) -> str:
    """Name a meeting: who asks for what, while who is live."""
    met = meeting.encounter
    who = met.site.function.name or place(met.site.address)
    return f"{who}, {asked(met)}, while {met.party} is live"


def _listed(title: str, sites: Iterable[CallSite | Unread], place: Place) -> Iterator[str]:
    names = dict.fromkeys(site.function.name or place(site.address) for site in sites)
    if names:
        yield ""
        yield from filled(f"{title}: {', '.join(names)}")


def moves(taken: Iterable[Taken], place: Place) -> Iterator[str]:
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
