"""Run a way to a place over terms: what is in the registers when control gets there.

The instructions are given, so no solver is asked: a branch is decided as the way goes on, and what
it decided becomes a condition.  What the way does not make itself is a symbol with a source.  A
call on the way loses what the procedure-call standard lets it lose, and all of memory; an
instruction without semantics loses what it writes, and so does one that the kernel patches.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, assert_never

from hypabi.arch.identifiers import IDENTIFIERS
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.callsites.backward_paths import Chain, Stop, Wanted
from hypabi.callsites.value_origin import Origin, Source
from hypabi.code import register_usage
from hypabi.code.alternatives import Patches
from hypabi.code.function_body import CALLS, Body, Kind, Step
from hypabi.image.model import Image
from hypabi.lifter.instruction import Instruction, Opcode, Register, Undecodable
from hypabi.records import frozen
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import (
    ExceptionReturn,
    Goto,
    Next,
    SynchronousException,
    Transfer,
)
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.entry import function_entry
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.memory import Memory
from hypabi.symbolic.path_context import Live, Surroundings
from hypabi.symbolic.state import Condition, State
from hypabi.unknowns import AddressOf, MemoryWord, is_general, undefined_symbol, unknown_of

STAYS: Final = re.compile(r"SP_\w+|CURRENTEL|SPSel|CPSR\.(M|T|J|IT|E)")
"""Besides general registers, what is after a call as it was before: AAPCS, and the mode."""


@frozen
class Convention:
    """What the procedure-call standard of an architecture says of general registers, as masks."""

    prefix: str
    count: int
    arguments: int
    results: int
    kept: int
    lost: int
    """What a call may change."""


LINK: Final = {31: 1 << 30, 13: 1 << 14}
"""The link register by the number of general registers: x30; r14."""

RESULTS: Final = 3
"""The first two registers, in which a function answers (AAPCS)."""

A64: Final = Convention("x", 31, 0xFF, 0x3, 0x7FFC0000, 0x4003FFFF)
"""AAPCS64 6.1.1: x0-x7; x0, x1; x19-x30 and the platform's x18; x0-x17 and the link register.

x18 holds the shadow call stack, or nothing that the kernel's own code would keep there."""
AARCH32: Final = Convention("r", 13, 0xF, 0x3, 0xFF0, 0x100F)
"""AAPCS32 6.1.1: r0-r3; r0, r1; r4-r11; r0-r3 and ip."""


def convention(architecture: Architecture) -> Convention:
    """Return the procedure-call standard of an architecture."""
    return A64 if architecture is Architecture.ARM64 else AARCH32


MOST_STEPS: Final = 30_000
"""Instructions run for all call sites of an image together; the largest real kernel needs 7,500."""
XEN: Final = 0xEA1
"""Immediate of the calls to Xen, which are selected by the scratch register (arch-arm.h of Xen)."""


def usual_identifier(architecture: Architecture, immediate: int) -> str:
    """Return the register that selects a call of ``hvc #immediate``, where no contract says it."""
    if immediate != XEN:
        return IDENTIFIERS[architecture]
    return "x16" if architecture is Architecture.ARM64 else "r12"


def wanted(architecture: Architecture, register: int) -> Wanted:
    """Return what a way to a call site has to tell: the identifier, and the arguments.

    :param register: number of the one that selects the call
    """
    rules = convention(architecture)
    identifier = 1 << register
    return Wanted(identifier, rules.arguments & ~identifier, rules.lost)


@frozen
class Arrival:
    """What a way brings to its end."""

    registers: Mapping[str, Value]
    """The general registers."""
    conditions: tuple[Condition, ...]
    sources: Mapping[str, Source]
    calls: tuple[int, ...]
    assumptions: tuple[str, ...]
    pointers: Mapping[str, int]
    """A64: registers that the way walked memory with, and where they were last moved on."""


def _everything(_function: int) -> int:
    return register_usage.EVERY


