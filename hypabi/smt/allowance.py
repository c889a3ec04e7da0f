"""How much one run may ask of the solver and of the exploration, counted and never timed.

An image may be anybody's, and two instructions make a loop of which every round asks the solver
more.  So all that is explored, tabulated and proved of one file draws on one allowance; what is
beyond is undecided, at the same place in every run.  Only what the solver itself gives up is a
matter of time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

from hypabi.records import frozen
from hypabi.smt.fixed import FixedSymbols
from hypabi.smt.rewrite import subterms
from hypabi.smt.solver import Answer, Feasibility, Feasible, Solver, Unknown, Unsatisfiable
from hypabi.smt.term import Term, Value

MOST: Final = 1_000_000
"""Cost of one run; that of Debian's kernels is at most a tenth.  One is some ten microseconds."""
STEP: Final = 10
"""Cost of one instruction that is executed symbolically."""
QUESTION: Final = 30
"""Cost of one question beside that of its terms, each of which costs 1."""
PLAIN: Final = 1
"""Cost of looking whether constants decide a question."""
ARITHMETIC: Final = 4
"""Terms that compute cost more the more there are: their number squared, over this."""
HARD: Final = MOST // 8
"""Cost of a product or quotient of two unknowns, which a solver may take seconds for."""
GIVEN_UP: Final = MOST // 3
"""Cost of a question that the solver could not answer in its time."""
MILLISECONDS: Final = 5_000
"""That time."""
SPENT: Final = "the image asks more of the reasoning than one run may cost"
"""The reason of what is undecided because nothing was left."""

_HARD: Final = frozenset({"mul", "udiv", "urem", "sdiv", "srem"})
_PLAIN: Final = frozenset(
    {"symbol", "not", "and", "or", "xor", "extract", "concat", "zext", "sext"}
)
"""Operations that move bits about, or look at each alone."""
_COMPARISONS: Final = frozenset({"eq", "ult", "slt"})

_Answer = TypeVar("_Answer")


class Allowance:
    """What is left of the cost that one run may have."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def spend(self, cost: int) -> None:
        """Count a cost."""
        self.left -= cost

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self.left <= 0


class MeteredSolver(ABC):
    """A solver whose questions are counted, and which answers none once the allowance is spent."""

    reason: ClassVar[str]
    """Why it then answers none."""
    given_up: ClassVar[int]
    """Cost of a question that the solver could not answer in its time."""

    def __init__(self, solver: Solver, allowance: Allowance) -> None:
        self._solver = solver
        self._fixed = FixedSymbols()
        self._added = False
        self.allowance = allowance

    def add(self, condition: Value) -> None:
        """Require a condition; see :class:`~hypabi.smt.solver.Solver`."""
        self._added = True
        self._solver.add(condition)

    def push(self) -> None:
        """Open a level."""
        self._solver.push()

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        self._solver.pop()

    def check(self, *assumptions: Value) -> Answer:
        """Say whether everything added and assumed can hold, and give a model."""
        if self._decided(assumptions) is False:
            return Unsatisfiable()
        return self._asked(self._solver.check, assumptions)

    def feasibility(self, *assumptions: Value) -> Feasibility:
        """Say whether everything added and assumed can hold, without a model; cheaper."""
        plain = self._decided(assumptions)
        if plain is False:
            return Unsatisfiable()
        if plain and not self._added:
            return Feasible()
        return self._asked(self._solver.feasibility, assumptions)

    def _decided(self, assumptions: tuple[Value, ...]) -> bool | None:
        """Tell whether assumptions can hold together, ``None`` where that is to be asked."""
        if self.allowance.spent:
            return None
        self.allowance.spend(PLAIN)
        return self._fixed.decide(assumptions)

    def _asked(
        self, ask: Callable[..., _Answer | Unknown], assumptions: tuple[Value, ...]
    ) -> _Answer | Unknown:
        if not self.allowance.spent:
            self.allowance.spend(self._cost(assumptions))
        if self.allowance.spent:
            return Unknown(self.reason, spent=True)
        answer = ask(*assumptions)
        if isinstance(answer, Unknown):
            self.allowance.spend(self.given_up)
        return answer

    @abstractmethod
    def _cost(self, assumptions: tuple[Value, ...]) -> int:
        """Return what a question costs."""


class CountedSolver(MeteredSolver):
    """One for whom all that was added counts with each question."""

    reason = SPENT
    given_up = GIVEN_UP

    def __init__(self, solver: Solver, allowance: Allowance) -> None:
        super().__init__(solver, allowance)
        self._sizes: list[_Size] = [_Size(0, 0, 0)]

    def add(self, condition: Value) -> None:
        """Require a condition; see :class:`~hypabi.smt.solver.Solver`."""
        self._sizes[-1] = self._sizes[-1].and_more(_size((condition,)))
        super().add(condition)

    def push(self) -> None:
        """Open a level."""
        self._sizes.append(self._sizes[-1])
        super().push()

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        self._sizes.pop()
        super().pop()

    def _cost(self, assumptions: tuple[Value, ...]) -> int:
        return self._sizes[-1].and_more(_size(assumptions)).cost()


@frozen
class _Size:
    """How many terms there are, how many of them compute, and how many are hard."""

    terms: int
    computing: int
    hard: int

    def and_more(self, other: "_Size") -> "_Size":
        """Return the size of both together."""
        return _Size(
            self.terms + other.terms, self.computing + other.computing, self.hard + other.hard
        )

    def cost(self) -> int:
        """Return the cost of a question of this size."""
        return QUESTION + self.terms + self.computing**2 // ARITHMETIC + HARD * self.hard


def _size(values: tuple[Value, ...]) -> _Size:
    """Return the size of some values."""
    terms = computing = hard = 0
    for term in subterms(values):
        terms += 1
        if term.op not in _PLAIN and not _is_simple(term):
            computing += 1
            hard += term.op in _HARD and all(isinstance(each, Term) for each in term.args)
    return _Size(terms, computing, hard)


def _is_simple(term: Term) -> bool:
    """Tell whether a term holds a symbol, or bits of one, against a constant."""
    first, second = term.args[0], term.args[-1]
    if term.op not in _COMPARISONS or isinstance(second, Term) or isinstance(first, int):
        return False
    return first.op in _PLAIN


def counted(solver: Callable[[int], Solver], allowance: Allowance) -> Callable[[], Solver]:
    """Return what makes solvers that draw on an allowance.

    :param solver: makes one that gives up after so many milliseconds
    """
    return lambda: CountedSolver(solver(MILLISECONDS), allowance)


def is_spent(solver: Solver) -> bool:
    """Tell whether a solver answers no more because its allowance is spent."""
    allowance = getattr(solver, "allowance", None)
    return isinstance(allowance, Allowance) and allowance.spent
