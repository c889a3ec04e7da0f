"""Who can be live when which code calls, what comes of it, and which moves an image can make.

The contract says in which states a call site runs; a site that it does not speak of is held against
every party of its own program, because any of them could be live.
"""

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.callsites.identifier_values import paths_by_identifier, uninitialised
from hypabi.callsites.model import CallPath, CallSite, Function, Stranger, Unread
from hypabi.contract.model import Program as ProgramName
from hypabi.contract.resolve import ANY, ANY_OTHER
from hypabi.contract.revision import CallerContext, Move, Revision, Row
from hypabi.judgement.callers.arguments import physical
from hypabi.judgement.callers.compatibility import (
    REFUSED_AND_TOLD,
    Provider,
    asked_for,
    check_caller,
)
from hypabi.judgement.callers.doing import Doing, done_first
from hypabi.judgement.callers.findings import (
    CallerAnswer,
    CallerCheck,
    CallerQuestion,
    DependsOnCaller,
    Satisfied,
    Undecided,
    Unspecified,
    Violated,
    Whose,
)
from hypabi.judgement.callers.makers import (
    MakerCheck,
    Reach,
    closed_calls,
    hold_copies,
    hold_handing,
    hold_levels,
    hold_makers,
    hold_nameless,
    hold_relays,
    hold_scheduled,
)
from hypabi.judgement.callers.order import Order, OrderCheck, hold_order, hold_stays
from hypabi.judgement.callers.passing import (
    Flow,
    Passing,
    calls_only_if,
    goes_on_elsewhere,
    leaves_by,
    passes_on,
)
from hypabi.judgement.callers.preservation import refusals_told
from hypabi.judgement.verification.lowering import Lowering
from hypabi.records import frozen, replace
from hypabi.smt.solver import Solver
from hypabi.smt.terms import Value

SMALL: Final = 0x1_0000
"""Below it an identifier is no function identifier of SMCCC that anybody has (DEN0028, table 6-2),
so an ``hvc`` with one is meant for the kernel's own vectors."""


CONTENT: Final = (Satisfied, DependsOnCaller, Unspecified)
"""What can be said of a caller that nothing more has to be known about."""


class Reachability(enum.Enum):
    """Whether a call site can run while a party is live."""

    REACHABLE = "reachable"
    """The contract says that it can."""
    UNREACHABLE = "unreachable"
    """The contract says when it runs, and this is not it."""
    UNSPOKEN = "unspoken"
    """The contract does not say when it runs."""
    PARTY_NOT_FOUND = "party not found"
    """The contract says when it runs, and none of the parties is in the program that are live
    then."""
    WHOEVER_IS_LIVE = "whoever is live"
    """The contract does not say when it runs, but it comes out alike with everybody."""


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
    makers: tuple[MakerCheck, ...] = ()
    """The functions of the image that the contract names as those that make a move."""
    order: tuple[OrderCheck, ...] = ()
    """Calls that are made while nobody is live to whom they are made."""


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
    absent: frozenset[str] = frozenset()
    """Functions that the contract names and the program has no symbol of: a call site without a
    symbol may lie in one of them."""
    reach: Reach | None = None
    """How far its functions get; where ``None``, nobody is held to make a move."""
    call_sites: CallSites | None = None
    """All of its call sites; where ``None``, nobody is held to an order."""
    strangers: tuple[Stranger, ...] = ()
    """Ways to other call sites that ask for what no contract lists, or for what is not known."""
    whose: Whose = Whose.OWN
    """Whose call sites they are; of another file, any party may be live when they run."""