class Approach:
    """Runs ways of one image, all in one instruction set state."""

    def __init__(
        self,
        explorer: Explorer,
        state: InstructionSet,
        changed: Callable[[int], int] = _everything,
    ) -> None:
        """Prepare to run.

        :param changed: returns the general registers that a function changes, as a mask
        """
        self.explorer = explorer
        self.changed = changed
        self.state = state
        self.rules = convention(explorer.image.architecture)
        self.solver = explorer.new_solver()
        self.steps = 0
        self.around = Surroundings(
            explorer.image,
            function_entry(explorer.image.entry, state),
            explorer.instruction,
            explorer.profile,
            explorer.domain,
            explorer.patches,
            explorer.compiled,
            explorer.displaces,
            explorer.identity_mapped,
            _nowhere,
            0,
            0,
            explorer.allowance,
        )

    def run(self, body: Body, chain: Chain) -> Arrival:
        """Return what a way brings to the instruction it leads to, which does not run.

        Once ``MOST_STEPS`` instructions have run for an image, of a further way nothing is known.
        """
        self.steps += len(chain.steps)
        if self.steps > MOST_STEPS:
            return Walk(self, chain.steps[-1], at_entry=False).arrival(shared=True)
        walk = Walk(self, chain.steps[0], at_entry=chain.stop is Stop.ENTRY)
        walk.learns = not chain.shared
        if self.state is InstructionSet.T32:
            walk.registers["CPSR.IT"] = body.it(chain.steps[0])
        for here, following in zip(chain.steps, chain.steps[1:], strict=False):
            walk.over(body.step(here), following)
        return walk.arrival(shared=chain.shared)


def _nowhere(_address: int) -> bool:
    return False


