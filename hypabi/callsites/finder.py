"""All call sites of a program: find them, follow the ways to them, look at what comes after."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property, partial
from types import MappingProxyType
from typing import Final, Protocol

from hypabi.arch.identifiers import IMMEDIATE, identifier_bits, whole_register
from hypabi.arch.names import Architecture, Conduit, InstructionSet
from hypabi.behaviour.request import Request
from hypabi.callsites.backward_paths import Budget, Chain, Stop, ways_back
from hypabi.callsites.constant_flow import reached_with
from hypabi.callsites.constants import constant
from hypabi.callsites.entry_flow import Moment, flow_from_entry
from hypabi.callsites.hvc_words import JUMPS, Word, direct_calls, hvc_words, replaced_by
from hypabi.callsites.identifier_values import constants_in, constants_of
from hypabi.callsites.level import LevelAsked, asks_level, level_asked, privileged
from hypabi.callsites.link_register import lost_link
from hypabi.callsites.liveness import OwnVectors, reliance
from hypabi.callsites.model import (
    Answer,
    Branches,
    Caller,
    CallPath,
    CallSite,
    Entered,
    Function,
    Liveness,
    Origin,
    Reached,
    Read,
    ResultUse,
    Start,
    Stranger,
    Test,
    Unread,
    WayInto,
    Why,
    after,
)
from hypabi.callsites.onward import onward
from hypabi.callsites.path_runner import (
    Approach,
    Arrival,
    Convention,
    convention,
    usual_identifier,
    wanted,
)
from hypabi.callsites.result_use import MOST_STEPS, Aftermath, aftermath
from hypabi.code import register_usage
from hypabi.code.function_body import (
    MOST_BYTES,
    A64Body,
    Body,
    Kind,
    Step,
    body_of,
    never_returning,
)
from hypabi.code.function_bounds import Extent, function_extent
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.explore import Explorer

CONDUIT: Final = "smccc_patch_fw_mitigation_conduit"
"""The kernel's function that writes hvc or smc over a nop (arch/arm64/kernel/proton-pack.c)."""
MOST_CALLERS: Final = 24
"""Direct callers of one function that are looked at."""
MOST_IN_CALLER: Final = 32
"""Instructions behind a call in which a direct caller is seen to look at the answer."""
NEAR_TRAP: Final = 4
"""Instructions behind a branch within which a trap is what the branch was for."""
MOST_BEFORE: Final = 20_000
"""Instructions looked at on the ways to all sites; the largest real kernel needs 1,500."""
MOST_BEHIND: Final = 100_000
"""Instructions looked at behind all sites; the largest real kernel needs 12,000."""
MOST_READ: Final = 2 << 20
"""Bytes of all functions that are read; the largest real kernel needs 150,000."""
LIFTED_COSTS: Final = 16
"""What a byte of A32 or T32 counts against that: its instructions are lifted, A64 is not."""
FOLLOWED: Final = 4
"""Registers that can hold an answer, from the first: SMCCC (DEN0028, 2.6) has four."""
SETEND: Final = (0xF1010000, 0x200)
"""A32 ``setend``, and its bit for big-endian (DDI 0406C, A8.8.157)."""
NO_ENTRIES: Final[Mapping[int, int]] = MappingProxyType({})
STARTS: Final = {
    Stop.ENTRY: Start.ENTRY,
    Stop.KNOWN: Start.INSIDE,
    Stop.INDIRECT: Start.INDIRECT,
    Stop.LIMIT: Start.LIMIT,
}


@frozen
class Asked:
    """How the calls of a contract are made."""

    immediate: int | None
    """``None`` for any."""
    identifier: str
    """``x8``, ``w8`` or ``immediate``."""


class Wanting(Protocol):
    """Somebody who wants some call sites only."""

    def by_conduit(self, immediate: int) -> bool:
        """Tell whether a site can be wanted, by its immediate."""

    def by_number(self, function: Function, identifier: int) -> bool:
        """Tell whether a site can be wanted, by the function around it and its identifier."""

    def by_way(self, function: Function, way: CallPath) -> bool:
        """Tell whether a site is wanted, by the function around it and a way to it."""

    def by_doubt(self, way: CallPath) -> bool:
        """Tell whether a site may be wanted, for all that a way tells."""


