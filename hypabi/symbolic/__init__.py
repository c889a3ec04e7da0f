"""All paths from an entry, symbolically.

:func:`~hypabi.symbolic.explore.explore` runs instructions over terms from the entry state of a
vector until every path has an outcome.  Guarantees: states are immutable and forking makes new
ones; a branch is taken both ways unless the solver shows one infeasible; every limit is explicit
and ends the path as ``Undecided`` with its reason; writable memory is symbolic; what was assumed
on a path is listed with it.
"""

__all__ = [
    "entry",
    "explore",
    "memory",
    "outcome",
    "path",
    "path_context",
    "places",
    "setup",
    "state",
    "words",
]
