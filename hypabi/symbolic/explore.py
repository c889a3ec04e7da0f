"""Follow every feasible path from an entry to its outcome, merging where paths meet."""

import enum
import heapq
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.alternatives import Patches
from hypabi.code.control_flow import Lift, Order
from hypabi.code.displacement import displacement, identity_mapped
from hypabi.code.vector_tables import bits_counted
from hypabi.image.model import Image
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.records import frozen, replace
from hypabi.semantics.domain import Domain
from hypabi.semantics.interpret import Profile
from hypabi.smt import terms
from hypabi.smt.allowance import SPENT, Allowance
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Term
from hypabi.symbolic.entry import Entry
from hypabi.symbolic.lifting import LiftThumb, code_at
from hypabi.symbolic.memory import Memory
from hypabi.symbolic.merge import common_conditions, merge
from hypabi.symbolic.outcome import Cause, Undecided
from hypabi.symbolic.path import Arrived, Forked, Path, Run
from hypabi.symbolic.path_context import Surroundings
from hypabi.symbolic.state import Condition, State

MOST_MERGED: Final = 64
"""States at one place that are tried with each other; of more, all go on by themselves."""
MERGE: Final = 16
"""Cost of merging two paths beside that of their conditions."""


class Merging(enum.Enum):
    """Whether paths that meet become one."""

    WHERE_PATHS_MEET = "where paths meet"
    NEVER = "never"


@frozen
class Limits:
    """Where exploration stops; a path that reaches one is undecided and says so."""

    steps_of_a_path: int = 4096
    rounds_of_a_loop: int = 256
    paths: int = 2048
    steps: int = 100_000


@frozen
class Code:
    """The code of an image, as it is read."""

    image: Image
    lift: Lift
    text: Callable[[int, bytes], str]
    """Disassembles the bytes at an address."""
    patches: Patches
    compiled: Callable[[int], str | None]
    """Names the compiled function at an address."""
    assumptions: tuple[str, ...] = ()
    """What every path through this code rests on."""
    thumb: LiftThumb | None = None
    """Lifts T32, where the architecture has it."""
    thumb_text: Callable[[int, bytes], str] | None = None
    """Disassembles T32."""


@frozen
class Theory:
    """What instructions mean, over which values, and who decides about them."""

    profile: Profile[Term]
    domain: Domain[Term]
    solver: Callable[[], Solver]
    allowance: Allowance


class Explorer:
    """Explores an image; instructions and patch sites are shared by all entries."""

    def __init__(self, code: Code, theory: Theory, limits: Limits | None = None) -> None:
        self.image = code.image
        self.text = code.text
        self.profile = theory.profile
        self.domain = theory.domain
        self.new_solver = theory.solver
        self.allowance = theory.allowance
        self.patches = code.patches
        self.compiled = code.compiled
        self.displaces = displacement(code.image)
        self.identity_mapped = identity_mapped(code.image)
        self.assumptions = code.assumptions
        self.limits = limits or Limits()
        arm64 = code.image.architecture is Architecture.ARM64
        self.usual = InstructionSet.A64 if arm64 else InstructionSet.A32
        self._lift = code.lift
        self._thumb = code.thumb
        self._thumb_text = code.thumb_text
        self._lifted: dict[tuple[int, InstructionSet, int], Instruction | Undecodable] = {}
        self._states: dict[int, InstructionSet] = {}
        self._orders: dict[tuple[int, InstructionSet, tuple[int, ...]], Order] = {}

    def instruction(
        self, address: int, state: InstructionSet | None = None, it: int = 0
    ) -> Instruction | Undecodable:
        """Return the instruction at an address, lifted once.

        :param state: in which it is executed; where ``None``, A64 or A32
        :param it: ITSTATE before it
        """
        state = self.usual if state is None else state
        self._states[address] = state
        return self._looked_at(address, state, it)

    def _looked_at(
        self, address: int, state: InstructionSet, it: int = 0
    ) -> Instruction | Undecodable:
        """Return an instruction that need not be executed."""
        key = (address, state, it)
        found = self._lifted.get(key)
        if found is None:
            found = self._lifted[key] = self._lifted_anew(*key)
        return found

    def order(self, entry: Entry) -> Order:
        """Return the order of the code behind an entry; it is the same whatever registers hold."""
        key = (entry.address, entry.state, tuple(entry.ends))
        found = self._orders.get(key)
        if found is None:
            # IT blocks need not be told apart: it only says where paths wait for each other.
            lift = partial(self._looked_at, state=entry.state)
            found = self._orders[key] = Order(lift, self.patches, self.compiled, entry.ends)
        return found

    def _lifted_anew(
        self, address: int, state: InstructionSet, it: int
    ) -> Instruction | Undecodable:
        if state is not InstructionSet.T32:
            return self._lift(address)
        if self._thumb is None:
            return Undecodable(address, b"", "this code is not read as T32")
        return self._thumb(address, it)

    def has_read(self, address: int) -> bool:
        """Return whether an instruction at an address was asked for."""
        return address in self._states

    def disassembled(self, address: int) -> str:
        """Return the text of the instruction at an address, in the state in which it was read."""
        if self._states.get(address) is InstructionSet.T32 and self._thumb_text is not None:
            return self._thumb_text(address, code_at(self.image, address))
        return self.text(address, self.image.read(address, 4))

    def bits_counted(self, slot: int, state: InstructionSet) -> int:
        """Return in how many low bits of SP the vectors of a slot count; 0 where they do not."""
        return bits_counted(self.image, slot, state)

    def explore(
        self, entry: Entry, merging: Merging = Merging.WHERE_PATHS_MEET
    ) -> tuple[Path, ...]:
        """Return every feasible path from the entry, in the order in which they end."""
        return tuple(_Search(self, entry, merging).paths())


