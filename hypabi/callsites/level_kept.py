"""Where a function keeps in a register whether it runs at EL1, and branches on that later.

A data flow over A64 code: a register that is not 0 only where the kernel runs at EL1, since it was
set by ``mrs xN, CurrentEL; cmp; cset`` or to 0 on every way, or is the AND of such a one and
another.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.callsites.data_flow import behind_call, data_flow
from hypabi.code import register_usage
from hypabi.code.function_body import CALLS, A64Body, Body, Step

EL1: Final = 4
"""CurrentEL at EL1: bits 3:2 hold the level (DDI 0487, C5.2.1)."""
EL2: Final = 8
CURRENT_EL: Final = 0xD5384240
COMPARE: Final = 0xF100001F
NEAR: Final = 6
"""Instructions before a condition in which what it asks is looked for."""
CSET: Final = (0x7FFF0FE0, 0x1A9F07E0)
"""CSINC of zero and zero (DDI 0487, C6.2.105), whose condition is the inverse of CSET's."""
AND: Final = (0x7F200000, 0x0A000000)
AND_IMMEDIATE: Final = (0x7F800000, 0x12000000)
MOVE: Final = (0x7FE0FFE0, 0x2A0003E0)
MOVE_ZERO: Final = (0x7FFFFFE0, 0x52800000)
COMPARE_AND_BRANCH: Final = (0x7E000000, 0x34000000)
TEST_AND_BRANCH: Final = (0x7EF80000, 0x36000000)
"""TBZ and TBNZ of bit 0."""
NOT_ZERO: Final = 1 << 24
"""Tells CBNZ and TBNZ from CBZ and TBZ."""


class Kept(enum.Enum):
    """What is known of a register."""

    ZERO = "zero"
    ONLY_AT_EL1 = "not zero only at EL1"


Known = Mapping[int, Kept]
"""By number of the general register, those of which something is known."""


def asked_at(body: Body, condition: int) -> int | None:
    """Return what CurrentEL is compared with where flags are looked at, ``None`` for other flags.

    :param condition: address of the instruction that looks at them
    """
    register, compared = None, 0
    for address in range(condition - 4, max(body.start, condition - 4 * NEAR) - 1, -4):
        before = body.step(address).word
        if register is None:
            if before & 0xFFC0001F != COMPARE:
                continue
            register, compared = before >> 5 & 31, before >> 10 & 0xFFF
        elif before & ~31 == CURRENT_EL & ~31 and before & 31 == register:
            return compared
    return None


def kept_levels(body: A64Body) -> Mapping[int, Known]:
    """Return what is known of registers before each instruction that flow reaches."""

    def onward(step: Step, known: Known) -> Iterator[tuple[int, Known]]:
        behind = _behind(body, step, known)
        return ((target, behind) for target in body.after(step))

    return data_flow(body, {}, onward, _met) or {}


def only_at_el1(step: Step, known: Known) -> bool | None:
    """Tell whether it is the taken edge of a branch that is at EL1 alone; ``None`` if neither is.

    :param known: before the branch
    """
    word = step.word
    for mask, value in (COMPARE_AND_BRANCH, TEST_AND_BRANCH):
        if word & mask == value and known.get(word & 31) is Kept.ONLY_AT_EL1:
            return bool(word & NOT_ZERO)
    return None


def _behind(body: A64Body, step: Step, known: Known) -> Known:
    if step.kind in CALLS:
        return behind_call(known)
    if step.uses is None:
        return {}
    written = register_usage.numbers(step.uses.writes)
    made = _made(body, step, known) if len(written) == 1 else None
    behind = {number: kept for number, kept in known.items() if number not in written}
    return behind if made is None else {**behind, written[0]: made}


def _made(body: A64Body, step: Step, known: Known) -> Kept | None:
    word = step.word
    if word & CSET[0] == CSET[1]:
        return _of_flags(body, step)
    if word & MOVE_ZERO[0] == MOVE_ZERO[1]:
        return Kept.ZERO
    if word & MOVE[0] == MOVE[1]:
        return Kept.ZERO if word >> 16 & 31 == 31 else known.get(word >> 16 & 31)
    sources: tuple[int, ...] = ()
    if word & AND[0] == AND[1]:
        sources = (word >> 5 & 31, word >> 16 & 31)
    elif word & AND_IMMEDIATE[0] == AND_IMMEDIATE[1]:
        sources = (word >> 5 & 31,)
    held = {known.get(number) for number in sources} - {None}
    return Kept.ZERO if Kept.ZERO in held else Kept.ONLY_AT_EL1 if held else None


def _of_flags(body: A64Body, step: Step) -> Kept | None:
    condition = step.word >> 12 & 15
    compared = asked_at(body, step.address)
    is_equal, is_different = condition == 1, condition == 0
    told = (compared == EL1 and is_equal) or (compared == EL2 and is_different)
    return Kept.ONLY_AT_EL1 if told else None


def _met(one: Known, other: Known) -> Known:
    both = one.keys() & other.keys()
    return {n: one[n] if one[n] is other[n] else Kept.ONLY_AT_EL1 for n in both}
