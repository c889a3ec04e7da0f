"""A state on its way to the next decision, join or outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hypabi.arch.aarch64 import MODES
from hypabi.code.flow import Lift
from hypabi.code.instruction import Instruction, Undecodable
from hypabi.code.patches import Patches
from hypabi.execution.entry import Entry
from hypabi.execution.outcome import (
    Called,
    Faulted,
    Left,
    Outcome,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.execution.state import Condition, Effect, State, Step, depth
from hypabi.image.model import Access, Image
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

CALLS_UPWARD = frozenset({"hvc", "smc"})


@dataclass(frozen=True, slots=True)
class Path:
    """One path from the entry to its outcome, and the state at its end."""

    outcome: Outcome
    state: State


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every path of one exploration shares."""

    image: Image
    entry: Entry
    lift: Lift
    profile: Profile[Term]
    domain: Domain[Term]
    patches: Patches
    compiled: Callable[[int], str | None]
    joins: Callable[[int], bool]
    most_steps: int


@dataclass(frozen=True, slots=True)
class Forked:
    """Both answers of a decision are possible; each state starts the instruction again."""

    yes: State
    no: State


@dataclass(frozen=True, slots=True)
class Arrived:
    """The path reached an address where paths meet."""

    state: State


class _Fork(Exception):
    """Both answers are possible; the instruction starts again once for each."""

    def __init__(self, condition: Term) -> None:
        super().__init__()
        self.condition = condition


