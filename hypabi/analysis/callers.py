"""From a judged image to what comes of its own callers, while each of its parties is live."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from hypabi.analysis.examination import Examination, Outside
from hypabi.analysis.findings.check import Check
from hypabi.analysis.party_detection import ROLES
from hypabi.callsites.call_graph import Lead, leads_to
from hypabi.callsites.constant_flow import World
from hypabi.callsites.identifier_values import paths_by_identifier
from hypabi.callsites.level import LevelAsked
from hypabi.callsites.model import (
    Branches,
    CallPath,
    CallSite,
    Function,
    Stranger,
    Unread,
    WayInto,
)
from hypabi.contract.model import Program as ProgramName
from hypabi.contract.model import RunsAt
from hypabi.contract.registry import LOWER, listed_numbers
from hypabi.contract.revision import KnownWorld, Revision
from hypabi.contract.version import Version
from hypabi.image.model import Role
from hypabi.judgement.callers.compatibility import Provider
from hypabi.judgement.callers.doing import Doing
from hypabi.judgement.callers.findings import Whose
from hypabi.judgement.callers.makers import Reach
from hypabi.judgement.callers.passing import Flow
from hypabi.judgement.callers.schedule import (
    LifeCycle,
    Program,
    concerned,
    doing_before,
    hold_callers,
    may_ask_for_more,
    may_concern,
)
from hypabi.judgement.callers.summary import Violation, violated_checks, violations
from hypabi.records import frozen, replace
from hypabi.smt.cached import Remembered

if TYPE_CHECKING:
    from hypabi.analysis.program import Program as Analysed
    from hypabi.callsites.finder import CallSites
    from hypabi.judgement.suppression import Suppression

OFFERED: Final = ("T", "W")
"""Type letters of functions that other files may call."""
LEVELS: Final = {RunsAt.EL1: 1, RunsAt.EL2: 2}
PROGRAMS: Final = {role: program for program, role in ROLES.items()}


@frozen
class _Wanting:
    """Wants the call sites of one program that a contract is about."""

    revision: Revision
    program: ProgramName
    absent: frozenset[str]

    def by_conduit(self, immediate: int) -> bool:
        """Tell whether a site calls as the contract has it."""
        return self.revision.made_by(immediate)

    def by_number(self, function: Function, identifier: int) -> bool:
        """Tell whether a site with this identifier can concern the contract."""
        return may_concern(self.revision, self.program, function, identifier, self.absent)

    def by_way(self, function: Function, way: CallPath) -> bool:
        """Tell whether a way concerns the contract."""
        ways = paths_by_identifier(way, self.revision.identifier)
        about = (self.revision, self.program, function)
        return any(concerned(*about, each, self.absent) for each in ways)

    def by_doubt(self, way: CallPath) -> bool:
        """Tell whether a way may ask for a call of the contract, for all that is known."""
        return may_ask_for_more(self.revision, way)


@frozen
class _Listing:
    """What the shipped contracts list."""

    numbers: frozenset[int]
    immediates: frozenset[int]
    functions: tuple[str, ...]
    """That make whichever call they were called for."""
    nameless: bool
    """Whether a function without a symbol may be one of these."""

    def has_immediate(self, immediate: int) -> bool:
        """Tell whether a contract's calls are made with it."""
        return immediate in self.immediates

    def has_number(self, identifier: int) -> bool:
        """Tell whether a contract has it; SMCCC looks at the lower half alone (DEN0028, 2.5)."""
        return identifier in self.numbers or identifier & LOWER in self.numbers

    def passes_on(self, function: Function) -> bool:
        """Tell whether the contract says that it makes whichever call it was called for."""
        return function.plain in self.functions or (not function.name and self.nameless)


def life_cycle(examination: Examination) -> LifeCycle:
    """Hold the call sites of each program against the parties whose vectors it holds.

    Those of another file are held against the kernel's, which it meets when it runs.
    """
    if examination.outside is not None:
        return _outside(examination, examination.outside)
    programs = tuple(_program(examination, role) for role in examination.programs)
    return hold_callers(examination.revision, programs, Remembered(examination.solver()))


