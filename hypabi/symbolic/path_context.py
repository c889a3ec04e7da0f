"""The present of one path: what its instructions read, write and decide."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.arch.optional_registers import OPTIONAL, Feature, Field
from hypabi.code.alternatives import Patches
from hypabi.code.displacement import PAGE
from hypabi.image.model import Access, Image
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.records import frozen
from hypabi.semantics.domain import Domain, Undefined, Unmodelled
from hypabi.semantics.interpret import Profile
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.choices import possible_values
from hypabi.symbolic.data_access import check_access
from hypabi.symbolic.entry import Entry
from hypabi.symbolic.places import based, is_own_pointer
from hypabi.symbolic.state import Effect, State
from hypabi.unknowns import MemoryWord, havoc_name, pointer_signed, signed_name, unknown_of

UNCONTENDED: Final = (
    "an exclusive store succeeds behind the exclusive load of the same memory: nobody else is there"
)

LiftIn = Callable[[int, InstructionSet, int], Instruction | Undecodable]
"""Lifts what is at an address, in an instruction set state and with an ITSTATE."""

OWN: Final = frozenset({"HCR_EL2", "ELR_EL2", "SPSR_EL2", "SP_EL0", "SP_EL2"})
"""Registers that we read for what they do, and those that hold whatever is written."""

MOST_COPIES: Final = 8
"""Words of memory that are tried as copies of ID registers; a kernel's path looks at three."""


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
    displaces: Callable[[int, str], bool]
    """Whether the word at an address, with a sign, is how far EL2 text is displaced."""
    identity_mapped: Callable[[int], bool | None]
    """Whether code belongs to EL2's text that runs at its physical address."""
    joins: Callable[[int], bool]
    most_steps: int
    most_rounds: int
    allowance: Allowance


class Fork(Exception):
    """Both answers are possible; the instruction starts again once for each."""

    def __init__(self, condition: Term) -> None:
        super().__init__()
        self.condition = condition


