"""Memory along one path: what was stored, over what was there.

An address is a base term plus a constant; all fixed addresses share the base ``None``.  Two
different bases are taken not to overlap, and the assumption is recorded wherever it mattered; bases
that have a symbol in common, where it may be plainly false, are refused instead.  Memory that no
store touched is the image's content where the kernel cannot write, and a symbol per aligned word
(``mem[...]``) everywhere else, the same symbol for the same word on every path.
"""

from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import ByteOrder
from hypabi.image.model import Access, Image, ImageError
from hypabi.records import frozen
from hypabi.semantics.domain import Unmodelled
from hypabi.smt import terms
from hypabi.smt.rewrite import subterms
from hypabi.smt.terms import Term, Value, symbols_of

UNDISTURBED: Final = (
    "no access to memory aborts, each has the image's byte order, nobody else writes what is read"
)
READ_AS_WRITTEN: Final = frozenset({"symbol", "add", "sub"})
"""Operations of which the text of a base tells everything; of others two may read alike."""


@frozen
class Store:
    """``size`` bytes of ``value`` at ``base + offset``."""

    base: Term | None
    offset: int
    size: int
    value: Value


class Memory:
    """The stores of a path, oldest first, over the image."""

    __slots__ = ("assumptions", "bits", "image", "stores")

    def __init__(
        self,
        image: Image,
        bits: int,
        stores: tuple[Store, ...] = (),
        assumptions: tuple[str, ...] = (),
    ) -> None:
        self.image = image
        self.bits = bits
        self.stores = stores
        self.assumptions = assumptions

    def copy(self) -> "Memory":
        """Return a memory that changes on its own."""
        return Memory(self.image, self.bits, self.stores, self.assumptions)

    def split(self, address: Value) -> tuple[Term | None, int]:
        """Return an address as base and constant offset."""
        if isinstance(address, int):
            return None, address
        if address.op == "add" and isinstance(address.args[1], int):
            assert isinstance(address.args[0], Term)
            return address.args[0], address.args[1]
        return address, 0

    def store(self, address: Value, size: int, value: Value) -> None:
        """Set ``size`` bytes."""
        base, offset = self.split(address)
        if base is None and Access.CODE in map(self.image.access, range(offset, offset + size)):
            raise Unmodelled(f"it writes code at {offset:#x}")
        self._assume(UNDISTURBED)
        if base is not None:
            # Or the code that runs next may not be what the image holds.
            self._assume_apart(base, None)
        self.stores = (*self.stores, Store(base, offset, size, value))

    def load(self, address: Value, size: int) -> Value:
        """Return ``size`` bytes in the data byte order."""
        base, offset = self.split(address)
        return self._load(base, offset, size, len(self.stores))

    def _load(self, base: Term | None, offset: int, size: int, newest: int) -> Value:
        for index, store, distance in self._newest_first(base, offset, newest):
            if distance == 0 and size == store.size:
                return store.value
            if distance < store.size or self._wrap(-distance) < size:
                return self._bytewise(base, offset, size, index + 1)
        return self._initial(base, offset, size)

    def _newest_first(
        self, base: Term | None, offset: int, newest: int
    ) -> Iterator[tuple[int, Store, int]]:
        """Yield the stores before ``newest`` with a base, and how far behind each an offset is."""
        for index in range(newest - 1, -1, -1):
            store = self.stores[index]
            if store.base is base:
                yield index, store, self._wrap(offset - store.offset)
            else:
                self._assume_apart(store.base, base)

    def _bytewise(self, base: Term | None, offset: int, size: int, newest: int) -> Value:
        """Put a load together that some store covers in part."""
        result: Value = 0
        for position in range(size):
            byte = self._byte(base, self._wrap(offset + position), newest)
            if self.image.byte_order is ByteOrder.LITTLE:
                result = terms.concat(byte, result, 8, 8 * position) if position else byte
            else:
                result = terms.concat(result, byte, 8 * position, 8) if position else byte
        return result

    def _byte(self, base: Term | None, offset: int, newest: int) -> Value:
        for _, store, distance in self._newest_first(base, offset, newest):
            if distance < store.size:
                return self._byte_of(store.value, distance, store.size)
        return self._initial(base, offset, 1)

    def _byte_of(self, value: Value, position: int, size: int) -> Value:
        place = position if self.image.byte_order is ByteOrder.LITTLE else size - 1 - position
        return terms.extract(value, 8 * place, 8, 8 * size)

    def _wrap(self, offset: int) -> int:
        return offset & (1 << self.bits) - 1

    def _initial(self, base: Term | None, offset: int, size: int) -> Value:
        if base is None:
            content = self._content(offset, size)
            if content is not None:
                return content
        word = self.bits // 8
        start = offset & -word
        if offset + size <= start + word:
            return self._part(self._word(base, start), offset - start, size)
        result: Value = 0
        for position in range(size):
            byte = self._initial(base, self._wrap(offset + position), 1)
            if self.image.byte_order is ByteOrder.LITTLE:
                result = terms.concat(byte, result, 8, 8 * position) if position else byte
            else:
                result = terms.concat(result, byte, 8 * position, 8) if position else byte
        return result

    def _part(self, word: Term, position: int, size: int) -> Value:
        total = self.bits // 8
        place = position if self.image.byte_order is ByteOrder.LITTLE else total - size - position
        return terms.extract(word, 8 * place, 8 * size, self.bits)

    def _word(self, base: Term | None, offset: int) -> Term:
        self._assume(UNDISTURBED)
        name = address_text(base, offset, self.bits)
        if base is not None and any(term.op not in READ_AS_WRITTEN for term in subterms((base,))):
            name += f" #{base.digest & (1 << 64) - 1:x}"
        return terms.symbol(f"mem[{name}]", self.bits)

    def _content(self, address: int, size: int) -> int | None:
        """Return the image's own bytes where the running kernel cannot have changed them."""
        if self.image.access(address) not in (Access.CODE, Access.READ_ONLY):
            return None
        try:
            content = self.image.read(address, size)
        except ImageError:
            return None
        order = "little" if self.image.byte_order is ByteOrder.LITTLE else "big"
        value = int.from_bytes(content, order)  # type: ignore[arg-type]
        if self._is_fixed_up(address, content):
            self._assume(f"the pointer at {address:#x} is taken at its link address, {value:#x}")
        return value

    def _is_fixed_up(self, address: int, content: bytes) -> bool:
        """Return whether the kernel writes these bytes itself: an address, not the place's own."""
        segment = self.image.segment(address)
        assert segment is not None
        offset = address - segment.address
        return bytes(segment.content[offset : offset + len(content)]) != content

    def _assume_apart(self, one: Term | None, other: Term | None) -> None:
        """Record that two bases are of different memory.

        :raises Unmodelled: one may well be an address within the other's
        """
        if one is not None and other is not None and symbols_of(one) & symbols_of(other):
            raise Unmodelled(
                f"whether memory at {base_text(one, self.bits)} and at "
                f"{base_text(other, self.bits)} is the same"
            )
        names = sorted(base_text(base, self.bits) for base in (one, other))
        self._assume(f"memory at {names[0]} does not overlap memory at {names[1]}")

    def _assume(self, text: str) -> None:
        if text not in self.assumptions:
            self.assumptions = (*self.assumptions, text)


def base_text(base: Term | None, bits: int) -> str:
    """Return a base as a reader knows it."""
    return "fixed addresses of the image" if base is None else terms.text(base, bits)


def address_text(base: Term | None, offset: int, bits: int) -> str:
    """Return an address as text: ``x0 + 0x10``."""
    if base is None:
        return f"{offset:#x}"
    text = terms.text(base, bits)
    if offset == 0:
        return text
    if offset >> (bits - 1):
        return f"{text} - {(1 << bits) - offset:#x}"
    return f"{text} + {offset:#x}"