def _program(examination: Examination, role: Role) -> Program:
    call_sites = _call_sites(examination, role)
    sites, unread = _sites(examination, role)
    return Program(
        PROGRAMS[role],
        sites,
        unread,
        dict(_providers(examination, role)),
        _absent(examination, role),
        _reach(examination, role),
        call_sites,
        tuple(_strangers(examination, role, frozenset(site.address for site in sites))),
    )


def _strangers(examination: Examination, role: Role, judged: frozenset[int]) -> Iterator[Stranger]:
    """Yield the call sites that ask for what no shipped contract lists, or for what is not known.

    Only a contract that says which functions pass on their callers' calls tells those apart.
    """
    names = examination.revision.passes_on
    find = examination.programs[role].image.symbols.find
    nameless = any(not find(name) for name in names)
    if names:
        numbers, immediates = listed_numbers(examination.revision.architecture)
        listing = _Listing(numbers, immediates, names, nameless)
        yield from _call_sites(examination, role).strangers(listing, judged)


def _outside(examination: Examination, outside: Outside) -> LifeCycle:
    """Hold the call sites of another file against the parties of the kernel."""
    roles = examination.programs
    role = Role.KERNEL if Role.KERNEL in roles else next(iter(roles))
    revision = examination.revision
    providers: dict[str, Provider] = {}
    for name, provider in _providers(examination, role):
        providers[name] = replace(provider, whose=Whose.OUTSIDE)
    symbols = [program.image.symbols for program in outside.programs.values()]
    user = next(
        (
            u
            for u in revision.users
            if u.told_by and all(any(s.find(n) for s in symbols) for n in u.told_by)
        ),
        None,
    )
    contexts = (user.context,) if user is not None and user.context.states else ()
    revision = replace(revision, contexts=contexts)
    programs = []
    for program in outside.programs.values():
        wanting = _Wanting(revision, PROGRAMS[role], frozenset())
        found_sites = program.outside_call_sites(revision.immediate, revision.identifier)
        sites, unread = found_sites.wanted(wanting)
        found = Program(PROGRAMS[role], sites, unread, providers, whose=Whose.OUTSIDE)
        programs.append(found)
    return hold_callers(revision, tuple(programs), Remembered(examination.solver()))


def _sites(examination: Examination, role: Role) -> tuple[tuple[CallSite, ...], tuple[Unread, ...]]:
    """Return the call sites that the contract is about, or may be; there are hundreds of others."""
    wanting = _Wanting(examination.revision, PROGRAMS[role], _absent(examination, role))
    return _call_sites(examination, role).wanted(wanting)


def _call_sites(examination: Examination, role: Role) -> "CallSites":
    revision = examination.revision
    return examination.programs[role].call_sites_by(revision.immediate, revision.identifier)


def _absent(examination: Examination, role: Role) -> frozenset[str]:
    """Return the functions that the contract names as callers and a program has no symbol of."""
    named = {name for context in examination.revision.contexts for name in context.functions}
    find = examination.programs[role].image.symbols.find
    return frozenset(name for name in named if not find(name))


