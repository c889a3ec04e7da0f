"""Terms over bit-vectors, solvers, models, SMT-LIB text.  Knows nothing of Arm.

**Meaning.**  A value is a bit-vector: a Python ``int`` while it is concrete, a
:class:`~hypabi.smt.term.Term` only when it is symbolic.  :mod:`~hypabi.smt.evaluate` says what
every operation means, with SMT-LIB's answers for shifts beyond the width and for division by zero.
The constructors of :mod:`~hypabi.smt.terms` simplify, and whatever they return means the same.

**Guarantees.**  Structurally equal terms are one object.  Nothing depends on addresses, on the hash
seed or on what was built before.  Depth costs no recursion, sharing no repetition.  A solver's
answer has three values and no truth value; no model is handed out before every condition of its
question was evaluated under it, and a model depends on its question alone.  SMT-LIB text is a
function of the conditions.

**Refusals.**  A solver that gives up says ``Unknown`` and why.  A name with two widths, a width
that does not fit, a model that does not hold are defects of ours, and assertions.

**Modules.**  ``term`` is the node; ``connectives``, ``conditional``, ``slices``, ``bitwise``,
``shifts``, ``arithmetic`` and ``comparisons`` are the constructors, each of which may use those
before it;
``terms`` gathers them.  ``rewrite`` walks terms, ``printer`` writes them for readers.
``translate`` says them to a solver: ``bitwuzla`` by default, ``z3`` for a second opinion,
``smtlib`` for everybody else.  Only the adapters import solvers.
"""

__all__ = [
    "allowance",
    "bitwuzla",
    "cached",
    "evaluate",
    "rewrite",
    "smtlib",
    "solver",
    "term",
    "terms",
    "z3",
]
