"""Who can be live when which code calls, what comes of it, and which moves an image can make.

The contract says in which states a call site runs; a site that it does not speak of is held against
every party of its own program, because any of them could be live.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hypabi.behaviour.call_site import CallSite, Function, Unread, Way
from hypabi.frozen import frozen
from hypabi.judgement.contract import Program as ProgramName
from hypabi.judgement.encounter import Provider, asked_for, encounter
from hypabi.judgement.identifier import by_chance, chosen
from hypabi.judgement.resolve import ANY, ANY_OTHER
from hypabi.judgement.revision import Move, Revision, Turn
from hypabi.judgement.said import Bad, Encounter, Good
from hypabi.smt.solver import Solver


class When(enum.Enum):
    """Whether a call site can run while a party is live."""

    IN_TURN = "in turn"
    """The contract says that it can."""
    OUT_OF_TURN = "out of turn"
    """The contract says when it runs, and this is not it."""
    UNSPOKEN = "unspoken"
    """The contract does not say when it runs."""
    WHOEVER = "whoever is live"
    """The contract does not say when it runs, but nobody serves what it asks."""


@frozen
class Meeting:
    """An encounter, and whether it can come about."""

    encounter: Encounter
    when: When
    turn: Turn | None
    """What the contract says of the caller, if it speaks of it."""


@frozen
class Taken:
    """A move of the life cycle, and the call sites of the image that make it."""

    move: Move
    by: tuple[CallSite, ...]


@frozen
class LifeCycle:
    """All that comes of the call sites of an image while its parties are live."""

    meetings: tuple[Meeting, ...]
    moves: tuple[Taken, ...]
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


def live(revision: Revision, programs: Sequence[Program], solver: Solver) -> LifeCycle:
    """Hold every call site against every party of its program."""
    meetings: list[Meeting] = []
    dormant: list[CallSite] = []
    made: dict[tuple[str, str], list[CallSite]] = {}
    elsewhere = 0
    everyone: set[str] = set()
    for program in programs:
        everyone |= program.providers.keys()
        for site in program.sites:
            every = [each for way in site.ways for each in chosen(way, revision.identifier)]
            ways = tuple(
                way for way in every if concerned(revision, program.which, site.function, way)
            )
            elsewhere += len(every) - len(ways)
            for way in ways:
                met = tuple(_meetings(revision, program, site, way, solver))
                meetings += met
                if not met or not any(each.when is not When.OUT_OF_TURN for each in met):
                    dormant.append(site)
                _note_moves(made, met)
    moves = tuple(
        Taken(move, _once(made.get((move.source, move.call), ())))
        for move in revision.moves
        if move.source in everyone
    )
    unread = tuple(each for program in programs for each in program.unread)
    return LifeCycle(tuple(meetings), moves, _once(dormant), elsewhere, unread)


def wants(revision: Revision, which: ProgramName, function: Function, identifier: int) -> bool:
    """Tell whether a way with a constant identifier can concern the contract at all."""
    if identifier in (call.number for call in revision.calls):
        return True
    for turn in revision.turns:
        if turn.program not in (None, which) or not turn.tells:
            continue
        if turn.functions and function.plain not in turn.functions:
            continue
        if not turn.identifiers or identifier in turn.identifiers:
            return True
    return False


def unknown(revision: Revision, way: Way) -> bool:
    """Tell whether a way may ask for a call of the contract, for all that is known of it."""
    if way.request.immediate != revision.immediate or by_chance(revision.identifier, way):
        return False
    ways = chosen(way, revision.identifier)
    return any(not isinstance(w.request.registers[revision.identifier], int) for w in ways)


def concerned(revision: Revision, which: ProgramName, function: Function, way: Way) -> bool:
    """Tell whether a way asks for a call of the contract, or the contract speaks of its code."""
    asked = asked_for(revision, way)
    if asked is not None and asked[0] is not None:
        return True
    if way.request.immediate == revision.immediate and by_chance(revision.identifier, way):
        return True
    telling = (turn for turn in revision.turns if turn.tells)
    return any(_speaks_of(turn, revision, which, function, way) for turn in telling)


def _speaks_of(
    turn: Turn, revision: Revision, which: ProgramName, function: Function, way: Way
) -> bool:
    if turn.program not in (None, which) or way.request.immediate != revision.immediate:
        return False
    if turn.functions and function.plain not in turn.functions:
        return False
    if turn.identifiers and way.request.registers[revision.identifier] not in turn.identifiers:
        return False
    if not turn.calls:
        return True
    asked = asked_for(revision, way)
    if asked is None and turn.functions:
        return True  # it may be asked for, for all that is known
    return (ANY_OTHER if asked is None or asked[0] is None else asked[0]) in turn.calls


def _meetings(
    revision: Revision, program: Program, site: CallSite, way: Way, solver: Solver
) -> Iterator[Meeting]:
    turns = [
        turn
        for turn in revision.turns
        if _speaks_of(turn, revision, program.which, site.function, way)
    ]
    found = {
        name: encounter(site, way, revision, provider, solver)
        for name, provider in program.providers.items()
    }
    otherwise = When.OUT_OF_TURN if turns else _unspoken(revision, way, found.values())
    for name, met in found.items():
        turn = next((turn for turn in turns if name in turn.states), None)
        when = otherwise if turn is None else When.IN_TURN
        yield Meeting(met, when, turn or next(iter(turns), None))


def _unspoken(revision: Revision, way: Way, found: Iterable[Encounter]) -> When:
    """Say when a way runs of which the contract says nothing."""
    if by_chance(revision.identifier, way) is None:
        return When.UNSPOKEN
    served = any(isinstance(met.points[0].said, Good) for met in found)
    return When.UNSPOKEN if served else When.WHOEVER


def _note_moves(made: dict[tuple[str, str], list[CallSite]], met: Iterable[Meeting]) -> None:
    for each in met:
        if each.when is When.OUT_OF_TURN or isinstance(each.encounter.points[0].said, Bad):
            continue
        party, call = each.encounter.party, each.encounter.call
        for asked in (ANY, ANY_OTHER if call is None else call):
            made.setdefault((party, asked), []).append(each.encounter.site)


def _once(sites: Iterable[CallSite]) -> tuple[CallSite, ...]:
    return tuple({site.address: site for site in sites}.values())
