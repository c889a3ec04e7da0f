"""The pointers that a relocatable arm64 kernel writes into itself while it boots.

``relocate_kernel`` (arch/arm64/kernel/pi/relocate.c; head.S before 6.2) walks ``.rela.dyn`` and
obeys ``R_AARCH64_RELATIVE`` entries only; then ``.relr.dyn``, whose slots hold their value in the
file already.  At the link address the result is the addend itself.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable

from hypabi.arch.names import ByteOrder
from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.image.work import Work
from hypabi.records import frozen

R_AARCH64_RELATIVE = 0x403
ENTRY = 24
"""Size of an ``Elf64_Rela``."""
MAX_RUNS = 4096
"""How many places that look like an entry are followed."""
MAX_ENTRIES = 1 << 21
"""Most entries accepted in all tables; Debian's kernels have up to half a million."""
MAX_PROBED = 4 * MAX_ENTRIES
"""Most entries that are read in search of them."""


@frozen
class Relative:
    """``R_AARCH64_RELATIVE`` entries, sorted by place: at ``places[i]`` stands ``values[i]``."""

    places: array[int]
    values: array[int]
    order: ByteOrder

    def value(self, place: int) -> int | None:
        """Return what is written at ``place``, ``None`` if nothing is."""
        index = bisect_left(self.places, place)
        if index < len(self.places) and self.places[index] == place:
            return self.values[index]
        return None

    def apply(self, address: int, content: bytes) -> bytes:
        """Return ``content`` of ``address`` with the pointers written."""
        end = address + len(content)
        index = bisect_left(self.places, address - 7)
        if index == len(self.places) or self.places[index] >= end:
            return content
        result = bytearray(content)
        while index < len(self.places) and self.places[index] < end:
            _overlay(result, self.places[index] - address, self._word(index))
            index += 1
        return bytes(result)

    def places_of(self, value: int) -> tuple[int, ...]:
        """Return the addresses at which ``value`` is written."""
        found, index = [], -1
        for _ in range(self.values.count(value)):
            index = self.values.index(value, index + 1)
            found.append(self.places[index])
        return tuple(found)

    def _word(self, index: int) -> bytes:
        return self.values[index].to_bytes(8, "little" if self.order is ByteOrder.LITTLE else "big")


def _overlay(content: bytearray, position: int, word: bytes) -> None:
    """Write ``word`` at ``position``, as much of it as lies inside ``content``."""
    first = max(position, 0)
    last = min(position + len(word), len(content))
    content[first:last] = word[first - position : last - position]


def find_relative(content: Content, start: int, order: ByteOrder) -> Relative:
    """Find the ``R_AARCH64_RELATIVE`` entries after ``start`` by their shape.

    An entry is a place, the constant and a value; place and value are kernel addresses, which begin
    with sixteen ones.
    """
    little = order is ByteOrder.LITTLE
    info = R_AARCH64_RELATIVE.to_bytes(8, "little" if little else "big")
    numbers = array("Q")
    position = start
    work = Work(MAX_PROBED)
    for _ in range(MAX_RUNS):
        position = content.find(info, position)
        if position < 0:
            break
        if work.spent or len(numbers) > 3 * MAX_ENTRIES:
            what = f"more than {MAX_ENTRIES} pointers that the kernel relocates, or what looks so"
            raise ImageError(f"offset {position:#x}", what, "give the ELF vmlinux")
        run = _run(content, position - 8, info, order, work)
        numbers.extend(run)
        position += max(len(run) * 8, 1)
    return _sorted(numbers[0::3], numbers[2::3], order)


def read_relative(tables: Iterable[Content], order: ByteOrder) -> Relative:
    """Read the ``R_AARCH64_RELATIVE`` entries of whole relocation tables."""
    places, values = array("Q"), array("Q")
    left = MAX_ENTRIES
    for table in tables:
        left -= len(table) // ENTRY
        if left < 0:
            raise ImageError("ELF relocations", f"there are more than {MAX_ENTRIES}")
        numbers = _numbers(table.read(0, len(table)), order)
        infos = numbers[1::3]
        if infos.count(R_AARCH64_RELATIVE) == len(infos):
            places.extend(numbers[0::3])
            values.extend(numbers[2::3])
        else:
            chosen = [i for i, info in enumerate(infos) if info == R_AARCH64_RELATIVE]
            places.extend(numbers[3 * i] for i in chosen)
            values.extend(numbers[3 * i + 2] for i in chosen)
    return _sorted(places, values, order)


def _numbers(data: bytes, order: ByteOrder) -> array[int]:
    """Read the 64-bit numbers of as many entries as are whole."""
    numbers = array("Q", data[: len(data) - len(data) % ENTRY])
    if (sys.byteorder == "little") != (order is ByteOrder.LITTLE):
        numbers.byteswap()
    return numbers


def _run(content: Content, start: int, info: bytes, order: ByteOrder, work: Work) -> array[int]:
    """Read the entries that follow each other from ``start`` on, none if they are misaligned."""
    if start < 0 or start % 8:
        return array("Q")
    first = _numbers(content.read(start, ENTRY), order)
    if not first or not (_kernel(first[0]) and _kernel(first[2])):
        return array("Q")
    count, step = 0, 1
    while step and count < MAX_ENTRIES:
        ahead = content.read(start + ENTRY * (count + step - 1) + 8, 8) == info
        count, step = (count + step, step * 2) if ahead else (count, step // 2)
    work.spend(count)
    numbers = _numbers(content.read(start, ENTRY * count), order)
    # The steps above skipped entries; the first one that is something else ends the run.
    infos = numbers[1::3]
    if infos.count(R_AARCH64_RELATIVE) != len(infos):
        other = next(i for i, value in enumerate(infos) if value != R_AARCH64_RELATIVE)
        numbers = numbers[: 3 * other]
    return numbers


def _kernel(address: int) -> bool:
    return address >> 48 == 0xFFFF


def _sorted(places: array[int], values: array[int], order: ByteOrder) -> Relative:
    listed = places.tolist()
    ordered = sorted(listed)
    if listed != ordered:
        pairs = sorted(zip(listed, values, strict=True))
        places = array("Q", [place for place, _ in pairs])
        values = array("Q", [value for _, value in pairs])
    return Relative(places, values, order)