def hold_callers(revision: Revision, programs: Sequence[Program], solver: Solver) -> LifeCycle:
    """Hold every call site against every party of its program."""
    checks: list[CheckInContext] = []
    dormant: list[CallSite] = []
    made: dict[tuple[str, str], list[CallSite]] = {}
    elsewhere = 0
    everyone: set[str] = set()
    makers: list[MakerCheck] = []
    order: list[OrderCheck] = []
    for program in programs:
        everyone |= program.providers.keys()
        own: dict[tuple[str, str], list[CallSite]] = {}
        said: dict[int, tuple[CallerContext, ...]] = {}
        asked: set[tuple[int, str]] = set()
        for site in program.sites:
            every = [
                each for way in site.paths for each in paths_by_identifier(way, revision.identifier)
            ]
            about = (revision, program.which, site.function)
            ways = tuple(way for way in every if concerned(*about, way, program.absent))
            elsewhere += len(every) - len(ways)
            for way in ways:
                contexts = contexts_of(*about, way, program.absent)
                said.setdefault(site.address, contexts)
                met = tuple(_checks(contexts, revision, program, site, way, solver))
                checks += met
                asked |= {(site.function.address, _name_of(each.check.call)) for each in met}
                if contexts and all(each.when is Reachability.UNREACHABLE for each in met):
                    dormant.append(site)
                _note_moves(own, met)
        checks += _strangers(program)
        for move, by in own.items():
            made.setdefault(move, []).extend(by)
        if program.reach is not None:
            makers += _makers(revision, program, program.reach, own, asked)
            makers += hold_levels(said, program.reach, program.sites)
            makers += _relays(revision, program, solver)
            handing = [e for e in revision.handing if e.program in (None, program.which)]
            makers += hold_handing(handing, program.reach, program.providers.keys())
        if program.call_sites is not None:
            tables = dict(_tables(program))
            asked_of = Order(program.which, program.call_sites, program.sites, said, tables)
            order += hold_order(revision, asked_of)
            if program.reach is not None:
                makers += hold_stays(revision, asked_of, program.reach)
    moves = tuple(
        MoveTaken(move, _once(made.get((move.source, move.call), ())))
        for move in revision.moves
        if move.source in everyone
    )
    unread = tuple(each for program in programs for each in program.unread)
    return LifeCycle(
        tuple(checks), moves, _once(dormant), elsewhere, unread, tuple(makers), tuple(order)
    )


def _makers(
    revision: Revision,
    program: Program,
    reach: Reach,
    made: Mapping[tuple[str, str], Sequence[CallSite]],
    asked: Collection[tuple[int, str]],
) -> Iterator[MakerCheck]:
    """Yield what comes of who the contract says makes a move or a call.

    :param made: the call sites that make a call while a party is live, by party and call
    :param asked: the start of each function that calls, and what it asks for
    """
    closed = closed_calls(program.sites)
    yield from hold_makers(revision, program.which, reach, made, program.unread, closed)
    live = program.providers.keys()
    if reach.entry is not None:
        yield from hold_nameless(revision, reach.entry, live, made, program.unread)
    spoken = [c for c in revision.contexts if c.program in (None, program.which)]
    yield from hold_scheduled(spoken, reach, live, asked, program.unread)
    yield from hold_copies(revision, program.which, made, dict(_tables(program)).values())


def _tables(program: Program) -> Iterator[tuple[str, Value]]:
    """Yield the address of the vector table of each party of a program."""
    for name, provider in program.providers.items():
        if name in provider.surroundings.tables:
            yield name, provider.surroundings.tables[name]


def _strangers(program: Program) -> Iterator[CheckInContext]:
    """Yield that it is not known who serves a call that no contract has."""
    party = next(iter(program.providers), "")
    for each in program.strangers:
        said = CallerAnswer(CallerQuestion.SERVED, Undecided(each.why))
        check = CallerCheck(each.site, each.way, party, None, (said,))
        yield CheckInContext(check, Reachability.WHOEVER_IS_LIVE, None)


def _relays(revision: Revision, program: Program, solver: Solver) -> Iterator[MakerCheck]:
    provider = next(iter(program.providers.values()), None)
    if provider is None or program.reach is None:
        return
    lowered = Lowering(provider.behaviour, None, provider.surroundings).predicate
    parties, bits = program.providers.keys(), revision.architecture.bits
    spoken = [each for each in revision.relays if each.program in (None, program.which)]
    yield from hold_relays(spoken, program.reach, parties, lowered, bits, solver)


