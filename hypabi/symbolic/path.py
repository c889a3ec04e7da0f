"""A state on its way to the next decision, join or outcome."""

from collections.abc import Mapping
from typing import assert_never

from hypabi.arch import aarch64
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.displacement import PAGE
from hypabi.image.model import Access
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.records import frozen
from hypabi.semantics.aarch32 import set_status_word
from hypabi.semantics.domain import IllegalChange, Undefined, Unmodelled
from hypabi.semantics.interpret import run_instruction
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
from hypabi.smt.allowance import SPENT, STEP
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.alternatives import (
    is_direct,
    is_plain_branch,
    moved,
    reads_its_place,
    written_constant,
)
from hypabi.symbolic.choices import possible_values, without_choices, without_stores
from hypabi.symbolic.data_access import check_stack_pointer
from hypabi.symbolic.outcome import (
    ILLEGAL_CHANGE,
    ILLEGAL_RETURN,
    Called,
    CalledBack,
    Fault,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.symbolic.path_context import Fork, Live
from hypabi.symbolic.places import based
from hypabi.symbolic.return_legality import (
    environment_alone,
    illegal_from_hyp,
    illegal_to_a64,
    landing,
    mode_name,
)
from hypabi.symbolic.state import Condition, JumpedBack, State, Step, depth
from hypabi.unknowns import (
    MemoryWord,
    capability_name,
    is_general,
    is_signed,
    undefined_text,
    unknown_of,
)

STORES = 8
"""Of so many stores that a load may have to look at, an instruction costs 1 more."""


@frozen
class Path:
    """One path from the entry to its outcome, and the state at its end."""

    outcome: Outcome
    state: State


@frozen
class Forked:
    """Both answers of a decision are possible; each state starts the instruction again."""

    yes: State
    no: State


@frozen
class Arrived:
    """The path reached an address where paths meet."""

    state: State


class Run(Live):
    """A state that runs to the next decision, join or outcome."""

    displaced_to: int | None = None
    """Where the last jump went by the displacement of EL2 text."""

    def advance(self) -> Path | Forked | Arrived:
        """Run until the path ends, both answers of a decision are feasible, or paths meet."""
        while True:
            if depth(self.trail) >= self.around.most_steps:
                limit = f"more than {self.around.most_steps} instructions on one path"
                return self.end(Undecided(self.pc, limit))
            if self.around.allowance.spent:
                return self.end(Undecided(self.pc, SPENT))
            ended = self.around.entry.ends.get(self.pc)
            if ended is not None:
                return self.end(Called(ended, self.pc))
            if self.steps and self.around.joins(self.pc):
                return Arrived(self.freeze(self.known, self.conditions))
            memory = self.memory
            before = (memory.stores, memory.assumptions, self.effects, self.fresh, self.marked)
            self.steps += 1
            self.around.allowance.spend(STEP + len(self.memory.stores) // STORES)
            try:
                outcome = self.step()
            except Fork as fork:
                memory.stores, memory.assumptions, self.effects, self.fresh, self.marked = before
                self.changes.clear()
                return self._forked(fork.condition)
            except Unmodelled as unmodelled:
                return self.end(self._refused(unmodelled))
            if outcome is not None:
                return self.end(outcome)

    def end(self, outcome: Outcome) -> Path:
        """Return the finished path."""
        return Path(outcome, self.freeze(self.known, self.conditions))

    def _refused(self, why: Unmodelled) -> Outcome:
        """Return how a path ends at an instruction that has no meaning here.

        One that is a hypervisor's takes an exception where the architecture says so.
        """
        match why:
            case IllegalChange() if self.around.entry.serves:
                return Faulted(self.pc, ILLEGAL_CHANGE, Fault.ILLEGAL_RETURN)
            case Undefined() if self.around.entry.serves:
                return Faulted(self.pc, why.reason, Fault.UNDEFINED)
            case _:
                return Undecided(self.pc, why.reason)

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
            self.marked,
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
        if self.patched_constant():
            return None
        where = self.variant(self.pc)
        if where == self.pc and self.around.image.access(where) is not Access.CODE:
            return Undecided(self.pc, "control runs into what is no code")
        instruction = self.around.lift(where, *self.decoding())
        if isinstance(instruction, Undecodable):
            return Undecided(self.pc, instruction.reason)
        if where != self.pc and reads_its_place(instruction):
            return Undecided(self.pc, "a replacement that depends on where it stands")
        if self.around.entry.serves:
            check_stack_pointer(self, instruction, self.around.image.architecture.bits)
        transfer: Transfer[Term] = run_instruction(instruction, self, self.profile)
        if isinstance(transfer, Goto):
            # Decided before anything is written: a fork starts the instruction again.
            transfer = self.aimed(transfer, instruction, where)
        illegal = isinstance(transfer, ExceptionReturn) and self.is_illegal(transfer.status)
        self.registers.update(self.changes)
        self.changes.clear()
        self.trail = Step(where, self.trail, depth(self.trail) + 1)
        if illegal:
            return Faulted(self.pc, ILLEGAL_RETURN, Fault.ILLEGAL_RETURN)
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

    def patched_constant(self) -> bool:
        """Step over code by which the kernel loads a number of its own; tell whether it was that.

        The number is the same wherever it is loaded, and not known.
        """
        sites = self.around.patches.at(self.pc)
        if len(sites) != 1 or not sites[0].callback or sites[0].address != self.pc:
            return False
        found = written_constant(self.around.image, sites[0])
        if found is None:
            return False
        writer, register = found
        self.assume(f"where {writer} writes code, {register} gets a number that is not known")
        self.registers[register] = terms.symbol(f"number of {writer}", 64)
        for address in range(self.pc, self.pc + sites[0].size, 4):
            self.trail = Step(address, self.trail, depth(self.trail) + 1)
        self.pc += sites[0].size
        return True

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
        if self.decide(terms.symbol(capability_name(site.capability), 1)):
            return site.replacement + (address - site.address)
        return address

    def aimed(self, jump: Goto[Term], instruction: Instruction, where: int) -> Goto[Term]:
        """Return a jump with the target that it has on this path, where it is executed."""
        target = jump.target if isinstance(jump.target, int) else self.chosen(jump.target)
        if where != self.pc:
            if jump.why is Jump.CALL:
                self.write("x30", self.pc + instruction.size)
            if isinstance(target, int) and is_direct(instruction):
                target = moved(self.around.patches.at(self.pc), target, where, self.pc)
        return Goto(target, jump.why)

    def follow(self, transfer: Transfer[Term], instruction: Instruction) -> Outcome | None:
        """Go where an instruction sends control; return the outcome if the path ends there."""
        match transfer:
            case Next():
                onward = self.pc + instruction.size
                if is_plain_branch(instruction):  # to the next instruction, maybe another function
                    return self.goto(onward, Jump.BRANCH)
                self.pc = onward
                return None
            case Goto(target, why):
                return self.goto(target, why)
            case ExceptionReturn(target, status):
                return self.exception_return(target, status)
            case SynchronousException(call, immediate):
                return self.take(call, immediate)

    def take(self, call: Call, immediate: int) -> Outcome:
        """Return how a path ends by an instruction that asks for an exception."""
        what = f"{call.value} #{immediate:#x}"
        match call:
            case Call.HVC if not self.around.entry.serves:
                return Requested(self.pc, immediate)
            case Call.HVC | Call.SMC:
                return Undecided(self.pc, f"{what} at EL2")
            case Call.SVC:
                return Faulted(self.pc, what, Fault.SUPERVISOR_CALL)
            case Call.BREAKPOINT:
                return Faulted(self.pc, what, Fault.BREAKPOINT)
            case Call.UNDEFINED:
                return Faulted(self.pc, what, Fault.UNDEFINED)
            case _:
                assert_never(call)

    def goto(self, target: Value, why: Jump) -> Outcome | None:
        """Jump; return the outcome if the path ends there."""
        if not isinstance(target, int):
            return self.leave(target, why)
        undefined = self.around.image.stand_ins.get(target)
        if undefined is not None:
            name = self.around.compiled(target)
            what = f"control goes to {undefined_text(undefined)}"
            return Undecided(self.pc, what) if name is None else Called(name, target)
        if self.around.image.access(target) is not Access.CODE:
            return self.leave(target, why)
        if self._needs_displacement(target):
            what = f"the code at {target:#x} is made to run identity-mapped, and is not entered so"
            return Undecided(self.pc, what)
        name = self.around.compiled(target)
        if name is not None:
            return Called(name, target)
        if target <= self.pc:
            if self.loops_forever(target):
                if self.marked is not None:
                    return Undecided(self.pc, f"the loop at {target:#x} waits for another CPU")
                return Stuck(target)
            if self.jumped_back[target].rounds > self.around.most_rounds:
                most = self.around.most_rounds
                return Undecided(self.pc, f"more than {most} rounds of the loop at {target:#x}")
        self.pc = target
        return None

    def _needs_displacement(self, target: int) -> bool:
        """Return whether a plain jump goes from other EL2 text to what turns the MMU off."""
        mapped = self.around.identity_mapped
        return (
            self.displaced_to != target
            and self.around.entry.serves
            and bool(mapped(target))
            and mapped(self.pc) is False
        )

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
            if all(is_general(s.name) for s in terms.symbols_of(target)):
                return CalledBack(target, self.present_mode())
            where = terms.text(target, self.around.image.architecture.bits)
            return Undecided(self.pc, f"a call to an address that is no code here, {where}")
        if isinstance(target, int) and self.is_nowhere(target):
            return self.nowhere(target)
        return Left(target, self.present_mode())

    def present_mode(self) -> str:
        """Return the mode that a branch stays in."""
        if self.around.image.architecture is Architecture.ARM:
            mode = self.peek("CPSR.M")
            return mode_name(mode, 32) if isinstance(mode, int) else self.around.entry.mode
        level, selected = self.read("CURRENTEL"), self.read("SPSel")
        if not isinstance(level, int) or not isinstance(selected, int):
            return "a mode that the path does not tell"
        return aarch64.MODES[level & 0b1100 | selected & 1]

    def chosen(self, target: Value) -> Value:
        """Return a computed target as it is on this path: an address, if the code tells."""
        self._refuse_memory(without_stores(target, self))
        target = without_choices(target, self)
        if isinstance(target, int):
            return target
        displaced = self.displaced(target)
        if displaced is not None:
            return displaced
        if any(is_signed(symbol.name) for symbol in terms.symbols_of(target)):
            raise Unmodelled("control goes to a pointer that was signed, not authenticated")
        self._refuse_memory(target)
        return self.among(target)

    def _refuse_memory(self, target: Value) -> None:
        for name in sorted(symbol.name for symbol in terms.symbols_of(target)):
            if self.memory.ledger.is_of_the_image(name):
                raise Unmodelled(f"a word of memory, {name}, decides where control goes")

    def among(self, target: Term) -> Value:
        """Return the place in the code that a target computed from an index is on this path."""
        whole: Value = target
        if target.op == "and" and isinstance(target.args[1], int):
            whole = target.args[0]  # BXWritePC and BranchWritePC clear low bits
        base, offset = based(whole)
        if base is None or self.around.image.access(offset) is not Access.CODE:
            return target
        for place in (places := self._places(target)):
            if place == places[-1] or self.decide(terms.eq(target, place, target.width)):
                return place
        return target

    def _places(self, target: Term) -> tuple[int, ...]:
        """Return where a target can be, found once for all paths that part at it."""
        ledger = self.memory.ledger
        found = ledger.places.get(target)
        if found is not None and self.conditions[: len(found[0])] == found[0]:
            return found[1]
        places = possible_values(target, self)
        ledger.places[target] = self.conditions, places
        return places

    def displaced(self, target: Term) -> int | None:
        """Return the code that runs at ``constant`` and a displacement, if the target is such.

        EL2 text is position-independent and runs displaced (hyp VA, identity map); the code there
        is the code here.

        :raises Unmodelled: another word of memory decides, or the code is not the text that does so
        """
        symbols = terms.symbols_of(target)
        if len(symbols) != 1:
            return None
        (word,) = symbols
        unknown = unknown_of(word.name)
        place = unknown.place if isinstance(unknown, MemoryWord) else None
        if place is None:
            return None
        where = f"a word of memory, {word.name}, decides where control goes"
        for sign, apply in (("+", terms.add), ("-", terms.sub)):
            base = evaluate(target, {word.name: 0})
            moved = apply(base, word, target.width)
            if self.around.image.architecture is Architecture.ARM:
                even = terms.and_(word, -PAGE & (1 << word.width) - 1, word.width)
                moved = apply(base, even, target.width)
            if self.around.displaces(place, sign) and self.never(
                terms.ne(target, moved, word.width)
            ):
                return self._runs_displaced(word.name, base, sign)
        raise Unmodelled(where)

    def _runs_displaced(self, word: str, base: int, sign: str) -> int:
        image = self.around.image
        if image.access(base) is not Access.CODE:
            raise Unmodelled(f"control goes to {base:#x}, displaced by {word}, which is no code")
        if self.around.identity_mapped(base) is False:
            raise Unmodelled(f"the code at {base:#x}, reached displaced, is not made to run so")
        state = self.changes.get("CPSR.T")
        if isinstance(state, Term):
            # Bit 0 of the sum, which is that of the constant.
            self.changes["CPSR.T"] = int(self.decide(terms.eq(state, 1, 1)))
        self.displaced_to = base
        self.assume(f"{word} displaces EL2 text: the code at {base:#x} runs at {base:#x} {sign} it")
        return base

    def exception_return(self, target: Value, status: Value) -> Outcome | None:
        """Return the outcome of an ERET: back to the caller, or somewhere else."""
        entry, image = self.around.entry, self.around.image
        link = terms.symbol(entry.link, image.architecture.bits)
        if target is link and status is entry.registers.get(entry.status):
            return Returned()
        if image.architecture is Architecture.ARM and target is not link:
            target = landing(target, status)
            if self._goes_on(target, status):
                return None
        if isinstance(target, int) and self.is_nowhere(target):
            return self.nowhere(target)
        return Left(target, self.mode_of(status), status)

    def _goes_on(self, target: Value, status: Value) -> bool:
        """Follow an exception return of AArch32 to code that is to be followed; tell whether."""
        mode = terms.extract(status, 0, 5, 32)
        if not self.around.entry.ends or not isinstance(target, int) or not isinstance(mode, int):
            return False
        if self.around.image.access(target) is not Access.CODE:
            return False
        set_status_word(self, status)
        self.registers.update(self.changes)
        self.changes.clear()
        self.pc = target
        return True

    def is_nowhere(self, target: int) -> bool:
        """Return whether the code itself computes an address at which the image has no code.

        An address that the caller's registers were pinned to is the caller's.
        """
        if self.around.image.access(target) is Access.CODE:
            return False
        pinned = self.around.entry.registers.items()
        chosen = (v for name, v in pinned if is_general(name) and isinstance(v, int))
        return not any(target in (value, value & ~1, value & ~3) for value in chosen)

    def nowhere(self, target: int) -> Outcome:
        """Return the outcome of control going where the image has no code."""
        return Undecided(self.pc, f"control goes to {target:#x}, where the image has no code")

    def is_illegal(self, status: Value) -> bool:
        """Decide whether an exception return is illegal (DDI 0487, D1.4.2).

        Where only memory tells that others wrote, that it is legal is assumed.
        """
        entry, image = self.around.entry, self.around.image
        if not entry.serves:
            return False
        arm = image.architecture is Architecture.ARM
        name = "HCR" if arm else "HCR_EL2"
        control = self.picked(self.peek(name))
        same = not self.is_changed(name, control)
        if same and status is entry.registers.get(entry.status):
            return False
        if arm:
            illegal = illegal_from_hyp(self.picked(status), None if same else control)
        else:
            illegal = illegal_to_a64(self.picked(status), control)
        answer = self.told(illegal)
        if answer is None and environment_alone(illegal):
            self.assume(f"what memory gives {name} or the saved status lets control return there")
            return False
        return self.decide(illegal)

    def is_changed(self, name: str, value: Value) -> bool:
        """Return whether a register is not what it was at entry."""
        before = self.around.entry.registers.get(name)
        width = self.profile.width(name)
        return value is not (terms.symbol(name, width) if before is None else before)

    def mode_of(self, status: Value) -> str:
        """Return the mode that a saved program status names."""
        bits = self.around.image.architecture.bits
        mode = terms.extract(status, 0, 5, bits)
        return mode_name(mode, bits) if isinstance(mode, int) else "the mode in SPSR"
