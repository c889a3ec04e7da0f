"""A64 instruction words, as far as their bits alone tell where control goes and what they point at.

Encodings: DDI 0487, C4.1.  Instructions are little-endian in every image.
"""

from typing import Final

from hypabi.image.model import Image, ImageError

PAGE: Final = 0x1000
_ENDS: Final = ((0xFFFFFC1F, 0xD65F0000), (0xFFFFFC1F, 0xD61F0000), (0xFFFFFFFF, 0xD69F03E0))
"""RET, BR and ERET."""


def word_at(image: Image, address: int) -> int | None:
    """Return the instruction word at an address, ``None`` where the image has nothing."""
    try:
        return int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return None


def signed_field(word: int, low: int, size: int) -> int:
    """Return ``size`` bits of a word from bit ``low`` on, as a signed number."""
    field = word >> low & (1 << size) - 1
    return field - (field >> (size - 1) << size)


def branch_target(word: int, place: int) -> int | None:
    """Return where a branch or call at ``place`` goes whose word holds the distance."""
    if word & 0x7C000000 == 0x14000000:  # B, BL
        return place + 4 * signed_field(word, 0, 26)
    if word & 0x7E000000 == 0x34000000 or word & 0xFF000000 == 0x54000000:  # CBZ; B.cond
        return place + 4 * signed_field(word, 5, 19)
    if word & 0x7E000000 == 0x36000000:  # TBZ
        return place + 4 * signed_field(word, 5, 14)
    return None


def goes_on(word: int) -> bool:
    """Tell whether control may come to the next word: not behind B, BR, RET and ERET."""
    return word >> 26 != 0b000101 and not any(word & mask == ends for mask, ends in _ENDS)


def is_adrp(word: int) -> bool:
    """Tell whether a word is ADRP, which forms the address of a page."""
    return word & 0x9F000000 == 0x90000000


def formed_address(word: int, place: int) -> int | None:
    """Return the address that ADR or ADRP forms at ``place``, ``None`` of any other word."""
    if word & 0x1F000000 != 0x10000000:
        return None
    distance = signed_field(word, 5, 19) << 2 | word >> 29 & 3
    return (place & -PAGE) + PAGE * distance if is_adrp(word) else place + distance
