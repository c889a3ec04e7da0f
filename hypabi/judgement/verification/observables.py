"""What a caller can see of a call: where it ends, what it finds there, what was kept.

The contract says what a caller may rely on.  The result register, and every general register or
field of one that a promise of the row speaks of at exit, is seen by its value; of a system register
is seen what the promise says of it.  A register that the row does not let change is seen as kept or
lost; what the row lets change is not seen at all.
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case, Guard
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Condition,
    Effect,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.contract.clause import (
    Answer,
    Calls,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Partly,
    Region,
    Returns,
)
from hypabi.contract.expression import (
    AddressOf,
    BigEndian,
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    InT32,
    Integer,
    Moment,
    Negation,
    Operation,
    Predicate,
    Read,
    TableOf,
    Value,
    Word,
)
from hypabi.contract.registers import is_general, is_status_part
from hypabi.contract.revision import Row
from hypabi.records import field, frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Term
from hypabi.smt.terms import Value as SmtValue


@frozen
class Seen:
    """A register, or a field of one, that a promise speaks of when control leaves."""

    of: Read | Bits
    holds: Predicate
    """The promise."""
    when: Predicate | None
    answered: Answer | None

    @property
    def register(self) -> str:
        """The register, or the one that the field is in."""
        read = self.of.of if isinstance(self.of, Bits) else self.of
        assert isinstance(read, Read)
        return read.register


@frozen
class Frame:
    """What a row lets change; ``None`` where it does not say, because it leaves the rest open."""

    general: frozenset[str] | None
    system: frozenset[str] | None
    memory: tuple[Region, ...] | None
    fixed: Mapping[str, int] = field(default_factory=dict)
    """Of registers of ``system`` that it lets change in part: the bits that are kept all the same.
    """


def seen_of(row: Row) -> tuple[Seen, ...]:
    """Return what the promises of a row speak of at exit, each once, in their order."""
    found: dict[Seen, None] = {}
    for clause in row.clauses:
        if isinstance(clause.statement, Ensures):
            holds = clause.statement.holds
            for part in _parts(holds):
                found[Seen(part, holds, clause.when, clause.answered)] = None
    return tuple(found)


def _parts(predicate: Predicate) -> Iterator[Read | Bits]:
    match predicate:
        case Comparison(_, left, right):
            yield from _of_value(left)
            yield from _of_value(right)
        case Capability():
            return
        case Negation(of):
            yield from _parts(of)
        case Conjunction(parts) | Disjunction(parts):
            for part in parts:
                yield from _parts(part)
        case _:
            assert_never(predicate)


def _of_value(value: Value) -> Iterator[Read | Bits]:
    match value:
        case Read(_, _, Moment.EXIT) | Bits(Read(_, _, Moment.EXIT), _, _):
            yield value
        case Bits(of, _, _):
            yield from _of_value(of)
        case Operation(_, left, right):
            yield from _of_value(left)
            yield from _of_value(right)
        case Read() | Integer() | TableOf() | BigEndian() | InT32() | AddressOf() | Word():
            return
        case _:
            assert_never(value)


def frame_of(row: Row) -> Frame:
    """Return what a row lets change."""
    general = system = memory = None
    fixed: dict[str, int] = {}
    for clause in row.clauses:
        match clause.statement:
            case KeepsRegisters(names):
                general = frozenset(names)
            case KeepsSystemRegisters(names, partly):
                system = frozenset((*names, *(each.register for each in partly)))
                fixed = _fixed(partly)
            case KeepsMemory(regions):
                memory = regions
            case Ensures() | HandedTo() | Returns() | Leaves() | Calls():
                continue  # seen by its value, or where control goes
            case _:
                assert_never(clause.statement)
    return Frame(general, system, memory, fixed)


def _fixed(partly: tuple[Partly, ...]) -> dict[str, int]:
    """Return the bits of registers that none of these parts covers, where there are any."""
    fixed: dict[str, int] = {}
    for each in partly:
        every = (1 << each.width) - 1
        part = (1 << each.high + 1) - (1 << each.low)
        fixed[each.register] = fixed.get(each.register, every) & ~part
    return {name: bits for name, bits in fixed.items() if bits}


def handed_over(row: Row) -> bool:
    """Tell whether a row promises no more than which function of compiled code it ends in."""
    return bool(row.handed_to)


def is_register(name: str) -> bool:
    """Tell whether a name is a register's that a call can lose, and no part of PSTATE."""
    return not is_status_part(name) and name not in ("pc", "CPSR")


def is_kept(behaviour: Behaviour, case: Case, name: str) -> bool:
    """Tell whether a register is at exit, as a term, what it was at entry."""
    return name not in case.registers or case.registers[name] == entered(behaviour, name)


def entered(behaviour: Behaviour, name: str) -> SmtValue:
    """Return what a register holds at entry."""
    return behaviour.entered(name, behaviour.widths[name])


def at_exit(behaviour: Behaviour, case: Case, name: str, width: int) -> SmtValue:
    """Return what a register holds when control leaves."""
    found = case.registers.get(name)
    if found is None:
        found = behaviour.at_entry.get(name)
    return terms.symbol(name, width) if found is None else found


def lost_by(architecture: Architecture, case: Case, *, general: bool) -> Iterator[str]:
    """Yield the registers of one kind that a case may change."""
    for name in case.registers:
        if is_register(name) and is_general(architecture, name) is general:
            yield name


def map_observables(behaviour: Behaviour, replacements: dict[Term, SmtValue]) -> Behaviour:
    """Return a behaviour with other values for some symbols at entry."""
    if not replacements:
        return behaviour
    entered_with = {term.name: value for term, value in replacements.items()}
    swap = _Swap(replacements)
    return replace(
        behaviour,
        at_entry={
            **{name: swap.value(value) for name, value in behaviour.at_entry.items()},
            **{n: v for n, v in entered_with.items() if n not in behaviour.at_entry},
        },
        cases=tuple(map(swap.case, behaviour.cases)),
        holds=tuple(map(swap.value, behaviour.holds)),
    )


class _Swap:
    def __init__(self, replacements: dict[Term, SmtValue]) -> None:
        self.replacements = replacements

    def value(self, value: SmtValue) -> SmtValue:
        return terms.substitute(value, self.replacements)

    def case(self, case: Case) -> Case:
        return replace(
            case,
            guard=Guard(Condition(0, self.value(each.term)) for each in case.guard),
            registers={name: self.value(value) for name, value in case.registers.items()},
            stores=tuple(map(self.store, case.stores)),
            effects=tuple(map(self.effect, case.effects)),
            outcome=self.outcome(case.outcome),
        )

    def store(self, store: Store) -> Store:
        if store.base is None:
            return replace(store, value=self.value(store.value))
        base = self.value(store.base)
        if isinstance(base, Term):
            return Store(base, store.offset, store.size, self.value(store.value))
        width = store.base.width
        offset = terms.add(base, store.offset, width)
        assert isinstance(offset, int)
        return Store(None, offset, store.size, self.value(store.value))

    def effect(self, effect: Effect) -> Effect:
        operands = tuple(map(self.value, effect.operands))
        return Effect(0, effect.name, operands, self.value(effect.guard))

    def outcome(self, outcome: Outcome) -> Outcome:
        match outcome:
            case Left(target, mode, status):
                at = None if status is None else self.value(status)
                return Left(self.value(target), mode, at)
            case CalledBack(target, mode):
                return CalledBack(self.value(target), mode)
            case Returned() | Stuck() | Faulted() | Called() | Requested() | Undecided():
                return outcome
            case _:
                assert_never(outcome)
