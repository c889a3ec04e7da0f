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

MOST_CAPABILITIES: Final = 1024
MOST_PLACES: Final = 64
"""Strings and pointers looked at for one capability."""


def capability_numbers(image: Image) -> Mapping[str, int]:
    """Return the number of each capability in ``DESCRIPTIONS`` that the image describes once."""
    if image.architecture is not Architecture.ARM64:
        return {}
    data = [(segment, bytes(segment.content)) for segment in image.segments if _holds_data(segment)]
    found: dict[str, int] = {}
    for name, description in DESCRIPTIONS.items():
        needle = b"\0" + description.encode() + b"\0"
        numbers = {
            number
            for text in _places(data, needle)
            for place in _pointers(image, data, text + 1)
            if (number := _number(image, place + 8)) is not None
        }
        if len(numbers) == 1:
            found[name] = numbers.pop()
    return found


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
