"""The addresses that code of a program writes into the vector base of EL2 or HYP.

A table of a small hypervisor may have slots that are data, or that nothing fills up, so that its
shape says nothing; what makes it one is that its address goes into VBAR_EL2 or HVBAR.  Only an
address that a few instructions make in front of the write is told: by ADR, ADRP and ADD, a literal,
MOVW and MOVT, or in A32 a word of the global offset table.

Encodings: DDI 0487 C6.2 (MSR, ADR, ADRP, ADD, LDR literal, MOV) and DDI 0406C A8.8 (MCR, ADR, LDR
literal, MOVW, MOVT, MOV) with B3.17 (HVBAR).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.image.model import Access, Image, ImageError, Segment

NEAR: Final = 32
"""Instructions in front of the write within which the address is made."""
MOST: Final = 256
"""Writes of a program that are looked at."""
WRITES: Final = {
    Architecture.ARM64: (re.compile(rb"[\x00-\x1f]\xc0\x1c\xd5"), 0xFFFFFFE0, 0xD51CC000),
    Architecture.ARM: (re.compile(rb"\x10[\x0f-\xef]\x8c\xee"), 0xFFFF0FFF, 0xEE8C0F10),
}
"""Of MSR VBAR_EL2 and MCR HVBAR: their bytes, what is fixed, and how."""

KEPT_A64: Final = range(19, 29)
KEPT_A32: Final = range(4, 12)
"""Registers that a call keeps (AAPCS)."""

_Known = dict[int, int]
"""What registers are known to hold, by number."""


def installed_bases(image: Image) -> frozenset[int]:
    """Return the addresses that code makes and writes into the vector base, in A64 or A32."""
    return frozenset(_bases(image))


def _bases(image: Image) -> Iterator[int]:
    a64 = image.architecture is Architecture.ARM64
    step = _step_a64 if a64 else _step_a32
    left = MOST
    for segment in image.segments:
        for at, register in _writes(segment, image.architecture):
            left -= 1
            if left < 0:
                return
            found = _made_before(image, segment, at, step).get(register)
            if found is not None:
                yield found


def _writes(segment: Segment, architecture: Architecture) -> Iterator[tuple[int, int]]:
    """Yield the offset of each write, and the number of the register that it writes from."""
    pattern, mask, wanted = WRITES[architecture]
    content = segment.content if segment.access is Access.CODE else b""
    for match in pattern.finditer(content):
        at = match.start()
        word = int.from_bytes(content[at : at + 4], "little")
        if (segment.address + at) % 4 == 0 and word & mask == wanted:
            yield at, word & 31 if architecture is Architecture.ARM64 else word >> 12 & 15


def _made_before(
    image: Image, segment: Segment, at: int, step: Callable[[Image, int, int, _Known], None]
) -> _Known:
    known: _Known = {}
    for place in range(max(at % 4, at - 4 * NEAR), at, 4):
        word = int.from_bytes(segment.content[place : place + 4], "little")
        step(image, word, segment.address + place, known)
    return known


def _step_a64(image: Image, word: int, place: int, known: _Known) -> None:
    to, of = word & 31, word >> 5 & 31
    made: int | None = None
    if word & 0x1F000000 == 0x10000000:  # ADR, ADRP
        distance = _signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
        made = (place & -4096) + (distance << 12) if word >> 31 else place + distance
    elif word & 0xFFC00000 == 0x91000000:  # ADD (immediate)
        made = known[of] + (word >> 10 & 0xFFF) if of in known else None
    elif word & 0xFF000000 == 0x58000000:  # LDR (literal)
        made = _held(image, place + _signed((word >> 5 & 0x7FFFF) << 2, 21), 8)
    elif word & 0xFFE0FFE0 == 0xAA0003E0:  # MOV (register)
        made = known.get(word >> 16 & 31)
    elif word >> 26 == 0x25:  # BL
        _call(known, KEPT_A64)
        return
    elif _goes_elsewhere_a64(word):
        known.clear()
        return
    known.pop(to, None)
    if made is not None:
        known[to] = made


def _goes_elsewhere_a64(word: int) -> bool:
    """Tell whether a word is B, BL, BR, BLR, RET, ERET, or makes an exception."""
    return word & 0x7C000000 == 0x14000000 or word >> 25 == 0x6B or word >> 24 == 0xD4


def _step_a32(image: Image, word: int, place: int, known: _Known) -> None:
    if word & 0x0F000000 == 0x0B000000:  # BL
        _call(known, KEPT_A32)
    elif word & 0x0E000000 == 0x0A000000 or word & 0x0FFFFFC0 == 0x012FFF00:  # B, BX, BLX
        known.clear()
    else:
        made = _made_by_a32(image, word, place, known)
        for register in _written_by_a32(word):
            known.pop(register, None)
        if made is not None:
            known[word >> 12 & 15] = made


def _made_by_a32(image: Image, word: int, place: int, known: _Known) -> int | None:
    """Return the number that an instruction makes, ``None`` where that is not told."""
    immediate = (word >> 4 & 0xF000) | word & 0xFFF
    if word & 0xFFF00000 == 0xE3000000:  # MOVW
        return immediate
    if word & 0xFFF00000 == 0xE3400000:  # MOVT
        low = known.get(word >> 12 & 15)
        return None if low is None else low & 0xFFFF | immediate << 16
    if word & 0xFFFF0FF0 == 0xE1A00000:  # MOV (register)
        return known.get(word & 15)
    if word & 0xFF7F0000 == 0xE51F0000:  # LDR (literal)
        distance = word & 0xFFF if word & 0x00800000 else -(word & 0xFFF)
        return _held(image, place + 8 + distance, 4)
    return _from_place_a32(image, word, place, known)


def _from_place_a32(image: Image, word: int, place: int, known: _Known) -> int | None:
    """Return the same of ADR, of what adds PC, and of a word of the global offset table."""
    if word & 0xFFFF0000 in (0xE28F0000, 0xE24F0000):  # ADR
        value, turn = word & 0xFF, 2 * (word >> 8 & 15)
        distance = (value >> turn | value << 32 - turn) & 0xFFFFFFFF
        return place + 8 + (distance if word & 0x00800000 else -distance)
    base, index = known.get(word >> 16 & 15), known.get(word & 15)
    if word & 0xFFFF0FF0 == 0xE08F0000 and index is not None:  # ADD (register) of PC
        return index + place + 8
    if word & 0xFFF00FF0 == 0xE7900000 and base is not None and index is not None:  # LDR (register)
        return _held(image, base + index & 0xFFFFFFFF, 4)
    return None


def _written_by_a32(word: int) -> Iterator[int]:
    """Yield the registers that an instruction may write, and maybe some more."""
    yield word >> 12 & 15
    if word & 0x0E000000 == 0x08000000:  # LDM
        yield from (register for register in range(16) if word >> register & 1)
    if word & 0x0C000000 == 0:  # multiplication has its result there
        yield word >> 16 & 15


def _call(known: _Known, kept: range) -> None:
    for register in [each for each in known if each not in kept]:
        del known[register]


def _held(image: Image, address: int, size: int) -> int | None:
    """Return a literal, ``None`` where the image holds none that stays."""
    segment = image.segment(address)
    if segment is None or segment.access is Access.WRITABLE:
        return None
    try:
        return int.from_bytes(image.read(address, size), image.byte_order.value)
    except ImageError:
        return None


def _signed(value: int, bits: int) -> int:
    return value - (value >> bits - 1 << bits)
