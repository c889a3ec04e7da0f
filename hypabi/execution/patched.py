"""Replacements: what becomes of an instruction that the kernel copies over another.

arch/arm64/kernel/alternative.c: branches and ADRP are given a new offset, everything else is copied
as it is.
"""

from typing import Final

from hypabi.code.instruction import Instruction, Opcode
from hypabi.code.patches import PatchSite

ADR: Final = (0x9F000000, 0x10000000)
LOAD_LITERAL: Final = (0x3B000000, 0x18000000)
"""As mask and value (DDI 0487, C4.1).  ADRP is not among them: the kernel gives it a new offset."""


def reads_its_place(instruction: Instruction) -> bool:
    """Return whether a replacement would do something else where the kernel copies it to."""
    word = int.from_bytes(instruction.bytes, "little")
    return any(word & mask == value for mask, value in (ADR, LOAD_LITERAL))


def is_direct(instruction: Instruction) -> bool:
    """Return whether an instruction holds the target of its branch."""
    return any(op.opcode in (Opcode.BRANCH, Opcode.CBRANCH, Opcode.CALL) for op in instruction.ops)


def moved(sites: tuple[PatchSite, ...], target: int, where: int, address: int) -> int:
    """Return where a branch of a replacement goes once it is copied over the original.

    The kernel aims it anew unless it stays within its replacement, the end of which is the end of
    the site.

    :param where: the branch stands in the replacement
    :param address: it is executed
    """
    for site in sites:
        if site.replacement <= target <= site.replacement + site.size:
            return address + target - where
    return target