def may_concern(
    revision: Revision,
    which: ProgramName,
    function: Function,
    identifier: int,
    absent: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether a way with a constant identifier can concern the contract at all.

    A small number does even if no call has it: the parties answer it as any other.
    """
    if identifier < SMALL or any(revision.numbered(identifier)):
        return True
    for context in revision.contexts:
        if context.program not in (None, which) or not context.tells:
            continue
        if not _may_be_in(context, function, absent):
            continue
        if not context.identifiers or identifier in context.identifiers:
            return True
    return False


def may_ask_for_more(revision: Revision, way: CallPath) -> bool:
    """Tell whether a way may ask for a call of the contract, for all that is known of it."""
    if not revision.made_by(way.request.immediate) or uninitialised(revision.identifier, way):
        return False
    ways = paths_by_identifier(way, revision.identifier)
    return any(not isinstance(w.request.registers[revision.identifier], int) for w in ways)


def concerned(
    revision: Revision,
    which: ProgramName,
    function: Function,
    way: CallPath,
    absent: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether a way asks for a call of the contract, or the contract speaks of its code."""
    if _is_for_a_party(revision, way):
        return True
    if revision.made_by(way.request.immediate) and uninitialised(revision.identifier, way):
        return True
    return any(context.tells for context in contexts_of(revision, which, function, way, absent))


def _is_for_a_party(revision: Revision, way: CallPath) -> bool:
    """Tell whether a way asks for a call of the contract, or for one that none of them has."""
    asked = asked_for(revision, way)
    return asked is not None and (asked[0] is not None or _is_small(revision, way))


def _is_small(revision: Revision, way: CallPath) -> bool:
    identifier = way.request.registers[revision.identifier]
    return isinstance(identifier, int) and identifier < SMALL


def contexts_of(
    revision: Revision,
    which: ProgramName,
    function: Function,
    way: CallPath,
    absent: frozenset[str] = frozenset(),
) -> tuple[CallerContext, ...]:
    """Return what the contract says of when a way runs, all that fits it.

    Of a function that it names it says so whichever of the parties' calls the function asks for.
    """
    fitting = tuple(
        context
        for context in revision.contexts
        if _speaks_of(context, revision, which, way)
        and _is_in(context, revision, function, way, absent)
    )
    named = tuple(
        context
        for context in revision.contexts
        if function.plain in context.functions
        and context.program in (None, which)
        and _is_for_a_party(revision, way)
    )
    return fitting if any(each in named for each in fitting) else named or fitting


def _may_be_in(context: CallerContext, function: Function, absent: frozenset[str]) -> bool:
    """Tell whether a function is one that the contract names, for all that symbols tell."""
    if not context.functions or function.plain in context.functions:
        return True
    return not function.name and absent.issuperset(context.functions)


def _is_in(
    context: CallerContext,
    revision: Revision,
    function: Function,
    way: CallPath,
    absent: frozenset[str],
) -> bool:
    if not _may_be_in(context, function, absent):
        return False
    # A nameless site whose identifier is somebody's argument may be anybody's.
    known = asked_for(revision, way) is not None or uninitialised(revision.identifier, way)
    return bool(function.name or not context.functions or known)


def _speaks_of(
    context: CallerContext, revision: Revision, which: ProgramName, way: CallPath
) -> bool:
    if context.program not in (None, which) or not revision.made_by(way.request.immediate):
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
    contexts: Sequence[CallerContext],
    revision: Revision,
    program: Program,
    site: CallSite,
    way: CallPath,
    solver: Solver,
) -> Iterator[CheckInContext]:
    found: Mapping[str, CallerCheck] = {
        name: check_caller(site, way, revision, provider, solver)
        for name, provider in program.providers.items()
    }
    if program.whose is Whose.OUTSIDE:
        found = _refused_by_all(found)
    states = {name for context in contexts for name in context.states}
    if program.whose is Whose.OUTSIDE and not states:
        otherwise = Reachability.WHOEVER_IS_LIVE
    else:
        otherwise = _otherwise(contexts, found) if contexts else _unspoken(revision, found.values())
    passing = Passing(way, partial(_flow, program, site), revision.architecture.bits, site.address)
    promised = False
    for name, met in found.items():
        context = next((context for context in contexts if name in context.states), None)
        when = otherwise if context is None else Reachability.REACHABLE
        told = met if context is None else _with_refusals(met, context, revision)
        if context is not None and not promised:
            # Whoever is live, the function passes the same: it is told once.
            row, promised = revision.find(name, met.call), True
            said = _promised(contexts, met, passing, program.providers[name], row, solver)
            first = _done_first(contexts, program, site, program.providers[name], solver)
            told = replace(told, points=_instead(told.points, (*said, *first)))
        yield CheckInContext(told, when, context or next(iter(contexts), None))


def doing_before(sites: CallSites, function: int, place: int, state: InstructionSet) -> Doing:
    """Return what a function has done before it comes to an instruction."""
    functions, symbols = sites.functions, sites.image.symbols
    return Doing(
        place,
        partial(functions.done_before, function, place, state),
        lambda register: functions.written_before(function, place, register, state),
        lambda name: [symbol.address for symbol in symbols.find(name)],
    )


def _flow(program: Program, site: CallSite) -> Flow:
    if program.call_sites is None:
        return None
    return program.call_sites.functions.entry_flow(site.function.address, site.state)


def _promised(
    contexts: Sequence[CallerContext],
    met: CallerCheck,
    passing: Passing,
    provider: Provider,
    row: Row | None,
    solver: Solver,
) -> Iterator[CallerAnswer]:
    """Yield what comes of what the contract says of the function around a site."""
    lowering = Lowering(provider.behaviour, None, provider.surroundings)
    for context in contexts:
        yield from passes_on(context, met.call, passing)
        if context.only_if is not None:
            yield calls_only_if(context.only_if, lowering.predicate, passing, solver)
        if context.addresses:
            about = (met.site, met.way, provider.surroundings, solver)
            said = physical(context.addresses, *about)
            yield CallerAnswer(CallerQuestion.ARGUMENTS, said)
        asked = {each.register for each in context.passes if each.call == met.call}
        for register in asked & leaves_by(row):
            onward = goes_on_elsewhere(register, met.site.onward, passing)
            if onward is not None:
                yield CallerAnswer(CallerQuestion.GOES_ON, onward)