class Walk(Live):
    """The present of a way: a :class:`Live` that is told where to go."""

    def __init__(self, approach: Approach, start: int, *, at_entry: bool) -> None:
        around = approach.around
        image = around.image
        memory = Memory(image, image.architecture.bits)
        registers = dict(around.entry.registers)
        super().__init__(around, approach.solver, State(start, registers, memory, {}))
        self.approach = approach
        self.rules = approach.rules
        self.state = approach.state
        self.start = start
        self.at_entry = at_entry
        self.label = "" if at_entry else f" at {start:#x}"
        """What the names of symbols end with, for what is found and not made."""
        self.sources: dict[str, Source] = {}
        self.calls: tuple[int, ...] = ()
        self.pointers: dict[int, int] = {}
        self.bases: set[int] = set()
        self.answer: bool | None = None
        self.decided: list[Condition] = []
        self.learns = False
        """Whether a branch tells what a register holds: not where other ways bring the same."""

    def read(self, name: str) -> Value:
        """Return a register; one that the way has not written is a symbol with a source."""
        value = self.changes.get(name)
        if value is None:
            value = self.registers.get(name)
        if value is None:
            value = self.registers[name] = self._found(name)
        return value

    def _found(self, name: str) -> Value:
        symbol = name if undefined_symbol(name) else f"{name}{self.label}"
        if is_general(name):
            symbol = name if self.at_entry else f"{name} at {self.start:#x}"
            self.sources[symbol] = Source(symbol, self._origin(name), name, self.start)
        return terms.symbol(symbol, self.profile.width(name))

    def _origin(self, name: str) -> Origin:
        if not self.at_entry:
            return Origin.EARLIER
        bit = 1 << int(name[1:])
        if bit & self.rules.arguments:
            return Origin.ARGUMENT
        return Origin.KEPT if bit & self.rules.kept else Origin.UNINITIALISED

    def load(self, address: Value, size: int) -> Value:
        """Return ``size`` bytes of memory; a way decides nothing, so other bases are apart."""
        return self.memory.load(self.picked(address), size)

    def store(self, address: Value, size: int, value: Value) -> None:
        """Set ``size`` bytes of memory; as for :meth:`load`."""
        self.memory.store(self.picked(address), size, value)

    def decide(self, condition: Value) -> bool:
        """Return the answer that the way needs."""
        if isinstance(condition, int):
            return bool(condition)
        if self.answer is None:
            raise Unmodelled("a choice that the way does not tell")
        holds = condition if self.answer else terms.lnot(condition)
        self.decided.append(Condition(self.pc, holds))
        return self.answer

    def over(self, step: Step, following: int) -> None:
        """Run one instruction and go on at the one that follows on this way."""
        self.pc = step.address
        if step.kind in CALLS:
            self.call(step)
        elif step.kind is not Kind.TRAP:
            sites = self.around.patches.at(step.address)
            self._one(step, following)
            if self.state is InstructionSet.A64:
                self._follow_pointers(step.word, step)
            if sites:
                self.lose(_written_by_either(self.around.image, self.around.patches, step))
        self.pc = following

    def _follow_pointers(self, word: int, step: Step) -> None:
        """Remember which registers hold an address that was used and moved on since."""
        base, moved = register_usage.base_of(word), register_usage.moved_on(word)
        if base is not None:
            self.bases.add(base)
        for number in register_usage.numbers(step.uses.writes if step.uses else 0):
            if number == moved and number in self.bases:
                self.pointers[number] = step.address
            else:
                self.pointers.pop(number, None)
                self.bases.discard(number)

    def _one(self, step: Step, following: int) -> None:
        instruction = self.around.lift(step.address, *self._decoding())
        if isinstance(instruction, Undecodable):
            self.lose(
                register_usage.numbers(step.uses.writes if step.uses else register_usage.EVERY)
            )
            self.forget_memory()
            return
        answers = (None,) if step.kind is Kind.NEXT else (True, False)
        for self.answer in answers:
            self.decided.clear()
            before = self.memory.stores
            try:
                transfer = run_instruction(instruction, self, self.profile)
            except Unmodelled:
                self.changes.clear()
                self.memory.stores = before
                continue
            if _leads_to(transfer, instruction, following):
                self.registers.update(self.changes)
                self.changes.clear()
                self.conditions = (*self.conditions, *self.decided)
                if self.learns:
                    self._learn()
                return
            self.changes.clear()
            self.memory.stores = before
        self._lose_outputs(instruction)

    def _learn(self) -> None:
        """Put the number in place of what a branch has just found to be equal to one.

        GCC does: behind ``cmp r0, #2; bne`` it makes 0x80000002 by ``add.w r0, r0, #0x80000000``.
        """
        told = (each.term for each in self.decided)
        known = frozenset(term for term in told if isinstance(term, Term) and term.op == "eq")
        for name, value in tuple(self.registers.items()) if known else ():
            if is_general(name):
                self.registers[name] = terms.simplify_under(value, known)

    def _decoding(self) -> tuple[InstructionSet, int]:
        if self.state is not InstructionSet.T32:
            return self.state, 0
        it = self.read("CPSR.IT")
        return InstructionSet.T32, it if isinstance(it, int) else 0

    def call(self, step: Step) -> None:
        """Lose what a function that is called may change."""
        self.calls = (*self.calls, step.address)
        self.label = f" after {step.address:#x}"
        kept = {
            name: value
            for name, value in self.registers.items()
            if STAYS.fullmatch(name) or is_general(name)
        }
        self.registers = kept
        if self.state is InstructionSet.T32:
            self.registers["CPSR.IT"] = 0  # a call is the last of its block (DDI 0406C, A8.8.54)
        # What answers an hvc or smc returns by ELR, so that nobody writes the link register.
        link = LINK[self.rules.count] if step.kind is Kind.ASK else 0
        changed = register_usage.EVERY
        if step.kind is Kind.CALL and step.target is not None:
            changed = self.approach.changed(step.target) | LINK[self.rules.count] | RESULTS
        for number in register_usage.numbers(self.rules.lost & changed & ~link):
            self.pointers.pop(number, None)
            self.bases.discard(number)
            name = f"{self.rules.prefix}{number}"
            result = self.rules.results >> number & 1
            self._symbol(name, "from", Origin.RESULT if result else Origin.UNINITIALISED)
        self.forget_memory()

    def lose(self, numbers: Iterable[int]) -> None:
        """Lose general registers to an instruction that is not known exactly."""
        for number in numbers:
            self._symbol(f"{self.rules.prefix}{number}", "from", Origin.UNMODELLED)

    def _symbol(self, name: str, word: str, origin: Origin) -> None:
        symbol = f"{name} {word} {self.pc:#x}"
        self.sources[symbol] = Source(symbol, origin, name, self.pc)
        self.registers[name] = terms.symbol(symbol, self.profile.width(name))

    def _lose_outputs(self, instruction: Instruction) -> None:
        """Lose all that an instruction without semantics may write."""
        for op in instruction.ops:
            if op.opcode in (Opcode.STORE, Opcode.USER):
                self.forget_memory()
            if isinstance(op.output, Register):
                try:
                    name = self.profile.resolve_write(op.output.name, self)
                except Unmodelled:
                    continue
                self._symbol(name, "from", Origin.UNMODELLED)

    def forget_memory(self) -> None:
        """Lose what memory holds; what is read from now on has another name."""
        memory = self.memory
        label = f" after {self.pc:#x}"
        self.memory = _Later(memory.image, memory.bits, label, memory.assumptions)

    def fork(self) -> "Walk":
        """Return another walk that goes on from here by itself."""
        made = Walk(self.approach, self.start, at_entry=self.at_entry)
        made.pc, made.label, made.fresh = self.pc, self.label, self.fresh
        made.registers = dict(self.registers)
        made.memory = self.memory.copy()
        made.sources = dict(self.sources)
        made.calls, made.conditions = self.calls, self.conditions
        return made

    def arrival(self, *, shared: bool) -> Arrival:
        """Return what is there now.

        :param shared: there are ways with other branches that bring the same
        """
        count, prefix = self.rules.count, self.rules.prefix
        registers = {f"{prefix}{n}": self.read(f"{prefix}{n}") for n in range(count)}
        symbols = {s.name for value in registers.values() for s in terms.symbols_of(value)}
        sources = {name: self._source(name) for name in sorted(symbols)}
        conditions = () if shared else self.conditions
        pointers = {f"{prefix}{n}": at for n, at in sorted(self.pointers.items())}
        assumptions = self.memory.assumptions
        return Arrival(registers, conditions, sources, self.calls, assumptions, pointers)

    def _source(self, name: str) -> Source:
        known = self.sources.get(name)
        if known is not None:
            return known
        match unknown_of(name):
            case MemoryWord():
                origin = Origin.MEMORY
            case AddressOf():
                origin = Origin.UNDEFINED
            case _:
                origin = Origin.UNMODELLED
        return Source(name, origin, "", self.start)


