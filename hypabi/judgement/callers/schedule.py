"""Who can be live when which code calls, what comes of it, and which moves an image can make.

The contract says in which states a call site runs; a site that it does not speak of is held against
every party of its own program, because any of them could be live.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hypabi.callsites.identifier_values import paths_by_identifier, uninitialised
from hypabi.callsites.model import CallPath, CallSite, Function, Unread
from hypabi.contract.model import Program as ProgramName
from hypabi.contract.resolve import ANY, ANY_OTHER
from hypabi.contract.revision import CallerContext, Move, Revision
from hypabi.judgement.callers.compatibility import Provider, asked_for, check_caller
from hypabi.judgement.callers.findings import CallerCheck, Satisfied, Violated
from hypabi.records import frozen
from hypabi.smt.solver import Solver


class Reachability(enum.Enum):
    """Whether a call site can run while a party is live."""

    REACHABLE = "reachable"
    """The contract says that it can."""
    UNREACHABLE = "unreachable"
    """The contract says when it runs, and this is not it."""
    UNSPOKEN = "unspoken"
    """The contract does not say when it runs."""
    WHOEVER_IS_LIVE = "whoever is live"
    """The contract does not say when it runs, but nobody serves what it asks."""


@frozen
class CheckInContext:
    """A caller check, and whether it can come about."""

    check: CallerCheck
    when: Reachability
    context: CallerContext | None
    """What the contract says of the caller, if it speaks of it."""


@frozen
class MoveTaken:
    """A move of the life cycle, and the call sites of the image that make it."""

    move: Move
    by: tuple[CallSite, ...]


@frozen
class LifeCycle:
    """All that comes of the call sites of an image while its parties are live."""

    checks: tuple[CheckInContext, ...]
    moves: tuple[MoveTaken, ...]
    """Of the contract, between parties that the image has."""
    dormant: tuple[CallSite, ...]
    """Sites of which the contract says that they run in no state: nobody calls them."""
    elsewhere: int
    """Ways that ask for something else, or by an identifier that is not known."""
    unread: tuple[Unread, ...] = ()
    """Sites that may ask for a call of the contract, for all that was found out."""


@frozen
class Program:
    """One program of an image: its call sites, and its parties that can be live."""

    which: ProgramName
    sites: tuple[CallSite, ...]
    """Those that the contract is about."""
    unread: tuple[Unread, ...]
    """Those of which that was not found out."""
    providers: Mapping[str, Provider]
    """By name of the party."""


def hold_callers(revision: Revision, programs: Sequence[Program], solver: Solver) -> LifeCycle:
    """Hold every call site against every party of its program."""
    checks: list[CheckInContext] = []
    dormant: list[CallSite] = []
    made: dict[tuple[str, str], list[CallSite]] = {}
    elsewhere = 0
    everyone: set[str] = set()
    for program in programs:
        everyone |= program.providers.keys()
        for site in program.sites:
            every = [
                each for way in site.paths for each in paths_by_identifier(way, revision.identifier)
            ]
            ways = tuple(
                way for way in every if concerned(revision, program.which, site.function, way)
            )
            elsewhere += len(every) - len(ways)
            for way in ways:
                met = tuple(_checks(revision, program, site, way, solver))
                checks += met
                if not met or not any(each.when is not Reachability.UNREACHABLE for each in met):
                    dormant.append(site)
                _note_moves(made, met)
    moves = tuple(
        MoveTaken(move, _once(made.get((move.source, move.call), ())))
        for move in revision.moves
        if move.source in everyone
    )
    unread = tuple(each for program in programs for each in program.unread)
    return LifeCycle(tuple(checks), moves, _once(dormant), elsewhere, unread)


def may_concern(
    revision: Revision, which: ProgramName, function: Function, identifier: int
) -> bool:
    """Tell whether a way with a constant identifier can concern the contract at all."""
    if identifier in (call.number for call in revision.calls):
        return True
    for context in revision.contexts:
        if context.program not in (None, which) or not context.tells:
            continue
        if context.functions and function.plain not in context.functions:
            continue
        if not context.identifiers or identifier in context.identifiers:
            return True
    return False


def may_ask_for_more(revision: Revision, way: CallPath) -> bool:
    """Tell whether a way may ask for a call of the contract, for all that is known of it."""
    if way.request.immediate != revision.immediate or uninitialised(revision.identifier, way):
        return False
    ways = paths_by_identifier(way, revision.identifier)
    return any(not isinstance(w.request.registers[revision.identifier], int) for w in ways)


def concerned(revision: Revision, which: ProgramName, function: Function, way: CallPath) -> bool:
    """Tell whether a way asks for a call of the contract, or the contract speaks of its code."""
    asked = asked_for(revision, way)
    if asked is not None and asked[0] is not None:
        return True
    if way.request.immediate == revision.immediate and uninitialised(revision.identifier, way):
        return True
    telling = (context for context in revision.contexts if context.tells)
    return any(_speaks_of(context, revision, which, function, way) for context in telling)


def _speaks_of(
    context: CallerContext,
    revision: Revision,
    which: ProgramName,
    function: Function,
    way: CallPath,
) -> bool:
    if context.program not in (None, which) or way.request.immediate != revision.immediate:
        return False
    if context.functions and function.plain not in context.functions:
        return False
    if (
        context.identifiers
        and way.request.registers[revision.identifier] not in context.identifiers
    ):
        return False
    if not context.calls:
        return True
    asked = asked_for(revision, way)
    if asked is None and context.functions:
        return True  # it may be asked for, for all that is known
    return (ANY_OTHER if asked is None or asked[0] is None else asked[0]) in context.calls


def _checks(
    revision: Revision, program: Program, site: CallSite, way: CallPath, solver: Solver
) -> Iterator[CheckInContext]:
    contexts = [
        context
        for context in revision.contexts
        if _speaks_of(context, revision, program.which, site.function, way)
    ]
    found = {
        name: check_caller(site, way, revision, provider, solver)
        for name, provider in program.providers.items()
    }
    otherwise = Reachability.UNREACHABLE if contexts else _unspoken(revision, way, found.values())
    for name, met in found.items():
        context = next((context for context in contexts if name in context.states), None)
        when = otherwise if context is None else Reachability.REACHABLE
        yield CheckInContext(met, when, context or next(iter(contexts), None))


def _unspoken(revision: Revision, way: CallPath, found: Iterable[CallerCheck]) -> Reachability:
    """Say when a way runs of which the contract says nothing."""
    if uninitialised(revision.identifier, way) is None:
        return Reachability.UNSPOKEN
    served = any(isinstance(met.points[0].verdict, Satisfied) for met in found)
    return Reachability.UNSPOKEN if served else Reachability.WHOEVER_IS_LIVE


def _note_moves(made: dict[tuple[str, str], list[CallSite]], met: Iterable[CheckInContext]) -> None:
    for each in met:
        if each.when is Reachability.UNREACHABLE or isinstance(
            each.check.points[0].verdict, Violated
        ):
            continue
        party, call = each.check.party, each.check.call
        for asked in (ANY, ANY_OTHER if call is None else call):
            made.setdefault((party, asked), []).append(each.check.site)


def _once(sites: Iterable[CallSite]) -> tuple[CallSite, ...]:
    return tuple({site.address: site for site in sites}.values())
