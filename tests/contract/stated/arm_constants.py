"""Constants that code makes by immediates, read by hand from the encodings of the Arm ARM.

Not our decoder: what it reads is not what the tests hold contracts against.
"""

from collections.abc import Iterator, Sequence

NEAR = 24
"""Instructions within which a constant is completed."""


def constants(words: Sequence[int], bits: int) -> Iterator[int]:
    """Yield what registers hold of immediates alone, in the order of the instructions."""
    return _of_a64(words) if bits == 64 else _of_a32(words)


def _of_a64(words: Sequence[int]) -> Iterator[int]:
    held: dict[int, tuple[int, int]] = {}
    for at, word in enumerate(words):
        register, shift = word & 31, 16 * (word >> 21 & 3)
        moved = (word >> 5 & 0xFFFF) << shift
        value, since = held.pop(register, (0, -NEAR))
        if word & 0x7F800000 == 0x52800000:  # MOVZ, DDI 0487 C6.2.226
            value = moved
        elif word & 0x7F800000 == 0x72800000 and at - since < NEAR:  # MOVK, C6.2.224
            value = value & ~(0xFFFF << shift) | moved
        elif word & 0x7F8003E0 == 0x320003E0:  # ORR of the zero register, C6.2.237
            value = bitmask(word)
        else:
            continue
        held[register] = (value, at)
        yield value


def bitmask(word: int) -> int:
    """Return the immediate of a logical instruction of A64 (DecodeBitMasks, DDI 0487 shared)."""
    high, rotate, ones = word >> 22 & 1, word >> 16 & 63, word >> 10 & 63
    length = (high << 6 | ~ones & 63).bit_length() - 1
    size = 1 << length
    ones, rotate = ones & size - 1, rotate & size - 1
    element = (1 << ones + 1) - 1
    element = (element >> rotate | element << size - rotate) & (1 << size) - 1
    width = 64 if word >> 31 else 32
    return sum(element << at for at in range(0, width, size))


def _of_a32(words: Sequence[int]) -> Iterator[int]:
    held: dict[int, tuple[int, int]] = {}
    for at, word in enumerate(words):
        register, half = word >> 12 & 15, word >> 4 & 0xF000 | word & 0xFFF
        value, since = held.pop(register, (0, -NEAR))
        if word & 0x0FF00000 == 0x03000000:  # MOVW, DDI 0406C A8.8.102 A2
            value = half
        elif word & 0x0FF00000 == 0x03400000 and at - since < NEAR:  # MOVT, A8.8.106
            value = value & 0xFFFF | half << 16
        elif word & 0x0FEF0000 == 0x03A00000:  # MOV, A8.8.102 A1
            rotate = 2 * (word >> 8 & 15)
            value = ((word & 0xFF) >> rotate | (word & 0xFF) << 32 - rotate) & 0xFFFFFFFF
        else:
            continue
        held[register] = (value, at)
        yield value
