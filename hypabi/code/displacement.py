"""The word of memory by which EL2 text knows how far it runs from its link address.

KVM's text at EL2 runs at a hypervisor address and, while it turns the MMU off, at its physical one.
The way from one to the other is one word: ``hyp_physvirt_offset`` is added (arm64 since 5.11,
__hyp_pa), ``kimage_voffset`` is subtracted (arm64 to 5.10, arm: kimg_pa).  A kernel whose symbols
do not name data is told by its code: the word that most of its EL2 text uses so.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.code.a64_words import formed_address, is_adrp
from hypabi.image.model import Access, Image, ImageError
from hypabi.image.script_regions import script_region

SIGNS: Final = {
    "hyp_physvirt_offset": "+",
    "__kvm_nvhe_hyp_physvirt_offset": "+",
    "kimage_voffset": "-",
}
PAGE: Final = 0x1000
"""A displacement is a multiple of this: text is mapped by pages."""
TEXT: Final = (("__hyp_idmap_text_start", "__hyp_idmap_text_end"),
               ("__hyp_text_start", "__hyp_text_end"))  # fmt: skip
"""Where the EL2 text of a kernel lies (vmlinux.lds.S): what runs identity-mapped, and all else."""
MOST_TEXT: Final = 1 << 20
"""Bytes of EL2 text that are searched."""
MOST_BEFORE: Final = 1 << 19
"""Bytes of the kernel's code in front of it that are searched where EL2 text does not tell."""
FEWEST: Final = 2
"""Uses that tell a displacement from a word that is added once."""
MOST_ARM: Final = 16 << 20
"""Bytes of A32 code that are searched."""
JUMPS: Final = ((0x0FFFFFF0, 0x012FFF10), (0x0FFFFFF0, 0x01A0F000))
"""BX, and MOV (register) to PC, on any condition; their second and third byte is looked for."""
LR: Final = 14
"""By which functions return: no jump to an address of theirs."""
NEAR: Final = 5
"""Instructions within which an address is made, loaded from, and added or subtracted."""


def displacement(image: Image) -> Callable[[int, str], bool]:
    """Return a function that tells whether the word at an address, with a sign, is the one."""

    @cache
    def named() -> frozenset[tuple[int, str]]:
        return frozenset(
            (symbol.address, sign)
            for name, sign in SIGNS.items()
            for symbol in image.symbols.find(name)
        )

    @cache
    def used() -> tuple[int, str] | None:
        return _of_arm(image) if image.architecture is Architecture.ARM else _most_used(image)

    def tells(address: int, sign: str) -> bool:
        return (address, sign) in named() if named() else (address, sign) == used()

    return tells


def identity_mapped(image: Image) -> Callable[[int], bool | None]:
    """Return a function that tells whether code belongs to the text that runs where it lies.

    It returns ``None`` where the image does not say where that text is.
    """

    @cache
    def bounds() -> tuple[tuple[int, int], ...]:
        return script_region(image, TEXT[0])

    def tells(address: int) -> bool | None:
        return any(start <= address < end for start, end in bounds()) if bounds() else None

    return tells


def _most_used(image: Image) -> tuple[int, str] | None:
    """Return the word that EL2 text adds or subtracts most often, if there is one such.

    Where two are used as often, code of the kernel in front of it tells.
    """
    found: Counter[tuple[int, str]] = Counter()
    first = None
    for start, end in _text(image):
        first = start if first is None else min(first, start)
        found.update(_sites(image, start, end))
    ranked = found.most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1] and first is not None:
        before = image.segment(first)
        start = first - MOST_BEFORE if before is None else max(before.address, first - MOST_BEFORE)
        around = Counter(_sites(image, start, first))
        found = Counter({word: around[word] for word in found})
        ranked = found.most_common(2)
    unique = len(ranked) == 1 or (len(ranked) > 1 and ranked[0][1] > ranked[1][1])
    return ranked[0][0] if unique and ranked[0][1] >= FEWEST else None


