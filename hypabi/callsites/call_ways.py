"""The ways to a call: what stands in which register on each, and what selects the call."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from hypabi.arch.identifiers import IMMEDIATE, identifier_bits, whole_register
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.request import Request
from hypabi.callsites.backward_paths import Budget, Chain, Stop, ways_back
from hypabi.callsites.functions import MOST_READ, Functions
from hypabi.callsites.hvc_words import Word
from hypabi.callsites.identifier_values import constants_in
from hypabi.callsites.level import privileged
from hypabi.callsites.liveness import OwnVectors
from hypabi.callsites.model import Branches, CallPath, Entered, Start, WayInto, after
from hypabi.callsites.path_runner import (
    Approach,
    Arrival,
    Convention,
    convention,
    usual_identifier,
    wanted,
)
from hypabi.code.function_body import CALLS, MOST_BYTES, Body, Kind, Step
from hypabi.code.system_writes import instruction_word
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value

MOST_BEFORE: Final = 20_000
"""Instructions looked at on the ways to all sites; the largest real kernel needs 1,500."""
MOST_BEHIND: Final = 100_000
"""Instructions looked at behind all sites; the largest real kernel needs 12,000."""
FOLLOWED: Final = 4
"""Registers that can hold an answer, from the first: SMCCC (DEN0028, 2.6) has four."""
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


class CallWays:
    """The ways to the calls of one program."""

    def __init__(
        self, functions: Functions, vectors: Mapping[int, int], asked: Asked | None
    ) -> None:
        self.functions = functions
        self.image = functions.image
        self.rules: Convention = convention(self.image.architecture)
        self.budget_behind = Budget(MOST_BEHIND)
        self._vectors = vectors
        self._asked_by = asked
        self._before = Budget(MOST_BEFORE)

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

    def run(
        self,
        body: Body,
        chains: Iterable[Chain],
        word: Word,
        approach: Approach | None = None,
    ) -> tuple[CallPath, ...]:
        """Return what each way brings, those together that bring the same.

        :param approach: what runs them, if not what runs all
        """
        state, immediate = word.state, word.immediate
        approach = approach or self.functions.approach(state)
        found: dict[tuple[Value, ...], CallPath] = {}
        for chain in chains:
            arrival = approach.run(body, chain)
            way = self._way(word, chain, arrival)
            way = replace(way, privileged=privileged(self.image, body, chain.steps, state))
            key = tuple(way.request.registers[name] for name in self._asking(immediate))
            found[key] = _merged(found[key], way) if key in found else way
        return tuple(found.values())

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
        body = self.functions.entered(function, state)
        _, state = self.functions.state_behind(function, state)
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
                asked = wanted(self.image.architecture, step.word >> 5 & 31)
                chains, _ = ways_back(body, step.address, asked, self._before)
                for path in self.run(body, chains, word, self.functions.knowing_approach(state)):
                    yield from _by_register(path, step, targets)

    def ways_out(self, function: int, state: InstructionSet) -> Iterator[WayInto]:
        """Yield the ways to the calls by a pointer with which a function leaves for good.

        Nothing is called behind them; each way ends at 0, behind the call.
        """
        body = self.functions.entered(function, state)
        for step in () if body is None or state is InstructionSet.T32 else body.turns():
            assert body is not None
            if step.kind is not Kind.CALL_REGISTER or comes_back(body, step):
                continue
            register = self._called_by(step, state)
            asked = wanted(self.image.architecture, register)
            chains, _ = ways_back(body, step.address, asked, self._before)
            word = Word(step.address, state, 0, in_code=True)
            for path in self.run(body, chains, word, self.functions.knowing_approach(state)):
                held = path.request.registers[f"{self.rules.prefix}{register}"]
                if self.image.segment(_unmoved(held)) is None:
                    yield WayInto(replace(path, path=(*path.path, 0)), Entered.POINTED)

    def _called_by(self, step: Step, state: InstructionSet) -> int:
        """Return the number of the register that holds where a call goes: BLR; A32 BLX."""
        if state is InstructionSet.A64:
            return step.word >> 5 & 31
        return instruction_word(self.image, step.address, state) & 15

    def own_vectors(self, paths: Iterable[CallPath], state: InstructionSet) -> OwnVectors:
        """Return the program's own vectors that a path hands over."""
        found: dict[int, None] = {}
        for way in paths if self._vectors else ():
            for value in way.request.registers.values():
                for table in constants_in(value):
                    if table in self._vectors:
                        found[self._vectors[table]] = None
        return OwnVectors(tuple(found), partial(self.functions.around, state=state))

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
    unmoved = _unmoved(held)
    if unmoved in targets:
        by = Entered.LINKED if isinstance(held, int) else Entered.DISPLACED
        yield WayInto(replace(path, path=(*path.path, unmoved)), by)


def _unmoved(held: Value) -> int:
    """Return an address without the words of memory that move it from where it is linked."""
    return evaluate(held, {symbol.name: 0 for symbol in terms.symbols_of(held)})


def comes_back(body: Body, call: Step) -> bool:
    """Tell whether a function calls something behind a call.

    A place directly behind it to which a branch leads is not behind it: no code says that a call
    by a pointer does not return, and a compiler knows (``noreturn``).
    """
    waiting, seen = [call.address + call.size], set[int]()
    if waiting[0] in body.into:
        return False
    while waiting:
        address = waiting.pop()
        if address in seen or not body.holds(address):
            continue
        seen.add(address)
        step = body.step(address)
        if step.kind in CALLS:
            return True
        waiting += () if step.kind is Kind.TRAP else body.after(step)
    return False


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
