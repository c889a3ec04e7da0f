"""What ``hypabi derive`` has to say, before it is text or JSON: one row for each call number."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.vector_table import Table
from hypabi.arch.names import Architecture
from hypabi.arch.register_order import natural_order
from hypabi.behaviour.by_number import numbers_served, rows_by_number
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Effect, Outcome, Store, Undecided
from hypabi.contract.registers import STATE, is_general
from hypabi.image.model import Loaded
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Satisfiable, Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value

if TYPE_CHECKING:
    from hypabi.contract.model import Contract


@frozen
class Does:
    """What one call does under one condition, as seen from the call.

    Values are terms over the state at entry, with the call's number filled in.
    """

    where: tuple[Value, ...]
    """What must hold at entry besides the number; all of it."""
    general: Mapping[str, Value]
    """General registers that may differ at exit."""
    system: Mapping[str, Value]
    """System registers that may differ at exit."""
    stores: tuple[Store, ...]
    effects: tuple[Effect, ...]
    outcome: Outcome
    last: int | None
    """Address of the last instruction executed, where the solver found a path to show it."""
    assumptions: tuple[str, ...]


@frozen
class Answer:
    """What one provider does for one call number, or for every number it does not tell apart."""

    number: int | None
    call: str | None
    """Name of the call, where the contract gives one."""
    does: tuple[Does, ...]


@frozen
class Derived:
    """What one entry does."""

    table: Table | None
    """The table it belongs to; an entry named by its address alone has none."""
    entry: int
    behaviour: Behaviour
    answers: tuple[Answer, ...]


@frozen
class Derivation:
    """Everything that was derived from one image."""

    loaded: Loaded
    architecture: Architecture
    identifier: str
    contract: "Contract | None"
    """Where the names of parties and calls are from; ``None`` where it is silent on this kernel."""
    capabilities: Mapping[str, int]
    """Number of each capability that the kernel describes."""
    derived: tuple[Derived, ...]
    exit_status: int
    provenance: Provenance


def answers(
    behaviour: Behaviour,
    architecture: Architecture,
    identifier: str,
    names: Mapping[int, str],
    solver: Callable[[], Solver],
) -> tuple[Answer, ...]:
    """Return what a behaviour answers, by call number, any other last.

    :param names: the calls that the contract names; they are listed even where the code does not
        tell them from any other number
    """
    bits = architecture.bits
    listed = tuple(sorted({*numbers_served(behaviour, identifier, bits), *names}))
    found = []
    for row in rows_by_number(behaviour, identifier, bits, listed, solver()):
        register = terms.symbol(identifier, bits)
        view = _View(behaviour, architecture, register, row.number, listed, solver())
        does = tuple(view.does(case) for case in row.cases)
        found.append(
            Answer(row.number, names.get(row.number) if row.number is not None else None, does)
        )
    return tuple(found)


@frozen
class _View:
    """Cases as one call number sees them."""

    behaviour: Behaviour
    architecture: Architecture
    identifier: Term
    number: int | None
    listed: tuple[int, ...]
    solver: Solver

    def does(self, case: Case) -> Does:
        changed = {name: self.seen(value) for name, value in case.registers.items()}
        kept = [name for name in changed if name in STATE or name.startswith("CPSR.")]
        guard = [condition.term for condition in case.guard]
        general: dict[str, Value] = {}
        system: dict[str, Value] = {}
        for name in sorted(changed.keys() - {*kept, "pc"}, key=natural_order):
            if self.differs(name, case.registers[name], guard):
                kind = general if is_general(self.architecture, name) else system
                kind[name] = changed[name]
        return Does(
            tuple(self.where(guard)),
            general,
            system,
            case.stores,
            case.effects,
            case.outcome,
            self.last(case, guard),
            case.assumptions,
        )

    def seen(self, value: Value) -> Value:
        """Return a value with the call's number filled in."""
        if self.number is None:
            return value
        return terms.substitute(value, {self.identifier: self.number})

    def selects(self) -> Value:
        bits = self.architecture.bits
        if self.number is not None:
            return terms.eq(self.identifier, self.number, bits)
        return terms.land(*(terms.ne(self.identifier, n, bits) for n in self.listed))

    def where(self, guard: list[Value]) -> Iterator[Value]:
        """Yield the conditions of a guard that the number alone does not decide."""
        for condition in guard:
            opposite = terms.lnot(condition)
            if not isinstance(self.solver.feasibility(self.selects(), opposite), Unsatisfiable):
                yield self.seen(condition)

    def differs(self, name: str, value: Value, guard: list[Value]) -> bool:
        """Return whether a register can hold anything but its entry value at exit."""
        width = self.behaviour.widths[name]
        before = self.behaviour.at_entry.get(name, terms.symbol(name, width))
        changed = terms.ne(before, value, width)
        answer = self.solver.feasibility(self.selects(), *guard, changed)
        return not isinstance(answer, Unsatisfiable)

    def last(self, case: Case, guard: list[Value]) -> int | None:
        match self.solver.check(self.selects(), *guard):
            case Satisfiable(model):
                path = case.path(_Total(model))
                return path[-1] if path else None
            case _:
                return None


class _Total(dict[str, int]):
    """A model extended to symbols that the solver was free to ignore: they are zero."""

    def __missing__(self, name: str) -> int:
        return 0


def grouped(does: tuple[Does, ...]) -> tuple[tuple[Does, ...], ...]:
    """Group cases that do the same and differ only in when they are taken, in their order."""
    groups: dict[object, list[Does]] = {}
    for each in does:
        key = (
            tuple(each.general.items()),
            tuple(each.system.items()),
            each.stores,
            tuple((effect.name, effect.operands, effect.guard) for effect in each.effects),
            each.outcome,
        )
        groups.setdefault(key, []).append(each)
    return tuple(tuple(group) for group in groups.values())


def undecided(derived: tuple[Derived, ...]) -> bool:
    """Return whether some path of some entry was not followed to its end."""
    return any(
        isinstance(case.outcome, Undecided) for each in derived for case in each.behaviour.cases
    )
