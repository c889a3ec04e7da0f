"""Sites that the arm64 kernel patches at run time: the table of alternatives, found by its shape.

An entry is 12 bytes: two place-relative offsets (the original and the replacement), the number of a
CPU capability, and the two lengths (arch/arm64/include/asm/alternative-macros.h).  The table has no
header and, without KALLSYMS_ALL, no symbol; it is the one long run of entries that all hold
together.
"""

import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Access, Image, Segment

ENTRY: Final = 12
SHORTEST_TABLE: Final = 96
"""Entries in a row that make a table; the smallest real one seen has many thousand."""
CALLBACK: Final = 0x8000
MOST_CAPABILITIES: Final = 1024
LONGEST_SITE: Final = 4096
STRIDE: Final = 1024
"""Distance between two places where a table is looked for; a shorter one may be missed."""
GAP: Final = 0x40000
"""Bytes behind a table in which another is looked for."""


@dataclass(frozen=True, slots=True)
class PatchSite:
    """Code at ``address`` that becomes the code at ``replacement`` on a CPU with a capability.

    ``callback`` says that a kernel function at ``replacement`` computes the new code instead.
    """

    address: int
    size: int
    capability: int
    replacement: int
    callback: bool


def alternatives(image: Image) -> Mapping[int, tuple[PatchSite, ...]]:
    """Return every patch site by the address of each instruction word that it covers.

    Sites that cover the same word keep the table's order, in which the kernel applies them.
    """
    if image.architecture is not Architecture.ARM64:
        return {}
    found: dict[int, tuple[PatchSite, ...]] = {}
    for table, start, end in _tables(image):
        for site in table.sites(start, end):
            for word in range(site.address, site.address + site.size, 4):
                found[word] = (*found.get(word, ()), site)
    return found


def _tables(image: Image) -> list[tuple["_Table", int, int]]:
    """Return the runs of entries in the first segment that has any, the likely one first.

    The linker script puts the table behind the init text; everything else is searched only if it
    is not there.
    """
    likely = [
        after
        for before, after in itertools.pairwise(image.segments)
        if before.name == ".init.text" and after.access is not Access.CODE
    ]
    others = [s for s in image.segments if s not in likely and s.access is not Access.CODE]
    for segment in (*likely, *others, *image.segments):
        table = _Table(segment, image)
        found = [(table, start, end) for start, end in table.runs()]
        if found:
            return found
    return []


class _Table:
    """One segment, looked at as alternatives."""

    def __init__(self, segment: Segment, image: Image) -> None:
        self.segment = segment
        self.content = segment.content
        self.low = image.segments[0].address - segment.address
        self.high = image.segments[-1].end - segment.address
        order = "<" if image.byte_order is ByteOrder.LITTLE else ">"
        self.unpack = struct.Struct(f"{order}iiHBB").unpack_from

    def holds(self, at: int) -> bool:
        """Return whether the 12 bytes at an offset can be an entry."""
        if at < 0 or at + ENTRY > len(self.content):
            return False
        original, replacement, capability, size, new_size = self.unpack(self.content, at)
        code, new = at + original, at + 4 + replacement
        return bool(
            capability & (CALLBACK - 1) < MOST_CAPABILITIES
            and new_size in (0, size)
            and not (size | code | new) & 3
            and original != replacement + 4
            and self.low <= code < self.high
            and self.low <= new < self.high
        )

    def runs(self) -> Iterator[tuple[int, int]]:
        """Find every run of entries long enough to be a table."""
        position, size, last = 0, len(self.content) - ENTRY * SHORTEST_TABLE, 0
        while position < size:
            end = position
            for phase in range(0, ENTRY, 4):
                start = position + phase
                if all(self.holds(start + ENTRY * n) for n in range(8)):
                    start, end = self._extend(start)
                    if end - start >= ENTRY * SHORTEST_TABLE and self._plausible(start, end):
                        yield start, end
                        last = end
                    break
            if last and position - last > GAP:
                return
            position = max(end, position + STRIDE)

    def _extend(self, start: int) -> tuple[int, int]:
        end = start
        while self.holds(start - ENTRY):
            start -= ENTRY
        while self.holds(end):
            end += ENTRY
        return start, end

    def _plausible(self, start: int, end: int) -> bool:
        """Tell a table from the tables of string offsets that look like it: sizes must be mixed."""
        sizes = {self.content[at + 10] for at in range(start, end, ENTRY)}
        capabilities = {self.content[at + 8] for at in range(start, end, ENTRY)}
        return len(sizes) > 1 and len(capabilities) * 2 < (end - start) // ENTRY

    def sites(self, start: int, end: int) -> Iterator[PatchSite]:
        """Yield the entries of a table."""
        for at in range(start, end, ENTRY):
            original, replacement, capability, size, new_size = self.unpack(self.content, at)
            place = self.segment.address + at
            yield PatchSite(
                address=place + original,
                size=size,
                capability=capability & (CALLBACK - 1),
                replacement=place + 4 + replacement,
                callback=new_size == 0 and size > 0,
            )
