"""The cases of an entry as each call number sees them."""

from collections.abc import Callable, Iterator, Mapping

from hypabi.analysis.findings.derivation import Answer, Does
from hypabi.arch.names import Architecture
from hypabi.arch.register_order import natural_order
from hypabi.behaviour.by_number import beyond, numbers_served, rows_by_number
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.identifier import identifier_term, with_number
from hypabi.contract.registers import is_general, is_status_part
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.allowance import is_spent
from hypabi.smt.solver import Satisfiable, Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value


def answers_by_number(
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
        view = _View(behaviour, architecture, identifier, row.number, listed, solver())
        does = tuple(view.all_does(row.cases))
        found.append(
            Answer(row.number, names.get(row.number) if row.number is not None else None, does)
        )
    return tuple(found)


@frozen
class _View:
    """Cases as one call number sees them."""

    behaviour: Behaviour
    architecture: Architecture
    identifier: str
    number: int | None
    listed: tuple[int, ...]
    solver: Solver

    def all_does(self, cases: tuple[Case, ...]) -> Iterator[Does]:
        """Yield what each case does; once the allowance is spent, one that is undecided."""
        for case in cases:
            found = self.does(case)
            if is_spent(self.solver):
                yield from map(self.does, beyond(self.behaviour))
                return
            yield found

    def does(self, case: Case) -> Does:
        changed = {name: self.seen(value) for name, value in case.registers.items()}
        kept = [name for name in changed if is_status_part(name)]
        guard = guard_terms(case)
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
        bits = self.architecture.bits
        if self.number is None:
            asked = identifier_term(self.identifier, bits)
            listed = (terms.eq(asked, number, bits) for number in self.listed)
            return terms.substitute(value, {each: 0 for each in listed if isinstance(each, Term)})
        return terms.substitute(value, with_number(self.identifier, self.number, bits))

    def selects(self) -> Value:
        bits = self.architecture.bits
        asked = identifier_term(self.identifier, bits)
        if self.number is not None:
            return terms.eq(asked, self.number, bits)
        return terms.land(*(terms.ne(asked, n, bits) for n in self.listed))

    def where(self, guard: tuple[Value, ...]) -> Iterator[Value]:
        """Yield the conditions of a guard that the number alone does not decide."""
        for condition in guard:
            opposite = terms.lnot(condition)
            if not isinstance(self.solver.feasibility(self.selects(), opposite), Unsatisfiable):
                yield self.seen(condition)

    def differs(self, name: str, value: Value, guard: tuple[Value, ...]) -> bool:
        """Return whether a register can hold anything but its entry value at exit."""
        width = self.behaviour.widths[name]
        before = self.behaviour.at_entry.get(name, terms.symbol(name, width))
        changed = terms.ne(before, value, width)
        answer = self.solver.feasibility(self.selects(), *guard, changed)
        return not isinstance(answer, Unsatisfiable)

    def last(self, case: Case, guard: tuple[Value, ...]) -> int | None:
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