class Listing(Protocol):
    """What is listed of all calls that a kernel can make, whoever serves them."""

    def has_immediate(self, immediate: int) -> bool:
        """Tell whether a call is made with it."""

    def has_number(self, identifier: int) -> bool:
        """Tell whether it is that of a call."""

    def passes_on(self, function: Function) -> bool:
        """Tell whether a function makes whichever call it was called for."""


class CallSites:
    """The call sites of one program; bodies of functions are read once."""

    def __init__(
        self,
        explorer: Explorer,
        vectors: Mapping[int, int] = NO_ENTRIES,
        asked: Asked | None = None,
        conduit: Conduit = Conduit.HVC,
    ) -> None:
        """Prepare to look.

        :param vectors: of a program that sets vectors of its own: by address of a table, where a
            further call enters it
        :param asked: how the calls of a contract are made; those of Linux and Xen where ``None``
        :param conduit: the instruction that makes them
        """
        self._conduit = conduit
        self._asked_by = asked
        self.explorer = explorer
        self._vectors = vectors
        self.image = explorer.image
        self.rules: Convention = convention(self.image.architecture)
        self._ends = never_returning(self.image)
        self._bodies: dict[tuple[int, int, InstructionSet], Body] = {}
        self._approaches: dict[InstructionSet, Approach] = {}
        self._flows: dict[tuple[int, InstructionSet], Mapping[int, Moment] | None] = {}
        self._before = Budget(MOST_BEFORE)
        self.budget_behind = Budget(MOST_BEHIND)
        self._unread = MOST_READ

    def find(self, function: str | None = None) -> tuple[CallSite, ...]:
        """Return every call site, by address.

        :param function: only those in functions of this name
        """
        return self._finished(self._drafts(function), every=False)

    def find_with_callers(self) -> tuple[CallSite, ...]:
        """Return every call site, by address, with all that callers of its function do."""
        return self._finished(self._every, every=True)

    def called_from(
        self, function: int, state: InstructionSet
    ) -> tuple[tuple[int, int], ...] | None:
        """Return the functions that call one directly, each with the call.

        ``None`` where a branch leads to it, since nobody says from which function.
        """
        if direct_calls(self.image, (function,), 1, JUMPS)[function]:
            return None
        calls = direct_calls(self.image, (function,), MOST_CALLERS)[function]
        return tuple((function_extent(self.image, at, state).start, at) for at in calls)

    def level_at(self, function: int, place: int) -> LevelAsked:
        """Tell whether an A64 function asks for its level before it comes to an instruction."""
        body = self.function(function)
        return LevelAsked.ASKED if body is None else level_asked(body, place, self._asks_level)

    def _asks_level(self, function: int) -> bool:
        body = self.function(function)
        return body is not None and asks_level(body)

    def calls_of(self, functions: Iterable[int]) -> Mapping[int, tuple[int, ...]]:
        """Return where functions are called directly, those that are, as far as looked for."""
        found = direct_calls(self.image, tuple(functions), MOST_CALLERS)
        return {function: tuple(calls) for function, calls in found.items() if calls}

    def wanted(self, by: Wanting) -> tuple[tuple[CallSite, ...], tuple[Unread, ...]]:
        """Return the call sites of which somebody wants a way, and those that may be such.

        Of their callers, all that those pass and read is found out.
        """
        drafts = [draft for draft in self._every if by.by_conduit(draft.word.immediate)]
        found = self._finished([draft for draft in drafts if draft.wanted(by)], every=True)
        unread = [draft.unread(by) for draft in drafts]
        return found, tuple(each for each in unread if each is not None)

    def strangers(self, listing: Listing, judged: Container[int]) -> Iterator[Stranger]:
        """Yield the call sites that ask for what is not listed, or for what is not known.

        :param judged: addresses of those that are looked at otherwise
        """
        drafts = [d for d in self._every if d.word.address not in judged and d.is_strange(listing)]
        self._told_where(drafts)
        reached = [draft for draft in drafts if draft.reached is not Reached.NOT_SHOWN]
        for site in self._finished(reached, every=False):
            for way in site.paths:
                why = _strange(site, way, listing)
                if why:
                    yield Stranger(site, way, why)

    def constants(self, immediate: int | None) -> Mapping[int, tuple[int, int]]:
        """Return the identifier of each call site where it is one constant on every way.

        :return: by address of the site, that of the function around it and the identifier
        """
        found = {}
        for draft in self._every:
            of = immediate in (None, draft.word.immediate)
            numbers = draft.numbers if of else set[int | None]()
            if len(numbers) == 1 and None not in numbers:
                (number,) = numbers
                assert number is not None
                found[draft.word.address] = (draft.extent.start, number)
        return found

    @cached_property
    def _every(self) -> "list[_Draft]":
        return self._drafts(None)

    def _drafts(self, function: str | None) -> "list[_Draft]":
        places = [(word, reached) for word, reached in self._places()]
        extents = {
            word: function_extent(self.image, word.address, word.state) for word, _ in places
        }
        return [
            _Draft(self, word, around, reached)
            for word, reached in places
            for around in (extents[word], *self._running_into(extents[word], word.state))
            if function is None or around.name == function
        ]

    def _running_into(self, around: Extent, state: InstructionSet) -> Iterator[Extent]:
        """Yield the functions whose code runs on into a function, each with that at its end.

        ``__hyp_get_vectors`` of every kernel before 4.12 runs on into ``__hyp_set_vectors``.
        """
        start = around.start
        while around.symbol and self._same_code(start):
            before = function_extent(self.image, start - 2, state)
            if not before.symbol or not self.runs_on(before, start, state):
                return
            yield replace(before, end=around.end)
            start = before.start

    def _same_code(self, start: int) -> bool:
        """Tell whether code of the same segment stands before an address."""
        segment = self.image.segment(start)
        return segment is not None and segment.address < start

    def runs_on(self, before: Extent, start: int, state: InstructionSet) -> bool:
        """Tell whether control goes from a function's start over its end.

        What it executes last must be an instruction that computes: behind a call, a trap or data a
        compiler knew that nothing runs on, and what only pads is no function.
        """
        body = self.body(before, state)
        last = _last(body, start, 2 if state is InstructionSet.T32 else 4)
        if last is None or last.kind not in (Kind.NEXT, Kind.BRANCH) or not last.falls:
            return False
        return last.uses is not None and body.reaches(last.address)

    def _finished(self, drafts: "list[_Draft]", *, every: bool) -> tuple[CallSite, ...]:
        """Return call sites; all code is searched for who calls their functions.

        :param every: whether all that callers pass is wanted, or only what selects a call
        """
        self._told_where(drafts)
        starts = sorted({draft.extent.start for draft in drafts if draft.needs_callers})
        calls = direct_calls(self.image, starts, MOST_CALLERS)
        return tuple(
            draft.finished(calls.get(draft.extent.start, ()), every=every) for draft in drafts
        )

    def _places(self) -> list[tuple[Word, Reached]]:
        found = [(word, Reached.FLOW) for word in hvc_words(self.image, self._conduit)]
        for symbol in self.image.symbols.find(CONDUIT) if len(self.explorer.patches) else ():
            for site in self.explorer.patches.written_by(symbol.address):
                a64, by = InstructionSet.A64, self._conduit
                word = Word(site.address, a64, 0, in_code=True, conduit=by)
                found.append((word, Reached.WRITTEN))
        return sorted(found, key=lambda each: each[0].address)

    def _told_where(self, drafts: "Iterable[_Draft]") -> None:
        """Say of sites that flow does not reach what they are instead."""
        lost = {
            draft.word.address: draft
            for draft in drafts
            if draft.reached is Reached.FLOW and not draft.body.reaches(draft.word.address)
        }
        copied = replaced_by(self.explorer.patches, sorted(lost)) if lost else {}
        for address, draft in lost.items():
            draft.reached = Reached.REPLACEMENT if address in copied else Reached.NOT_SHOWN

    def body(self, around: Extent, state: InstructionSet) -> Body:
        """Return the body of a function, read once."""
        key = (around.start, around.end, state)
        found = self._bodies.get(key)
        if found is None:
            read, costs = None, 1
            if state is not InstructionSet.A64:
                read = partial(self.explorer.instruction, state=state)
                costs = LIFTED_COSTS
            end = min(around.end, around.start + max(0, self._unread) // costs)
            around = replace(around, end=end)
            found = body_of(self.image, self.explorer.patches, around, read, self._ends)
            self._unread -= costs * (found.end - found.start)
            self._bodies[key] = found
        return found

    def function(self, address: int) -> A64Body | None:
        """Return the body of the A64 function that starts at an address, ``None`` of others."""
        if self.image.architecture is not Architecture.ARM64:
            return None
        body = self.callee(address, InstructionSet.A64)
        return body if isinstance(body, A64Body) else None

    def callee(self, address: int, state: InstructionSet) -> Body | None:
        """Return the body of a function that is called, ``None`` where no code is.

        Of one that goes on in T32 at once, what is behind.
        """
        if self.image.segment(address) is None:
            return None
        around = function_extent(self.image, address, state)
        start, state = self._goes_on(address, state)
        return self.body(replace(around, start=start), state) if around.start == address else None

    def unreached_with(
        self, function: int, known: Mapping[str, int], state: InstructionSet
    ) -> frozenset[int]:
        """Return the branches and calls of a function that are not reached then.

        :param known: what registers hold at its entry
        """
        body = self.callee(function, state)
        _, state = self._goes_on(function, state)
        reached = None if body is None else reached_with(self.approach(state), body, known)
        if body is None or reached is None:
            return frozenset()
        return frozenset(step.address for step in body.turns()) - reached

    def ways_into(
        self,
        function: int,
        targets: frozenset[int],
        state: InstructionSet,
        which: Branches = Branches.DIRECT,
    ) -> Iterator[WayInto]:
        """Yield the ways on which a function goes on to others by branches and calls.

        :param targets: where the others start; each way ends there, behind the branch
        """
        body = self.callee(function, state)
        _, state = self._goes_on(function, state)
        for step in () if body is None else body.turns():
            assert body is not None
            word = Word(step.address, state, 0, in_code=True)
            if step.target in targets:
                assert step.target is not None
                chains, _ = self.chains(body, step.address, 0)
                jumps = step.kind is Kind.BRANCH
                there = [replace(c, steps=(*c.steps, step.target)) for c in chains if jumps]
                for path in self.run(body, there or chains, word):
                    onto = path.path if jumps else (*path.path, step.target)
                    yield WayInto(replace(path, path=onto), Entered.DIRECT)
            elif which is Branches.ALL and step.kind in (Kind.CALL_REGISTER, Kind.COMPUTED):
                chains, _ = self.chains(body, step.address, 0)
                for path in self.run(body, chains, word):
                    yield from _by_register(path, step, targets)

    def switches_to_t32(self, function: int, state: InstructionSet) -> bool:
        """Tell whether a function begins in A32 with ``add rN, pc, #1; bx rN``.

        As the entry of a Thumb-2 kernel does, which a boot loader enters in A32; a big-endian one
        says ``setend be`` before.  Without symbols of an ELF all functions of such a kernel count
        as T32, this one too.
        """
        return self._goes_on(function, state) != (function, state)

    def _goes_on(self, function: int, state: InstructionSet) -> tuple[int, InstructionSet]:
        """Return where a function goes on behind a switch to T32, and in which state."""
        segment = self.image.segment(function)
        if segment is None or state is InstructionSet.A64:
            return function, state
        start = function - segment.address
        words = [
            int.from_bytes(segment.content[at : at + 4], "little")
            for at in range(start, start + 12, 4)
        ]
        skipped = words[0] & ~SETEND[1] == SETEND[0]
        first, second = words[skipped : skipped + 2]
        register = first >> 12 & 0xF
        if (first & 0xFFFF0FFF, second) != (0xE28F0001, 0xE12FFF10 | register):
            return function, state
        return function + 8 + 4 * skipped, InstructionSet.T32

    def entry_flow(self, function: int, state: InstructionSet) -> Mapping[int, Moment] | None:
        """Return what a function's registers hold of what it was entered with, by instruction.

        :param function: where it starts
        :return: ``None`` where that is not found out
        """
        key = (function, state)
        if key not in self._flows:
            body = self.callee(function, state)
            _, state = self._goes_on(function, state)
            self._flows[key] = None if body is None else flow_from_entry(self.approach(state), body)
        return self._flows[key]

    def own_vectors(self, paths: Iterable[CallPath], state: InstructionSet) -> OwnVectors:
        """Return the program's own vectors that a path hands over."""
        found: dict[int, None] = {}
        for way in paths if self._vectors else ():
            for value in way.request.registers.values():
                for table in constants_in(value):
                    if table in self._vectors:
                        found[self._vectors[table]] = None
        return OwnVectors(tuple(found), partial(self._around, state=state))

    def _around(self, address: int, state: InstructionSet) -> Body | None:
        if self.image.segment(address) is None:
            return None
        around = function_extent(self.image, address, state)
        return self.body(replace(around, start=address), state)

    def approach(self, state: InstructionSet) -> Approach:
        """Return what runs ways in an instruction set state."""
        found = self._approaches.get(state)
        if found is None:
            found = self._approaches[state] = Approach(self.explorer, state)
        return found

    def paths(
        self, body: Body, address: int, state: InstructionSet, immediate: int
    ) -> tuple[tuple[CallPath, ...], tuple[str, ...]]:
        """Return the ways to an instruction, and why there may be more."""
        chains, undecided = self.chains(body, address, immediate)
        word = Word(address, state, immediate, in_code=True)
        return self.run(body, chains, word), undecided

    def chains(
        self, body: Body, address: int, immediate: int
    ) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
        """Return the ways to an instruction before anything runs, and why there may be more."""
        if not body.holds(address):
            return (), (f"more than {MOST_BYTES:#x} bytes are before it, or {MOST_READ:#x} in all",)
        return ways_back(
            body,
            address,
            wanted(self.image.architecture, self.register(immediate)),
            self._before,
        )

    def run(self, body: Body, chains: Iterable[Chain], word: Word) -> tuple[CallPath, ...]:
        """Return what each way brings, those together that bring the same."""
        state, immediate = word.state, word.immediate
        found: dict[tuple[Value, ...], CallPath] = {}
        for chain in chains:
            arrival = self.approach(state).run(body, chain)
            way = self._way(word, chain, arrival)
            way = replace(way, privileged=privileged(self.image, body, chain.steps, state))
            key = tuple(way.request.registers[name] for name in self._asking(immediate))
            found[key] = _merged(found[key], way) if key in found else way
        return tuple(found.values())

    def identifier(self, immediate: int) -> str:
        """Return what selects a call: a register, its low half, or ``immediate``."""
        asked = self._asked_by
        if asked is not None and asked.immediate in (None, immediate):
            return asked.identifier
        return usual_identifier(self.image.architecture, immediate)

    def register(self, immediate: int) -> int:
        """Return the number of the register that selects a call; the first where none does."""
        name = whole_register(self.identifier(immediate))
        return 0 if name == IMMEDIATE else int(name[1:])

    def number(self, immediate: int, register: int | None) -> int | None:
        """Return the number that is asked for.

        :param register: what the register holds that selects the call, ``None`` if not known
        """
        name = self.identifier(immediate)
        if name == IMMEDIATE:
            return immediate
        if register is None:
            return None
        return register % (1 << identifier_bits(name, self.image.architecture.bits))

    def _way(self, word: Word, chain: Chain, arrival: Arrival) -> CallPath:
        name, registers = self.identifier(word.immediate), dict(arrival.registers)
        if name not in registers:
            bits = self.image.architecture.bits
            registers[name] = _narrow(name, word.immediate, registers, bits)
        return _way(word, chain, arrival, registers)

    def _asking(self, immediate: int) -> Iterator[str]:
        """Yield the registers in which a call is asked for."""
        yield self.identifier(immediate)
        for number in range(self.rules.arguments.bit_length()):
            yield f"{self.rules.prefix}{number}"

    def followed(self) -> dict[str, Term]:
        """Return the registers that can hold an answer, each with its symbol behind the call."""
        bits = self.image.architecture.bits
        names = [f"{self.rules.prefix}{number}" for number in range(FOLLOWED)]
        return {name: terms.symbol(after(name), bits) for name in names}


def _by_register(path: CallPath, step: Step, targets: frozenset[int]) -> Iterator[WayInto]:
    """Yield a way that ends in an A64 branch to a register, where that holds one of some places.

    A place that is moved by a word of memory is the constant that is left without the word.
    """
    held = path.request.registers.get(f"x{step.word >> 5 & 31}")
    if held is None:
        return
    unmoved = evaluate(held, {symbol.name: 0 for symbol in terms.symbols_of(held)})
    if unmoved in targets:
        by = Entered.LINKED if isinstance(held, int) else Entered.DISPLACED
        yield WayInto(replace(path, path=(*path.path, unmoved)), by)


def _strange(site: CallSite, way: CallPath, listing: Listing) -> str:
    """Return why nobody knows what a way asks for, empty where it is known."""
    if not listing.has_immediate(site.immediate):
        return f"no contract has the immediate {site.immediate:#x}"
    known = constants_of(way.request.registers[site.identifier])
    for identifier in sorted(known):
        if not listing.has_number(identifier):
            return f"no contract has the identifier {identifier:#x}"
    if known or listing.passes_on(site.function) or way.start is Start.LIMIT:
        return ""
    return f"{site.identifier} is no constant, and no contract says that it is up to callers"


def _last(body: Body, end: int, size: int) -> Step | None:
    """Return the last instruction of a function that is no padding.

    ``None`` where all is padding, or where the function is longer than is read.
    """
    if body.end < end:
        return None
    address = end - size
    while address >= body.start:
        for step in (body.step(address), *([body.step(address - 2)] if size == 2 else [])):
            pads = step.kind is Kind.NEXT and step.uses is not None and not step.uses.writes
            if not pads and body.reaches(step.address):
                return step
        address -= size
    return None


def _narrow(name: str, immediate: int, registers: Mapping[str, Value], bits: int) -> Value:
    """Return what selects a call, where that is no whole register, as wide as one."""
    if name == IMMEDIATE:
        return immediate
    width = identifier_bits(name, bits)
    low = terms.extract(registers[whole_register(name)], 0, width, bits)
    return terms.concat(0, low, bits - width, width)


def _way(word: Word, chain: Chain, arrival: Arrival, registers: Mapping[str, Value]) -> CallPath:
    request = Request(
        word.address, word.immediate, registers, arrival.conditions, arrival.assumptions
    )
    return CallPath(
        request,
        STARTS[chain.stop],
        chain.steps,
        arrival.sources,
        arrival.calls,
        chain.reason,
        arrival.pointers,
    )


def _merged(one: CallPath, other: CallPath) -> CallPath:
    """Return the shorter of two ways that bring the same, under what both need."""
    first, second = (one, other) if len(one.path) <= len(other.path) else (other, one)
    terms_there = {condition.term for condition in second.request.guard}
    guard = tuple(c for c in first.request.guard if c.term in terms_there)
    request = Request(
        first.request.site,
        first.request.immediate,
        first.request.registers,
        guard,
        first.request.assumptions,
    )
    pointers = {name: at for name, at in first.pointers.items() if name in second.pointers}
    level = first.privileged if first.privileged is not None else second.privileged
    return replace(first, request=request, pointers=pointers, privileged=level)


class _Draft:
    """A call site while its parts are put together."""

    def __init__(self, sites: CallSites, word: Word, around: Extent, reached: Reached) -> None:
        self.sites = sites
        self.word = word
        self.extent = around
        self.reached = reached
        self.body = sites.body(around, word.state)
        self.chains, self.undecided = sites.chains(self.body, word.address, word.immediate)
        if word.state is InstructionSet.T32 and not len(sites.image.symbols):
            self.undecided = (*self.undecided, "no symbol says that this is T32, it only reads so")
        self.behind = word.address + 4

    @cached_property
    def paths(self) -> tuple[CallPath, ...]:
        """The ways to it."""
        return self.sites.run(self.body, self.chains, self.word)

    @cached_property
    def reliance(self) -> Liveness:
        """What is live behind it."""
        callee = partial(self.sites.callee, state=self.word.state)
        own = self.sites.own_vectors(self.paths, self.word.state)
        budget = self.sites.budget_behind
        return reliance(self.body, self.behind, self.sites.rules, callee, budget, own)

    @cached_property
    def aftermath(self) -> Aftermath:
        """What becomes of the registers that can hold an answer."""
        return self._aftermath(self.body, self.behind)

    def wanted(self, by: Wanting) -> bool:
        """Tell whether somebody wants one of the ways to it."""
        function = _function(self.extent)
        numbers = self.numbers
        if None not in numbers and not any(
            by.by_number(function, n) for n in numbers if n is not None
        ):
            return False
        return any(by.by_way(function, way) for way in self.paths)

    def is_strange(self, listing: Listing) -> bool:
        """Tell whether it may ask for what is not listed, as far as is told without its callers."""
        if not listing.has_immediate(self.word.immediate):
            return True
        numbers = self.numbers
        if None in numbers and listing.passes_on(_function(self.extent)):
            return False
        return not all(each is not None and listing.has_number(each) for each in numbers)

    def unread(self, by: Wanting) -> Unread | None:
        """Return why it may ask for more than its ways say, ``None`` where it does not."""
        why = self.undecided[0] if self.undecided else ""
        if not why and None in self.numbers and any(map(partial(self._doubted, by), self.paths)):
            why = f"{self.sites.identifier(self.word.immediate)} is not a constant"
        return Unread(self.word.address, _function(self.extent), why) if why else None

    def _doubted(self, by: Wanting, way: CallPath) -> bool:
        return by.by_doubt(way) and not by.by_way(_function(self.extent), way)

    @cached_property
    def numbers(self) -> set[int | None]:
        """Return the identifier on each way, ``None`` for one that running the way may tell."""
        if self.undecided or not self.chains:
            return {None}
        sites, immediate = self.sites, self.word.immediate
        if not isinstance(self.body, A64Body):
            name = sites.identifier(immediate)
            values = [way.request.registers[name] for way in self.paths]
            return {value if isinstance(value, int) else None for value in values}
        register = sites.register(immediate)
        held = (constant(self.body, chain.steps, register) for chain in self.chains)
        return {sites.number(immediate, each) for each in held}

    def _aftermath(self, body: Body, behind: int, most: int = MOST_STEPS) -> Aftermath:
        approach = self.sites.approach(self.word.state)
        return aftermath(approach, body, behind, self.sites.followed(), most)

    @property
    def needs_callers(self) -> bool:
        """Whether the function's callers say what is asked for, or what is done with the answer."""
        return bool(self.aftermath.returned) or any(map(self._leaves_to_callers, self.paths))

    def _leaves_to_callers(self, way: CallPath) -> bool:
        value = way.request.registers[self.sites.identifier(self.word.immediate)]
        named = {symbol.name for symbol in terms.symbols_of(value)}
        return any(way.sources[name].origin is Origin.ARGUMENT for name in named)

    def finished(self, calls: Iterable[int], *, every: bool) -> CallSite:
        """Return the call site.

        :param calls: addresses of the calls of the function around it
        :param every: whether all that those pass is wanted
        """
        callers, tests = self._callers(calls, every=every)
        return CallSite(
            self.word.address,
            self.word.state,
            self.word.immediate,
            _function(self.extent),
            self.reached,
            self.paths,
            self.undecided,
            callers,
            self.reliance,
            tuple(self._answers(tests)),
            self.sites.identifier(self.word.immediate),
            self.word.conduit,
            onward(self.sites.approach(self.word.state), self.body, self.behind),
            lost_link(self.body, self.word.address),
        )

    def _reads_behind(self, body: Body, call: int) -> tuple[Read, ...]:
        """Return the scratch registers that a caller of the function reads behind its call."""
        rules = self.sites.rules
        scratch = {f"{rules.prefix}{n}" for n in register_usage.numbers(rules.lost)}
        found = reliance(body, call + 4, rules, lambda _: None, self.sites.budget_behind)
        return tuple(read for read in found.reads if read.register in scratch)

    def _callers(
        self, calls: Iterable[int], *, every: bool
    ) -> tuple[tuple[Caller, ...], tuple[Test, ...]]:
        sites, state = self.sites, self.word.state
        wants_ways = every or any(map(self._leaves_to_callers, self.paths))
        callers, tests = [], []
        for address in calls:
            around = function_extent(sites.image, address, state)
            body = sites.body(around, state)
            function = _function(around)
            ways: tuple[CallPath, ...] = ()
            if wants_ways:
                ways, _ = sites.paths(body, address, state, self.word.immediate)
            reads = self._reads_behind(body, address) if every else ()
            callers.append(Caller(address, function, ways, reads))
            if self.aftermath.returned:
                seen = self._aftermath(body, address + 4, MOST_IN_CALLER)
                tests += [
                    Test(a.address, a.condition, function, _warns(body, a.address))
                    for a in seen.asked
                ]
        return tuple(callers), tuple(tests)

    def _answers(self, tests: tuple[Test, ...]) -> Iterator[Answer]:
        asked = self.aftermath.asked
        own = tuple(Test(a.address, a.condition, warns=_warns(self.body, a.address)) for a in asked)
        for name, symbol in self.sites.followed().items():
            asks = tuple(test for test in own if symbol in terms.symbols_of(test.condition))
            if name in self.aftermath.returned:
                asks += tuple(t for t in tests if symbol in terms.symbols_of(t.condition))
            yield Answer(name, _uses(name, self.aftermath, self.reliance), asks)


def _function(around: Extent) -> Function:
    return Function(around.name, around.start, around.end)


def _warns(body: Body, branch: int) -> bool | None:
    """Tell on which side of a branch alone a ``WARN()`` or ``BUG()`` stands close behind."""
    step = body.step(branch)
    if step.kind is not Kind.BRANCH or step.target is None or not step.falls:
        return None
    taken, other = (_traps(body, at) for at in (step.target, step.address + step.size))
    return taken if taken is not other else None


def _traps(body: Body, address: int) -> bool:
    """Tell whether control comes to a trap within a few instructions, none of which branches."""
    for _ in range(NEAR_TRAP):
        if not body.holds(address):
            return False
        step = body.step(address)
        if step.kind is Kind.TRAP:
            return True
        if step.kind is not Kind.NEXT:
            return False
        address += step.size
    return False


def _uses(name: str, seen: Aftermath, relied: Liveness) -> tuple[ResultUse, ...]:
    why = {may.why for may in relied.may_read if may.register == name}
    read = any(each.register == name for each in relied.reads)
    holds: Mapping[ResultUse, bool] = {
        ResultUse.RETURNED: name in seen.returned or Why.RETURNED in why,
        ResultUse.STORED: name in seen.stored,
        ResultUse.PASSED: bool(why & {Why.CALLEE, Why.ARGUMENT}),
        ResultUse.USED: read,
        ResultUse.UNSEEN: Why.BEYOND in why,
        ResultUse.OVERWRITTEN: not why and not read,
    }
    return tuple(use for use in ResultUse if holds[use])
