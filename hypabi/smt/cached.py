"""A solver that answers a question once.

An answer depends on the question alone (:class:`~hypabi.smt.solver.Session`), so who asks many
times the same, as a matrix of like images does, need not wait for it again.
"""

from hypabi.smt.allowance import Allowance, CountedSolver
from hypabi.smt.solver import Answer, Feasibility, Solver
from hypabi.smt.terms import Value


class Remembered:
    """A :class:`~hypabi.smt.solver.Solver` around another, which nobody else may use.

    What is asked below an added condition is passed on and not remembered.
    """

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self.allowance = solver.allowance if isinstance(solver, CountedSolver) else Allowance()
        self._added = [False]
        self._answers: dict[tuple[Value, ...], Answer] = {}
        self._feasible: dict[tuple[Value, ...], Feasibility] = {}

    def add(self, condition: Value) -> None:
        """Require ``condition`` until the matching :meth:`pop`."""
        self._added[-1] = True
        self._solver.add(condition)

    def push(self) -> None:
        """Open a level."""
        self._added.append(self._added[-1])
        self._solver.push()

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        self._added.pop()
        self._solver.pop()

    def check(self, *assumptions: Value) -> Answer:
        """Say whether everything added and assumed can hold, and give a model."""
        if self._added[-1]:
            return self._solver.check(*assumptions)
        if assumptions not in self._answers:
            self._answers[assumptions] = self._solver.check(*assumptions)
        return self._answers[assumptions]

    def feasibility(self, *assumptions: Value) -> Feasibility:
        """Say whether everything added and assumed can hold, without a model; cheaper."""
        if self._added[-1]:
            return self._solver.feasibility(*assumptions)
        if assumptions not in self._feasible:
            self._feasible[assumptions] = self._solver.feasibility(*assumptions)
        return self._feasible[assumptions]
