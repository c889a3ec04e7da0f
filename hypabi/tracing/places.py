"""Where the image lies while it runs: which of its places an address of a running kernel is.

Code has several addresses (physical, the kernel's, EL2's), and each is the link address and a
*slide*.  A slide is learned from bytes that were recognised, from the first crossing, or from the
one ``hvc`` of the image that fits an address; what fits several places is not named.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.image.model import Access, Image, ImageError, Loaded, Role
from hypabi.image.symbolizer import Places
from hypabi.machine.crossing import Instruction

GRANULE: Final = 0x10000
"""A kernel lies at its link address modulo this, wherever KASLR or a boot loader puts it."""
MOST_SLIDES: Final = 64
PAGE: Final = 0x1000
CALL: Final = 4
"""Bytes of a call, which may be the last instruction of its function."""
SIGNED: Final = 0xFFFF << 48
"""Bits of a kernel's address that may hold a code; all are set where none does."""


class Placement:
    """What is known of where the programs of a file lie."""

    def __init__(self, loaded: Loaded) -> None:
        self._images = loaded.images
        self._names = Places(loaded)
        self._mask = (1 << loaded.images[-1].architecture.bits) - 1
        self._slides: dict[int, None] = {}
        self._recognised: dict[int, int] = {}

    def recognise(self, address: int, link: int) -> None:
        """Take note that the bytes at an address are those of the image at another."""
        self._recognised[address] = link
        self._learn(address - link)

    def assume(self, address: int, link: int) -> bool:
        """Take an address for that of the image, where one can be the other; return whether."""
        if self._slides or (address - link) % GRANULE:
            return False
        self._recognised[address] = link
        self._learn(address - link)
        return True

    def _learn(self, slide: int) -> None:
        if len(self._slides) < MOST_SLIDES:
            self._slides[slide & self._mask] = None

    def links(self, address: int) -> Iterator[int]:
        """Yield the addresses of the image that an address can be, what was recognised first."""
        if address in self._recognised:
            yield self._recognised[address]
            return
        for slide in self._slides:
            link = address - slide & self._mask
            if any(image.segment(link) is not None for image in self._images):
                yield link

    def addresses(self, link: int) -> Iterator[int]:
        """Yield the addresses at which a place of the image was seen to be, or has to be."""
        seen = [address for address, of in self._recognised.items() if of == link]
        yield from reversed(seen)
        if not seen:
            yield from (link + slide & self._mask for slide in self._slides)

    def same(self, link: int, address: int) -> bool | None:
        """Tell whether an address is that place of the image; ``None`` where that is not known.

        A pointer of the image that the kernel converts for EL2 has another slide there, which is
        learned when a crossing shows what lies at it.
        """
        if not any(image.segment(link) is not None for image in self._images):
            return False
        if address in self._recognised:
            return self._recognised[address] == link
        if any((address - slide) & self._mask == link for slide in self._slides):
            return True
        return None if (address - link) % PAGE == 0 else False

    def slide(self, address: int, link: int) -> int:
        """Return how far an address is from its place in the image."""
        return address - link & self._mask

    def site(self, address: int, instruction: Instruction, immediate: int | None) -> int | None:
        """Return the place in the image of an instruction that crossed, ``None`` for not known."""
        for link in self.links(address):
            if self._is_call(link, instruction, immediate):
                return link
        if self._is_call(address, instruction, immediate):  # nothing was moved
            self._learn(0)
            return address
        fitting = [
            link
            for link in self._calls.get((instruction, immediate), ())
            if (address - link) % GRANULE == 0
        ]
        if len(fitting) != 1:
            return None
        self._learn(address - fitting[0])
        return fitting[0]

    def name(self, link: int) -> str:
        """Return symbol and offset of a place; a decompressor carries no symbols."""
        if self.function(link) is None:
            for image in self._images:
                if image.segment(link) is not None and image.role is Role.DECOMPRESSOR:
                    return f"{image.role.value}+{link:#x}"
        return self._names.name(link)

    def name_of_return(self, address: int) -> str:
        """Return symbol and offset of where a function goes on behind a call, by the call."""
        for each in (address, self._without_signature(address)):
            for link in self.links(each - CALL):
                name, offset = self._names.around(link)
                return f"{name}+{offset + CALL:#x}" if name else self.name(link + CALL)
        return f"{address:#x}"

    def _without_signature(self, address: int) -> int:
        """Return a kernel's address without its pointer authentication code (DDI 0487, D8.10.2)."""
        return address | SIGNED if address >> 55 & 1 else address

    def start(self, link: int) -> int | None:
        """Return where the function around a place begins."""
        name, offset = self._names.around(link)
        return link - offset if name else None

    def pushes(self, start: int, end: int) -> bool:
        """Tell whether the instructions between two places store x29 and x30 on the stack."""
        for image in self._images:
            if image.segment(start) is None:
                continue
            content = image.read(start, end - start)
            words = (int.from_bytes(content[n : n + 4], "little") for n in range(0, end - start, 4))
            # DDI 0487, C6.2.396, STP: x29 and x30 relative to sp, with and without write-back.
            return any(word & 0xFE407FFF == 0xA8007BFD for word in words)
        return False

    def function(self, link: int) -> str | None:
        """Return the symbol before a place."""
        return self._names.around(link)[0] or None

    def _is_call(self, link: int, instruction: Instruction, immediate: int | None) -> bool:
        for image in self._images:
            if image.segment(link) is None:
                continue
            try:
                word = int.from_bytes(image.read(link, 4), "little")
            except ImageError:
                return False
            return _calls(image, word, instruction, immediate)
        return False

    @cached_property
    def _calls(self) -> Mapping[tuple[Instruction, int | None], tuple[int, ...]]:
        """Where the A64 words stand that make calls; those of A32 are only looked at in place."""
        found: dict[tuple[Instruction, int | None], list[int]] = {}
        for image in self._images:
            if image.architecture is Architecture.ARM64:
                for link, instruction, immediate in _words(image):
                    found.setdefault((instruction, immediate), []).append(link)
        return {key: tuple(links) for key, links in found.items()}


