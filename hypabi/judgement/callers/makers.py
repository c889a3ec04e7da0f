"""Whether those make a move of the life cycle, or a call, of whom the contract says so.

That a call is served says nothing of whether anybody makes it.  A kernel in which nobody puts the
copied vectors in place before memory moves, or in which a CPU that resumes does not ask to finish
EL2, breaks the interface although each of its hypercalls is answered as promised.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Final, Protocol

from hypabi.callsites.call_graph import Lead
from hypabi.callsites.composition import composed
from hypabi.callsites.handed_out import HandedOut
from hypabi.callsites.level import LevelAsked
from hypabi.callsites.model import Branches, CallPath, CallSite, Entered, Unread, WayInto
from hypabi.contract.clause import Premise
from hypabi.contract.expression import Predicate
from hypabi.contract.model import Program
from hypabi.contract.resolve import ANY
from hypabi.contract.revision import BY_POINTER, CallerContext, KnownWorld, Revision
from hypabi.judgement.callers.arguments import passed_bases
from hypabi.judgement.callers.doing import Doing, done_first
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.callers.passing import (
    Flow,
    Passing,
    calls_only_if,
    holds_on,
    may_hold,
    passes_on,
)
from hypabi.judgement.verification.lowering import NotKnown
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.solver import Solver
from hypabi.smt.terms import Value

MOST_CALLS: Final = 3
"""Calls within each other before one of the kernel at EL1."""
_UNASKED: Final = {
    LevelAsked.ASKED: "",
    LevelAsked.NOT_ASKED: "is reached where it is not known that the kernel runs at EL1",
    LevelAsked.ELSEWHERE: "is reached where the kernel does not run at EL1",
}


@frozen
class MakerCheck:
    """A function that the contract says makes a call, held against the image's code."""

    function: str
    address: int
    call: str
    live: tuple[str, ...]
    """Who can be live before."""
    verdict: CallerVerdict


class WorldLost(Protocol):
    """Tells of a function and a world whether it may know better in which it is."""

    def __call__(self, function: int, world: KnownWorld, /, *, by_level: bool) -> bool:
        """Tell so, by the level where that tells the world from others."""
        ...


def never_lost(_function: int, _world: KnownWorld, /, *, by_level: bool) -> bool:
    """Say that all that a function knows is seen."""
    del by_level
    return False


@frozen
class Reach:
    """How far functions of one program get."""

    find: Callable[[str], Sequence[int]]
    """Returns the addresses of the functions of a name."""
    leads: Callable[[int, frozenset[int], frozenset[int]], Lead]
    """Tells whether direct calls lead from a function's start to one of some call sites, others
    than those of which it is known that they do not get there."""
    ways: Callable[[int, frozenset[int], Branches], Sequence[WayInto]]
    """Returns the ways on which a function goes on to one of some others."""
    unreached: Callable[[int, Mapping[str, int]], frozenset[int]]
    """Returns the branches and calls of a function that are not reached when registers hold some
    numbers at its entry."""
    flow: Callable[[int], Flow]
    """Returns what flows from a function's entry."""
    level: Callable[[int, int], LevelAsked]
    """Tells, of a function and an instruction of it, whether the level is asked for before."""
    called: Callable[[int], Sequence[tuple[int, int]] | None]
    """Returns the functions that call a function directly, each with the call; ``None`` where one
    goes on to it instead, or a file that is not here may."""
    doing: Callable[[int, int], Doing]
    """Returns, of a function and an instruction of it, what it has done before."""
    hands_out: Callable[[int, int], HandedOut | None] = lambda *_: None
    """Tells what a function does with an address."""
    known_in: Callable[[int, KnownWorld], Mapping[int, Mapping[str, int]] | None] = lambda *_: None
    """Returns what is known before each instruction that a function comes to in some world."""
    world_lost: WorldLost = never_lost
    """Tells whether a function may know better than that in which world it is."""
    ways_out: Callable[[int], Sequence[WayInto]] = lambda _: ()
    """Returns the ways on which a function leaves by a pointer."""
    switches: Callable[[int], bool] = lambda _: False
    """Tells whether a function of A32 goes on in T32 at once, by a register that is lost then."""
    entry: int | None = None
    """Where a program without any symbols is entered; ``None`` of one that names functions."""


