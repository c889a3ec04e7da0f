"""Ask whether two ends can differ, and shrink the state that shows it."""

from collections.abc import Iterable, Mapping
from typing import Final

from hypabi.judgement.difference.budget import PatientSolver
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate_all
from hypabi.smt.rewrite import subterms
from hypabi.smt.solver import Satisfiable, Unknown, Unsatisfiable
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import is_marked

MOST_SHRINKING: Final = 100_000
"""Terms that are evaluated to shrink one state; of real kernels, some ten thousand."""


@frozen
class Differs:
    """The two differ in this state; symbols that are not named are zero."""

    model: Mapping[str, int]


@frozen
class NotShown:
    """Neither a state in which they differ was found, nor that there is none; and why."""

    reason: str


class Total(dict[str, int]):
    """A model in which everything that is not named is zero."""

    def __missing__(self, name: str) -> int:
        return 0


class DifferenceQuery:
    """Weighs what two cases leave against each other, where both are taken.

    :param context: what holds at entry: both guards, and what the call presupposes
    :param one_sided: unknowns that only one side has, so that nobody knows what the other calls
        them, or whether it has them at all
    """

    def __init__(
        self,
        solver: PatientSolver,
        context: tuple[Value, ...],
        one_sided: frozenset[str],
        *,
        one_program: bool,
    ) -> None:
        self.solver = solver
        self.context = context
        self.one_sided = one_sided
        self.one_program = one_program

    def never(self, condition: Value) -> bool:
        """Tell whether a condition was proved never to hold here."""
        if isinstance(condition, int):
            return condition == 0
        return isinstance(self.solver.feasibility(*self.context, condition), Unsatisfiable)

    def plainly(self, condition: Value) -> bool:
        """Tell whether a condition may hold with every unknown of one side alone at zero."""
        self.solver.allowance.spend(1)
        if condition == 0:
            return False
        bound = sorted(self._bound((*self.context, condition)), key=lambda symbol: symbol.name)
        quiet = [terms.eq(symbol, 0, symbol.width) for symbol in bound]
        return not self.never(terms.land(condition, *quiet))

    def weigh(self, differs: Value) -> Differs | NotShown | None:
        """Return a state in which ``differs`` holds, or ``None`` where it is proved that none is.

        A state that rests on an unknown of one side alone is no evidence, so one in which all of
        those are zero is looked for first.
        """
        self.solver.allowance.spend(1)
        if differs == 0:
            return None
        conditions = (*self.context, differs)
        bound = sorted(self._bound(conditions), key=lambda symbol: symbol.name)
        quiet = [terms.eq(symbol, 0, symbol.width) for symbol in bound]
        answer = self.solver.check(*conditions, *quiet)
        if isinstance(answer, Unsatisfiable) and bound:
            return self._unquiet(conditions)
        match answer:
            case Unsatisfiable():
                return None
            case Unknown(reason):
                return NotShown(f"the solver gave up: {reason}")
            case Satisfiable(model):
                return Differs(shrunk(model, conditions))

    def _bound(self, conditions: Iterable[Value]) -> set[Term]:
        symbols = terms.symbols_of(*conditions)
        return {each for each in symbols if self._is_one_sided(each.name)}

    def _is_one_sided(self, name: str) -> bool:
        return name in self.one_sided or is_marked(name)

    def _unquiet(self, conditions: tuple[Value, ...]) -> NotShown | None:
        match self.solver.check(*conditions):
            case Unsatisfiable():
                return None
            case Unknown(reason):
                return NotShown(f"the solver gave up: {reason}")
            case Satisfiable(model):
                needed = shrunk(model, conditions)
                names = [n for n in sorted(needed) if self._is_one_sided(n)]
                return NotShown(f"it depends on {', '.join(names)}, which only one side has")


def shrunk(model: Mapping[str, int], conditions: tuple[Value, ...]) -> Total:
    """Return a model with as few values other than zero as evaluation leaves necessary."""
    found = Total({name: value for name, value in sorted(model.items()) if value})
    trials = _Trials(conditions)
    for name in list(found):
        value = found.pop(name)
        if trials.hold(found):
            continue
        found[name] = value
        _clear_bits(found, name, trials)
    return found


def _clear_bits(found: Total, name: str, trials: "_Trials") -> None:
    """Clear what bits of one value can be cleared, the high ones first."""
    for bit in range(found[name].bit_length() - 1, -1, -1):
        value = found[name]
        if value >> bit & 1:
            found[name] = value & ~(1 << bit)
            if not trials.hold(found):
                found[name] = value


class _Trials:
    """Tries states until it has evaluated enough; from then on none holds, so none is taken."""

    def __init__(self, conditions: tuple[Value, ...]) -> None:
        self.conditions = conditions
        self.size = 1 + sum(1 for _ in subterms(conditions))
        self.left = MOST_SHRINKING

    def hold(self, model: Total) -> bool:
        self.left -= self.size
        return self.left > 0 and all(evaluate_all(self.conditions, model))
