"""Memory along one path: what was stored, over what was there.

An address is a base term plus a constant; all fixed addresses share the base ``None``.  Accesses
with two different bases are apart where a premise of the environment says so, which is recorded
(:mod:`hypabi.symbolic.places`), or where the path shows it; else what is loaded depends on whether
they meet.  A store that may hit the image's code is decided: where it does, the path ends.  Who
takes no decisions (a way to a call site) has different bases taken apart, recorded too, and those
that have a symbol in common refused.

Memory that no store touched is the image's content where the kernel cannot write, and a symbol per
aligned word (``mem[...]``) everywhere else, the same symbol for the same word on every path.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from hypabi.arch.names import ByteOrder
from hypabi.image.model import Access, Image, ImageError
from hypabi.records import frozen
from hypabi.semantics.domain import Unmodelled
from hypabi.smt import terms
from hypabi.smt.rewrite import subterms
from hypabi.smt.terms import Term, Value, symbols_of
from hypabi.symbolic.places import Span, based, span_of, within
from hypabi.symbolic.words import Ledger
from hypabi.unknowns import is_general, symbol_address, undefined_symbol, word_name

UNDISTURBED: Final = (
    "no access to memory aborts, each has the image's byte order, nobody else writes what is read"
)
_HANDED_IN: Final = "the caller passes an address of memory in "
READ_AS_WRITTEN: Final = frozenset({"symbol", "add", "sub"})
"""Operations of which the text of a base tells everything; of others two may read alike."""


class Judge(Protocol):
    """A path that says what cannot hold on it."""

    def never(self, condition: Value) -> bool:
        """Return whether the path shows that a condition does not hold."""
        ...


@frozen
class Store:
    """``size`` bytes of ``value`` at ``base + offset``."""

    base: Term | None
    offset: int
    size: int
    value: Value


class Memory:
    """The stores of a path, oldest first, over the image."""

    __slots__ = ("assumptions", "bits", "image", "ledger", "stores")

    def __init__(
        self,
        image: Image,
        bits: int,
        stores: tuple[Store, ...] = (),
        assumptions: tuple[str, ...] = (),
        ledger: Ledger | None = None,
    ) -> None:
        self.image = image
        self.bits = bits
        self.stores = stores
        self.assumptions = assumptions
        self.ledger = Ledger(image, bits) if ledger is None else ledger

    def copy(self) -> "Memory":
        """Return a memory that changes on its own."""
        return Memory(self.image, self.bits, self.stores, self.assumptions, self.ledger)

    def store(self, address: Value, size: int, value: Value, judge: Judge | None = None) -> None:
        """Set ``size`` bytes."""
        base, offset = based(address)
        if base is None and Access.CODE in map(self.image.access, range(offset, offset + size)):
            raise Unmodelled(f"it writes code at {offset:#x}")
        self._assume(UNDISTURBED)
        self._reach(base, offset)
        if base is not None:
            # Or the code that runs next may not be what the image holds.
            self._spare_code(base, offset, size, judge)
        self.stores = (*self.stores, Store(base, offset, size, value))

    def _spare_code(self, base: Term, offset: int, size: int, judge: Judge | None) -> None:
        """Record why a store leaves the image's code alone, where a premise says so."""
        if judge is None:
            self._assume_apart(base, None)
            return
        span = span_of(base, offset, size, self.bits)
        if span is not None and span.pointer and within(span, self.ledger.segments, self.bits):
            self._assume_owned(span.pointer, "")

    def hits_code(self) -> tuple[Value, str]:
        """Return when a store of the path hits the image's code, and which may, as text.

        Code that a path has run or runs later is then not what the image holds.
        """
        ranges: dict[Term, tuple[int, int]] = {}
        for store in self.stores:
            if store.base is not None and self._may_hit_code(store):
                low = store.offset - (store.offset >> (self.bits - 1) << self.bits)
                was = ranges.get(store.base, (low, low))
                ranges[store.base] = min(was[0], low), max(was[1], low + store.size)
        hits = [
            self._lies(base, start - high + 1, end - low)
            for base, (low, high) in ranges.items()
            for start, end in self.ledger.code
        ]
        texts = (
            f"{high - low} bytes at {address_text(base, self._wrap(low), self.bits)}"
            for base, (low, high) in ranges.items()
        )
        return terms.lor(*hits), " and ".join(texts)

    def _lies(self, base: Term, first: int, end: int) -> Value:
        """Return when a base lies in a range; comparing with constants costs a solver least."""
        first, end = self._wrap(first), self._wrap(end)
        above, below = terms.ule(first, base, self.bits), terms.ult(base, end, self.bits)
        return terms.land(above, below) if first < end else terms.lor(above, below)

    def _may_hit_code(self, store: Store) -> bool:
        span = span_of(store.base, store.offset, store.size, self.bits)
        if span is None:
            return True
        if span.pointer:
            return not within(span, self.ledger.segments, self.bits)
        return any(start < span.highest and span.lowest < end for start, end in self.ledger.code)

    def load(self, address: Value, size: int, judge: Judge | None = None) -> Value:
        """Return ``size`` bytes in the data byte order."""
        base, offset = based(address)
        return self._load(base, offset, size, len(self.stores), judge)

    def _load(
        self, base: Term | None, offset: int, size: int, newest: int, judge: Judge | None
    ) -> Value:
        """Return what the stores before ``newest`` left, over what was there."""
        address = terms.add(0 if base is None else base, offset, self.bits)
        choices: list[tuple[Value, Value]] = []
        for index, store, meets in self._newest_first(base, offset, size, newest, judge):
            there = self._address(store)
            same = terms.eq(there, address, self.bits) if size == store.size else 0
            if same == 1:
                value = store.value
                break
            wholly = same != 0 and judge is not None and _never(judge, meets, same)
            if not wholly:
                value = self._bytewise(base, offset, size, index + 1, judge)
                break
            choices.append((same, store.value))
        else:
            value = self._initial(base, offset, size)
        for condition, stored in reversed(choices):
            value = terms.ite(condition, stored, value, 8 * size)
        return value

    def _newest_first(
        self, base: Term | None, offset: int, size: int, newest: int, judge: Judge | None
    ) -> Iterator[tuple[int, Store, Value]]:
        """Yield the stores before ``newest`` that an access may meet, and when it does."""
        for index in range(newest - 1, -1, -1):
            store = self.stores[index]
            if store.base is base:
                distance = self._wrap(offset - store.offset)
                if distance < store.size or self._wrap(-distance) < size:
                    yield index, store, 1
                continue
            meets = self._meets(store, base, offset, size, judge)
            if meets != 0:
                yield index, store, meets

    def _meets(
        self, store: Store, base: Term | None, offset: int, size: int, judge: Judge | None
    ) -> Value:
        """Return when an access meets a store with another base; 0 where it never does."""
        if judge is None:
            self._assume_apart(store.base, base)
            return 0
        if base is None and self.image.access(offset) is Access.CODE:
            return 0  # where a store hits code, the path is undecided as a whole
        one = self._span(store.base, store.offset, store.size, judge)
        other = self._span(base, offset, size, judge)
        if one is not None and other is not None:
            if one.pointer != other.pointer:
                segments = self.ledger.segments
                if all(within(span, segments, self.bits) for span in (one, other)):
                    self._assume_owned(one.pointer, other.pointer)
                    for selected in filter(None, (one.selected, other.selected)):
                        self._assume(f"what {selected} selects in the image is the image's")
                    return 0
            elif one.highest <= other.lowest or other.highest <= one.lowest:
                return 0
        address = terms.add(0 if base is None else base, offset, self.bits)
        meets = self._meet(self._address(store), store.size, address, size)
        if isinstance(meets, int):
            return meets
        self.ledger.ask()
        return 0 if judge.never(meets) else meets

    def _span(self, base: Term | None, offset: int, size: int, judge: Judge) -> Span | None:
        """Return where an access lies, as its term or else the path shows."""
        found = span_of(base, offset, size, self.bits)
        if found is None and base is not None and self.image.access(offset) is not None:
            self.ledger.ask()
            limit = self.ledger.most_index
            if judge.never(terms.ult(limit, base, self.bits)):
                return Span("", offset, offset + limit + size)
        return found

    def _address(self, store: Store) -> Value:
        return terms.add(0 if store.base is None else store.base, store.offset, self.bits)

    def _meet(self, one: Value, size: int, other: Value, length: int) -> Value:
        """Return when ``size`` bytes at one address and ``length`` at another have one in common.

        They do where b - a, counted from 1 - length, is less than both sizes together less one.
        """
        distance = terms.sub(terms.add(other, length - 1, self.bits), one, self.bits)
        return terms.ult(distance, size + length - 1, self.bits)

    def _bytewise(
        self, base: Term | None, offset: int, size: int, newest: int, judge: Judge | None
    ) -> Value:
        """Put a load together that some store covers in part."""
        places = (self._wrap(offset + position) for position in range(size))
        return self._joined(self._byte(base, place, newest, judge) for place in places)

    def _joined(self, read: Iterable[Value]) -> Value:
        """Return bytes, the first at the lowest address, as one value."""
        result: Value = 0
        for position, byte in enumerate(read):
            if position == 0:
                result = byte
            elif self.image.byte_order is ByteOrder.LITTLE:
                result = terms.concat(byte, result, 8, 8 * position)
            else:
                result = terms.concat(result, byte, 8 * position, 8)
        return result

    def _byte(self, base: Term | None, offset: int, newest: int, judge: Judge | None) -> Value:
        address = terms.add(0 if base is None else base, offset, self.bits)
        choices: list[tuple[Value, Value]] = []
        for _, store, meets in self._newest_first(base, offset, 1, newest, judge):
            distance = terms.sub(address, self._address(store), self.bits)
            if isinstance(distance, int):
                value = self._byte_of(store.value, distance, store.size)
                break
            choices.append((meets, self._byte_at(store, distance)))
        else:
            value = self._initial(base, offset, 1)
        for condition, stored in reversed(choices):
            value = terms.ite(condition, stored, value, 8)
        return value

    def _byte_at(self, store: Store, distance: Term) -> Value:
        """Return the byte of a store that is a distance behind its first, where it is within."""
        width = 8 * store.size
        if store.size == 1:
            return store.value
        if width <= self.bits:
            place = terms.extract(distance, 0, width, self.bits)
        else:
            place = terms.zext(distance, self.bits, width)
        if self.image.byte_order is ByteOrder.BIG:
            place = terms.sub(store.size - 1, place, width)
        shifted = terms.lshr(store.value, terms.shl(place, 3, width), width)
        return terms.extract(shifted, 0, 8, width)

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
        places = (self._wrap(offset + position) for position in range(size))
        return self._joined(self._initial(base, place, 1) for place in places)

    def _part(self, word: Term, position: int, size: int) -> Value:
        total = self.bits // 8
        place = position if self.image.byte_order is ByteOrder.LITTLE else total - size - position
        return terms.extract(word, 8 * place, 8 * size, self.bits)

    def _word(self, base: Term | None, offset: int) -> Term:
        self._assume(UNDISTURBED)
        self._reach(base, offset)
        name = address_text(base, offset, self.bits)
        name = f"({name})" if undefined_symbol(name) else name
        if base is not None and any(term.op not in READ_AS_WRITTEN for term in subterms((base,))):
            name += f" #{base.digest & (1 << 64) - 1:x}"
        word = terms.symbol(word_name(name), self.bits)
        self.ledger.enter(word, base, offset)
        return word

    def _undefined(self, address: int, size: int) -> Value | None:
        """Return a word that holds the address of what no file defines, ``None`` of any other."""
        reference = self.image.references.get(address)
        if reference is None or 8 * size != self.bits:
            return None
        symbol = terms.symbol(symbol_address(reference.symbol), self.bits)
        return terms.add(symbol, self._wrap(reference.addend), self.bits)

    def _content(self, address: int, size: int) -> Value | None:
        """Return the image's own bytes where the running kernel cannot have changed them."""
        if self.image.access(address) not in (Access.CODE, Access.READ_ONLY):
            return None
        try:
            content = self.image.read(address, size)
        except ImageError:
            return self._undefined(address, size)
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
        self._assume(_apart(base_text(one, self.bits), base_text(other, self.bits)))

    def _assume(self, text: str) -> None:
        if text not in self.assumptions:
            self.assumptions = (*self.assumptions, text)

    def _reach(self, base: Term | None, offset: int) -> None:
        """Record by which of the caller's general registers memory is accessed.

        What is added to an address of the image is an index there.
        """
        if base is None or self.image.access(offset) is not None:
            return
        for symbol in sorted(symbols_of(base), key=_name):
            if is_general(symbol.name):
                self._assume(f"{_HANDED_IN}{symbol.name}")

    def _assume_owned(self, one: str, other: str) -> None:
        """Take apart what two pointers of the hypervisor point to, because of who sets them.

        :param other: empty for fixed addresses
        """
        owned = frozenset(each for each in (one, other) if each)
        texts = [each or base_text(None, self.bits) for each in (one, other)]
        text = f"{_apart(*texts)}: only who installs the vectors sets {' and '.join(sorted(owned))}"
        self.ledger.pointers[text] = owned
        self._assume(text)


def _never(judge: Judge, meets: Value, same: Value) -> bool:
    """Tell whether two accesses that meet are always at the same address."""
    return judge.never(terms.land(meets, terms.lnot(same)))


def _name(symbol: Term) -> str:
    return symbol.name


def reached_by(assumptions: Iterable[str]) -> frozenset[str]:
    """Return the general registers of the caller by which a path accesses memory."""
    handed_in = (text for text in assumptions if text.startswith(_HANDED_IN))
    return frozenset(text.removeprefix(_HANDED_IN) for text in handed_in)


def told_apart(one: Term | None, other: Term | None, bits: int) -> str:
    """Return how a path says that memory behind two bases does not overlap, before its reason."""
    return _apart(base_text(one, bits), base_text(other, bits))


def _apart(one: str, other: str) -> str:
    first, second = sorted((one, other))
    return f"memory at {first} does not overlap memory at {second}"


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
