"""Whether a call path runs at EL2 or HYP: by what is UNDEFINED below, or by a branch on CurrentEL.

An ``hvc`` that is issued there enters the slots of the level itself, and not the one for calls from
below (DDI 0487, D1.3.1.4; DDI 0406C, B1.8.1: at HYP the hypervisor call vector of its own).
"""

import enum
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.level_kept import CURRENT_EL, EL1, asked_at, kept_levels, only_at_el1
from hypabi.code.function_body import A64Body, Body, Kind, Step
from hypabi.code.system_writes import instruction_word, is_of_el2
from hypabi.image.model import Image

CONDITION: Final = 0x54000000


def privileged(image: Image, body: Body, path: Sequence[int], state: InstructionSet) -> int | None:
    """Return the first instruction of a path that shows that it is taken at EL2 or HYP.

    One that nobody else can execute, or, in A64, a branch that goes elsewhere at EL1.

    :param path: with the place that it leads to
    """
    for address, following in pairwise(path):
        if state is not InstructionSet.A64:
            found = is_of_el2(instruction_word(image, address, state), state)
        else:
            step = body.step(address)
            taken = taken_at_el1(body, step)
            found = is_of_el2(step.word, state)
            found = found or (taken is not None and taken is (following == address + 4))
        if found:
            return address
    return None


def taken_at_el1(body: Body, step: Step) -> bool | None:
    """Tell whether a branch that asks for CurrentEL is taken at EL1; ``None`` for any other.

    ``mrs xN, CurrentEL; cmp xN, #imm; b.eq`` or ``b.ne``.
    """
    word = step.word
    if word & 0xFF00001E != CONDITION:
        return None
    compared = asked_at(body, step.address)
    return None if compared is None else (compared == EL1) == (not word & 1)


class LevelAsked(enum.Enum):
    """What is known of the kernel's level where control comes to an instruction."""

    ASKED = "asked"
    """A branch before it, on every way, goes there at EL1."""
    NOT_ASKED = "not asked"
    """Some way to it asks for no level."""
    ELSEWHERE = "elsewhere"
    """Some way to it is taken only where the kernel does not run at EL1."""


def asks_level(body: A64Body) -> bool:
    """Tell whether a function reads CurrentEL."""
    return any(word & ~31 == CURRENT_EL & ~31 for word in body.words)


def level_asked(body: A64Body, place: int, asks: Callable[[int], bool]) -> LevelAsked:
    """Tell what a function has asked of its level before it comes to an instruction.

    :param asks: tells whether a function that is called asks; what its answer is taken for is left
        open
    """
    unasked, others = _without_asking(body, [body.start], asks)
    if place in unasked:
        return LevelAsked.NOT_ASKED
    beyond, _ = _without_asking(body, others, asks)
    return LevelAsked.ELSEWHERE if place in beyond else LevelAsked.ASKED


def unreached_at_el1(body: A64Body) -> frozenset[int]:
    """Return what a function comes to only where the kernel does not run at EL1.

    What flow does not come to at all, as what a static key enters, is not among it.
    """
    if not asks_level(body):
        return frozenset()
    at_el1 = reached(body, lambda step, target: _at_el1(body, step, target))
    return reached(body, lambda _step, _target: True) - at_el1


def _at_el1(body: A64Body, step: Step, target: int) -> bool:
    """Tell whether control can go from an instruction to another at EL1."""
    taken = taken_at_el1(body, step)
    return taken is None or taken is (target != step.address + step.size)


def reached(body: Body, goes: Callable[[Step, int], bool]) -> frozenset[int]:
    """Return the instructions that control comes to, as far as it is told to go."""
    found: set[int] = set()
    waiting = [body.start]
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            step = body.step(address)
            waiting += [target for target in body.after(step) if goes(step, target)]
    return frozenset(found)


def _without_asking(
    body: A64Body, starts: list[int], asks: Callable[[int], bool]
) -> tuple[set[int], list[int]]:
    """Return what control comes to before it asks for a level, and where it goes on elsewhere.

    The latter is where branches that ask lead when the kernel does not run at EL1.
    """
    reached: set[int] = set()
    others: list[int] = []
    waiting = list(starts)
    kept = kept_levels(body) if asks_level(body) else {}
    while waiting:
        address = waiting.pop()
        if address in reached:
            continue
        reached.add(address)
        step = body.step(address)
        if step.kind is Kind.CALL and step.target is not None and asks(step.target):
            continue
        if step.kind is Kind.TRAP and step.address + step.size in body.into:
            continue  # a BUG(), behind which another block stands
        taken = taken_at_el1(body, step)
        behind = step.address + step.size
        only = only_at_el1(step, kept.get(address, {}))
        if only is not None:
            # At EL1 alone it goes there; elsewhere it goes whichever the level is.
            waiting += [target for target in body.after(step) if only is (target == behind)]
        elif taken is None:
            waiting += body.after(step)
        else:
            others += [target for target in body.after(step) if taken is (target == behind)]
    return reached, others
