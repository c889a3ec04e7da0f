"""bitwuzla as a solver: the default."""

import functools
from collections.abc import Sequence
from typing import Any, Final

import bitwuzla

from hypabi.smt.solver import Effort, Feasibility, Feasible, Session, Unknown, Unsatisfiable

_Expression = Any  # bitwuzla ships no types


_EARLY: Final = 10
"""Milliseconds after which an engine of early effort gives up.

bitwuzla normalises arithmetic only before an instance's first search: ``(x - y) - (x - 3)`` equals
``3 - y`` in 0.4 ms at first, and in 1 to 2 s once the instance has answered something.
"""

_PROPAGATIONS: Final = 100
"""Steps of local search before the conditions are turned into clauses.

Most questions have an easy model: 0.1 instead of 0.8 ms for the feasibility of a path, and an
instance that needs no clauses does not slow down (after 200 questions, 0.3 instead of 30 ms).
"""


class _Engine:
    """One bitwuzla instance.  Its limit is wall-clock time: it has no deterministic one."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds
        self._terms: Final[Any] = bitwuzla.TermManager()
        options = bitwuzla.Options()
        options.set(bitwuzla.Option.PRODUCE_MODELS, 1)
        options.set(bitwuzla.Option.TIME_LIMIT_PER, milliseconds)
        options.set(bitwuzla.Option.BV_SOLVER, "preprop")
        options.set(bitwuzla.Option.PROP_NPROPS, _PROPAGATIONS)
        self._solver: Final[Any] = bitwuzla.Bitwuzla(self._terms, options)
        self._sorts: dict[int, Any] = {}
        self._kinds: Final = _kinds()

    def symbol(self, name: str, width: int) -> _Expression:
        return self._terms.mk_const(self._sort(width), name)

    def number(self, value: int, width: int) -> _Expression:
        return self._terms.mk_bv_value(self._sort(width), value)

    def truth(self, value: int) -> _Expression:
        return self._terms.mk_true() if value else self._terms.mk_false()

    def apply(
        self, operator: str, args: Sequence[_Expression], indices: Sequence[int] = ()
    ) -> _Expression:
        if indices:
            return self._terms.mk_term(self._kinds[operator], list(args), list(indices))
        return self._terms.mk_term(self._kinds[operator], list(args))

    def require(self, condition: _Expression) -> None:
        self._solver.assert_formula(condition)

    def push(self) -> None:
        self._solver.push(1)

    def pop(self) -> None:
        self._solver.pop(1)

    def decide(self) -> Feasibility:
        answer = self._solver.check_sat()
        if answer == bitwuzla.Result.SAT:
            return Feasible()
        if answer == bitwuzla.Result.UNSAT:
            return Unsatisfiable()
        return Unknown(f"bitwuzla gave no answer within {self._milliseconds} ms")

    def value(self, symbol: _Expression) -> int:
        return int(self._solver.get_value(symbol).value(16), 16)

    def _sort(self, width: int) -> _Expression:
        sort = self._sorts.get(width)
        if sort is None:
            sort = self._sorts[width] = self._terms.mk_bv_sort(width)
        return sort


class BitwuzlaSolver(Session[_Expression]):
    """Decide with bitwuzla.

    :param milliseconds: how long one question may take before the answer is ``Unknown``
    """

    def __init__(self, milliseconds: int = 10_000) -> None:
        early = min(_EARLY, milliseconds)
        super().__init__(lambda e: _Engine(milliseconds if e is Effort.FULL else early))


@functools.cache
def _kinds() -> dict[str, Any]:
    kind = bitwuzla.Kind
    return {
        "=": kind.EQUAL,
        "ite": kind.ITE,
        "and": kind.AND,
        "or": kind.OR,
        "xor": kind.XOR,
        "not": kind.NOT,
        "concat": kind.BV_CONCAT,
        "extract": kind.BV_EXTRACT,
        "zero_extend": kind.BV_ZERO_EXTEND,
        "sign_extend": kind.BV_SIGN_EXTEND,
        "bvult": kind.BV_ULT,
        "bvslt": kind.BV_SLT,
        "bvadd": kind.BV_ADD,
        "bvsub": kind.BV_SUB,
        "bvneg": kind.BV_NEG,
        "bvmul": kind.BV_MUL,
        "bvudiv": kind.BV_UDIV,
        "bvurem": kind.BV_UREM,
        "bvsdiv": kind.BV_SDIV,
        "bvsrem": kind.BV_SREM,
        "bvand": kind.BV_AND,
        "bvor": kind.BV_OR,
        "bvxor": kind.BV_XOR,
        "bvnot": kind.BV_NOT,
        "bvshl": kind.BV_SHL,
        "bvlshr": kind.BV_SHR,
        "bvashr": kind.BV_ASHR,
    }
