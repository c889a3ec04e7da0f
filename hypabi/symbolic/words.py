"""What the words of memory are that an exploration has read, and which of them may be one.

Every word of memory that entry finds is a symbol of its own, named by its address.  Two names may
be one word where both addresses are unknown: that they then hold the same is a fact of every
state, and goes with the behaviour, so that no counterexample has it otherwise.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Final

from hypabi.arch.names import ByteOrder
from hypabi.image.model import Access, Image, ImageError
from hypabi.records import field, frozen
from hypabi.semantics.domain import Unmodelled
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.places import REACH, is_own_pointer, span_of, within

MOST_QUESTIONS: Final = 512
"""Pairs of accesses of one exploration of which the path has to say whether they meet."""
MOST_PAIRS: Final = 128
"""Pairs of words of one exploration that may be the same."""


@frozen
class Words:
    """The words of memory that a behaviour reads, at their addresses, and the image they lie in."""

    image: Image
    addresses: Mapping[str, tuple[Term, Value]]
    """Symbol and address, by the name of the symbol."""
    code: Sequence[tuple[int, int]]
    """Where the image's code starts and ends."""
    agreements: Callable[[], tuple[Value, ...]] = field(compare=False, repr=False)
    """Gives, for each two words that may meet, that what they have in common is the same."""

    def contradiction(self, model: Mapping[str, int]) -> Value | None:
        """Return a fact about memory that a model denies, ``None`` if there is none.

        :param model: a value for every symbol, of words only those that matter
        """
        denied = self._other_content(model)
        return self._disagreement(model) if denied is None else denied

    def _disagreement(self, model: Mapping[str, int]) -> Value | None:
        """Return that two names of one word mean the same, where a model has it otherwise."""
        total = _Given(model)
        for fact in self.agreements():
            words = (s.name for s in terms.symbols_of(fact) if s.name in self.addresses)
            if all(name in model for name in words) and not evaluate(fact, total):
                return fact
        return None

    def _other_content(self, model: Mapping[str, int]) -> Value | None:
        for name, (word, address) in self.addresses.items():
            if isinstance(address, int) or name not in model:
                continue  # what is constant there was read; or it does not matter
            place = evaluate(address, _Given(model))
            mask, content = self._constant(place, word.width)
            if (model[name] ^ content) & mask:
                held = terms.eq(terms.and_(word, mask, word.width), content, word.width)
                there = terms.eq(address, place, word.width)
                return terms.lor(terms.lnot(there), held)
        return None

    def _constant(self, place: int, width: int) -> tuple[int, int]:
        """Return which bits of the word at a place the running kernel cannot change, and they."""
        mask = content = 0
        count = width // 8
        for position in range(count):
            byte = self._byte(place + position & (1 << width) - 1)
            if byte is not None:
                little = self.image.byte_order is ByteOrder.LITTLE
                at = 8 * (position if little else count - 1 - position)
                mask, content = mask | 0xFF << at, content | byte << at
        return mask, content

    def _byte(self, address: int) -> int | None:
        if self.image.access(address) not in (Access.CODE, Access.READ_ONLY):
            return None
        try:
            return self.image.read(address, 1)[0]
        except ImageError:
            return None


class _Given(dict[str, int]):
    """A model, in which a symbol that it does not name is 0."""

    def __missing__(self, name: str) -> int:
        return 0


