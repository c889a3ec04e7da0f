"""z3 as a solver: the second opinion, and optional."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import z3

from hypabi.smt.solver import Effort, Feasibility, Feasible, Session, Unknown, Unsatisfiable

_Expression = Any  # z3's expressions are typed by what they were built from, at run time


_EARLY: Final = 200_000
"""Steps after which an engine of early effort gives up; around 50 ms."""


class _Engine:
    """One z3 solver in a context of its own.  Its limit counts steps, so it is deterministic."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._context: Final = z3.Context()
        self._solver: Final = z3.SolverFor("QF_BV", ctx=self._context)
        self._solver.set("rlimit", steps)
        self._model: Any = None
        self._build: Final = _builders()

    def symbol(self, name: str, width: int) -> _Expression:
        return z3.BitVec(name, width, self._context)

    def number(self, value: int, width: int) -> _Expression:
        return z3.BitVecVal(value, width, self._context)

    def truth(self, value: int) -> _Expression:
        return z3.BoolVal(bool(value), self._context)

    def apply(
        self, operator: str, args: Sequence[_Expression], indices: Sequence[int] = ()
    ) -> _Expression:
        return self._build[operator](*indices, *args)

    def require(self, condition: _Expression) -> None:
        self._solver.add(condition)

    def push(self) -> None:
        self._solver.push()

    def pop(self) -> None:
        self._solver.pop()

    def decide(self) -> Feasibility:
        self._model = None
        answer = self._solver.check()
        if answer == z3.sat:
            return Feasible()
        if answer == z3.unsat:
            return Unsatisfiable()
        return Unknown(f"z3 gave no answer in {self._steps} steps: {self._solver.reason_unknown()}")

    def value(self, symbol: _Expression) -> int:
        if self._model is None:
            self._model = self._solver.model()
        return int(self._model.eval(symbol, model_completion=True).as_long())


class Z3Solver(Session[_Expression]):
    """Decide with z3.

    :param steps: z3's resource limit for one question (``rlimit``), after which the answer is
        ``Unknown``
    """

    def __init__(self, steps: int = 50_000_000) -> None:
        early = min(_EARLY, steps)
        super().__init__(lambda e: _Engine(steps if e is Effort.FULL else early))


def version() -> str:
    """Return which z3 it is."""
    return str(z3.get_version_string())


def _builders() -> dict[str, Callable[..., _Expression]]:
    return {
        "=": lambda a, b: a == b,
        "ite": z3.If,
        "and": z3.And,
        "or": z3.Or,
        "xor": z3.Xor,
        "not": z3.Not,
        "concat": z3.Concat,
        "extract": z3.Extract,
        "zero_extend": z3.ZeroExt,
        "sign_extend": z3.SignExt,
        "bvult": z3.ULT,
        "bvslt": lambda a, b: a < b,
        "bvadd": lambda a, b: a + b,
        "bvsub": lambda a, b: a - b,
        "bvneg": lambda a: -a,
        "bvmul": lambda a, b: a * b,
        "bvudiv": z3.UDiv,
        "bvurem": z3.URem,
        "bvsdiv": lambda a, b: a / b,
        "bvsrem": z3.SRem,
        "bvand": lambda a, b: a & b,
        "bvor": lambda a, b: a | b,
        "bvxor": lambda a, b: a ^ b,
        "bvnot": lambda a: ~a,
        "bvshl": lambda a, b: a << b,
        "bvlshr": z3.LShR,
        "bvashr": lambda a, b: a >> b,
    }