_KINDS: Final = {2: Instruction.HVC, 3: Instruction.SMC}
"""Low five bits of HVC and SMC (DDI 0487, C6.2.132, C6.2.359)."""


def _words(image: Image) -> Iterator[tuple[int, Instruction, int]]:
    """Yield where an A64 ``hvc`` or ``smc`` stands, and its immediate."""
    for segment in image.segments:
        if segment.access is not Access.CODE:
            continue
        content = bytes(segment.content)
        at = content.find(b"\xd4")
        while at >= 0:
            start = at - 3
            if start >= 0 and (segment.address + start) % 4 == 0:
                word = int.from_bytes(content[start : at + 1], "little")
                kind = _KINDS.get(word & 0x1F)
                if word >> 21 == 0x6A0 and kind is not None:
                    yield segment.address + start, kind, word >> 5 & 0xFFFF
            at = content.find(b"\xd4", at + 1)


def _calls(image: Image, word: int, instruction: Instruction, immediate: int | None) -> bool:
    if image.architecture is Architecture.ARM64:
        same = immediate in (None, word >> 5 & 0xFFFF)
        return word >> 21 == 0x6A0 and _KINDS.get(word & 0x1F) is instruction and same
    if instruction is Instruction.HVC:
        # DDI 0406C, B9.3.4: A1 cond 00010100 imm12 0111 imm4; T1 111101111110 imm4 1000 imm12.
        return word & 0x0FF000F0 == 0x01400070 or word & 0xF000FFF0 == 0x8000F7E0
    return word & 0x0FFFFFF0 == 0x01600070 or word & 0xFFFFFFF0 == 0x8000F7F0
