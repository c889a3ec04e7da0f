"""Follow every feasible path from an entry to its outcome, depth first, within limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hypabi.arch.aarch64 import MODES
from hypabi.code.instruction import Instruction, Undecodable
from hypabi.code.patches import PatchSite
from hypabi.execution.entry import Entry
from hypabi.execution.memory import Memory
from hypabi.execution.outcome import (
    Called,
    Faulted,
    Left,
    Outcome,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.execution.state import Condition, Effect, State, Step
from hypabi.image.model import Access, Image, ImageError
from hypabi.semantics.domain import Domain, Unmodelled
from hypabi.semantics.interpret import Profile, run
from hypabi.semantics.transfer import (
    ExceptionReturn,
    Goto,
    Jump,
    Next,
    SynchronousException,
    Transfer,
)
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value

Lift = Callable[[int], Instruction | Undecodable]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where exploration stops; a path that reaches one is undecided and says so."""

    steps_of_a_path: int = 4096
    paths: int = 2048
    steps: int = 200_000


@dataclass(frozen=True, slots=True)
class Path:
    """One path from the entry to its outcome, and the state at its end."""

    outcome: Outcome
    state: State


class _Fork(Exception):  # noqa: N818 - control flow between a decision and the explorer
    """Both answers are possible; the instruction starts again once for each."""

    def __init__(self, condition: Term) -> None:
        super().__init__()
        self.condition = condition


class Explorer:
    """Explores an image; instructions and patch sites are shared by all entries."""

    def __init__(
        self,
        image: Image,
        lift: Lift,
        text: Callable[[int, bytes], str],
        profile: Profile[Term],
        domain: Domain[Term],
        solver: Callable[[], Solver],
        patches: Mapping[int, Sequence[PatchSite]],
        compiled: Callable[[int], str | None],
        limits: Limits | None = None,
    ) -> None:
        self.image = image
        self.lift = lift
        self.text = text
        self.profile = profile
        self.domain = domain
        self.new_solver = solver
        self.patches = patches
        self.compiled = compiled
        self.limits = limits or Limits()
        self._lifted: dict[int, Instruction | Undecodable] = {}

    def instruction(self, address: int) -> Instruction | Undecodable:
        """Return the instruction at an address, lifted once."""
        found = self._lifted.get(address)
        if found is None:
            found = self._lifted[address] = self.lift(address)
        return found

    def explore(self, entry: Entry) -> tuple[Path, ...]:
        """Return every feasible path from the entry, in depth-first order, true branches first."""
        return tuple(_Search(self, entry).paths())


class _Search:
    """One exploration: a stack of states, and a solver that holds the conditions of the current one."""

    def __init__(self, explorer: Explorer, entry: Entry) -> None:
        self.explorer = explorer
        self.entry = entry
        self.limits = explorer.limits
        self.solver = explorer.new_solver()
        self.asserted: list[Term] = []
        self.steps = 0

    def paths(self) -> Iterator[Path]:
        memory = Memory(self.explorer.image, self.explorer.image.architecture.bits)
        start = State(
            self.entry.address,
            dict(self.entry.registers),
            memory,
            known={},
            assumptions=self.entry.assumptions,
        )
        stack, count = [start], 0
        while stack:
            state = stack.pop()
            count += 1
            if count > self.limits.paths:
                reason = f"more than {self.limits.paths} paths"
                yield Path(Undecided(state.pc, reason), state)
                return
            self._assert(state)
            outcome = _Run(self, state).to_fork()
            if isinstance(outcome, Path):
                yield outcome
            else:
                count -= 1
                stack.extend(reversed(outcome))

    def _assert(self, state: State) -> None:
        """Bring the solver to the conditions of a state, keeping the common prefix."""
        wanted = [c.term for c in state.conditions if isinstance(c.term, Term)]
        common = 0
        while (
            common < min(len(wanted), len(self.asserted))
            and wanted[common] is self.asserted[common]
        ):
            common += 1
        while len(self.asserted) > common:
            self.solver.pop()
            self.asserted.pop()
        for term in wanted[common:]:
            self.solver.push()
            self.solver.add(term)
            self.asserted.append(term)


