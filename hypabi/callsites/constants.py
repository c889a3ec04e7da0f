"""Read a constant off a way without running it: MOVZ, MOVK and ORR are how compilers make one.

Running a way over terms tells more and takes a hundred times longer.  Here an instruction that may
write the register in any other manner ends the search: the answer is the constant, or nothing.
"""

from collections.abc import Sequence
from typing import Final

from hypabi.code.function_body import A64Body, Kind

MOVZ: Final = 0x52800000
MOVK: Final = 0x72800000
WIDE: Final = 0x7F800000
"""The bits that tell the two from other instructions, of either width (DDI 0487, C4.1.92)."""
ORR: Final = 0x320003E0
OR_NOTHING: Final = 0x7F8003E0
"""ORR of the zero register and a bitmask, which assemblers print as MOV."""


def constant(body: A64Body, way: Sequence[int], register: int) -> int | None:
    """Return the constant that a general register holds at the end of a way, if it surely is one.

    :param way: addresses of the instructions, the last of which is not executed
    :param register: its number
    """
    kept: dict[int, int] = {}
    for address in reversed(way[:-1]):
        step = body.step(address)
        if body.is_patched(address) or step.kind not in (Kind.NEXT, Kind.BRANCH):
            return None
        word = step.word
        if word & 31 == register and word & WIDE in (MOVZ, MOVK):
            shift = 16 * (word >> 21 & 3)
            if not word >> 31:  # of a W register: the upper half becomes zero
                kept.setdefault(32, 0)
                kept.setdefault(48, 0)
            kept.setdefault(shift, word >> 5 & 0xFFFF)
            if word & WIDE == MOVZ:
                return sum(part << at for at, part in kept.items())
        elif word & 31 == register and word & OR_NOTHING == ORR:
            mask = bitmask(word)
            if mask is None:
                return None
            return sum(kept.get(at, mask >> at & 0xFFFF) << at for at in (0, 16, 32, 48))
        elif step.kind is Kind.NEXT and _may_write(word, register):
            return None
    return None


def bitmask(word: int) -> int | None:
    """Return the immediate of a logical instruction, ``None`` where it is reserved.

    DecodeBitMasks, DDI 0487 J1: a rotated run of ones, repeated to the width of the register.
    """
    wide, n, rotation, ones = word >> 31, word >> 22 & 1, word >> 16 & 63, word >> 10 & 63
    length = (n << 6 | ~ones & 63).bit_length() - 1
    if length < 1 or (n and not wide):
        return None
    size = 1 << length
    ones, rotation = ones & size - 1, rotation & size - 1
    if ones == size - 1:
        return None
    run = (1 << ones + 1) - 1
    element = (run >> rotation | run << size - rotation) & (1 << size) - 1
    return sum(element << at for at in range(0, 64 if wide else 32, size))


def _may_write(word: int, register: int) -> bool:
    """Tell whether a word may write a register, from where its classes keep the number."""
    group = word >> 25 & 0xF
    if group in (0b1000, 0b1001) or group & 0b0111 == 0b0101:  # data processing
        return word & 31 == register
    fields = (word & 31, word >> 5 & 31, word >> 10 & 31, word >> 16 & 31)
    return register in fields
