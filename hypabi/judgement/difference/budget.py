"""How much is asked of a solver before a comparison gives up.

A saved form may be anybody's, so what it costs to compare it has an end.  The cost is counted, not
timed, so that it ends at the same place in every run; only what the solver itself gives up is a
matter of time.
"""

from typing import Final

from hypabi.smt.allowance import MeteredSolver
from hypabi.smt.rewrite import subterms
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


class PatientSolver(MeteredSolver):
    """One for whom each term of a question counts, and nothing that was added before."""

    reason = SPENT
    given_up = GIVEN_UP

    def _cost(self, assumptions: tuple[Value, ...]) -> int:
        return QUESTION + TERM * sum(1 for _ in subterms(assumptions))