def hold_makers(
    revision: Revision,
    which: Program,
    reach: Reach,
    made: Mapping[tuple[str, str], Sequence[CallSite]],
    unread: Sequence[Unread],
    closed: frozenset[int] = frozenset(),
) -> Iterator[MakerCheck]:
    """Hold every function that the contract names as one that makes a move, of one program.

    :param which: the program; a move from a party of another is made there
    :param made: the call sites that make a call while a party is live, by party and call
    :param unread: call sites of which it was not found out what they ask for
    :param closed: calls of functions that do not make theirs then
    """
    for move in revision.moves:
        source = revision.party(move.source)
        if source is not None and source.program is not which:
            continue
        sites = frozenset(site.address for site in made.get((move.source, move.call), ()))
        for name in move.made_by:
            for address, given in product(reach.find(name), move.given.get(name, ({},))):
                shut = closed | reach.unreached(address, given) if given else closed
                verdict = given_that(_verdict(address, reach, sites, unread, shut), given)
                yield MakerCheck(name, address, move.call, (move.source,), verdict)


def hold_nameless(
    revision: Revision,
    entry: int,
    live: Collection[str],
    made: Mapping[tuple[str, str], Sequence[CallSite]],
    unread: Sequence[Unread],
) -> Iterator[MakerCheck]:
    """Yield the moves that somebody has to make and nobody does, of a program without symbols.

    Of a decompressor nothing tells which function has to make one, only that one has to.

    :param entry: where the program is entered
    :param live: the parties that it holds
    :param made: as :func:`hold_makers`
    """
    lost = _first_doubt(unread)
    why = Undecided(lost) if lost else Violated("no call site of the program makes it")
    for move in revision.moves:
        if move.made_by and move.source in live and not made.get((move.source, move.call)):
            yield MakerCheck("", entry, move.call, (move.source,), why)


def hold_scheduled(
    contexts: Iterable[CallerContext],
    reach: Reach,
    live: Collection[str],
    asked: Collection[tuple[int, str]],
    unread: Sequence[Unread],
) -> Iterator[MakerCheck]:
    """Yield the functions of which the contract says when they call, and that do not.

    One that may call, for all that was found out, is told among the call sites.

    :param contexts: those that speak of the program
    :param live: the parties that the program holds
    :param asked: the start of each function that calls, and what it asks for
    """
    for context in contexts:
        states = tuple(name for name in context.states if name in live)
        for name in context.functions if states and context.calls else ():
            for address in reach.find(name):
                calls = any((address, call) in asked for call in context.calls)
                lost = any(e.function.address == address and not e.passed for e in unread)
                if not calls and not lost:
                    why = Undecided(_doubt(address, unread) or "it makes no such call itself")
                    yield MakerCheck(name, address, " or ".join(context.calls), states, why)


def hold_copies(
    revision: Revision,
    which: Program,
    made: Mapping[tuple[str, str], Sequence[CallSite]],
    tables: Collection[Value],
) -> Iterator[MakerCheck]:
    """Yield the moves to a table that is a copy, where every caller names one of the program.

    :param tables: where the program's own lie
    """
    for move in revision.moves:
        source = revision.party(move.source)
        if not move.copied or source is None or source.program is not which:
            continue
        for site in made.get((move.source, move.call), ()):
            passed = passed_bases(revision, site, move.call, ())
            if passed and all(value in tables for value in passed):
                why = Violated("every caller names a table of the program, and none a copy")
                live = (move.source,)
                yield MakerCheck(site.name, site.function.address, move.call, live, why)


def hold_levels(
    contexts: Mapping[int, Sequence[CallerContext]], reach: Reach, sites: Iterable[CallSite]
) -> Iterator[MakerCheck]:
    """Yield who goes on to a call of the kernel at EL1 without asking for that level.

    A function that others call leaves that to them.

    :param contexts: what the contract says of a call site, by address
    """
    for site in sites:
        spoken = [each for each in contexts.get(site.address, ()) if each.asks_level]
        for caller, context in product(site.callers, spoken):
            why = _unasked(reach, caller.function.address, caller.address)
            if why:
                said = Violated(f"the call of {site.name} at {caller.address:#x} {why}")
                about = (" or ".join(context.calls) or ANY, context.states)
                yield MakerCheck(caller.function.name, caller.function.address, *about, said)


def _unasked(reach: Reach, function: int, call: int, deep: int = MOST_CALLS) -> str:
    """Return why it is not known that a call is made at EL1, empty where it is or nobody tells.

    :param deep: calls of functions within each other that are looked at
    """
    asked = reach.level(function, call)
    outer = reach.called(function) if asked is LevelAsked.NOT_ASKED else ()
    if not outer:
        return _UNASKED[asked] if outer is not None else ""
    found = [_unasked(reach, *each, deep - 1) for each in outer if deep]
    return next((why for why in found if why), "")