class _Later(Memory):
    """Memory after something may have written all of it."""

    def __init__(self, image: Image, bits: int, label: str, assumptions: tuple[str, ...]) -> None:
        super().__init__(image, bits, (), assumptions)
        self.label = label

    def copy(self) -> "_Later":
        """Return a memory that changes on its own."""
        made = _Later(self.image, self.bits, self.label, self.assumptions)
        made.stores = self.stores
        return made

    def _word(self, base: Term | None, offset: int) -> Term:
        word = super()._word(base, offset)
        return terms.symbol(f"{word.name}{self.label}", word.width)


def _leads_to(transfer: Transfer[Term], instruction: Instruction, following: int) -> bool:
    match transfer:
        case Next():
            return following == instruction.address + instruction.size
        case Goto(target, _):
            return target == following
        case ExceptionReturn() | SynchronousException():
            return False
        case _:
            assert_never(transfer)


def _written_by_either(image: Image, patches: Patches, step: Step) -> list[int]:
    """Return the registers that an instruction or what the kernel writes over it changes."""
    known = register_usage.a64(step.word)
    written = 0 if known is None else known.writes
    for site in patches.at(step.address):
        if not site.callback:
            where = site.replacement + step.address - site.address
            other = register_usage.a64(int.from_bytes(image.read(where, 4), "little"))
            written |= 0 if other is None else other.writes
    return register_usage.numbers(written)
