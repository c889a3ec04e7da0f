"""Which words of A64's system class are allocated (Arm ARM DDI 0487, C4.1.87 and D19.2).

Hints are not judged here: what has no name among them is a NOP, which the overlay refuses.
"""

from hypabi.arch.aarch64_access import (
    ABOVE_EL2,
    WITHOUT_OPERAND,
    refused_read,
    refused_write,
)
from hypabi.arch.aarch64_system import SYSTEM_OPERATIONS
from hypabi.lifter.overlay import a64

XZR = 31


def refused_system(word: int) -> str | None:
    """Return why a word from ``0xD5`` on has no meaning, ``None`` where it may have one."""
    if word >> 22 & 3:
        return "UNDEFINED: an encoding that is not allocated"
    op0, op1 = word >> 19 & 3, word >> 16 & 7
    if op0 >= 2:
        name = a64.system_register(word)
        return refused_read(name, op1) if word >> 21 & 1 else refused_write(name, op1)
    return _operation(word, op1) if op0 else _immediate(word)


def _operation(word: int, op1: int) -> str | None:
    name = SYSTEM_OPERATIONS.get(word >> 5 & 0xFFFF)
    if name is None or word >> 21 & 1:
        return "UNDEFINED, or an extension: a system operation without a name"
    if op1 in ABOVE_EL2:
        return f"UNDEFINED: {name} below EL3"
    if WITHOUT_OPERAND.fullmatch(name) and word & 0x1F != XZR:
        return f"CONSTRAINED UNPREDICTABLE: {name} with an operand"
    return None


def _immediate(word: int) -> str | None:
    """MSR (immediate) of one bit, and barriers whose CRm is no option."""
    crn, crm, op2 = word >> 12 & 0xF, word >> 8 & 0xF, word >> 5 & 7
    field = a64.PSTATE_IMMEDIATE.get((word >> 16 & 7, op2), "")
    if crn == 4 and crm > 1 and not field.startswith("DAIF"):
        return "UNDEFINED, or an extension: MSR (immediate) of more than the field has"
    # DSB with nXS (op2 = 1) has its option in CRm<3:2> before 0b10; SB has 0b0000 for CRm.
    if crn == 3 and ((op2 == 1 and crm & 3 != 2) or (op2 == 7 and crm)):
        return "CONSTRAINED UNPREDICTABLE: a bit of a barrier that should be zero is not"
    return None
