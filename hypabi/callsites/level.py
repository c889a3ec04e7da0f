"""Whether a call path runs at EL2 or HYP: by what is UNDEFINED below, or by a branch on CurrentEL.

An ``hvc`` that is issued there enters the slots of the level itself, and not the one for calls from
below (DDI 0487, D1.3.1.4; DDI 0406C, B1.8.1: at HYP the hypervisor call vector of its own).
"""

import enum
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code.function_body import A64Body, Body, Kind, Step
from hypabi.image.model import Image, ImageError

A64_EL2: Final = (0xFFDC0000, 0xD51C0000)
"""MSR and MRS with op0 = 3 and op1 = 4 or more: registers of EL2, and EL1's by their EL12 names."""
OP1: Final = (4, 5)
A32_HYP: Final = (0x0FE00F10, 0x0E800F10)
"""MCR and MRC of CP15 with opc1 = 4 (DDI 0406C, B3.17): registers of HYP.  In T32 the same bits,
the first halfword above the second, below 0b1110."""
T32_HYP: Final = (A32_HYP[0] | 0xF0000000, A32_HYP[1] | 0xE0000000)


EL1: Final = 4
"""CurrentEL at EL1: bits 3:2 hold the level (DDI 0487, C5.2.1)."""
CURRENT_EL: Final = 0xD5384240
COMPARE: Final = 0xF100001F
CONDITION: Final = 0x54000000
NEAR: Final = 6
"""Instructions before a branch in which what it asks is looked for."""


def privileged(image: Image, body: Body, path: Sequence[int], state: InstructionSet) -> int | None:
    """Return the first instruction of a path that shows that it is taken at EL2 or HYP.

    One that nobody else can execute, or, in A64, a branch that goes elsewhere at EL1.

    :param path: with the place that it leads to
    """
    for address, following in pairwise(path):
        found = False
        match state:
            case InstructionSet.A64:
                word = body.step(address).word
                found = word & A64_EL2[0] == A64_EL2[1] and word >> 16 & 7 in OP1
                taken = taken_at_el1(body, body.step(address))
                found = found or (taken is not None and taken is (following == address + 4))
            case InstructionSet.A32:
                found = _word(image, address) & A32_HYP[0] == A32_HYP[1]
            case InstructionSet.T32:
                word = _word(image, address)
                found = (word << 16 & 0xFFFF0000 | word >> 16) & T32_HYP[0] == T32_HYP[1]
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
    register = compared = None
    for address in range(step.address - 4, max(body.start, step.address - 4 * NEAR) - 1, -4):
        before = body.step(address).word
        if register is None:
            if before & 0xFFC0001F != COMPARE:
                continue
            register, compared = before >> 5 & 31, before >> 10 & 0xFFF
        elif before & ~31 == CURRENT_EL & ~31 and before & 31 == register:
            return (compared == EL1) == (not word & 1)
    return None


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
    at_el1 = _reached(body, lambda step, target: _at_el1(body, step, target))
    return _reached(body, lambda _step, _target: True) - at_el1


def _at_el1(body: A64Body, step: Step, target: int) -> bool:
    """Tell whether control can go from an instruction to another at EL1."""
    taken = taken_at_el1(body, step)
    return taken is None or taken is (target != step.address + step.size)


def _reached(body: A64Body, goes: Callable[[Step, int], bool]) -> frozenset[int]:
    reached: set[int] = set()
    waiting = [body.start]
    while waiting:
        address = waiting.pop()
        if address not in reached:
            reached.add(address)
            step = body.step(address)
            waiting += [target for target in body.after(step) if goes(step, target)]
    return frozenset(reached)


def _without_asking(
    body: A64Body, starts: list[int], asks: Callable[[int], bool]
) -> tuple[set[int], list[int]]:
    """Return what control comes to before it asks for a level, and where it goes on elsewhere.

    The latter is where branches that ask lead when the kernel does not run at EL1.
    """
    reached: set[int] = set()
    others: list[int] = []
    waiting = list(starts)
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
        if taken is None:
            waiting += body.after(step)
        else:
            behind = step.address + step.size
            others += [target for target in body.after(step) if taken is (target == behind)]
    return reached, others


def _word(image: Image, address: int) -> int:
    try:
        return int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return 0
