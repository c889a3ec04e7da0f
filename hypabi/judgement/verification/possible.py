"""A state that a machine can be in as far as the image tells of memory.

A word of memory at an address that a caller chose is an unknown, whatever lies there, and so is
each of two words at addresses that may be one.  Most proofs need no more; a counterexample that has
other content of constant data, or two contents of one word, is none, and says which fact to add.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.behaviour.case import Behaviour
from hypabi.smt.solver import Answer, Satisfiable, Solver, Unknown
from hypabi.smt.terms import Value

MOST_FACTS: Final = 64
"""Facts about memory that are brought up against one question."""


def _untold(_conditions: tuple[Value, ...], _answer: Answer) -> None:
    """Tell nobody."""


def possible_state(
    solver: Solver,
    behaviour: Behaviour,
    conditions: tuple[Value, ...],
    told: Callable[[tuple[Value, ...], Answer], None] = _untold,
) -> Answer:
    """Ask for a state in which the conditions hold and memory is as it can be.

    :param told: is told the conditions, with the facts that were brought up, and what was answered
    """
    facts: list[Value] = []
    while len(facts) <= MOST_FACTS:
        answer = solver.check(*conditions, *facts)
        told((*conditions, *facts), answer)
        if not isinstance(answer, Satisfiable):
            return answer
        denied = contradiction(behaviour, answer.model)
        if denied is None:
            return answer
        facts.append(denied)
    return Unknown("each state that was found has memory that is not as the image has it")


def contradiction(behaviour: Behaviour, model: Mapping[str, int]) -> Value | None:
    """Return a fact about memory that a model denies; symbols it does not name are 0."""
    return None if behaviour.words is None else behaviour.words.contradiction(model)