class _Search:
    """One exploration: states that wait where paths meet, and a solver for the current one."""

    def __init__(self, explorer: Explorer, entry: Entry, merging: Merging) -> None:
        self.explorer = explorer
        self.entry = entry
        self.limits = explorer.limits
        self.solver = explorer.new_solver()
        self.asserted: list[Term] = []
        self.steps = 0
        self.order = explorer.order(entry)
        self.around = Surroundings(
            explorer.image,
            entry,
            explorer.instruction,
            explorer.profile,
            explorer.domain,
            explorer.patches,
            explorer.compiled,
            explorer.displaces,
            explorer.identity_mapped,
            self.order.joins if merging is Merging.WHERE_PATHS_MEET else _nowhere,
            self.limits.steps_of_a_path,
            self.limits.rounds_of_a_loop,
            explorer.allowance,
        )
        self.waiting: dict[int, list[State]] = {}
        self.queue: list[tuple[int, int]] = []
        self.stack: list[State] = []

    def paths(self) -> Iterator[Path]:
        """Yield the paths; once a limit is reached, every path that is left ends there."""
        memory = Memory(self.explorer.image, self.explorer.image.architecture.bits)
        registers = dict(self.entry.registers)
        assumptions = (*self.entry.assumptions, *self.explorer.assumptions)
        self._wait(State(self.entry.address, registers, memory, {}, assumptions=assumptions))
        count = 0
        while (state := self._next()) is not None:
            reason = self._limit(count)
            if reason:
                yield Path(Undecided(state.pc, reason), state)
                continue
            self._assert(state)
            run = Run(self.around, self.solver, state)
            end = run.advance()
            self.steps += run.steps
            match end:
                case Path():
                    count += 1
                    yield from self._with_code_intact(end)
                case Forked(yes, no):
                    self.stack += (no, yes)
                case Arrived(arrived):
                    self._wait(arrived)

    def _with_code_intact(self, path: Path) -> Iterator[Path]:
        """Yield a path where its stores leave the image's code alone, and else as undecided."""
        if not self.entry.serves:
            yield path
            return
        hits, what = path.state.memory.hits_code()
        if hits == 0 or isinstance(self.solver.feasibility(hits), Unsatisfiable):
            yield path
            return
        state, spared = path.state, terms.lnot(hits)
        if not isinstance(self.solver.feasibility(spared), Unsatisfiable):
            condition = Condition(state.pc, spared)
            yield Path(path.outcome, replace(state, conditions=(*state.conditions, condition)))
        condition = Condition(state.pc, hits)
        reason = f"it may write the code of the image: {what} are written"
        overwritten = Undecided(state.pc, reason, Cause.WRITES_CODE)
        yield Path(overwritten, replace(state, conditions=(*state.conditions, condition)))

    def _next(self) -> State | None:
        """Return a state to run: first those before the next place where paths meet."""
        if not self.stack and self.queue:
            _, address = heapq.heappop(self.queue)
            self.stack += reversed(self._merged(self.waiting.pop(address)))
        return self.stack.pop() if self.stack else None

    def _limit(self, paths: int) -> str:
        """Return which limit is reached, empty where none is."""
        limits = self.limits
        if paths >= limits.paths or self.steps >= limits.steps:
            return f"more than {limits.paths} paths or {limits.steps} instructions"
        return SPENT if self.explorer.allowance.spent else ""

    def _wait(self, state: State) -> None:
        if state.pc not in self.waiting:
            self.waiting[state.pc] = []
            heapq.heappush(self.queue, (self.order.index(state.pc), state.pc))
        self.waiting[state.pc].append(state)

    def _merged(self, states: list[State]) -> list[State]:
        """Merge what can be merged, those that parted last first; each pair is tried once."""
        if len(states) > MOST_MERGED or self.explorer.allowance.spent:
            return states
        slots: list[State | None] = list(states)
        number = itertools.count()
        pairs = [
            (-common_conditions(a, b), i, j, next(number), a, b)
            for (i, a), (j, b) in itertools.combinations(enumerate(states), 2)
        ]
        heapq.heapify(pairs)
        while pairs:
            _, i, j, _, a, b = heapq.heappop(pairs)
            if slots[i] is not a or slots[j] is not b:
                continue
            self.explorer.allowance.spend(MERGE + len(a.conditions) + len(b.conditions))
            state = merge(a, b, self.entry.identifier, self.explorer.profile.width)
            if state is None:
                continue
            slots[i], slots[j] = state, None
            for place, other in enumerate(slots):
                if other is not None and place != i:
                    one, two = (state, other) if i < place else (other, state)
                    first, second = sorted((i, place))
                    shared = -common_conditions(one, two)
                    heapq.heappush(pairs, (shared, first, second, next(number), one, two))
        return [state for state in slots if state is not None]

    def _assert(self, state: State) -> None:
        """Bring the solver to the conditions of a state, keeping the common prefix."""
        wanted = [c.term for c in state.conditions if isinstance(c.term, Term)]
        common = 0
        for old, new in zip(self.asserted, wanted, strict=False):
            if old is not new:
                break
            common += 1
        while len(self.asserted) > common:
            self.solver.pop()
            self.asserted.pop()
        for term in wanted[common:]:
            self.solver.push()
            self.solver.add(term)
            self.asserted.append(term)


def _nowhere(address: int) -> bool:
    """Say of every address that paths do not meet there."""
    return address < 0
