"""Code as the kernel patches it: a replacement, copied over the original and aimed anew.

The kernel gives a branch that leaves its replacement a new offset, and an ADRP a new page; one that
stays within it keeps its offset (arch/arm64/kernel/alternative.c).  Encodings: DDI 0487, C4.1.
"""

from collections.abc import Callable

from hypabi.records import frozen
from hypabi.witness.model import Patched, WitnessError

Read = Callable[[int, int], bytes]


@frozen
class _Field:
    """A signed offset in an instruction word, in units of 4 bytes."""

    mask: int
    value: int
    low: int
    width: int


BRANCHES = (
    _Field(0x7C000000, 0x14000000, 0, 26),  # b, bl
    _Field(0xFE000000, 0x54000000, 5, 19),  # b.cond
    _Field(0x7E000000, 0x34000000, 5, 19),  # cbz, cbnz
    _Field(0x7E000000, 0x36000000, 5, 14),  # tbz, tbnz
)
ADRP = (0x9F000000, 0x90000000)
PLACE_BOUND = ((0x9F000000, 0x10000000), (0x3B000000, 0x18000000))
"""``adr`` and loads of a literal, as mask and value: the kernel refuses them in a replacement."""


def replacement(patched: Patched, read: Read) -> bytes:
    """Return what stands at the place of a patch once the kernel has applied it.

    :param read: bytes of the image where it runs
    :raises WitnessError: an instruction cannot be moved
    """
    content = read(patched.replacement, patched.size)
    words = (content[n : n + 4] for n in range(0, patched.size, 4))
    moved = (
        _moved(int.from_bytes(word, "little"), patched, 4 * index)
        for index, word in enumerate(words)
    )
    return b"".join(word.to_bytes(4, "little") for word in moved)


def _moved(word: int, patched: Patched, offset: int) -> int:
    here, there = patched.replacement + offset, patched.address + offset
    for field in BRANCHES:
        if word & field.mask == field.value:
            target = here + 4 * _signed(word >> field.low, field.width)
            if patched.replacement <= target <= patched.replacement + patched.size:
                return word
            return _with(word, field, (target - there) // 4, there)
    if word & ADRP[0] == ADRP[1]:
        return _page(word, here, there)
    if any(word & mask == value for mask, value in PLACE_BOUND):
        raise WitnessError(f"{here:#x}", "the instruction depends on where it stands")
    return word


def _with(word: int, field: _Field, value: int, there: int) -> int:
    if not -(1 << field.width - 1) <= value < 1 << field.width - 1:
        raise WitnessError(f"{there:#x}", "a replacement's branch does not reach its target")
    mask = (1 << field.width) - 1
    return word & ~(mask << field.low) | (value & mask) << field.low


def _page(word: int, here: int, there: int) -> int:
    offset = _signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
    page = ((here >> 12) + offset - (there >> 12)) & 0x1FFFFF
    return word & ~(0x7FFFF << 5 | 3 << 29) | page >> 2 << 5 | (page & 3) << 29


def _signed(value: int, width: int) -> int:
    value &= (1 << width) - 1
    return value - (value >> width - 1 << width)
