"""Sites that the arm64 kernel patches at run time: the table of alternatives, found by its shape.

An entry is 12 bytes: two place-relative offsets (the original and the replacement), the number of
a CPU capability, and the two lengths (arch/arm64/include/asm/alternative-macros.h).  The table has
no header and, without KALLSYMS_ALL, no symbol; where it has none, it is the long run of entries
that all hold together.
"""

import itertools
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Access, Image, ImageError, Segment
from hypabi.records import frozen

ENTRY: Final = 12
SHORTEST_TABLE: Final = 96
"""Entries in a row that make a table; the smallest real one seen has many thousand."""
CALLBACK: Final = 0x8000
WORD: Final = 0xFFFF_FFFF
MOST_CAPABILITIES: Final = 1024
LONGEST_SITE: Final = 0xFF
"""Bytes; the length is one byte."""
STRIDE: Final = 1024
"""Distance between two places where a table is looked for; shorter ones are not looked for."""
GAP: Final = 0x40000
"""Bytes behind a table in which another is looked for."""
PROBED: Final = 8
"""Entries looked at before a place is taken for a table worth measuring."""
CHUNK: Final = 512
"""Entries looked at in one go."""
MOST_SEARCHED: Final = 512 << 20
"""Bytes in which tables are looked for; segments are looked at twice at most."""
MOST_SITES: Final = 1 << 18
"""Sites of a kernel; those of Debian's have some ten thousand."""
SECTION: Final = ".altinstructions"
"""Of an object."""
BOUNDS: Final = ("__alt_instructions", "__alt_instructions_end")
"""Symbols of the table's start and end, as the kernel's linker script has them."""
MOST_TOGETHER: Final = 1024
"""Sites that start within the longest site of each other."""


@frozen
class PatchSite:
    """Code at ``address`` that becomes the code at ``replacement`` on a CPU with a capability.

    ``callback`` says that a kernel function at ``replacement`` computes the new code instead.
    """

    address: int
    size: int
    capability: int
    replacement: int
    callback: bool


class Patches:
    """The patch sites of an image, by the address of each instruction word that they cover."""

    def __init__(self, tables: Sequence["_Run"]) -> None:
        self._tables = tables
        starts = [start for table in tables for start in table.starts()]
        self._firsts = list(itertools.accumulate((table.count for table in tables), initial=0))
        self._order = sorted(range(len(starts)), key=starts.__getitem__)
        self._starts = [starts[number] for number in self._order]

    def __len__(self) -> int:
        return len(self._starts)

    def moved(self, by: int, bits: int) -> "Patches":
        """Return the sites of the same image where it stands that far from its link address.

        All that an entry says is relative to its own place.

        :param bits: of an address, which wraps there
        """
        limit = 1 << bits
        return Patches([_Run((run.address + by) % limit, run.words) for run in self._tables])

    def at(self, address: int) -> tuple[PatchSite, ...]:
        """Return the sites that cover a word, in the order in which the kernel applies them."""
        found = []
        last = bisect_right(self._starts, address)
        first = bisect_left(self._starts, address - LONGEST_SITE)
        if last - first > MOST_TOGETHER:
            raise ImageError(f"{address:#x}", f"more than {MOST_TOGETHER} alternatives are here")
        for index in range(last - 1, first - 1, -1):
            number = self._order[index]
            site = self._site(number)
            if address < site.address + site.size:
                found.append((number, site))
        return tuple(site for _, site in sorted(found, key=lambda pair: pair[0]))

    def within(self, start: int, end: int) -> Iterator[PatchSite]:
        """Yield the sites that start in a range of addresses, by address."""
        for index in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
            yield self._site(self._order[index])

    def written_by(self, function: int) -> Iterator[PatchSite]:
        """Yield the sites whose code the kernel function at an address computes, by address."""
        found = [site for table in self._tables for site in table.written_by(function)]
        return iter(sorted(found, key=lambda site: site.address))

    def __iter__(self) -> Iterator[PatchSite]:
        return map(self._site, self._order)

    def _site(self, number: int) -> PatchSite:
        """Return an entry by its number, counted through the tables."""
        table = bisect_right(self._firsts, number) - 1
        return self._tables[table].site(number - self._firsts[table])


NO_PATCHES: Final = Patches(())


def find_alternatives(image: Image) -> Patches:
    """Return the patch sites of an image; none where no table is found.

    Without symbols or a section that say where it is: the linker script puts the table behind the
    init text; everything else is searched only if it is not there.
    """
    if image.architecture is not Architecture.ARM64:
        return NO_PATCHES
    named = _named(image)
    if named:
        return Patches(named)
    likely = [
        after
        for before, after in itertools.pairwise(image.segments)
        if before.name == ".init.text" and after.access is not Access.CODE
    ]
    first = {segment.address for segment in likely}
    others = [s for s in image.segments if s.address not in first and s.access is not Access.CODE]
    code = [segment for segment in image.segments if segment.access is Access.CODE]
    extent = range(code[0].address, code[-1].end) if code else range(0)
    left = MOST_SEARCHED
    for segment in (*likely, *others, *image.segments):
        left -= len(segment.content)
        if left < 0:
            what = f"more than {MOST_SEARCHED >> 20} MiB to search for alternatives"
            raise ImageError(f"{segment.address:#x}", what)
        runs = list(_Words(segment, image.byte_order, extent).runs())
        if sum(run.count for run in runs) > MOST_SITES:
            raise ImageError(f"{segment.address:#x}", f"more than {MOST_SITES} alternatives")
        if runs:
            return Patches(runs)
    return NO_PATCHES


