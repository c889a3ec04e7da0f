"""Which call numbers a provider tells apart, and the cases of each."""

from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.outcome import Undecided
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.allowance import SPENT, is_spent
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value

MOST_NUMBERS = 64
"""Call numbers listed one by one; a range compared with a larger bound stays a range."""


@frozen
class NumberRow:
    """What a provider does for one call number, or for every number not listed (``None``)."""

    number: int | None
    cases: tuple[Case, ...]


def numbers_served(behaviour: Behaviour, identifier: str, bits: int) -> tuple[int, ...]:
    """Return the call numbers that the provider compares its identifier with, sorted."""
    register = terms.symbol(identifier, bits)
    found: set[int] = set()
    for condition in _atoms(behaviour):
        found |= _compared(condition, register)
    return tuple(sorted(found))


def rows_by_number(
    behaviour: Behaviour, identifier: str, bits: int, listed: tuple[int, ...], solver: Solver
) -> tuple[NumberRow, ...]:
    """Return one row per number in ``listed``, and one for any other."""
    register = terms.symbol(identifier, bits)
    result = []
    for number in listed:
        selects = terms.eq(register, number, bits)
        result.append(NumberRow(number, _selected(behaviour, selects, solver)))
    other = terms.land(*(terms.lnot(terms.eq(register, n, bits)) for n in listed))
    result.append(NumberRow(None, _selected(behaviour, other, solver)))
    return tuple(result)


def _selected(behaviour: Behaviour, selects: Value, solver: Solver) -> tuple[Case, ...]:
    """Return the cases of a row; one that is undecided where the allowance does not suffice."""
    found: list[Case] = []
    for case in behaviour.cases:
        if is_spent(solver):
            return (beyond(behaviour),)
        if possible(case, selects, solver):
            found.append(case)
    return (beyond(behaviour),) if is_spent(solver) else tuple(found)


def beyond(behaviour: Behaviour) -> Case:
    """Return the case of a row of which nothing is known, because the allowance is spent."""
    return Case((), {}, (), (), Undecided(behaviour.entry, SPENT), (), None)


def select_number(behaviour: Behaviour, selects: Value, solver: Solver) -> tuple[Case, ...]:
    """Return the cases that can be taken where ``selects`` holds at entry."""
    return tuple(case for case in behaviour.cases if possible(case, selects, solver))


def possible(case: Case, selects: Value, solver: Solver) -> bool:
    """Return whether a case's guard and a condition can hold together; undecided counts as yes."""
    return not isinstance(solver.feasibility(*guard_terms(case), selects), Unsatisfiable)


def _atoms(behaviour: Behaviour) -> list[Term]:
    """Return every distinct condition, without its negation, in order of appearance."""
    seen: dict[Term, None] = {}
    for case in behaviour.cases:
        for condition in case.guard:
            stack: list[Value] = [condition.term]
            while stack:
                term = stack.pop()
                if not isinstance(term, Term) or term in seen:
                    continue
                if term.op in ("not", "and", "or") and term.width == 1:
                    stack.extend(term.args)
                else:
                    seen[term] = None
    return list(seen)


def _compared(atom: Term, register: Term) -> set[int]:
    if atom.op not in ("eq", "ult"):
        return set()
    left, right = atom.args
    if atom.op == "eq" and left is register and isinstance(right, int):
        return {right}
    if atom.op == "ult" and left is register and isinstance(right, int) and right <= MOST_NUMBERS:
        return set(range(right))
    return set()
