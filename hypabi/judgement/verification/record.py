"""What a judgement asked a solver, query by query, so that somebody else can be asked too."""

from collections.abc import Callable
from typing import Final

from hypabi.records import frozen
from hypabi.smt.solver import Answer, Feasibility
from hypabi.smt.terms import Value

PATHS: Final = "_paths"
"""Stands for a clause where the query is whether a path can be taken at all."""


@frozen
class Query:
    """One query whose answer a verdict rests on, and the answer that was taken."""

    party: str
    call: str | None
    """``None`` for every identifier that is no call's number."""
    clause: str
    """Name of the clause, or ``PATHS``."""
    conditions: tuple[Value, ...]
    """Whether all of these can hold together."""
    answer: Answer | Feasibility


Listener = Callable[[Query], None]
"""Is told of each query, in the order in which they are asked."""


def unheard(_query: Query) -> None:
    """Listen to nothing."""