def hold_handing(
    contexts: Iterable[CallerContext], reach: Reach, live: Collection[str]
) -> Iterator[MakerCheck]:
    """Yield the functions that hand out physical addresses, and what comes of each.

    :param contexts: those that speak of the program
    :param live: the parties that the program holds
    """
    for context in contexts:
        states = tuple(name for name in context.states if name in live)
        for name, symbol in product(context.functions if states else (), context.hands_out):
            for function, address in product(reach.find(name), reach.find(symbol)):
                said = _handed(symbol, reach.hands_out(function, address))
                yield MakerCheck(name, function, ANY, states, said)


def _handed(symbol: str, found: HandedOut | None) -> CallerVerdict:
    if found is None:
        return Undecided(f"what it does with the address of {symbol} was not found out")
    if not found.named and found.others:
        return Violated(f"it hands out {found.others[0]:#x}, and nothing of {symbol}")
    if not found.named:
        return Undecided(f"where it names {symbol} was not found")
    if found.places:
        return Violated(f"at {found.places[0]:#x} it hands out where {symbol} is linked")
    return Satisfied(f"it hands out no linked address of {symbol}")


def hold_relays(
    contexts: Iterable[CallerContext],
    reach: Reach,
    live: Collection[str],
    lowered: Callable[[Predicate], Value],
    bits: int,
    solver: Solver,
) -> Iterator[MakerCheck]:
    """Yield the functions that go on to one that calls, and what comes of what they pass to it.

    :param contexts: those that speak of the program
    :param live: the parties that the program holds
    :param lowered: turns a condition on registers into a term
    """
    for context in contexts:
        entered = reach.find(context.enters) if context.enters is not None else ()
        states = tuple(name for name in context.states if name in live)
        there = entered or context.enters == BY_POINTER
        for name in context.functions if there and states else ():
            for address in reach.find(name):
                relay = _Relay(context, address, frozenset(entered), reach, bits)
                for said in relay.held(lowered, solver):
                    yield MakerCheck(name, address, " or ".join(context.calls) or ANY, states, said)


@frozen
class _Relay:
    """A function of which the contract says that it enters another."""

    context: CallerContext
    address: int
    entered: frozenset[int]
    reach: Reach
    bits: int

    def held(
        self, lowered: Callable[[Predicate], Value], solver: Solver
    ) -> Iterator[CallerVerdict]:
        """Yield what comes of what the contract says."""
        context, reach = self.context, self.reach
        which = Branches.ALL if context.physically else Branches.DIRECT
        pointed = context.enters == BY_POINTER
        into = (
            reach.ways_out(self.address)
            if pointed
            else reach.ways(self.address, self.entered, which)
        )
        may_be_lost = context.passes or context.only_if is not None or context.physically
        if may_be_lost and reach.switches(self.address):
            yield Undecided("it goes on in T32 at once, by a register")
            return
        if not into and may_be_lost and not pointed:
            yield Undecided(f"no way to {context.enters} was found")
        elif not into:
            yield Violated(f"it does not go on to {context.enters}")
        for way in into:
            yield from self._passed(way.path, lowered, solver)
        yield from _of_ways(context, into, lowered, solver)
        places = sorted({way.path.path[-2] for way in into})
        for place in places:
            yield from self._first(place, lowered, solver)
        yield from self._in_worlds(places, lowered)

    def _in_worlds(
        self, places: Sequence[int], lowered: Callable[[Predicate], Value]
    ) -> Iterator[CallerVerdict]:
        """Yield in which worlds it goes on to the other, and with what.

        :param places: the branches and calls that enter the other
        """
        about, context = self.context.enters, self.context
        for world in (*context.within, *context.never_in) if places else ():
            if not all(map(self.reach.find, world.words)):
                continue  # the image does not name what it is told by
            known = self.reach.known_in(self.address, world)
            if known is None:
                yield Undecided(f"whether it goes on to {about} {world.name} was not found out")
                continue
            there = [place for place in places if place in known]
            if world in context.never_in and there and self._is_lost(world):
                yield Undecided(
                    f"it asks whether it is {world.name}, and keeps that where it is lost"
                )
            elif world in context.never_in:
                yield from (
                    Violated(f"{place:#x} goes on to {about} {world.name}, too") for place in there
                )
            elif not there:
                yield Violated(f"it does not go on to {about} {world.name}")
            elif context.always is not None:
                yield from (_given(context.always, known[p], lowered, p, world) for p in there)

    def _is_lost(self, world: KnownWorld) -> bool:
        others = (*self.context.within, *self.context.never_in)
        by_level = any(each.level is not world.level for each in others)
        return self.reach.world_lost(self.address, world, by_level=by_level)

    def _passed(
        self, path: CallPath, lowered: Callable[[Predicate], Value], solver: Solver
    ) -> Iterator[CallerVerdict]:
        """Yield what comes of what it passes on, and on which condition, on one way."""
        reach = self.reach
        flow = partial(reach.flow, self.address)
        way = Passing(path, flow, self.bits, path.path[-2], reach.find)
        yield from (answer.verdict for answer in passes_on(self.context, None, way))
        if self.context.only_if is not None:
            yield calls_only_if(self.context.only_if, lowered, way, solver).verdict

    def _first(
        self, place: int, lowered: Callable[[Predicate], Value], solver: Solver
    ) -> Iterator[CallerVerdict]:
        """Yield what comes of what it does, and asks for, before it enters the other somewhere."""
        lost = _unasked(self.reach, self.address, place) if self.context.asks_level else ""
        if lost:
            yield Violated(f"the call of {self.context.enters} at {place:#x} {lost}")
        doing = self.reach.doing(self.address, place)
        yield from done_first(self.context, doing, lowered, solver)