class Live:
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
        self.marked = state.marked
        self.changes: dict[str, Value] = {}
        self.jumped_back = dict(state.jumped_back)

    def read(self, name: str) -> Value:
        """Return a register; one that was never written is a symbol of its own name."""
        self.check_is_there(name)
        value = self.changes.get(name)
        if value is None:
            value = self.registers.get(name)
        if value is None:
            value = self.registers[name] = terms.symbol(name, self.profile.width(name))
        elif "_EL" in name and name not in OWN and self.is_written(name, value):
            self.assume(f"{name} reads back as it was written")
        return value

    def peek(self, name: str) -> Value:
        """Return a register as :meth:`read` does, for what it does and not as an operand."""
        value = self.changes.get(name, self.registers.get(name))
        return terms.symbol(name, self.profile.width(name)) if value is None else value

    def is_written(self, name: str, value: Value) -> bool:
        """Return whether a register does not hold what it held at entry."""
        before = self.around.entry.registers.get(name)
        return value is not (terms.symbol(name, 64) if before is None else before)

    def write(self, name: str, value: Value) -> None:
        """Set a register; a bit that is stuck at 1 stays so."""
        self.check_is_there(name)
        stuck = self.around.entry.stuck.get(name)
        if stuck is not None:
            value = terms.or_(value, stuck, self.profile.width(name))
        self.changes[name] = value

    def check_is_there(self, name: str) -> None:
        """Check that the CPU has a register that not every one has, where that is looked at.

        :raises Undefined: it has not
        """
        told = OPTIONAL.get(name) if self.around.entry.is_bare else None
        if told is None:
            return
        bits = self.around.image.architecture.bits
        there = is_there(told, self.peek, bits)
        if self.told(there) is None and self._is_said_by_memory(told):
            return
        if not self.decide(there):
            raise Undefined(f"{name}, which ID registers say that the CPU lacks,")

    def _is_said_by_memory(self, told: Feature) -> bool:
        """Tell whether the path looked at copies of ID registers by which a register is there."""
        asked = {word for each in self.conditions for word in terms.symbols_of(each.term)}
        copies = sorted(filter(self._may_be_a_copy, asked), key=lambda w: w.name)[:MOST_COPIES]
        registers = sorted({field.register for fields in told for field in fields})
        bits = self.around.image.architecture.bits
        for chosen in product(copies, repeat=len(registers)):
            of = dict(zip(registers, chosen, strict=True))
            if self.told(is_there(told, of.__getitem__, bits)):
                for register, copy in of.items():
                    self.assume(f"{copy.name} says of the CPU what its {register} says, or less")
                return True
        return False

    def _may_be_a_copy(self, word: Term) -> bool:
        unknown = unknown_of(word.name)
        place = unknown.place if isinstance(unknown, MemoryWord) else None
        whole = word.width == self.around.image.architecture.bits
        return whole and place is not None and self.around.image.segment(place) is not None

    def load(self, address: Value, size: int) -> Value:
        """Return ``size`` bytes of memory."""
        where = self.checked(address, size)
        entries = self._entries(where)
        if not entries:
            return self._aligned(where, self.memory.load(where, size, self._judge()))
        value = self.memory.load(entries[-1], size, self._judge())
        for entry in reversed(entries[:-1]):
            there = terms.eq(where, entry, self.memory.bits)
            held = self.memory.load(entry, size, self._judge())
            value = terms.ite(there, held, value, 8 * size)
        return value

    def _judge(self) -> "Live | None":
        """Return who tells whether accesses meet: of a caller's memory, nobody has to."""
        return self if self.around.entry.serves else None

    def _aligned(self, where: Value, value: Value) -> Value:
        """Return what was loaded: on AArch32, of a displacement of text the low bits are zero."""
        if self.around.image.architecture is Architecture.ARM64 or not isinstance(where, int):
            return value
        if not isinstance(value, Term) or value.op != "symbol":
            return value
        if not any(self.around.displaces(where, sign) for sign in "+-"):
            return value
        self.assume(f"{value.name} is a multiple of {PAGE:#x}: text is mapped by pages")
        return terms.and_(value, -PAGE & (1 << value.width) - 1, value.width)

    def _entries(self, address: Value) -> tuple[int, ...]:
        """Return where an index into constant data can lead, if that is what an address is."""
        base, offset = based(address)
        if base is None or (base.op == "symbol" and is_own_pointer(base.name)):
            return ()
        if base.op == "sub" and isinstance(base.args[0], int):
            offset += base.args[0]
        if self.around.image.access(offset) not in (Access.CODE, Access.READ_ONLY):
            return ()
        assert isinstance(address, Term)
        return possible_values(address, self)

    def store(self, address: Value, size: int, value: Value) -> None:
        """Set ``size`` bytes of memory."""
        self.memory.store(self.checked(address, size), size, value, self._judge())

    def checked(self, address: Value, size: int) -> Value:
        """Return the address of an access, which means what it seems to.

        :raises Unmodelled: it may fault, or the code has changed what it means
        """
        address = self.picked(address)
        if self.around.entry.serves:
            image, entry = self.around.image, self.around.entry
            alike = isinstance(address, int) and self._mapped_alike(address)
            check_access(self, image, entry, address, size, alike=alike)
        return address

    def _mapped_alike(self, address: int) -> bool:
        """Return whether an address is of code that runs identity-mapped: a literal of its own."""
        code = self.around.image.access(address) is Access.CODE
        return code and bool(self.around.identity_mapped(address))

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        """Record an act that registers and memory do not show."""
        self.effects = (*self.effects, Effect(self.pc, name, tuple(operands)))

    def havoc(self, reason: str, width: int) -> Value:
        """Return a fresh unknown and record why."""
        self.fresh += 1
        self.assume(reason)
        # Of two variants of an instruction, one may ask for a bit and the other for a word.
        return terms.symbol(havoc_name(self.fresh, self.pc, width), width)

    def mark(self, address: Value | None, size: int) -> None:
        """Mark memory for exclusive access; ``None`` clears the mark."""
        self.marked = None if address is None else (address, size)

    def exclusive(self, address: Value, size: int) -> Value:
        """Return whether an exclusive store happens: it does where the path has marked the same."""
        marked, self.marked = self.marked, None
        alike = marked is not None and terms.eq(marked[0], address, self.memory.bits) == 1
        if marked is not None and alike and marked[1] == size:
            self.assume(UNCONTENDED)
            return 1
        return self.havoc("an exclusive store may fail", 1)

    def sign(self, pointer: Value, with_: Sequence[Value]) -> Value:
        """Return an unknown that is the same wherever the same is signed with the same.

        :raises Unmodelled: what is signed is no address of this code
        """
        pointer = self.picked(pointer)
        if not isinstance(pointer, int):
            raise Unmodelled("pointer authentication of what is no address of this code")
        return terms.symbol(signed_name(pointer, _digest(with_)), 64)

    def authenticate(self, pointer: Value, with_: Sequence[Value]) -> Value:
        """Return what was signed on this path.

        :raises Unmodelled: nothing was, or with something else
        """
        pointer = self.picked(pointer)
        name = pointer.name if isinstance(pointer, Term) and pointer.op == "symbol" else ""
        signed = pointer_signed(name, _digest(with_))
        if signed is None:
            raise Unmodelled("pointer authentication of what this path has not signed so")
        return signed

    def decide(self, condition: Value) -> bool:
        """Return the only feasible answer, or start the instruction again once for each."""
        answer = self.told(condition)
        if answer is None:
            assert isinstance(condition, Term)
            raise Fork(condition)
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

    def never(self, condition: Value) -> bool:
        """Return whether this path shows that a condition does not hold."""
        if isinstance(condition, int):
            return not condition
        known = self._known(condition)
        if known is None and isinstance(self.solver.feasibility(condition), Unsatisfiable):
            self.known[condition] = known = False
        return known is False

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


def is_there(told: Feature, register: Callable[[str], Value], bits: int) -> Value:
    """Return the condition that ID registers have a feature.

    :param register: what each of them holds
    :param bits: their width
    """

    def says(field: Field) -> Value:
        value = terms.extract(register(field.register), field.low, 4, bits)
        least = terms.ule(field.least, value, 4) if field.least > 1 else terms.ne(value, 0, 4)
        return least if field.most == 15 else terms.land(least, terms.ule(value, field.most, 4))

    return terms.lor(*(terms.land(*map(says, fields)) for fields in told))


def _digest(values: Sequence[Value]) -> str:
    """Return a name for values that are the same terms."""
    spelled = "\0".join(terms.text(value, 64) for value in values)
    return hashlib.sha256(spelled.encode()).hexdigest()[:16]