def _reach(examination: Examination, role: Role) -> Reach:
    """Return how far the functions of a program get by direct calls."""
    program = examination.programs[role]
    symbols = program.image.symbols

    def find(name: str) -> tuple[int, ...]:
        return tuple(symbol.address for symbol in symbols.find(name))

    def leads(address: int, wanted: frozenset[int], closed: frozenset[int]) -> Lead:
        state = program.state_at(address)
        return leads_to(program.call_sites, address, state, wanted, closed)

    def ways(address: int, targets: frozenset[int], which: Branches) -> tuple[WayInto, ...]:
        state = program.state_at(address)
        return tuple(program.call_sites.ways.ways_into(address, targets, state, which))

    def flow(address: int) -> Flow:
        return program.call_sites.functions.entry_flow(address, program.state_at(address))

    def unreached(address: int, known: Mapping[str, int]) -> frozenset[int]:
        return program.call_sites.functions.unreached_with(
            address, known, program.state_at(address)
        )

    def is_offered(address: int) -> bool:
        around = symbols.around(address) if examination.loaded.is_part else None
        return around is not None and around.letter in OFFERED

    def called(address: int) -> tuple[tuple[int, int], ...] | None:
        found = program.call_sites.functions.called_from(address, program.state_at(address))
        return None if not found and is_offered(address) else found

    def level(address: int, place: int) -> LevelAsked:
        return program.call_sites.functions.level_at(address, place)

    def switches(address: int) -> bool:
        return program.call_sites.functions.switches_to_t32(address, program.state_at(address))

    hands_out = program.call_sites.functions.handed_out
    return Reach(
        find,
        leads,
        ways,
        unreached,
        flow,
        level,
        called,
        partial(_doing, program),
        hands_out,
        partial(_known_in, program),
        partial(_world_lost, program),
        partial(_ways_out, program),
        switches,
        None if len(symbols) else program.image.entry,
    )


def _known_in(
    program: "Analysed", function: int, world: KnownWorld
) -> Mapping[int, Mapping[str, int]] | None:
    given = _world(program, world)
    return program.call_sites.functions.known_in(function, given, program.state_at(function))


def _world_lost(program: "Analysed", function: int, world: KnownWorld, *, by_level: bool) -> bool:
    given, state = _world(program, world), program.state_at(function)
    return program.call_sites.functions.world_lost(function, given, state, by_level=by_level)


def _world(program: "Analysed", world: KnownWorld) -> World:
    level = None if world.level is None else LEVELS[world.level]
    return World(world.name, level, _bytes_of(program, world))


def _ways_out(program: "Analysed", function: int) -> tuple[WayInto, ...]:
    return tuple(program.call_sites.ways.ways_out(function, program.state_at(function)))


def _bytes_of(program: "Analysed", world: KnownWorld) -> Mapping[int, int]:
    """Return by address the bytes of the words that stand in a world."""
    image = program.image
    return {
        symbol.address + at: byte
        for name, words in world.words.items()
        for symbol in image.symbols.find(name)
        for at, byte in enumerate(
            b"".join(word.to_bytes(4, image.byte_order.value) for word in words)
        )
    }


def _doing(program: "Analysed", function: int, place: int) -> Doing:
    return doing_before(program.call_sites, function, place, program.state_at(function))


def _providers(examination: Examination, role: Role) -> Iterator[tuple[str, Provider]]:
    held = {name for each in examination.providers if each.role is role for name in each.parties}
    for party in examination.revision.parties:
        if party.name in held:
            behaviour = examination.behaviours[party.name]
            yield party.name, Provider(party, behaviour, examination.surroundings)


def with_callers(check: Check, examination: Examination) -> Check:
    """Return a check with what comes of the image's own callers."""
    cycle = life_cycle(examination)
    lived_with = dict(_lived_with(check, cycle))
    calling = _calling(examination, cycle)
    outside = None if examination.outside is None else examination.outside.loaded
    return replace(check, callers=cycle, lived_with=lived_with, calling=calling, outside=outside)


def _calling(examination: Examination, cycle: LifeCycle) -> Mapping[int, tuple[int, ...]]:
    """Return where a function is called whose call is violated, if that is not known already."""
    violated = (each.check.site for each in violated_checks(cycle))
    starts = sorted({site.function.address for site in violated if not site.callers})
    found: dict[int, tuple[int, ...]] = {}
    whose = examination.programs if examination.outside is None else examination.outside.programs
    for program in whose.values() if starts else ():
        found |= program.call_sites.calls_of(starts)
    return found


def _lived_with(check: Check, cycle: LifeCycle) -> "Iterator[tuple[Violation, Suppression]]":
    """Yield what suppresses a violation."""
    if check.suppressions is None:
        return
    version = Version.parse(check.kernel.version) or check.revision.version
    for each in violations(cycle):
        about = (each.caller, each.party, each.call, check.loaded.sha256, version)
        by = check.suppressions.of_caller(*about)
        if by is not None:
            yield each, by
