"""How much is asked of a solver before a comparison gives up.

A saved form may be anybody's, so what it costs to compare it has an end.  The cost is counted, not
timed, so that it ends at the same place in every run; only what the solver itself gives up is a
matter of time.
"""

from typing import Final

from hypabi.smt.rewrite import subterms
from hypabi.smt.solver import Answer, Feasibility, Solver, Unknown
from hypabi.smt.terms import Value

MOST: Final = 400_000
"""Cost of one comparison in one direction; that of two real kernels is at most 50,000."""
QUESTION: Final = 16
"""Cost of one question beside that of its terms."""
TERM: Final = 4
"""Cost of each term of a question."""
GIVEN_UP: Final = MOST // 2
"""Cost of a question that the solver could not answer in its time."""
SPENT: Final = "the comparison asks more of the solver than its limit"


class Budget:
    """What is left of the cost that one comparison may have."""

    def __init__(self, most: int = MOST) -> None:
        self._left = most

    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self._left <= 0

    def spend(self, cost: int) -> None:
        """Count a cost."""
        self._left -= cost


class PatientSolver:
    """A solver whose questions are counted, and which answers none when patience is spent."""

    def __init__(self, solver: Solver, patience: Budget) -> None:
        self._solver = solver
        self.patience = patience

    def add(self, condition: Value) -> None:
        """Require a condition; see :class:`~hypabi.smt.solver.Solver`."""
        self._solver.add(condition)

    def push(self) -> None:
        """Open a level."""
        self._solver.push()

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        self._solver.pop()

    def check(self, *assumptions: Value) -> Answer:
        """Say whether everything added and assumed can hold, and give a model."""
        if self._refused(assumptions):
            return Unknown(SPENT)
        answer = self._solver.check(*assumptions)
        if isinstance(answer, Unknown):
            self.patience.spend(GIVEN_UP)
        return answer

    def feasibility(self, *assumptions: Value) -> Feasibility:
        """Say whether everything added and assumed can hold, without a model; cheaper."""
        if self._refused(assumptions):
            return Unknown(SPENT)
        answer = self._solver.feasibility(*assumptions)
        if isinstance(answer, Unknown):
            self.patience.spend(GIVEN_UP)
        return answer

    def _refused(self, assumptions: tuple[Value, ...]) -> bool:
        if not self.patience.spent():
            self.patience.spend(QUESTION + TERM * sum(1 for _ in subterms(assumptions)))
        return self.patience.spent()
