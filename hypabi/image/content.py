"""A part of a file, searched and sliced without copying it."""

import mmap
from collections.abc import Iterator

from hypabi.arch.names import ByteOrder
from hypabi.records import frozen

Buffer = bytes | bytearray | mmap.mmap


@frozen
class Content:
    """The bytes ``start`` to ``end`` of ``buffer``; every position here counts from ``start``."""

    buffer: Buffer
    start: int
    end: int

    @classmethod
    def whole(cls, buffer: Buffer) -> "Content":
        """Take all of ``buffer``."""
        return cls(buffer, 0, len(buffer))

    def __len__(self) -> int:
        return self.end - self.start

    def part(self, start: int, end: int) -> "Content":
        """Take ``start`` to ``end``, cut to what is there."""
        first = min(self.start + max(start, 0), self.end)
        return Content(self.buffer, first, max(first, min(self.start + end, self.end)))

    def view(self) -> memoryview:
        """Show the bytes without copying them."""
        return memoryview(self.buffer)[self.start : self.end]

    def read(self, position: int, size: int) -> bytes:
        """Copy at most ``size`` bytes at ``position``; fewer where the part ends."""
        first = self.start + position
        return bytes(self.buffer[first : max(first, min(first + size, self.end))])

    def integer(self, position: int, size: int, order: ByteOrder) -> int | None:
        """Read an unsigned integer, ``None`` where it does not lie inside."""
        if position < 0 or position + size > len(self):
            return None
        match order:
            case ByteOrder.LITTLE:
                return int.from_bytes(self.read(position, size), "little")
            case ByteOrder.BIG:
                return int.from_bytes(self.read(position, size), "big")

    def find(self, needle: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the first position of ``needle``, -1 where there is none."""
        last = self.end if end is None else min(self.start + end, self.end)
        found = self.buffer.find(needle, self.start + start, last)
        return found if found < 0 else found - self.start

    def rfind(self, needle: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the last position of ``needle``, -1 where there is none."""
        last = self.end if end is None else min(self.start + end, self.end)
        found = self.buffer.rfind(needle, self.start + start, last)
        return found if found < 0 else found - self.start

    def occurrences(self, needle: bytes, limit: int) -> Iterator[int]:
        """Yield at most ``limit`` positions of ``needle``, from the first on."""
        position = self.find(needle)
        for _ in range(limit):
            if position < 0:
                return
            yield position
            position = self.find(needle, position + 1)
