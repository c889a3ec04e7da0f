"""Replacements: what becomes of an instruction that the kernel copies over another.

arch/arm64/kernel/alternative.c: branches and ADRP are given a new offset, everything else is copied
as it is.
"""

import sys
from array import array
from typing import Final

from hypabi.code.alternatives import PatchSite
from hypabi.image.model import Image
from hypabi.lifter.instruction import Instruction, Opcode

ADR: Final = (0x9F000000, 0x10000000)
LOAD_LITERAL: Final = (0x3B000000, 0x18000000)
"""As mask and value (DDI 0487, C4.1).  ADRP is not among them: the kernel gives it a new offset."""

CONSTANT_WRITERS: Final = ("kvm_get_kimage_voffset",)
"""Kernel functions that turn four moves into one register's four moves of a number that they know.

arch/arm64/kvm/va_layout.c: MOVZ and three MOVK to the register that the first move there names.
"""
_WIDE_MOVES: Final = (0xD2800000, 0xF2A00000, 0xF2C00000, 0xF2E00000)
"""MOVZ and MOVK of 64 bits, with the halfword of each (DDI 0487, C6.2)."""
_WIDE_MOVE: Final = 0xFFE00000
XZR: Final = 31


def reads_its_place(instruction: Instruction) -> bool:
    """Return whether a replacement would do something else where the kernel copies it to."""
    word = int.from_bytes(instruction.bytes, "little")
    return any(word & mask == value for mask, value in (ADR, LOAD_LITERAL))


def is_direct(instruction: Instruction) -> bool:
    """Return whether an instruction holds the target of its branch."""
    return any(op.opcode in (Opcode.BRANCH, Opcode.CBRANCH, Opcode.CALL) for op in instruction.ops)


def is_plain_branch(instruction: Instruction) -> bool:
    """Return whether an instruction does nothing but branch, always and to the target it holds."""
    return [op.opcode for op in instruction.ops] == [Opcode.BRANCH]


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


def written_constant(image: Image, site: PatchSite) -> tuple[str, str] | None:
    """Return the function that fills in a number at a site, and the register that gets it.

    Whatever the number is, the register is all that changes: on a kernel that has not patched the
    site yet it is 0.  ``None`` where the function or the code there is another.
    """
    writer = next(
        (name for name in CONSTANT_WRITERS if _is_at(image, name, site.replacement)), None
    )
    if writer is None or not site.callback or site.size != 4 * len(_WIDE_MOVES):
        return None
    words = array("I", image.read(site.address, site.size))
    if sys.byteorder != "little":
        words.byteswap()  # A64 instructions are little-endian in every image
    if any(word & _WIDE_MOVE != move for word, move in zip(words, _WIDE_MOVES, strict=True)):
        return None
    registers = {word & 0x1F for word in words}
    if len(registers) > 1 or XZR in registers:
        return None
    return writer, f"x{registers.pop()}"


def _is_at(image: Image, name: str, address: int) -> bool:
    return any(symbol.address == address for symbol in image.symbols.find(name))
