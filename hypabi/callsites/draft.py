"""A call site while its parts are put together."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Final, Protocol

from hypabi.arch.identifiers import whole_register
from hypabi.arch.names import InstructionSet
from hypabi.callsites.call_ways import CallWays
from hypabi.callsites.constant_flow import number_at
from hypabi.callsites.constants import constant
from hypabi.callsites.hvc_words import Word
from hypabi.callsites.identifier_values import is_set_on_some, paths_by_identifier
from hypabi.callsites.liveness import reliance
from hypabi.callsites.model import (
    Answer,
    Caller,
    CallPath,
    CallSite,
    Function,
    Liveness,
    Origin,
    Reached,
    Read,
    ResultUse,
    Test,
    Unread,
    Why,
)
from hypabi.callsites.onward import onward
from hypabi.callsites.result_use import MOST_STEPS, Aftermath, aftermath
from hypabi.callsites.set_before import lost_link, never_set
from hypabi.code import register_usage
from hypabi.code.function_body import A64Body, Body, Kind
from hypabi.code.function_bounds import Extent, function_extent
from hypabi.code.openings import enters_t32
from hypabi.smt import terms

MOST_IN_CALLER: Final = 32
"""Instructions behind a call in which a direct caller is seen to look at the answer."""
NOT_FOUND: Final = frozenset({Origin.EARLIER, Origin.UNMODELLED})
"""Origins of a value that says nothing of where it comes from."""
NEAR_TRAP: Final = 4
"""Instructions behind a branch within which a trap is what the branch was for."""


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


class Draft:
    """A call site while its parts are put together."""

    def __init__(self, ways: CallWays, word: Word, around: Extent, reached: Reached) -> None:
        self.ways = ways
        self.word = word
        self.extent = around
        self.reached = reached
        self.body = ways.functions.body(around, word.state)
        self.chains, self.undecided = ways.chains(self.body, word.address, word.immediate)
        if word.state is InstructionSet.T32 and not (
            len(ways.image.symbols) or enters_t32(ways.image)
        ):
            self.undecided = (*self.undecided, "no symbol says that this is T32, it only reads so")
        self.behind = word.address + 4

    @cached_property
    def paths(self) -> tuple[CallPath, ...]:
        """The ways to it."""
        return self.ways.run(self.body, self.chains, self.word)

    @cached_property
    def reliance(self) -> Liveness:
        """What is live behind it."""
        callee = partial(self.ways.functions.callee, state=self.word.state)
        own = self.ways.own_vectors(self.paths, self.word.state)
        budget = self.ways.budget_behind
        return reliance(self.body, self.behind, self.ways.rules, callee, budget, own)

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
        if None not in self.numbers:
            return None
        where = self.word.address, _function(self.extent)
        if self.undecided:
            return Unread(*where, self.undecided[0], passed=False)
        name = self.ways.identifier(self.word.immediate)
        ways = [each for way in self.paths for each in paths_by_identifier(way, name)]
        if any(map(partial(self._doubted, by), ways)):
            sets = is_set_on_some(self.paths, name)
            why = f"{name} is {'a number on some ways only' if sets else 'not a constant'}"
            lost = any(self._origins(way, name) & NOT_FOUND for way in ways)
            return Unread(*where, why, passed=not sets and not lost)
        return None

    @staticmethod
    def _origins(way: CallPath, name: str) -> frozenset[Origin]:
        symbols = terms.symbols_of(way.request.registers[name])
        return frozenset(way.sources[symbol.name].origin for symbol in symbols)

    def _doubted(self, by: Wanting, way: CallPath) -> bool:
        return by.by_doubt(way) and not by.by_way(_function(self.extent), way)

    @cached_property
    def numbers(self) -> set[int | None]:
        """Return the identifier on each way, ``None`` for one that running the way may tell."""
        ways, immediate = self.ways, self.word.immediate
        if self.undecided or not self.chains:
            return {self._number_on_every_way}
        if not isinstance(self.body, A64Body):
            name = ways.identifier(immediate)
            values = [way.request.registers[name] for way in self.paths]
            return {value if isinstance(value, int) else None for value in values}
        register = ways.register(immediate)
        held = (constant(self.body, chain.steps, register) for chain in self.chains)
        return {ways.number(immediate, each) for each in held}

    @cached_property
    def _number_on_every_way(self) -> int | None:
        """The identifier, where it is one whichever way was taken."""
        if not self.body.holds(self.word.address):
            return None
        immediate = self.word.immediate
        approach = self.ways.functions.approach(self.word.state)
        name = whole_register(self.ways.identifier(immediate))
        held = number_at(approach, self.body, self.word.address, name)
        return self.ways.number(immediate, held)

    def _aftermath(self, body: Body, behind: int, most: int = MOST_STEPS) -> Aftermath:
        approach = self.ways.functions.approach(self.word.state)
        return aftermath(approach, body, behind, self.ways.followed(), most)

    @property
    def needs_callers(self) -> bool:
        """Whether the function's callers say what is asked for, or what is done with the answer."""
        return bool(self.aftermath.returned) or any(map(self._leaves_to_callers, self.paths))

    def _leaves_to_callers(self, way: CallPath) -> bool:
        value = way.request.registers[self.ways.identifier(self.word.immediate)]
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
            self.ways.identifier(self.word.immediate),
            self.word.conduit,
            onward(self.ways.functions.approach(self.word.state), self.body, self.behind),
            lost_link(self.body, self.word.address),
            never_set(self.body, self.word.address, self.reliance.reads, self.ways.rules),
        )

    def _reads_behind(self, body: Body, call: int) -> tuple[Read, ...]:
        """Return the scratch registers that a caller of the function reads behind its call."""
        rules = self.ways.rules
        scratch = {f"{rules.prefix}{n}" for n in register_usage.numbers(rules.lost)}
        found = reliance(body, call + 4, rules, lambda _: None, self.ways.budget_behind)
        return tuple(read for read in found.reads if read.register in scratch)

    def _callers(
        self, calls: Iterable[int], *, every: bool
    ) -> tuple[tuple[Caller, ...], tuple[Test, ...]]:
        made, state = self.ways, self.word.state
        wants_ways = every or any(map(self._leaves_to_callers, self.paths))
        callers, tests = [], []
        for address in calls:
            around = function_extent(made.image, address, state)
            body = made.functions.body(around, state)
            function = _function(around)
            ways: tuple[CallPath, ...] = ()
            if wants_ways:
                ways, _ = made.paths(body, address, state, self.word.immediate)
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
        for name, symbol in self.ways.followed().items():
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