def _given(
    premise: Premise,
    known: Mapping[str, int],
    lowered: Callable[[Predicate], Value],
    place: int,
    world: KnownWorld,
) -> CallerVerdict:
    """Say whether a condition holds on registers of which some are known."""
    holds = lowered(premise.holds)
    symbols = terms.symbols_of(holds)
    held = terms.substitute(holds, {s: known[s.name] for s in symbols if s.name in known})
    if not isinstance(held, int):
        return Undecided(f"whether {premise.text} at {place:#x} {world.name} was not found out")
    if held:
        return Satisfied(f"{premise.text} {world.name}")
    return Violated(f"{premise.text} does not hold at {place:#x} {world.name}")


def _of_ways(
    context: CallerContext,
    ways: Sequence[WayInto],
    lowered: Callable[[Predicate], Value],
    solver: Solver,
) -> Iterator[CallerVerdict]:
    """Yield what comes of what the contract says of all ways into a function."""
    for way in ways:
        if context.physically and way.by is not Entered.DISPLACED:
            place = f"the branch at {way.path.path[-2]:#x}"
            yield Violated(f"{place} enters {context.enters} where it is linked")
    if context.always is not None and not context.within and _is_told(context.always, lowered):
        yield from (holds_on(context.always, lowered, way.path, solver) for way in ways)
    if context.sometimes is not None and ways and _is_told(context.sometimes, lowered):
        yield may_hold(context.sometimes, lowered, [way.path for way in ways], solver)


def _is_told(premise: Premise, lowered: Callable[[Predicate], Value]) -> bool:
    """Tell whether the image has every symbol that a condition names."""
    try:
        lowered(premise.holds)
    except NotKnown:
        return False
    return True


def closed_calls(sites: Iterable[CallSite]) -> frozenset[int]:
    """Return the calls of functions that make no hypercall as they are called there."""
    return frozenset(
        caller.address
        for site in sites
        for caller in site.callers
        if site.paths and caller.paths and not any(_calls(site, way) for way in caller.paths)
    )


def _calls(site: CallSite, outer: CallPath) -> bool:
    """Tell whether one of the ways to a call site can be taken from a caller of its function."""
    ways = [composed(inner, outer) for inner in site.paths]
    return any(way is None or all(each.term != 0 for each in way.request.guard) for way in ways)


def _verdict(
    address: int,
    reach: Reach,
    sites: frozenset[int],
    unread: Sequence[Unread],
    closed: frozenset[int],
) -> CallerVerdict:
    match reach.leads(address, sites, closed):
        case Lead.LEADS:
            return Satisfied("direct calls lead to it")
        case Lead.BEYOND:
            return Undecided("more functions are called, or deeper, than are looked at")
        case Lead.OPEN:
            return Undecided("where an instruction on the way goes, only a linker says")
        case Lead.NOT:
            why = _doubt(address, unread)
            return Undecided(why) if why else Violated("no direct call leads to such a call")


def given_that(said: CallerVerdict, given: Mapping[str, int]) -> CallerVerdict:
    """Return a violation with what registers hold at entry when it is one."""
    if not given or not isinstance(said, Violated):
        return said
    held = " and ".join(f"{register} is {value:#x}" for register, value in given.items())
    return replace(said, what=f"{said.what} when {held}")


def _doubt(address: int, unread: Sequence[Unread]) -> str:
    """Return which call site of a function was not found out, and why; empty for none."""
    return _first_doubt(each for each in unread if each.function.address == address)


def _first_doubt(unread: Iterable[Unread]) -> str:
    return next((f"its hvc at {each.address:#x}: {each.why}" for each in unread), "")
