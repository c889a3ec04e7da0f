"""The callers of an image and its live parties, as a section of a report in text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.analysis.results.caller_checks import (
    CALLER_WORDS,
    CallerCheck,
    CallerChecks,
    CallerSite,
    CallerWord,
    LifeCycleMove,
    MoveCheck,
)
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.report.caller_checks.wording import met
from hypabi.report.shared.text_layout import filled, labelled, titled

TITLES: Final = (
    (CallerWord.VIOLATED, "violated"),
    (CallerWord.SUPPRESSED, "violated, and suppressed"),
    (CallerWord.UNDECIDED, "undecided"),
    (CallerWord.BEYOND, "satisfied beyond the contract"),
    (CallerWord.DEPENDS, "depends on its caller"),
)
"""The answers that are printed, worst first."""


def section(found: CallerChecks) -> Iterator[str]:
    """Yield what comes of the callers, worst first, and the moves that nobody makes."""
    reachable = found.reachable()
    yield from titled("Callers, while each party that can be live is")
    yield from filled(f"{summary(found).capitalize()}.")
    for word, title in TITLES:
        yield from _answers(reachable, word, title)
    yield from _makers(found.makers)
    yield from _out_of_order(found.out_of_order)
    yield from _listed("nobody calls, says the contract", found.never_run)
    yield from _listed("the contract does not say when these run", found.unspoken())
    yield from _listed("run while a party is live that was not found", found.without_party())
    yield from _listed("may ask for these calls, for all that was found out", found.not_found_out)
    yield from moves(found.moves)


def breaks(found: CallerChecks, owners: Mapping[str, str]) -> Iterator[str]:
    """Yield who asks whom for what that is not served, who calls it, and who has to agree.

    :param owners: by party: the title of its section of MAINTAINERS
    """
    told: dict[tuple[str, str, str], list[CallerCheck]] = {}
    for check in found.reachable():
        for answer in check.answers:
            if answer.question is CallerQuestion.SERVED and answer.verdict is CallerWord.VIOLATED:
                key = (check.caller.name, check.asks or check.request, answer.text)
                told.setdefault(key, []).append(check)
    if told:
        yield from titled("Who breaks")
    for (caller, _, text), checks in told.items():
        parties = listed(list(dict.fromkeys(check.party for check in checks)))
        asked, request = checks[0].asks, checks[0].request
        asks = f"asks {parties} for {request}" if asked is None else f"asks {asked} of {parties}"
        yield ""
        yield from filled(f"{caller} {asks}: {text}", "* ", "  ")
        callers = dict.fromkeys(name for check in checks for name in check.called_by)
        if callers:
            yield from labelled("called by", ", ".join(callers))
        same = [e for e in found.reachable() if (e.caller, e.call) == _asked(checks[0])]
        agree = dict.fromkeys(owners[e.party] for e in same if e.party in owners)
        yield from labelled("to agree", "; ".join(agree))


def _asked(check: CallerCheck) -> tuple[CallerSite, str | None]:
    return check.caller, check.call


def listed(words: list[str]) -> str:
    """Return words as prose lists them."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def summary(found: CallerChecks) -> str:
    """Return how many call sites meet how many parties, and what comes of each."""
    words = [word.value for word in found.call_sites().values()]
    if not words:
        return "none to judge"
    where = "call site" if len(words) == 1 else "call sites"
    checks = len(found.reachable())
    met = "once" if checks == 1 else f"{checks} times"
    tally = ", ".join(f"{words.count(each)} {each}" for each in CALLER_WORDS if each in words)
    return f"{len(words)} {where} met live parties {met}: {tally}"


def _answers(checks: Iterable[CallerCheck], word: CallerWord, title: str) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for check in checks:
        for answer in check.answers:
            if answer.verdict is word:
                text = f"{answer.question.value}: {answer.text}"
                told.setdefault(text, []).append(named(check))
    if told:
        yield ""
        yield f"{title}:"
    for text, who in told.items():
        yield from filled(text, "* ", "  ")
        for each in dict.fromkeys(who):
            yield from filled(each, "    ", "      ")


def named(check: CallerCheck) -> str:
    """Name a check: who asks for what, while who is live."""
    return met(f"{check.caller.name}, {check.request}", check.party)


def _makers(makers: Iterable[MoveCheck]) -> Iterator[str]:
    """Yield the calls that a function has to make and does not, each once with its functions."""
    for word, title in TITLES:
        told: dict[str, list[str]] = {}
        for each in makers:
            if each.verdict is word:
                what = f"{met(each.call, each.party)}: {each.text}"
                told.setdefault(what, []).append(each.function)
        if told:
            yield ""
            yield f"the contract says who makes these calls, and it is {title}:"
        for text, who in told.items():
            yield from filled(text, "* ", "  ")
            yield from filled(", ".join(dict.fromkeys(who)), "    ", "      ")


def _out_of_order(checks: Iterable[MoveCheck]) -> Iterator[str]:
    """Yield the calls that are made while nobody is live to whom they are made."""
    for each in checks:
        yield ""
        suppressed = ", and suppressed" if each.suppressed is not None else ""
        yield f"out of order{suppressed}, seen from {each.function or each.address} on:"
        yield from filled(each.text, "* ", "  ")


def _listed(title: str, sites: Iterable[CallerSite]) -> Iterator[str]:
    names = dict.fromkeys(site.name for site in sites)
    if names:
        yield ""
        yield from filled(f"{title}: {', '.join(names)}")


def moves(taken: tuple[LifeCycleMove, ...]) -> Iterator[str]:
    """Yield the life cycle: each move of the contract, and who makes it here."""
    if taken:
        yield ""
        yield "life cycle:"
    for each in taken:
        by = ", ".join(site.name for site in each.by)
        move = f"{each.source} -> {each.to}, {each.call}"
        yield from filled(f"{move}: {by or 'no call site of this image'}", "  ", "    ")
