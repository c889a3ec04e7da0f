"""What is known before each instruction of a function: a data flow, whichever way was taken."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from hypabi.code.function_body import Body, Step

MOST_VISITS: Final = 4000
"""Instructions looked at in one function, each as often as something else is known before it."""
LOST: Final = 0x4007FFFF
"""General registers of A64 that a function which is called may change, as bits (AAPCS64 6.1.1)."""

_Known = TypeVar("_Known")
_Kept = TypeVar("_Kept")


def data_flow(
    body: Body,
    known: _Known,
    onward: Callable[[Step, _Known], Iterable[tuple[int, _Known]] | None],
    met: Callable[[_Known, _Known], _Known],
    most: int = MOST_VISITS,
) -> Mapping[int, _Known] | None:
    """Return what is known before each instruction that control comes to.

    :param known: at the function's start
    :param onward: where control goes from an instruction, and what is known there; ``None`` where
        that is open
    :param met: what is known where two ways meet
    :param most: instructions looked at
    :return: ``None`` where an instruction leaves it open, or more has to be looked at than is
    """
    if not body.holds(body.start):
        return {}  # of a function that was not read
    found = {body.start: known}
    waiting = deque([body.start])
    for _ in range(most):
        if not waiting:
            return found
        step = body.step(waiting.popleft())
        goes_on = onward(step, found[step.address])
        if goes_on is None:
            return None
        for target, behind in goes_on:
            before = found.get(target)
            merged = behind if before is None else met(before, behind)
            if merged != before:
                found[target] = merged
                waiting.append(target)
    return None


def behind_call(known: Mapping[int, _Kept]) -> dict[int, _Kept]:
    """Return what is known of A64 registers behind a function that was called, by their numbers."""
    return {number: each for number, each in known.items() if not LOST >> number & 1}
