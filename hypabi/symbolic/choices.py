"""The values that a term can have on a path, where they are few: table entries, branch targets."""

from typing import Final, Protocol

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.rewrite import subterms
from hypabi.smt.solver import Satisfiable, Solver, Unsatisfiable
from hypabi.smt.term import part_widths
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.places import MOST_DEPTH

MOST_ENTRIES: Final = 512
"""Entries of a table that are read one by one."""


class Path(Protocol):
    """A path that says what cannot hold on it, and can become two."""

    solver: Solver

    def never(self, condition: Value) -> bool:
        """Return whether the path shows that a condition does not hold."""
        ...

    def decide(self, condition: Value) -> bool:
        """Return whether a condition holds on this path, which may become two."""
        ...


def without_choices(value: Value, path: Path) -> Value:
    """Return a value after every choice between two others in it has been decided."""
    while isinstance(value, Term):
        choices = [term for term in subterms((value,)) if term.op == "ite"]
        choice = choices[-1] if choices else None
        if choice is None:
            return value
        condition, one, other = choice.args
        value = terms.substitute(value, {choice: one if path.decide(condition) else other})
    return value


def without_stores(value: Value, path: Path) -> Value:
    """Return what a value is when none of its choices' conditions holds, 0 where that cannot be.

    A word that was loaded is then what no store of the path has overwritten: one question, where to
    decide the choices one by one takes many.
    """
    asked = [term.args[0] for term in subterms((value,)) if term.op == "ite"]
    choices = [condition for condition in asked if isinstance(condition, Term)]
    if not choices:
        return 0
    none_holds = [terms.lnot(condition) for condition in choices]
    if isinstance(path.solver.feasibility(*none_holds), Unsatisfiable):
        return 0
    return terms.substitute(value, dict.fromkeys(choices, 0))


def possible_values(value: Term, path: Path) -> tuple[int, ...]:
    """Return all values of a term on a path, ascending; none where they may be too many."""
    answer = path.solver.check()
    if not isinstance(answer, Satisfiable):
        return ()
    width, step = value.width, 1 << min(trailing_zeros(value), 12)
    reach = step * MOST_ENTRIES
    lowest = evaluate(value, _Total(answer.model)) - reach
    distance = terms.sub(value, lowest, width)
    if 2 * reach >= 1 << width or not path.never(terms.ult(2 * reach, distance, width)):
        return ()
    below, above = _bounds(distance, 2 * reach, step, path)
    if (above - below) // step >= MOST_ENTRIES:
        return ()
    mask = (1 << width) - 1
    values = (lowest + each & mask for each in range(below, above + 1, step))
    return tuple(each for each in values if not path.never(terms.eq(value, each, width)))


def _bounds(distance: Value, most: int, step: int, path: Path) -> tuple[int, int]:
    """Return the least and greatest multiples of ``step`` that a distance can be."""
    width = distance.width if isinstance(distance, Term) else most.bit_length()
    low, high = 0, most // step
    while low < high:
        middle = (low + high) // 2
        if path.never(terms.ult(middle * step, distance, width)):
            high = middle
        else:
            low = middle + 1
    greatest, low = low, 0
    high = greatest
    while low < high:
        middle = (low + high + 1) // 2
        if path.never(terms.ult(distance, middle * step, width)):
            low = middle
        else:
            high = middle - 1
    return low * step, greatest * step


def trailing_zeros(value: Value, depth: int = MOST_DEPTH) -> int:
    """Return how many low bits of a value are surely zero."""
    if isinstance(value, int):
        return (value & -value).bit_length() - 1 if value else 64
    if depth == 0:
        return 0
    match value.op, value.args:
        case "concat", (high, low):
            below = part_widths(value)[1]
            zeros = trailing_zeros(low, depth - 1)
            return zeros if zeros < below else below + trailing_zeros(high, depth - 1)
        case "shl", (one, int(amount)):
            return trailing_zeros(one, depth - 1) + amount
        case "mul", (one, other):
            return trailing_zeros(one, depth - 1) + trailing_zeros(other, depth - 1)
        case "and", (one, other):
            return max(trailing_zeros(one, depth - 1), trailing_zeros(other, depth - 1))
        case (("add" | "sub" | "or" | "xor"), (one, other)):
            return min(trailing_zeros(one, depth - 1), trailing_zeros(other, depth - 1))
        case "ite", (_, one, other):
            return min(trailing_zeros(one, depth - 1), trailing_zeros(other, depth - 1))
        case (("zext" | "sext"), (inner,)):
            return trailing_zeros(inner, depth - 1)
        case _:
            return 0


class _Total(dict[str, int]):
    def __missing__(self, name: str) -> int:
        return 0
