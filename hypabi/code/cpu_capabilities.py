"""Which number a CPU capability has in an image.

The numbers are made anew by every build (arch/arm64/tools/gen-cpucaps.awk).  An image tells them
itself: ``struct arm64_cpu_capabilities`` starts with a pointer to a description and the number.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Access, Image, ImageError, Segment

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "ARM64_HAS_VIRT_HOST_EXTN": "Virtualization Host Extensions",
    "ARM64_KVM_HVHE": "VHE for hypervisor only",
    "ARM64_KVM_PROTECTED_MODE": "Protected KVM",
}
"""What the kernel prints of a capability (arch/arm64/kernel/cpufeature.c)."""

ALWAYS_DESCRIBED: Final = "ARM64_HAS_VIRT_HOST_EXTN"
"""A capability that every kernel with KVM describes."""

MOST_CAPABILITIES: Final = 1024
MOST_PLACES: Final = 64
"""Strings and pointers looked at for one capability."""


class Capabilities:
    """The numbers that an image gives to capabilities, looked up when asked for."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._found: dict[str, int | None] = {}

    def number(self, name: str) -> int | None:
        """Return the number of a capability, ``None`` where the image does not tell it once."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def lacks(self, name: str) -> bool:
        """Return whether the kernel has no such capability: it describes others, and not this."""
        witness = self.number(ALWAYS_DESCRIBED)
        description = DESCRIPTIONS.get(name)
        if witness is None or description is None:
            return False
        return not any(_places(self._data(), description.encode()))

    def known(self) -> Mapping[str, int]:
        """Return what was asked for and found."""
        return {name: n for name, n in sorted(self._found.items()) if n is not None}

    def _look_up(self, name: str) -> int | None:
        description = DESCRIPTIONS.get(name)
        if description is None or self._image.architecture is not Architecture.ARM64:
            return None
        data = self._data()
        needle = b"\0" + description.encode() + b"\0"
        numbers = {
            number
            for text in _places(data, needle)
            for place in _pointers(self._image, data, text + 1)
            if (number := _number(self._image, place + 8)) is not None
        }
        return numbers.pop() if len(numbers) == 1 else None

    def _data(self) -> list[tuple[Segment, bytes]]:
        return [(s, bytes(s.content)) for s in self._image.segments if _holds_data(s)]


def _holds_data(segment: Segment) -> bool:
    return segment.access is not Access.CODE


def _places(data: list[tuple[Segment, bytes]], needle: bytes) -> Iterator[int]:
    """Yield the addresses at which some bytes stand, a bounded number of them."""
    left = MOST_PLACES
    for segment, content in data:
        position = content.find(needle)
        while position >= 0 and left > 0:
            yield segment.address + position
            left -= 1
            position = content.find(needle, position + 1)


def _pointers(image: Image, data: list[tuple[Segment, bytes]], target: int) -> Iterator[int]:
    """Yield the addresses that hold ``target``, in the file or once the kernel relocated itself."""
    yield from image.fixups.places_of(target)
    order = "little" if image.byte_order is ByteOrder.LITTLE else "big"
    yield from _places(data, target.to_bytes(8, order))  # type: ignore[arg-type]


def _number(image: Image, address: int) -> int | None:
    try:
        content = image.read(address, 2)
    except ImageError:
        return None
    order = "little" if image.byte_order is ByteOrder.LITTLE else "big"
    number = int.from_bytes(content, order)  # type: ignore[arg-type]
    return number if number < MOST_CAPABILITIES else None
