"""A state on its way to the next decision, join or outcome."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hypabi.arch import aarch32, aarch64
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.instruction import Instruction, Opcode, Undecodable
from hypabi.code.patches import Patches
from hypabi.execution.entry import Entry
from hypabi.execution.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.execution.state import Condition, Effect, JumpedBack, State, Step, depth
from hypabi.frozen import frozen
from hypabi.image.model import Access, Image
from hypabi.semantics.domain import Domain, Unmodelled
from hypabi.semantics.interpret import Profile, run
from hypabi.semantics.transfer import (
    Call,
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

CALLS_UPWARD = frozenset({Call.HVC, Call.SMC})
CALLER_CHOSEN = re.compile(r"[rx]\d+")
"""The name of a general register as the caller left it."""

LiftIn = Callable[[int, InstructionSet, int], Instruction | Undecodable]
"""Lifts what is at an address, in an instruction set state and with an ITSTATE."""

FIXED_WORD = re.compile(r"mem\[0x[0-9a-f]+\]")
"""The name of a word of memory at a fixed address, as entry finds it."""
OWN: Final = frozenset({"HCR_EL2", "ELR_EL2", "SPSR_EL2", "SP_EL0", "SP_EL2"})
"""Registers that we read for what they do, and those that hold whatever is written."""


@frozen
class Path:
    """One path from the entry to its outcome, and the state at its end."""

    outcome: Outcome
    state: State


@frozen
class Surroundings:
    """What every path of one exploration shares."""

    image: Image
    entry: Entry
    lift: LiftIn
    profile: Profile[Term]
    domain: Domain[Term]
    patches: Patches
    compiled: Callable[[int], str | None]
    joins: Callable[[int], bool]
    most_steps: int
    most_rounds: int


@frozen
class Forked:
    """Both answers of a decision are possible; each state starts the instruction again."""

    yes: State
    no: State


@frozen
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
        elif "_EL" in name and name not in OWN and self.is_written(name, value):
            self.assume(f"{name} reads back as it was written")
        return value

    def is_written(self, name: str, value: Value) -> bool:
        """Return whether a register does not hold what it held at entry."""
        before = self.around.entry.registers.get(name)
        return value is not (terms.symbol(name, 64) if before is None else before)

    def write(self, name: str, value: Value) -> None:
        """Set a register."""
        self.changes[name] = value

    def load(self, address: Value, size: int) -> Value:
        """Return ``size`` bytes of memory."""
        return self.memory.load(self.picked(address), size)

    def store(self, address: Value, size: int, value: Value) -> None:
        """Set ``size`` bytes of memory."""
        self.memory.store(self.picked(address), size, value)

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        """Record an act that registers and memory do not show."""
        self.effects = (*self.effects, Effect(self.pc, name, tuple(operands)))

    def havoc(self, reason: str, width: int) -> Value:
        """Return a fresh unknown and record why."""
        self.fresh += 1
        self.assume(reason)
        # Of two variants of an instruction, one may ask for a bit and the other for a word.
        return terms.symbol(f"any{self.fresh}@{self.pc:#x}.{width}", width)

    def decide(self, condition: Value) -> bool:
        """Return the only feasible answer, or start the instruction again once for each."""
        answer = self.told(condition)
        if answer is None:
            assert isinstance(condition, Term)
            raise _Fork(condition)
        return answer

    def told(self, condition: Value) -> bool | None:
        """Return whether a condition holds, ``None`` where this path does not tell."""
        if isinstance(condition, int):
            return bool(condition)
        known = self._known(condition)
        if known is None:
            known = self._implied(condition)
            if known is not None:
                self.known[condition] = known
        return known

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
        if where == self.pc and self.around.image.access(where) is not Access.CODE:
            return Undecided(self.pc, "control runs into what is no code")
        instruction = self.around.lift(where, *self.decoding())
        if isinstance(instruction, Undecodable):
            return Undecided(self.pc, instruction.reason)
        if where != self.pc and _reads_its_place(instruction):
            return Undecided(self.pc, "a replacement that depends on where it stands")
        transfer: Transfer[Term] = run(instruction, self, self.profile)
        if isinstance(transfer, Goto):
            # Decided before anything is written: a fork starts the instruction again.
            transfer = self.aimed(transfer, instruction, where)
        if isinstance(transfer, ExceptionReturn):
            self.check_return(transfer.status)
        self.registers.update(self.changes)
        self.changes.clear()
        self.trail = Step(where, self.trail, depth(self.trail) + 1)
        return self.follow(transfer, instruction)

    def decoding(self) -> tuple[InstructionSet, int]:
        """Return the instruction set state and ITSTATE in which the next instruction is read."""
        if self.around.image.architecture is Architecture.ARM64:
            return InstructionSet.A64, 0
        thumb, it = self.read("CPSR.T"), self.read("CPSR.IT")
        if not isinstance(thumb, int) or not isinstance(it, int):
            raise Unmodelled("the instruction set state is not a constant")
        if self.pc & (1 if thumb else 3):
            raise Unmodelled(f"UNPREDICTABLE: an instruction at the misaligned {self.pc:#x}")
        return (InstructionSet.T32, it) if thumb else (InstructionSet.A32, 0)

    def variant(self, address: int) -> int:
        """Return where the instruction executed at ``address`` stands, on a patched kernel."""
        sites = self.around.patches.at(address)
        if not sites:
            return address
        if len(sites) > 1:
            # Which of them the kernel applies last depends on when it detects each capability.
            raise Unmodelled("code that the kernel patches for more than one capability")
        site = sites[0]
        if site.callback:
            raise Unmodelled(f"code that the kernel function at {site.replacement:#x} generates")
        if self.decide(terms.symbol(f"cpucap.{site.capability}", 1)):
            return site.replacement + (address - site.address)
        return address

    def aimed(self, jump: Goto[Term], instruction: Instruction, where: int) -> Goto[Term]:
        """Return a jump with the target that it has on this path, where it is executed."""
        target = jump.target if isinstance(jump.target, int) else self.chosen(jump.target)
        if where != self.pc:
            if jump.why is Jump.CALL:
                self.write("x30", self.pc + instruction.size)
            if isinstance(target, int) and _is_direct(instruction):
                target = self.moved(target, where)
        return Goto(target, jump.why)

    def moved(self, target: int, where: int) -> int:
        """Return where a branch of a replacement goes once it is copied over the original.

        The kernel aims it anew unless it stays within its replacement, the end of which is the end
        of the site (arch/arm64/kernel/alternative.c).
        """
        for site in self.around.patches.at(self.pc):
            if site.replacement <= target <= site.replacement + site.size:
                return self.pc + target - where
        return target

    def follow(self, transfer: Transfer[Term], instruction: Instruction) -> Outcome | None:
        """Go where an instruction sends control; return the outcome if the path ends there."""
        match transfer:
            case Next():
                self.pc += instruction.size
                return None
            case Goto(target, why):
                return self.goto(target, why)
            case ExceptionReturn(target, status):
                return self.exception_return(target, status)
            case SynchronousException(call, immediate, reason):
                what = reason or f"{call.value} #{immediate:#x}"
                if call is Call.HVC and not self.around.entry.serves:
                    return Requested(self.pc, immediate)
                if call in CALLS_UPWARD:
                    return Undecided(self.pc, f"{what} at EL2")
                return Faulted(self.pc, what)

    def goto(self, target: Value, why: Jump) -> Outcome | None:
        """Jump; return the outcome if the path ends there."""
        if not isinstance(target, int):
            return self.leave(target, why)
        if self.around.image.access(target) is not Access.CODE:
            return self.leave(target, why)
        name = self.around.compiled(target)
        if name is not None:
            return Called(name, target)
        if target <= self.pc:
            if self.loops_forever(target):
                return Stuck(target)
            if self.jumped_back[target].rounds > self.around.most_rounds:
                most = self.around.most_rounds
                return Undecided(self.pc, f"more than {most} rounds of the loop at {target:#x}")
        self.pc = target
        return None

    def loops_forever(self, target: int) -> bool:
        """Return whether a backward jump repeats a state of this run exactly."""
        before = self.jumped_back.get(target)
        rounds = 1 if before is None else before.rounds + 1
        now = JumpedBack(dict(self.registers), len(self.memory.stores), self.fresh, rounds)
        self.jumped_back[target] = now
        return now.repeats(before)

    def leave(self, target: Value, why: Jump) -> Outcome:
        """Return the outcome of control going to an address outside the code we have."""
        if why is Jump.CALL:
            # A constant is one that the caller's registers were pinned to.
            if all(CALLER_CHOSEN.fullmatch(s.name) for s in terms.symbols_of(target)):
                return CalledBack(target, self.present_mode())
            where = terms.text(target, self.around.image.architecture.bits)
            return Undecided(self.pc, f"a call to an address that is no code here, {where}")
        return Left(target, self.present_mode())

    def present_mode(self) -> str:
        """Return the mode that a branch stays in."""
        if self.around.image.architecture is Architecture.ARM:
            return self.around.entry.mode
        level, selected = self.read("CURRENTEL"), self.read("SPSel")
        if not isinstance(level, int) or not isinstance(selected, int):
            return "a mode that the path does not tell"
        return aarch64.MODES[level & 0b1100 | selected & 1]

    def chosen(self, target: Value) -> Value:
        """Return a computed target as it is on this path: an address, if the code tells."""
        target = self.picked(target)
        if isinstance(target, int):
            return target
        displaced = self.displaced(target)
        return target if displaced is None else displaced

    def picked(self, address: Value) -> Value:
        """Return the address that one of the paths merged here gave, deciding which it was."""
        offset = 0
        while isinstance(address, Term):
            match address.op, address.args:
                case "ite", (condition, one, other):
                    address = one if self.decide(condition) else other
                case "add", (Term(op="ite") as choice, int(more)):
                    address, offset = choice, offset + more
                case _:
                    break
        return terms.add(address, offset, self.around.image.architecture.bits)

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
        if not FIXED_WORD.fullmatch(name) or self.around.image.access(base) is not Access.CODE:
            return None
        self.assume(f"{name} displaces EL2 text: the code at {base:#x} runs at {base:#x} {sign} it")
        return base

    def exception_return(self, target: Value, status: Value) -> Outcome:
        """Return the outcome of an ERET: back to the caller, or somewhere else."""
        entry = self.around.entry
        link = terms.symbol(entry.link, self.around.image.architecture.bits)
        if target is link and status is entry.registers.get(entry.status):
            return Returned()
        return Left(target, self.mode_of(status), status)

    def check_return(self, status: Value) -> None:
        """Refuse an exception return to EL1 that HCR_EL2 does not allow (DDI 0487, D1.4.2).

        Where only memory tells, that it allows it is assumed.

        :raises Unmodelled: TGE is 1, so that EL1 is not there, or RW is 0, so that it is AArch32
        """
        image = self.around.image
        if image.architecture is Architecture.ARM:
            return
        control = self.read("HCR_EL2")
        if control is self.around.entry.registers.get("HCR_EL2"):
            return
        to_el1 = terms.eq(terms.extract(status, 2, 3, 64), 0b001, 3)
        tge = terms.extract(control, aarch64.HCR_EL2_TGE, 1, 64)
        aarch32 = terms.lnot(terms.extract(control, aarch64.HCR_EL2_RW, 1, 64))
        match self.told(terms.land(to_el1, terms.lor(tge, aarch32))):
            case True:
                raise Unmodelled("an exception return to EL1 that HCR_EL2 makes illegal")
            case None:
                self.assume("HCR_EL2 lets AArch64 run at EL1 when control returns there")
            case False:
                pass

    def mode_of(self, status: Value) -> str:
        """Return the mode that a saved program status names."""
        architecture = self.around.image.architecture
        mode = terms.extract(status, 0, 5, architecture.bits)
        if isinstance(mode, int):
            modes = aarch32.MODES if architecture is Architecture.ARM else aarch64.MODES
            return modes.get(mode, f"M={mode:#07b}")
        return "the mode in SPSR"


ADR: Final = (0x9F000000, 0x10000000)
LOAD_LITERAL: Final = (0x3B000000, 0x18000000)
"""As mask and value (DDI 0487, C4.1).  ADRP is not among them: the kernel gives it a new offset."""


def _reads_its_place(instruction: Instruction) -> bool:
    """Return whether a replacement would do something else where the kernel copies it to."""
    word = int.from_bytes(instruction.bytes, "little")
    return any(word & mask == value for mask, value in (ADR, LOAD_LITERAL))


def _is_direct(instruction: Instruction) -> bool:
    """Return whether an instruction holds the target of its branch."""
    return any(op.opcode in (Opcode.BRANCH, Opcode.CBRANCH, Opcode.CALL) for op in instruction.ops)