class _Run:
    """A state on its way to the next fork or to its outcome; private and therefore mutable."""

    def __init__(self, search: _Search, state: State) -> None:
        self.search = search
        self.explorer = search.explorer
        self.domain = search.explorer.domain
        self.profile = search.explorer.profile
        self.pc = state.pc
        self.registers = dict(state.registers)
        self.memory = state.memory.copy()
        self.conditions = state.conditions
        self.known = dict(state.known or {})
        self.effects = state.effects
        self.assumptions = state.assumptions
        self.trail = state.trail
        self.fresh = state.fresh
        self.changes: dict[str, Value] = {}
        self.loops: dict[int, tuple[dict[str, Value], int]] = {}

    # Context ---------------------------------------------------------------------------------

    def read(self, name: str) -> Value:
        value = self.changes.get(name)
        if value is None:
            value = self.registers.get(name)
        if value is None:
            value = self.registers[name] = terms.symbol(name, self.profile.width(name))
        return value

    def write(self, name: str, value: Value) -> None:
        self.changes[name] = value

    def load(self, address: Value, size: int) -> Value:
        return self.memory.load(address, size)

    def store(self, address: Value, size: int, value: Value) -> None:
        self.memory.store(address, size, value)

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        self.effects = (*self.effects, Effect(self.pc, name, tuple(operands)))

    def havoc(self, reason: str, width: int) -> Value:
        self.fresh += 1
        self.assume(reason)
        return terms.symbol(f"any{self.fresh}@{self.pc:#x}", width)

    def decide(self, condition: Value) -> bool:
        if isinstance(condition, int):
            return bool(condition)
        known = self._known(condition)
        if known is not None:
            return known
        answer = self._implied(condition)
        if answer is None:
            raise _Fork(condition)
        self.known[condition] = answer
        return answer

    def _known(self, condition: Term) -> bool | None:
        known = self.known.get(condition)
        if known is not None:
            return known
        negated = terms.lnot(condition)
        assert isinstance(negated, Term)
        known = self.known.get(negated)
        return None if known is None else not known

    def _implied(self, condition: Term) -> bool | None:
        """Return the only feasible answer, ``None`` where both are or the solver cannot tell."""
        solver = self.search.solver
        if isinstance(solver.feasibility(condition), Unsatisfiable):
            return False
        if isinstance(solver.feasibility(terms.lnot(condition)), Unsatisfiable):
            return True
        return None

    def assume(self, text: str) -> None:
        """Record what this path rests on."""
        if text not in self.assumptions:
            self.assumptions = (*self.assumptions, text)

    # Stepping --------------------------------------------------------------------------------

    def to_fork(self) -> "Path | tuple[State, State]":
        """Run until the path ends or both answers of a decision are feasible."""
        while True:
            if self.trail is not None and self.trail.depth >= self.search.limits.steps_of_a_path:
                return self.end(
                    Undecided(self.pc, f"more than {self.trail.depth} instructions on one path")
                )
            self.search.steps += 1
            if self.search.steps > self.search.limits.steps:
                return self.end(Undecided(self.pc, "the limit of instructions in all"))
            before = (self.memory.stores, self.memory.assumptions, self.effects, self.fresh)
            try:
                outcome = self.step()
            except _Fork as fork:
                self.memory.stores, self.memory.assumptions, self.effects, self.fresh = before
                self.changes.clear()
                return self._forked(fork.condition)
            except Unmodelled as unmodelled:
                return self.end(Undecided(self.pc, unmodelled.reason))
            if outcome is not None:
                return self.end(outcome)

    def end(self, outcome: Outcome) -> Path:
        return Path(outcome, self.freeze(self.known, self.conditions))

    def freeze(self, known: Mapping[Term, bool], conditions: tuple[Condition, ...]) -> State:
        """Return the present as an immutable state."""
        self.registers.update(self.changes)
        self.changes.clear()
        return State(
            self.pc,
            dict(self.registers),
            self.memory.copy(),
            conditions,
            known,
            self.effects,
            (*self.assumptions, *(a for a in self.memory.assumptions if a not in self.assumptions)),
            self.trail,
            self.fresh,
        )

    def _forked(self, condition: Term) -> tuple[State, State]:
        negated = terms.lnot(condition)
        return (
            self.freeze(
                {**self.known, condition: True},
                (*self.conditions, Condition(self.pc, condition)),
            ),
            self.freeze(
                {**self.known, condition: False},
                (*self.conditions, Condition(self.pc, negated)),
            ),
        )

    def step(self) -> Outcome | None:
        """Run one instruction; return the outcome if it ends the path."""
        where = self.variant(self.pc)
        instruction = self.explorer.instruction(where)
        if isinstance(instruction, Undecodable):
            return Undecided(self.pc, instruction.reason)
        transfer: Transfer[Term] = run(instruction, self, self.profile)
        self.registers.update(self.changes)
        self.changes.clear()
        depth = 1 if self.trail is None else self.trail.depth + 1
        self.trail = Step(where, instruction.size, self.trail, depth)
        return self.follow(transfer, instruction, where)

    def variant(self, address: int) -> int:
        """Return where the instruction executed at ``address`` stands, on a patched kernel."""
        sites = self.explorer.patches.get(address)
        if not sites:
            return address
        chosen = address
        for site in sites:
            if site.callback:
                raise Unmodelled(
                    f"code that the kernel function at {site.replacement:#x} generates"
                )
            if self.decide(terms.symbol(f"cpucap.{site.capability}", 1)):
                chosen = site.replacement + (address - site.address)
        return chosen

    def follow(
        self, transfer: Transfer[Term], instruction: Instruction, where: int
    ) -> Outcome | None:
        match transfer:
            case Next():
                self.pc += instruction.size
                return None
            case Goto(target, why):
                return self.goto(target, why, instruction, where)
            case ExceptionReturn(target, status):
                return self.exception_return(target, status)
            case SynchronousException(call, immediate, reason):
                what = f"{call.value} #{immediate:#x}" if not reason else reason
                return (
                    Undecided(self.pc, f"{what} at EL2")
                    if call.value in ("hvc", "smc")
                    else (Faulted(self.pc, what))
                )

    def goto(
        self, target: Value, why: Jump, instruction: Instruction, where: int
    ) -> Outcome | None:
        if not isinstance(target, int):
            resolved = self.displaced(target)
            if resolved is None:
                return self.leave(target, why)
            target = resolved
        if where != self.pc:
            offset = target - where
            if abs(offset) < 64 and self._same_site(target, where):
                target = self.pc + offset
        if target == self.pc and why is Jump.BRANCH:
            return Stuck(target)
        if self.explorer.image.access(target) is not Access.CODE:
            return Left(target, self.search.entry.mode)
        name = self.explorer.compiled(target)
        if name is not None:
            return Called(name, target)
        if target <= self.pc and self.loops_forever(target):
            return Stuck(target)
        self.pc = target
        return None

    def _same_site(self, target: int, where: int) -> bool:
        for site in self.explorer.patches.get(self.pc, ()):
            if site.replacement <= target < site.replacement + site.size:
                return site.replacement <= where < site.replacement + site.size
        return False

    def loops_forever(self, target: int) -> bool:
        """Return whether a backward jump repeats a state of this run exactly."""
        now = (dict(self.registers), len(self.memory.stores))
        if self.loops.get(target) == now:
            return True
        self.loops[target] = now
        return False

    def leave(self, target: Term, why: Jump) -> Outcome:
        if why is Jump.CALL:
            return Undecided(self.pc, f"a call to a computed address, {terms.text(target, 64)}")
        return Left(target, self.search.entry.mode)

    def displaced(self, target: Term) -> int | None:
        """Return the code that runs at ``constant + displacement``, if the target is such a sum.

        EL2 text is position-independent and runs displaced (hyp VA, identity map).  The displacement
        is one word of kernel memory (``hyp_physvirt_offset``); the code there is the code here.
        """
        match target.op, target.args:
            case "add", (Term(op="symbol", name=name), int(base)):
                sign = "+"
            case "sub", (int(base), Term(op="symbol", name=name)):
                sign = "-"
            case _:
                return None
        if not name.startswith("mem[0x") or self.explorer.image.access(base) is not Access.CODE:
            return None
        self.assume(f"{name} displaces EL2 text: the code at {base:#x} runs at {base:#x} {sign} it")
        return base

    def exception_return(self, target: Value, status: Value) -> Outcome:
        entry = self.search.entry
        link = terms.symbol(entry.link, self.explorer.image.architecture.bits)
        if target is link and status is entry.registers[entry.status]:
            return Returned()
        return Left(target, self.mode_of(status), status)

    def mode_of(self, status: Value) -> str:
        mode = terms.extract(status, 0, 5, 64)
        if isinstance(mode, int):
            return MODES.get(mode, f"M={mode:#07b}")
        return "the mode in SPSR"


def image_lifter(image: Image, lift: Callable[[int, bytes], Instruction | Undecodable]) -> Lift:
    """Return a function that lifts what an image holds at an address."""

    def at(address: int) -> Instruction | Undecodable:
        try:
            return lift(address, image.read(address, 4))
        except ImageError as error:
            return Undecodable(address, b"", f"no code here: {error}")

    return at


ENTRY_LIMITS: Final = Limits()
