"""Which call numbers a provider tells apart, and the cases of each."""

import itertools
from collections.abc import Iterator

from hypabi.arch.identifiers import identifier_bits, whole_register
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.identifier import identifier_term
from hypabi.behaviour.outcome import Undecided
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.allowance import SPENT, is_spent
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value

FUNCTION_BITS = 16
"""Of an identifier of SMCCC (DEN0028, 2.5): below them is the function, above whose range it is."""
MOST_ENDS = 8
"""Places listed at which paths ended, of a row of which nothing else is known."""
MOST_NUMBERS = 64
"""Call numbers listed one by one; a range compared with a larger bound stays a range."""


@frozen
class NumberRow:
    """What a provider does for one call number, or for every number not listed (``None``)."""

    number: int | None
    cases: tuple[Case, ...]


def numbers_served(behaviour: Behaviour, identifier: str, bits: int) -> tuple[int, ...]:
    """Return the call numbers that the provider compares its identifier with, sorted."""
    found: set[int] = set()
    low: set[int] = set()
    ranges: set[int] = set()
    for condition in comparisons_in(behaviour):
        numbers = compared_numbers(condition, identifier, bits)
        found |= numbers
        if _width_compared(condition, identifier, bits) <= FUNCTION_BITS:
            low |= numbers
        ranges |= _ranges(condition, identifier)
    limit = 1 << identifier_bits(identifier, bits)
    ranges |= {number for number in found if number and not number % (1 << FUNCTION_BITS)}
    pairs = itertools.product(sorted(ranges), sorted(low))
    found |= {first | number for first, number in itertools.islice(pairs, MOST_NUMBERS)}
    return tuple(sorted(number for number in found if number < limit))


def _ranges(atom: Term, identifier: str) -> frozenset[int]:
    """Return the range of identifiers that a condition is about, above the function's number."""
    if atom.op != "eq":
        return frozenset()
    field, value = atom.args
    if not isinstance(value, int):
        field, value = value, field
    if not isinstance(value, int) or not isinstance(field, Term) or field.op != "extract":
        return frozenset()
    of = field.args[0]
    whole = isinstance(of, Term) and of.op == "symbol" and of.name == whole_register(identifier)
    return frozenset({value << field.low} if whole and field.low >= FUNCTION_BITS else ())


def _width_compared(atom: Term, identifier: str, bits: int) -> int:
    """Return how many low bits of the identifier a condition compares, all where it is not told."""
    parts = (_part_of(side, identifier, bits) for side in atom.args)
    return next((part[0] for part in parts if part is not None), bits)


def rows_by_number(
    behaviour: Behaviour, identifier: str, bits: int, listed: tuple[int, ...], solver: Solver
) -> tuple[NumberRow, ...]:
    """Return one row per number in ``listed``, and one for any other."""
    register = identifier_term(identifier, bits)
    result = []
    for number in listed:
        selects = terms.eq(register, number, bits)
        result.append(NumberRow(number, _selected(behaviour, selects, solver)))
    other = terms.land(*(terms.lnot(terms.eq(register, n, bits)) for n in listed))
    result.append(NumberRow(None, _selected(behaviour, other, solver)))
    return tuple(result)


def _selected(behaviour: Behaviour, selects: Value, solver: Solver) -> tuple[Case, ...]:
    """Return the cases of a row; where the allowance does not suffice, where paths ended."""
    found: list[Case] = []
    for case in behaviour.cases:
        if is_spent(solver):
            return beyond(behaviour)
        if possible(case, selects, solver):
            found.append(case)
    return beyond(behaviour) if is_spent(solver) else tuple(found)


def beyond(behaviour: Behaviour) -> tuple[Case, ...]:
    """Return the cases of a row of which nothing is known, because the allowance is spent.

    Where paths ended undecided, and why, is known all the same: whatever the number.
    """
    ends = [case.outcome for case in behaviour.cases if isinstance(case.outcome, Undecided)]
    shown = dict.fromkeys(ends or [Undecided(behaviour.entry, SPENT)])
    return tuple(
        Case((), {}, (), (), each, (), None) for each in itertools.islice(shown, MOST_ENDS)
    )


def select_number(behaviour: Behaviour, selects: Value, solver: Solver) -> tuple[Case, ...]:
    """Return the cases that can be taken where ``selects`` holds at entry."""
    return tuple(case for case in behaviour.cases if possible(case, selects, solver))


def possible(case: Case, selects: Value, solver: Solver) -> bool:
    """Return whether a case's guard and a condition can hold together; undecided counts as yes."""
    return not isinstance(solver.feasibility(*guard_terms(case), selects), Unsatisfiable)


def comparisons_in(behaviour: Behaviour) -> Iterator[Term]:
    """Yield every comparison that decides something, each once, in order of appearance.

    Those of paths that met, and of instructions that choose, are in the values at exit; flags are
    left over from comparisons and decide nothing any more.
    """
    seen: set[Term] = set()
    for case in behaviour.cases:
        stack = [*guard_terms(case)]
        stack += [v for name, v in case.registers.items() if behaviour.widths[name] > 1]
        stack += [store.value for store in case.stores]
        while stack:
            term = stack.pop()
            if isinstance(term, Term) and term not in seen:
                seen.add(term)
                stack += term.args
                if term.op in ("eq", "ult", "slt"):
                    yield term


def compared_numbers(atom: Term, identifier: str, bits: int) -> frozenset[int]:
    """Return the numbers that a condition tells from others, none of one about something else.

    An equation tells one; a comparison tells those on its small side, as a switch has them.
    """
    if atom.op not in ("eq", "ult", "slt"):
        return frozenset()
    left, right = atom.args
    if isinstance(right, int):
        side, bound, below = left, right, True
    elif isinstance(left, int):
        side, bound, below = right, left, False
    else:
        return frozenset()
    part = _part_of(side, identifier, bits)
    if part is None:
        return frozenset()
    width, added = part
    if atom.op == "eq":
        count, first = 1, bound - added
    elif bound <= MOST_NUMBERS:  # v + added < bound; or bound < v + added, whose small side ends
        count, first = bound if below else bound + 1, -added
    else:
        return frozenset()
    return frozenset((first + each) % (1 << width) for each in range(count))


def _part_of(value: Value, identifier: str, bits: int) -> tuple[int, int] | None:
    """Return that a value is the low bits of the identifier, and a constant: how many, and which.

    What stands above these bits is zero.  ``None`` where it is anything else.
    """
    if not isinstance(value, Term):
        return None
    if value.op == "symbol":
        whole = whole_register(identifier)
        return (value.width, 0) if value.name == whole else None
    match value.op, value.args:
        case "zext", (inner,):
            return _part_of(inner, identifier, bits)
        case "extract", (inner,) if value.low == 0:
            part = _part_of(inner, identifier, bits)
            return None if part is None else (min(part[0], value.width), part[1])
        case "and", (inner, int()):  # a hint that the number does not count: one without it
            return _part_of(inner, identifier, bits)
        case "concat", (0, low):
            return _part_of(low, identifier, bits)
        case "add", (inner, int(constant)):
            part = _part_of(inner, identifier, bits)
            if part is None or part[0] < value.width:
                return None
            return part[0], part[1] + constant
        case _:
            return None
