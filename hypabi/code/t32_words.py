"""How words of T32 read: their size, and where their branches go.

An instruction of four bytes is a word with its first halfword above.  DDI 0406C, A6.1 (sizes),
A8.8.18 (B) and A8.8.25 (BL).
"""

from typing import Final

LONG: Final = 0xE800
"""The least first halfword of an instruction of four bytes."""


def read_t32(content: bytes | memoryview, at: int) -> tuple[int, int] | None:
    """Return the instruction at an offset and its size in bytes, ``None`` where the code ends."""
    first = content[at : at + 2]
    if len(first) < 2:
        return None
    half = int.from_bytes(first, "little")
    if half < LONG:
        return half, 2
    second = content[at + 2 : at + 4]
    return (half << 16 | int.from_bytes(second, "little"), 4) if len(second) == 2 else None


def call_target(word: int, place: int) -> int | None:
    """Return where a BL goes, ``None`` of any other instruction."""
    return _far(word, place) if word & 0xF800D000 == 0xF000D000 else None


def branch_target(word: int, place: int) -> int | None:
    """Return where an unconditional B goes, ``None`` of any other instruction."""
    if word >> 11 == 0b11100:
        return place + 4 + _signed(word << 1, 12)
    return _far(word, place) if word & 0xF800D000 == 0xF0009000 else None


def conditional_target(word: int, place: int) -> int | None:
    """Return where a branch with a condition goes (B, CBZ, CBNZ), ``None`` of any other."""
    if word >> 12 == 0b1101 and word >> 8 & 15 < 14:
        return place + 4 + _signed(word << 1, 9)
    if word & ~0xFFFF == 0 and word & 0xF500 == 0xB100:
        return place + 4 + ((word >> 9 & 1) << 6 | (word >> 3 & 31) << 1)
    if word & 0xF800D000 == 0xF0008000 and word >> 22 & 15 < 14:
        high = (word >> 26 & 1) << 20 | (word >> 11 & 1) << 19 | (word >> 13 & 1) << 18
        return place + 4 + _signed(high | (word >> 16 & 0x3F) << 12 | (word & 0x7FF) << 1, 21)
    return None


def _far(word: int, place: int) -> int:
    sign = word >> 26 & 1
    top = (word >> 13 & 1 ^ sign ^ 1) << 23 | (word >> 11 & 1 ^ sign ^ 1) << 22
    return place + 4 + (top | (word >> 16 & 0x3FF) << 12 | (word & 0x7FF) << 1) - (sign << 24)


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (value >> bits - 1 << bits)
