"""Concrete memory: the extents of a state, and what a run has written over them."""

from bisect import bisect_right
from collections.abc import Iterable

from hypabi.arch.names import ByteOrder
from hypabi.machine.state import Extent, placed
from hypabi.semantics.domain import Unmodelled


class Memory:
    """Bytes by address; what no extent gives is not memory."""

    def __init__(self, extents: Iterable[Extent]) -> None:
        self._extents = placed(extents)
        self._starts = [extent.address for extent in self._extents]
        self._written: dict[int, int] = {}
        self._undo: list[tuple[int, int | None]] = []

    def fetch(self, address: int, size: int) -> bytes | None:
        """Return ``size`` bytes, ``None`` where not all of them are memory."""
        content = self._initial(address, size)
        if content is None or not self._written:
            return content
        changed = bytearray(content)
        for position in range(size):
            changed[position] = self._written.get(address + position, changed[position])
        return bytes(changed)

    def load(self, address: int, size: int, order: ByteOrder) -> int:
        """Return ``size`` bytes as a number.

        :raises Unmodelled: the state has no memory there
        """
        content = self.fetch(address, size)
        if content is None:
            raise Unmodelled(f"reads {size} bytes at {address:#x}, which the state does not give")
        return int.from_bytes(content, order.value)

    def store(self, address: int, size: int, value: int, order: ByteOrder) -> None:
        """Set ``size`` bytes.

        :raises Unmodelled: the state has no memory there
        """
        if self._initial(address, size) is None:
            raise Unmodelled(f"writes {size} bytes at {address:#x}, which the state does not give")
        for position, byte in enumerate(value.to_bytes(size, order.value)):
            place = address + position
            self._undo.append((place, self._written.get(place)))
            self._written[place] = byte

    def keep(self) -> None:
        """Say that what was stored since the last call stays."""
        self._undo.clear()

    def take_back(self) -> None:
        """Undo what was stored since the last :meth:`keep`."""
        for place, byte in reversed(self._undo):
            if byte is None:
                del self._written[place]
            else:
                self._written[place] = byte
        self._undo.clear()

    def written(self) -> dict[int, int]:
        """Return every byte that was stored, by address."""
        return dict(self._written)

    def _initial(self, address: int, size: int) -> bytes | None:
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        extent = self._extents[index]
        offset = address - extent.address
        content = extent.content[offset : offset + size]
        if len(content) == size:
            return content
        if not content:
            return None
        rest = self._initial(extent.end, size - len(content))
        return None if rest is None else content + rest
