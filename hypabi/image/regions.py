"""Tell what the running kernel may write from what it may not.

Only what can be shown to be code or read-only is called so; everything else is writable.  What shows
it is the kernel's linker script (arch/*/kernel/vmlinux.lds.S, include/asm-generic/vmlinux.lds.h),
whose boundary symbols kallsyms holds in part: all of them with KALLSYMS_ALL, otherwise only those of
code.  Without them the place of the kallsyms tables helps: they come from ``.rodata`` of the object
linked last, and ``RO_DATA`` puts ``*(.rodata)`` first, so nothing between ``_etext`` and their end is
ever written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hypabi.image.model import Access, Segment


@dataclass(frozen=True, slots=True)
class Region:
    """Addresses ``start`` to ``end`` and what may happen to them."""

    start: int
    end: int
    access: Access
    name: str


def cut(
    address: int, content: memoryview, size: int, regions: Iterable[Region]
) -> tuple[Segment, ...]:
    """Cut an image of ``size`` bytes into segments; what no region covers is writable.

    :param content: the bytes that the file holds, which may be fewer
    """
    held = address + len(content)
    marks = [*regions, Region(held, max(address + size, held), Access.WRITABLE, ".bss")]
    segments: list[Segment] = []
    position = address
    for region in sorted(marks, key=lambda region: (region.start, region.end)):
        start = max(region.start, position)
        if start >= region.end:
            continue
        if position < start:
            part = content[position - address : start - address]
            segments.append(Segment(position, part, Access.WRITABLE, "data"))
        part = content[start - address : region.end - address]
        unheld = region.end - start - len(part)
        segments.append(Segment(start, part, region.access, region.name, unheld))
        position = region.end
    return tuple(segments)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A region between two symbols of the linker script."""

    first: str
    last: str
    access: Access
    name: str


def between(
    boundaries: Sequence[Boundary], addresses: dict[str, int]
) -> list[Region]:
    """Return the regions whose both symbols the image has, in that order."""
    found = []
    for boundary in boundaries:
        start, end = addresses.get(boundary.first), addresses.get(boundary.last)
        if start is not None and end is not None and start < end:
            found.append(Region(start, end, boundary.access, boundary.name))
    return found
