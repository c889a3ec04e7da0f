"""Memory: what was stored is loaded again byte for byte; what is taken for granted is recorded."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hypabi.arch.names import ByteOrder
from hypabi.image.model import Access, Image, Segment
from hypabi.semantics.domain import Unmodelled
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Value
from hypabi.symbolic.memory import UNDISTURBED, Memory
from hypabi.symbolic.words import Ledger
from tests.inputs import Assemble
from tests.symbolic.handler import image_of

X1, X2, X3 = (terms.symbol(f"x{n}", 64) for n in (1, 2, 3))
TOP = (1 << 64) - 1


@pytest.fixture(params=list(ByteOrder))
def memory(request: pytest.FixtureRequest, assemble: Assemble) -> Memory:
    image = image_of("eret\n.data\nword: .quad 0x1122334455667788", assemble)
    return Memory(replace(image, byte_order=request.param), 64)


def little(memory: Memory) -> bool:
    return memory.image.byte_order is ByteOrder.LITTLE


def test_random_stores_and_loads_do_what_a_table_of_bytes_does(memory: Memory) -> None:
    source = random.Random(1)
    order = "little" if little(memory) else "big"
    for _ in range(300):
        mine = memory.copy()
        base = source.choice((X1, terms.add(X2, X3, 64)))
        table: dict[int, int] = {}
        model = {"x1": 0, "x2": 0, "x3": 0}
        for _ in range(source.randrange(1, 5)):
            offset, size = source.choice((-9, -3, 0, 1, 5, 8)), source.choice((1, 2, 4, 8))
            value = source.getrandbits(8 * size)
            mine.store(terms.add(base, offset & TOP, 64), size, value)
            for n, byte in enumerate(value.to_bytes(size, order)):  # type: ignore[arg-type]
                table[offset + n] = byte
        offset, size = source.randrange(-12, 12), source.choice((1, 2, 4, 8, 16))
        loaded = mine.load(terms.add(base, offset & TOP, 64), size)
        words = {s.name: s for s in terms.symbols_of(loaded) if s.name.startswith("mem[")}
        found = evaluate(loaded, model | dict.fromkeys(words, 0))
        expected = bytes(table.get(offset + n, 0) for n in range(size))
        assert found == int.from_bytes(expected, order)  # type: ignore[arg-type]


class Knowing:
    """A path that shows nothing, or only what is plain."""

    def never(self, condition: Value) -> bool:
        return condition == 0


def initial(address: int) -> int:
    return (address * 37 + 11) & 0xFF


def test_random_stores_through_pointers_do_what_a_table_of_bytes_does(memory: Memory) -> None:
    """Whichever of the pointers meet: the pointers are chosen after the code has run."""
    source = random.Random(2)
    order = "little" if little(memory) else "big"
    for _ in range(200):
        mine = memory.copy()
        mine.ledger = Ledger(memory.image, 64)
        pointers = {f"x{n}": 0x1000 + source.choice((0, 1, 4, 8, 16, 40)) for n in (1, 2, 3)}
        table: dict[int, int] = {}
        for _ in range(source.randrange(1, 5)):
            name, offset = source.choice(sorted(pointers)), source.choice((-3, 0, 1, 4, 8))
            size = source.choice((1, 2, 4, 8))
            value = source.getrandbits(8 * size)
            base = terms.symbol(name, 64)
            mine.store(terms.add(base, offset & TOP, 64), size, value, Knowing())
            for n, byte in enumerate(value.to_bytes(size, order)):  # type: ignore[arg-type]
                table[pointers[name] + offset + n] = byte
        name, size = source.choice(sorted(pointers)), source.choice((1, 2, 4, 8))
        loaded = mine.load(terms.symbol(name, 64), size, Knowing())
        model = dict(pointers)
        for word, (_, of, offset) in mine.ledger.words.items():
            start = evaluate(terms.add(0 if of is None else of, offset, 64), pointers)
            content = bytes(initial(start + n) for n in range(8))
            model[word] = int.from_bytes(content, order)  # type: ignore[arg-type]
        place = pointers[name]
        expected = bytes(table.get(place + n, initial(place + n)) for n in range(size))
        assert evaluate(loaded, model) == int.from_bytes(expected, order)  # type: ignore[arg-type]
        assert all(evaluate(fact, model) for fact in mine.ledger.facts())


def test_words_that_may_be_one_are_said_to_hold_the_same(memory: Memory) -> None:
    one, two = memory.load(X1, 8, Knowing()), memory.load(X2, 8, Knowing())
    assert isinstance(one, terms.Term) and isinstance(two, terms.Term)
    (fact,) = memory.ledger.facts()
    apart = {"x1": 0x1000, "x2": 0x1008, one.name: 1, two.name: 2}
    assert evaluate(fact, apart) == 1
    assert evaluate(fact, {**apart, "x2": 0x1000}) == 0
    half = {"x1": 0x1000, "x2": 0x1004, one.name: 0x1111111122222222, two.name: 0x3333333311111111}
    swapped = {**half, one.name: half[two.name], two.name: half[one.name]}
    assert evaluate(fact, half if little(memory) else swapped) == 1
    assert evaluate(fact, swapped if little(memory) else half) == 0


def test_a_word_that_nobody_wrote_is_one_symbol_however_it_is_read(memory: Memory) -> None:
    whole = memory.load(terms.add(X1, 8, 64), 8)
    assert isinstance(whole, terms.Term) and whole.name == "mem[x1 + 0x8]"
    for size in (1, 2, 4):
        for part in range(0, 8, size):
            place = part if little(memory) else 8 - size - part
            loaded = memory.load(terms.add(X1, 8 + part, 64), size)
            assert loaded is terms.extract(whole, 8 * place, 8 * size, 64)


def test_addresses_wrap_around(memory: Memory) -> None:
    memory.store(TOP, 1, 0xAB)
    memory.store(0, 1, 0xCD)
    expected = 0xCDAB if little(memory) else 0xABCD
    assert memory.load(TOP, 2) == expected


def bases() -> Iterator[tuple[Value, Value]]:
    yield X1, X2
    yield terms.add(X1, 8, 64), terms.add(X2, 16, 64)


@pytest.mark.parametrize(("stored", "loaded"), list(bases()))
@pytest.mark.parametrize("size", [1, 4, 8, 16])
def test_that_two_bases_are_apart_is_recorded_wherever_it_matters(
    memory: Memory, stored: Value, loaded: Value, size: int
) -> None:
    memory.store(stored, 8, 2)
    alone = memory.copy()
    memory.load(loaded, size)
    assert overlaps(memory) > overlaps(alone)
    # A load that finds a part of its own bytes first still looks past the other base.
    partly = memory.copy()
    partly.assumptions = ()
    partly.store(loaded, 1, 1)
    partly.load(loaded, 2)
    assert overlaps(partly)


def overlaps(memory: Memory) -> frozenset[str]:
    return frozenset(text for text in memory.assumptions if "does not overlap" in text)


def test_bases_with_a_common_symbol_are_refused_and_not_assumed_apart(memory: Memory) -> None:
    memory.store(X1, 8, 1)
    for other in (terms.add(X1, X2, 64), terms.and_(X1, TOP - 15, 64), terms.shl(X1, 1, 64)):
        with pytest.raises(Unmodelled):
            memory.copy().load(other, 8)


def test_different_bases_never_share_the_symbol_of_a_word(memory: Memory) -> None:
    narrow = terms.zext(terms.extract(X1, 0, 8, 64), 8, 64)
    texts: dict[str, Value] = {}
    for base in (X1, narrow, terms.sext(terms.extract(X1, 0, 8, 64), 8, 64),
                 terms.sext(terms.zext(terms.extract(X1, 0, 8, 64), 8, 32), 32, 64),
                 terms.zext(terms.sext(terms.extract(X1, 0, 8, 64), 8, 32), 32, 64),
                 terms.sext(terms.extract(X1, 0, 16, 64), 16, 64),
                 terms.xor(X1, X2, 64), terms.or_(X1, X2, 64)):  # fmt: skip
        word = memory.copy().load(base, 8)
        assert isinstance(word, terms.Term)
        assert texts.setdefault(word.name, base) is base


def test_reading_and_writing_are_recorded(memory: Memory) -> None:
    reading, writing = memory.copy(), memory.copy()
    reading.load(X1, 4)
    writing.store(X1, 4, 0)
    assert UNDISTURBED in reading.assumptions and UNDISTURBED in writing.assumptions


@pytest.mark.parametrize("access", list(Access))
def test_only_what_the_kernel_cannot_write_is_read_from_the_file(
    memory: Memory, access: Access
) -> None:
    segment = Segment(0x1000, bytes(range(16)), access, "some")
    mine = Memory(replace(memory.image, segments=(segment,)), 64)
    held = access in (Access.CODE, Access.READ_ONLY)
    assert isinstance(mine.load(0x1004, 4), int) is held
    assert not isinstance(mine.load(0x100C, 8), int)  # reaches over the end
    assert not isinstance(mine.load(0xFFC, 8), int)
    if held:
        assert mine.load(0x1004, 4) == (0x07060504 if little(memory) else 0x04050607)


class Moved:
    """Fixups that write a pointer at 0x1000."""

    def apply(self, address: int, content: bytes) -> bytes:
        return (0x5000).to_bytes(8, "little") if address == 0x1000 else content

    def places_of(self, value: int) -> tuple[int, ...]:
        return ()


def test_a_pointer_that_the_kernel_relocates_is_recorded(memory: Memory) -> None:
    segment = Segment(0x1000, bytes(16), Access.READ_ONLY, "some")
    image: Image = replace(
        memory.image, segments=(segment,), fixups=Moved(), byte_order=ByteOrder.LITTLE
    )
    mine = Memory(image, 64)
    assert mine.load(0x1000, 8) == 0x5000
    assert any("link address" in text for text in mine.assumptions)
    plain = Memory(image, 64)
    assert plain.load(0x1008, 8) == 0
    assert plain.assumptions == ()


def test_writing_code_is_refused_even_by_its_last_byte(memory: Memory) -> None:
    code = memory.image.segments[0]
    assert code.access is Access.CODE
    with pytest.raises(Unmodelled):
        memory.store(code.address - 7, 8, 0)
    memory.store(code.address - 8, 8, 0)