def _named(image: Image) -> "tuple[_Run, ...]":
    """Return the table that symbols tell of, or those of objects, each of which has its section."""
    start, end = (image.symbols.find(name) for name in BOUNDS)
    if len(start) == len(end) == 1:
        first, last = start[0].address, end[0].address
        segment = image.segment(first)
        if segment is None or not first < last <= segment.address + len(segment.content):
            return ()
        return (_piece(image, segment, first, last),)
    sections = [segment for segment in image.segments if segment.name == SECTION]
    if sum(len(each.content) for each in sections) > ENTRY * MOST_SITES:
        raise ImageError(SECTION, f"more than {MOST_SITES} alternatives")
    return tuple(_piece(image, each, each.address, each.end) for each in sections)


def _piece(image: Image, segment: Segment, first: int, last: int) -> "_Run":
    """Return the table that stands between two addresses of a segment."""
    if last - first > ENTRY * MOST_SITES:
        raise ImageError(f"{first:#x}", f"more than {MOST_SITES} alternatives")
    piece = segment.content[first - segment.address : last - segment.address]
    words = _Words(Segment(first, piece, segment.access), image.byte_order, range(0))
    return _Run(first, words.entries(0, len(piece) // ENTRY * 3))


@frozen
class _Run:
    """Entries that stand one behind the other from ``address`` on, as words: three an entry."""

    address: int
    words: "array[int]"

    @property
    def count(self) -> int:
        return len(self.words) // 3

    def starts(self) -> list[int]:
        """Return the address of each entry's original code."""
        places = range(self.address, self.address + ENTRY * self.count, ENTRY)
        originals = self.words[0::3]
        return [place + o - (o >> 31 << 32) for place, o in zip(places, originals, strict=True)]

    def written_by(self, function: int) -> Iterator[PatchSite]:
        """Yield the entries whose new code a function computes."""
        offset = function - self.address - 4 & WORD
        words = enumerate(self.words[1::3])
        for at in [at for at, word in words if word + ENTRY * at & WORD == offset]:
            site = self.site(at)
            if site.callback and site.replacement == function:
                yield site

    def site(self, entry: int) -> PatchSite:
        """Return an entry."""
        original, replacement, tail = self.words[3 * entry : 3 * entry + 3]
        place = self.address + ENTRY * entry
        size = tail >> 16 & 0xFF
        return PatchSite(
            address=place + _signed(original),
            size=size,
            capability=tail & (CALLBACK - 1),
            replacement=place + 4 + _signed(replacement),
            callback=size > 0 and tail >> 24 == 0,
        )


def _signed(word: int) -> int:
    return word - (word >> 31 << 32)


class _Words:
    """One segment, looked at as alternatives."""

    def __init__(self, segment: Segment, order: ByteOrder, code: range) -> None:
        self.address = segment.address
        self.words = array("I", bytes(segment.content[: len(segment.content) & ~3]))
        if (sys.byteorder == "little") is not (order is ByteOrder.LITTLE):
            self.words.byteswap()
        self.big = order is ByteOrder.BIG
        self.low = code.start - segment.address
        self.high = code.stop - segment.address

    def runs(self) -> Iterator[_Run]:
        """Find every run of entries long enough to be a table."""
        position, last = 0, 0
        limit = len(self.words) - 3 * SHORTEST_TABLE
        while position < limit and not (last and 4 * (position - last) > GAP):
            start, end = next(filter(None, map(self._run, range(position, position + 3))), (0, 0))
            if end and self._plausible(start, end):
                yield _Run(self.address + 4 * start, self.entries(start, end))
                last = end
            position = max(position + STRIDE // 4, end)

    def _run(self, start: int) -> tuple[int, int] | None:
        """Return the run of entries around a word, if at least a few hold."""
        if self._held(start, PROBED) < PROBED:
            return None
        end = start
        while count := self._held(end, CHUNK):
            end += 3 * count
        while start >= 3 and self._held(start - 3, 1):
            start -= 3
        return start, end

    def _held(self, at: int, most: int) -> int:
        """Return how many entries from a word on can be entries, at most ``most``."""
        entries = self.entries(at, at + 3 * most)
        whole = len(entries) // 3
        low, high, place = self.low, self.high, 4 * at
        for count in range(whole):
            original, replacement, tail = entries[3 * count : 3 * count + 3]
            size, new_size = tail >> 16 & 0xFF, tail >> 24
            code = place + original - (original >> 31 << 32)
            new = place + 4 + replacement - (replacement >> 31 << 32)
            if (
                (new_size and new_size != size)
                or tail & (CALLBACK - 1) >= MOST_CAPABILITIES
                or (size | code | new) & 3
                or code == new
                or not low <= code < high
                or not low <= new < high
            ):
                return count
            place += ENTRY
        return whole

    def _plausible(self, start: int, end: int) -> bool:
        """Tell a table from tables of string offsets that look like it: sizes are mixed."""
        if end - start < 3 * SHORTEST_TABLE:
            return False
        tails = set(self.entries(start, end)[2::3])
        sizes = {tail >> 16 & 0xFF for tail in tails}
        return len(sizes) > 1 and len(tails) * 6 < end - start

    def entries(self, start: int, end: int) -> "array[int]":
        """Return words of entries, each of which starts at a multiple of three."""
        entries = self.words[start:end]
        if self.big:
            entries[2::3] = array("I", map(_big_tail, entries[2::3]))
        return entries


def _big_tail(word: int) -> int:
    """Return halfword, byte, byte of a big-endian image as a little-endian word would hold them."""
    return word >> 16 | (word >> 8 & 0xFF) << 16 | (word & 0xFF) << 24
