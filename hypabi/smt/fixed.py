"""What constants decide without a solver: symbols that some conditions fix, put into the others.

Most rows of a contract fix the identifier, and most cases of a party are of another one: that they
do not meet is seen at once, however many of both there are.
"""

from collections.abc import Sequence
from typing import Final

from hypabi.smt.rewrite import substitute_known
from hypabi.smt.term import Term, Value

MOST_KEPT: Final = 512
"""Sets of fixed symbols of which what follows is remembered."""


class FixedSymbols:
    """Remembers what follows of conditions ``symbol == constant``, from question to question."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Term, int], ...], dict[Term, Value]] = {}

    def decide(self, conditions: Sequence[Value]) -> bool | None:
        """Tell whether conditions can hold together, ``None`` where constants do not tell."""
        fixed: dict[Term, int] = {}
        for condition in reversed(conditions):  # what a case requires last tells it from others
            found = _fixed(condition)
            if found is not None and fixed.setdefault(*found) != found[1]:
                return False
        if not fixed:
            return None
        known = self._follows(fixed)
        open_ = False
        for condition in reversed(conditions):
            value = substitute_known(condition, known)
            if value == 0:
                return False
            # What fixes a symbol became true only because the symbol was replaced.
            open_ = open_ or value != 1
        return None if open_ else True

    def _follows(self, fixed: dict[Term, int]) -> dict[Term, Value]:
        key = tuple(fixed.items())
        if key not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = dict(fixed)
        return self._known[key]


def _fixed(condition: Value) -> tuple[Term, int] | None:
    """Return a symbol and the constant that a condition has it be."""
    if not isinstance(condition, Term) or condition.op != "eq":
        return None
    symbol, constant = condition.args
    if isinstance(symbol, Term) and symbol.op == "symbol" and isinstance(constant, int):
        return symbol, constant
    return None