def _sites(image: Image, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield each word that A64 code loads from a fixed address and adds or subtracts, and how.

    ADRP, LDR (immediate) of 64 bits, ADD or SUB (shifted register): DDI 0487, C4.1.
    """
    try:
        words = _little(image.read(start, (end - start) // 4 * 4))
    except ImageError:
        return
    for index, word in enumerate(words):
        page = formed_address(word, start + 4 * index) if is_adrp(word) else None
        if page is not None:
            found = _used_after(words[index + 1 : index + 2 * NEAR], word & 31, page)
            if found is not None:
                yield found


def _little(content: bytes) -> Sequence[int]:
    words = array("I", content)
    if sys.byteorder != "little":
        words.byteswap()  # instructions are little-endian in every image
    return words


def _used_after(words: Sequence[int], register: int, page: int) -> tuple[int, str] | None:
    for index, word in enumerate(words[:NEAR]):
        if word & 0xFFC00000 == 0xF9400000 and word >> 5 & 31 == register:
            address, loaded = page + (word >> 10 & 0xFFF) * 8, word & 31
            for other in words[index + 1 : index + NEAR]:
                if other & 0xBFE0FC00 == 0x8B000000 and loaded in (
                    other >> 16 & 31,
                    other >> 5 & 31,
                ):
                    return address, "-" if other >> 30 & 1 else "+"
            return None
    return None


def _text(image: Image) -> Iterator[tuple[int, int]]:
    """Yield where EL2 text starts and ends; all code, where an image does not say and is small."""
    bounds = [image.symbols.find(name) for pair in TEXT for name in pair]
    if all(len(found) == 1 for found in bounds):
        start, end = bounds[0][0].address, bounds[-1][0].address
        if 0 < end - start <= MOST_TEXT:
            yield start, end
        return
    code = [each for each in image.segments if each.access is Access.CODE]
    if sum(len(segment.content) for segment in code) <= MOST_TEXT:
        for segment in code:
            yield segment.address, segment.address + len(segment.content)


def _of_arm(image: Image) -> tuple[int, str] | None:
    """Return the word that all A32 code subtracts from an address and branches to, if it is one.

    LDR (literal), LDR (immediate), SUB (register), and BX or MOV to PC: DDI 0406C, A8.8.
    """
    found: set[tuple[int, str]] = set()
    for segment in image.segments:
        if segment.access is not Access.CODE or len(segment.content) > MOST_ARM:
            continue
        content = bytes(segment.content)
        for at in _jumps(content):
            first = max(0, at - 8 * NEAR)
            words = _little(content[first:at])
            register = content[at] & 15
            address = _subtracted(words, register, segment.address + first, image)
            if address is not None:
                found.add((address, "-"))
    return found.pop() if len(found) == 1 else None


def _jumps(content: bytes) -> Iterator[int]:
    """Yield where A32 code jumps to the address in a register, but for LR."""
    for mask, value in JUMPS:
        middle = (value >> 8 & 0xFFFF).to_bytes(2, "little")
        at = content.find(middle)
        while at >= 0:
            word = int.from_bytes(content[at - 1 : at + 3], "little")
            if at % 4 == 1 and word & mask == value and word & 15 != LR:
                yield at - 1
            at = content.find(middle, at + 1)


def _subtracted(words: Sequence[int], register: int, start: int, image: Image) -> int | None:
    """Return where the word comes from that the last SUB to a register takes from it."""
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word & 0x0FE00FF0 == 0x00400000 and word >> 12 & 15 == register:
            taken = word & 15
            for place in range(index - 1, 0, -1):
                if words[place] & 0x0FFFFFFF == 0x05900000 | taken << 16 | taken << 12:
                    return _literal(words[:place], taken, start, image)
            return None
    return None


def _literal(words: Sequence[int], register: int, start: int, image: Image) -> int | None:
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word & 0x0F7FF000 == 0x051F0000 | register << 12:
            distance = word & 0xFFF if word >> 23 & 1 else -(word & 0xFFF)
            try:
                content = image.read(start + 4 * index + 8 + distance, 4)
            except ImageError:
                return None
            return int.from_bytes(content, image.byte_order.value)
    return None