class Ledger:
    """What all memories of one exploration share."""

    def __init__(self, image: Image, bits: int) -> None:
        self.image = image
        self.bits = bits
        self.order = image.byte_order
        self.segments = _joined(image, frozenset(Access))
        self.code = _joined(image, frozenset({Access.CODE}))
        self.most_index: Final = REACH
        self.words: dict[str, tuple[Term, Term | None, int]] = {}
        self.places: dict[Term, tuple[tuple[object, ...], tuple[int, ...]]] = {}
        """Where a computed branch can go, and under which conditions that was found."""
        self.pointers: dict[str, frozenset[str]] = {}
        """The registers that a premise is about which takes memory apart, by its text."""
        self._questions = 0
        self._pairs = 0

    def ask(self) -> None:
        """Count a question.

        :raises Unmodelled: there were too many
        """
        self._questions += 1
        if self._questions > MOST_QUESTIONS:
            raise Unmodelled(f"more than {MOST_QUESTIONS} accesses to memory that may meet another")

    def enter(self, word: Term, base: Term | None, offset: int) -> None:
        """Note a word that was read.

        :raises Unmodelled: too many may be the same as another
        """
        if word.name in self.words:
            return
        self._pairs += sum(
            self._may_meet(base, offset, other, at) for _, other, at in self.words.values()
        )
        if self._pairs > MOST_PAIRS:
            raise Unmodelled(f"more than {MOST_PAIRS} pairs of words that may be the same memory")
        self.words[word.name] = (word, base, offset)

    def is_of_the_image(self, name: str) -> bool:
        """Tell whether a symbol is a word at a fixed address, or at an index into the image."""
        found = self.words.get(name)
        if found is None:
            return False
        _, base, offset = found
        if base is None:
            return True
        pointer = base.op == "symbol" and is_own_pointer(base.name)
        return not pointer and self.image.access(offset) is not None

    def read(self) -> Words:
        """Return the words that were read."""
        addresses = {
            name: (word, self._address(base, at)) for name, (word, base, at) in self.words.items()
        }
        return Words(self.image, addresses, self.code, cache(lambda: tuple(self.facts())))

    def facts(self) -> Iterator[Value]:
        """Yield, for each two words that may meet, that what they have in common is the same."""
        for one, other in combinations(self.words.values(), 2):
            if self._may_meet(*one[1:], *other[1:]):
                yield self._agree(one, other)

    def _may_meet(self, base: Term | None, offset: int, other: Term | None, at: int) -> bool:
        if base is other:
            return False  # words of one base are aligned to each other
        size = self.bits // 8
        one, two = (span_of(*each, size, self.bits) for each in ((base, offset), (other, at)))
        if one is None or two is None:
            return True
        if one.pointer != two.pointer:
            return not all(within(span, self.segments, self.bits) for span in (one, two))
        return one.lowest < two.highest and two.lowest < one.highest

    def _agree(
        self, one: tuple[Term, Term | None, int], other: tuple[Term, Term | None, int]
    ) -> Value:
        size = self.bits // 8
        ahead = terms.sub(self._address(*other[1:]), self._address(*one[1:]), self.bits)
        facts: list[Value] = []
        for distance in range(1 - size, size):
            met = terms.eq(ahead, distance & (1 << self.bits) - 1, self.bits)
            common = size - abs(distance)
            first = self._bytes(one[0], max(distance, 0), common)
            second = self._bytes(other[0], max(-distance, 0), common)
            facts.append(terms.lor(terms.lnot(met), terms.eq(first, second, 8 * common)))
        return terms.land(*facts)

    def _bytes(self, word: Term, start: int, count: int) -> Value:
        """Return ``count`` bytes of a word from its byte ``start`` on, as one value."""
        total = self.bits // 8
        place = start if self.order is ByteOrder.LITTLE else total - start - count
        return terms.extract(word, 8 * place, 8 * count, self.bits)

    def _address(self, base: Term | None, offset: int) -> Value:
        return terms.add(0 if base is None else base, offset, self.bits)


def _joined(image: Image, access: frozenset[Access]) -> Sequence[tuple[int, int]]:
    """Return where segments start and end, neighbours together."""
    found: list[tuple[int, int]] = []
    for segment in image.segments:
        if segment.access in access:
            joins = bool(found) and found[-1][1] == segment.address
            found.append((found.pop()[0] if joins else segment.address, segment.end))
    return tuple(found)