class Run:
    """A private, mutable copy of a state while it runs: the ``Context`` of its instructions."""

    def __init__(self, around: Surroundings, solver: Solver, state: State) -> None:
        self.around = around
        self.solver = solver
        self.domain = around.domain
        self.profile = around.profile
        self.steps = 0
        self.pc = state.pc
        self.registers = dict(state.registers)
        self.memory = state.memory.copy()
        self.conditions = state.conditions
        self.known = dict(state.known)
        self.effects = state.effects
        self.assumptions = state.assumptions
        self.trail = state.trail
        self.fresh = state.fresh
        self.changes: dict[str, Value] = {}
        self.jumped_back = dict(state.jumped_back)

    # Context ---------------------------------------------------------------------------------

    def read(self, name: str) -> Value:
        """Return a register; one that was never written is a symbol of its own name."""
        value = self.changes.get(name)
        if value is None:
            value = self.registers.get(name)
        if value is None:
            value = self.registers[name] = terms.symbol(name, self.profile.width(name))
        return value

    def write(self, name: str, value: Value) -> None:
        """Set a register."""
        self.changes[name] = value

    def load(self, address: Value, size: int) -> Value:
        """Return ``size`` bytes of memory."""
        return self.memory.load(address, size)

    def store(self, address: Value, size: int, value: Value) -> None:
        """Set ``size`` bytes of memory."""
        self.memory.store(address, size, value)

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        """Record an act that registers and memory do not show."""
        self.effects = (*self.effects, Effect(self.pc, name, tuple(operands)))

    def havoc(self, reason: str, width: int) -> Value:
        """Return a fresh unknown and record why."""
        self.fresh += 1
        self.assume(reason)
        return terms.symbol(f"any{self.fresh}@{self.pc:#x}", width)

    def decide(self, condition: Value) -> bool:
        """Return the only feasible answer, or start the instruction again once for each."""
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
        solver = self.solver
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

    def advance(self) -> Path | Forked | Arrived:
        """Run until the path ends, both answers of a decision are feasible, or paths meet."""
        while True:
            if depth(self.trail) >= self.around.most_steps:
                limit = f"more than {self.around.most_steps} instructions on one path"
                return self.end(Undecided(self.pc, limit))
            if self.steps and self.around.joins(self.pc):
                return Arrived(self.freeze(self.known, self.conditions))
            before = (self.memory.stores, self.memory.assumptions, self.effects, self.fresh)
            self.steps += 1
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
        """Return the finished path."""
        return Path(outcome, self.freeze(self.known, self.conditions))

    def freeze(self, known: Mapping[Term, bool], conditions: tuple[Condition, ...]) -> State:
        """Return the present as an immutable state."""
        self.registers.update(self.changes)
        self.changes.clear()
        return State(
            self.pc,
            dict(self.registers),
            self.memory.copy(),
            known,
            conditions,
            self.effects,
            (*self.assumptions, *(a for a in self.memory.assumptions if a not in self.assumptions)),
            self.trail,
            self.jumped_back,
            self.fresh,
        )

    def _forked(self, condition: Term) -> Forked:
        negated = terms.lnot(condition)
        return Forked(
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
        instruction = self.around.lift(where)
        if isinstance(instruction, Undecodable):
            return Undecided(self.pc, instruction.reason)
        transfer: Transfer[Term] = run(instruction, self, self.profile)
        self.registers.update(self.changes)
        self.changes.clear()
        self.trail = Step(where, self.trail, depth(self.trail) + 1)
        return self.follow(transfer, instruction, where)

    def variant(self, address: int) -> int:
        """Return where the instruction executed at ``address`` stands, on a patched kernel."""
        sites = self.around.patches.at(address)
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
        """Go where an instruction sends control; return the outcome if the path ends there."""
        match transfer:
            case Next():
                self.pc += instruction.size
                return None
            case Goto(target, why):
                return self.goto(target, why, instruction, where)
            case ExceptionReturn(target, status):
                return self.exception_return(target, status)
            case SynchronousException(call, immediate, reason):
                what = reason or f"{call.value} #{immediate:#x}"
                return (
                    Undecided(self.pc, f"{what} at EL2")
                    if call.value in ("hvc", "smc")
                    else (Faulted(self.pc, what))
                )

    def goto(
        self, target: Value, why: Jump, instruction: Instruction, where: int
    ) -> Outcome | None:
        """Jump; return the outcome if the path ends there."""
        if not isinstance(target, int):
            resolved = self.chosen(target)
            if resolved is None:
                return self.leave(target, why)
            target = resolved
        if where != self.pc:
            offset = target - where
            if abs(offset) < 64 and self._same_site(target, where):
                target = self.pc + offset
        if target == self.pc and why is Jump.BRANCH:
            return Stuck(target)
        if self.around.image.access(target) is not Access.CODE:
            return Left(target, self.around.entry.mode)
        name = self.around.compiled(target)
        if name is not None:
            return Called(name, target)
        if target <= self.pc and self.loops_forever(target):
            return Stuck(target)
        self.pc = target
        return None

    def _same_site(self, target: int, where: int) -> bool:
        for site in self.around.patches.at(self.pc):
            if site.replacement <= target < site.replacement + site.size:
                return site.replacement <= where < site.replacement + site.size
        return False

    def loops_forever(self, target: int) -> bool:
        """Return whether a backward jump repeats a state of this run exactly."""
        now = (dict(self.registers), len(self.memory.stores))
        if self.jumped_back.get(target) == now:
            return True
        self.jumped_back[target] = now
        return False

    def leave(self, target: Term, why: Jump) -> Outcome:
        """Return the outcome of control going to an address that the entry state chooses."""
        if why is Jump.CALL:
            return Undecided(self.pc, f"a call to a computed address, {terms.text(target, 64)}")
        return Left(target, self.around.entry.mode)

    def chosen(self, target: Term) -> int | None:
        """Return the address that a computed target is on this path, if the code tells."""
        if target.op == "ite":
            condition, one, other = target.args
            picked = one if self.decide(condition) else other
            if isinstance(picked, Term):
                return self.chosen(picked)
            return picked
        return self.displaced(target)

    def displaced(self, target: Term) -> int | None:
        """Return the code that runs at ``constant + displacement``, if the target is such a sum.

        EL2 text is position-independent and runs displaced (hyp VA, identity map).  The
        displacement is one word of kernel memory (``hyp_physvirt_offset``); the code there is the
        code here.
        """
        match target.op, target.args:
            case "add", (Term(op="symbol", name=name), int(base)):
                sign = "+"
            case "sub", (int(base), Term(op="symbol", name=name)):
                sign = "-"
            case _:
                return None
        if not name.startswith("mem[0x") or self.around.image.access(base) is not Access.CODE:
            return None
        self.assume(f"{name} displaces EL2 text: the code at {base:#x} runs at {base:#x} {sign} it")
        return base

    def exception_return(self, target: Value, status: Value) -> Outcome:
        """Return the outcome of an ERET: back to the caller, or somewhere else."""
        entry = self.around.entry
        link = terms.symbol(entry.link, self.around.image.architecture.bits)
        if target is link and status is entry.registers[entry.status]:
            return Returned()
        return Left(target, self.mode_of(status), status)

    def mode_of(self, status: Value) -> str:
        """Return the mode that a saved program status names."""
        mode = terms.extract(status, 0, 5, 64)
        if isinstance(mode, int):
            return MODES.get(mode, f"M={mode:#07b}")
        return "the mode in SPSR"