def _done_first(
    contexts: Sequence[CallerContext],
    program: Program,
    site: CallSite,
    provider: Provider,
    solver: Solver,
) -> Iterator[CallerAnswer]:
    """Yield what comes of what the contract says that the function does before it calls."""
    if program.call_sites is None:
        return
    doing = doing_before(program.call_sites, site.function.address, site.address, site.state)
    lowering = Lowering(provider.behaviour, None, provider.surroundings)
    for context in contexts if site.function.plain else ():
        for said in done_first(context, doing, lowering.predicate, solver):
            yield CallerAnswer(CallerQuestion.PRECONDITIONS, said)


def _instead(
    points: tuple[CallerAnswer, ...], said: tuple[CallerAnswer, ...]
) -> tuple[CallerAnswer, ...]:
    """Return answers with further ones, which are better where control goes on."""
    better = {each.aspect for each in said} & {CallerQuestion.GOES_ON}
    return (*(each for each in points if each.aspect not in better), *said)


def _refused_by_all(found: Mapping[str, CallerCheck]) -> Mapping[str, CallerCheck]:
    """Return checks in which a call that no party serves is not satisfied because that is told."""
    served = CallerQuestion.SERVED
    first = [met.points[0] for met in found.values()]
    told = [each for each in first if _is_refused_and_told(each)]
    refused = [p for p in first if isinstance(p.verdict, Violated)]
    if not told or len(told) + len(refused) < len(first):
        return found
    why = Violated("no party of this kernel serves it; the caller tells")
    return {
        name: replace(met, points=(CallerAnswer(served, why), *met.points[1:]))
        if met.points[0] in told
        else met
        for name, met in found.items()
    }


def _with_refusals(met: CallerCheck, context: CallerContext, revision: Revision) -> CallerCheck:
    """Return a check with whether the caller tells what the contract says it may be answered."""
    said = refusals_told(met.site, context.refusals, revision)
    if said is None:
        return met
    points = [each for each in met.points if each.aspect is not CallerQuestion.UNDERSTOOD]
    return replace(met, points=(*points, CallerAnswer(CallerQuestion.UNDERSTOOD, said)))


def _otherwise(contexts: Sequence[CallerContext], found: Mapping[str, CallerCheck]) -> Reachability:
    """Say when a way runs with regard to a party that the contract does not name for it."""
    states = {name for context in contexts for name in context.states}
    if states and not states & found.keys():
        return Reachability.PARTY_NOT_FOUND
    return Reachability.UNREACHABLE


def _unspoken(revision: Revision, found: Iterable[CallerCheck]) -> Reachability:
    """Say when a way runs of which the contract says nothing.

    It does not matter where it breaks with everybody who may be live, nor, to a contract that
    speaks of no moment at all, where everybody serves it as it is asked for.
    """
    checks = tuple(found)
    alike = all(isinstance(met.worst(), Violated) for met in checks)
    if not revision.contexts:
        alike = alike or all(_is_served(met) for met in checks)
    return Reachability.WHOEVER_IS_LIVE if alike else Reachability.UNSPOKEN


def _is_served(met: CallerCheck) -> bool:
    """Tell whether a party gives a caller what it asks for."""
    refused = _is_refused_and_told(met.points[0])
    return met.call is not None and not refused and isinstance(met.worst(), CONTENT)


def _is_refused_and_told(answer: CallerAnswer) -> bool:
    """Tell whether a call is not served, and its caller tells."""
    return isinstance(answer.verdict, Satisfied) and answer.verdict.what == REFUSED_AND_TOLD


def _note_moves(made: dict[tuple[str, str], list[CallSite]], met: Iterable[CheckInContext]) -> None:
    for each in met:
        if each.when is Reachability.UNREACHABLE or isinstance(
            each.check.points[0].verdict, Violated
        ):
            continue
        party, call = each.check.party, each.check.call
        for asked in (ANY, _name_of(call)):
            made.setdefault((party, asked), []).append(each.check.site)


def _name_of(call: str | None) -> str:
    """Return how a contract names a call, or an identifier that is none's."""
    return ANY_OTHER if call is None else call


def _once(sites: Iterable[CallSite]) -> tuple[CallSite, ...]:
    return tuple({site.address: site for site in sites}.values())
