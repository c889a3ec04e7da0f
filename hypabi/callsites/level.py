"""Whether a call path runs at EL2 or HYP: by what is UNDEFINED below, or by a branch on CurrentEL.

An ``hvc`` that is issued there enters the slots of the level itself, and not the one for calls from
below (DDI 0487, D1.3.1.4; DDI 0406C, B1.8.1: at HYP the hypervisor call vector of its own).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code.function_body import Body, Step
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


def _word(image: Image, address: int) -> int:
    try:
        return int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return 0
