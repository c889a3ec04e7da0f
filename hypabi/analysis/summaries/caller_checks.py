"""Caller checks with their terms, made into plain values."""

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from hypabi.analysis.results.caller_checks import (
    CallerAnswer,
    CallerCheck,
    CallerChecks,
    CallerSite,
    CallerWord,
    LifeCycleMove,
    MoveCheck,
    UnresolvedCallSite,
    worst_caller_word,
)
from hypabi.analysis.summaries.shared import identify_image
from hypabi.analysis.summaries.suppressions import suppressed_by
from hypabi.callsites.model import CallSite, Unread
from hypabi.image.model import Loaded
from hypabi.image.symbolizer import Places
from hypabi.judgement.callers import findings
from hypabi.judgement.callers.findings import CallerVerdict
from hypabi.judgement.callers.makers import MakerCheck
from hypabi.judgement.callers.order import OrderCheck
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, MoveTaken
from hypabi.judgement.callers.summary import Violation, spell_request, spell_verdict
from hypabi.judgement.suppression import Suppression
from hypabi.records import frozen

SMALL: Final = 4096
"""Numbers below this are spelled in decimal; nobody's code is there either (linux/err.h)."""


@frozen
class CalledBy:
    """Who calls a function: the addresses of the calls, by that of the function."""

    calls: Mapping[int, tuple[int, ...]]
    places: Places

    def names(self, function: int) -> tuple[str, ...]:
        """Return the functions that call one, each once."""
        found = (
            self.places.around(call)[0] or f"{call:#x}" for call in self.calls.get(function, ())
        )
        return tuple(dict.fromkeys(found))


Place = Callable[[int], str]
"""Spells an address by its symbol."""


def summarize_caller_checks(
    cycle: LifeCycle,
    lived_with: Mapping[Violation, Suppression],
    place: Place,
    called_by: CalledBy | None = None,
    outside: Loaded | None = None,
) -> CallerChecks:
    """Return what comes of the callers of an image, check by check, and the life cycle.

    :param called_by: who calls them, where that was looked for besides
    :param outside: another file, where they are that one's
    """
    return CallerChecks(
        tuple(_check(each, lived_with, place, called_by) for each in cycle.checks),
        tuple(_site(site, place) for site in cycle.dormant),
        tuple(_move(each, place) for each in cycle.moves),
        cycle.elsewhere,
        tuple(_unresolved(each, place) for each in cycle.unread),
        tuple(_move_check(each, lived_with) for each in cycle.makers),
        tuple(_move_check(each, lived_with) for each in cycle.order),
        None if outside is None else identify_image(outside),
    )


def _check(
    each: CheckInContext,
    lived_with: Mapping[Violation, Suppression],
    place: Place,
    called_by: CalledBy | None,
) -> CallerCheck:
    check = each.check
    violated = any(isinstance(point.verdict, findings.Violated) for point in check.points)
    by = lived_with.get(Violation.of(check)) if violated else None
    answers = tuple(_answer(point, by) for point in check.points)
    return CallerCheck(
        _site(check.site, place),
        check.call,
        spell_request(check),
        _asks(check),
        _called_by(check.site, place, called_by),
        check.party,
        each.when,
        worst_caller_word([answer.verdict for answer in answers]),
        answers,
        None if by is None else suppressed_by(by),
    )


def _called_by(site: CallSite, place: Place, besides: CalledBy | None) -> tuple[str, ...]:
    found = [each.function.name or place(each.address) for each in site.callers]
    if besides is not None:
        found += besides.names(site.function.address)
    return tuple(dict.fromkeys(found))


def _asks(check: findings.CallerCheck) -> str | None:
    """Spell the identifier as C does: a small number in decimal, -1 as such."""
    register = check.site.identifier
    value = check.way.request.registers[register]
    if not isinstance(value, int):
        return None
    bits = 64 if register.startswith("x") else 32
    signed = value - (1 << bits) if value >> (bits - 1) else value
    return f"{register} = {signed if abs(signed) < SMALL else hex(value)}"


def _move_check(
    each: MakerCheck | OrderCheck, lived_with: Mapping[Violation, Suppression]
) -> MoveCheck:
    violated = isinstance(each.verdict, findings.Violated)
    by = lived_with.get(Violation.of_move(each)) if violated else None
    return MoveCheck(
        each.function,
        f"{each.address:#x}",
        each.call,
        " or ".join(each.live),
        caller_word(each.verdict, by),
        spell_verdict(each.verdict),
        None if by is None else suppressed_by(by),
    )


def _answer(point: findings.CallerAnswer, by: Suppression | None) -> CallerAnswer:
    model: Mapping[str, int] = {}
    if isinstance(point.verdict, findings.Violated):
        model = point.verdict.model
    return CallerAnswer(
        point.aspect,
        caller_word(point.verdict, by),
        spell_verdict(point.verdict),
        {name: f"{value:#x}" for name, value in sorted(model.items())},
    )


def caller_word(verdict: CallerVerdict, by: Suppression | None) -> CallerWord:
    """Return the one word for an answer.

    :param by: what decided to live with a violation
    """
    match verdict:
        case findings.Satisfied():
            return CallerWord.SATISFIED
        case findings.SatisfiedBeyondContract():
            return CallerWord.BEYOND
        case findings.DependsOnCaller():
            return CallerWord.DEPENDS
        case findings.Unspecified():
            return CallerWord.UNSPECIFIED
        case findings.Violated():
            return CallerWord.VIOLATED if by is None else CallerWord.SUPPRESSED
        case findings.Undecided():
            return CallerWord.UNDECIDED
        case _:
            assert_never(verdict)


def _site(site: CallSite, place: Place) -> CallerSite:
    name = site.function.name
    return CallerSite(name, f"{site.address:#x}", name or place(site.address))


def _unresolved(site: Unread, place: Place) -> UnresolvedCallSite:
    name = site.function.name
    where = name or place(site.address)
    return UnresolvedCallSite(name, f"{site.address:#x}", where, site.why, site.passed)


def _move(taken: MoveTaken, place: Place) -> LifeCycleMove:
    by = tuple(_site(site, place) for site in taken.by)
    return LifeCycleMove(taken.move.source, taken.move.call, taken.move.to, by)
