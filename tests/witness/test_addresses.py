"""A word of memory lies where the derivation read it, whatever its name tells."""

import pytest

from hypabi.behaviour.derive import derive_behaviour
from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.symbolic.setup import explorer_for
from hypabi.witness.addresses import Unplaced, Word, base_of, word_of
from tests.inputs import Assemble
from tests.symbolic.handler import image_of

X0 = terms.symbol("x0", 64)
X1 = terms.symbol("x1", 64)
WORD = terms.symbol("mem[x0 + 0x8]", 64)


def test_a_word_lies_where_it_was_read() -> None:
    at = terms.add(X0, 8, 64)
    assert word_of(WORD, {"mem[x0 + 0x8]": (WORD, at)}) == Word(WORD, at)


def test_a_word_that_was_not_read_is_refused_and_a_register_is_no_word() -> None:
    with pytest.raises(Unplaced, match=r"mem\[x0 \+ 0x8\]"):
        word_of(WORD, {})
    assert word_of(X0, {}) is None


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("ldr x0, [x1, #8]", terms.add(X1, 8, 64)),
        ("mrs x1, tpidr_el2\n ldr x0, [x1]", terms.symbol("TPIDR_EL2", 64)),
        # Its name ends in a digest: what it is made of is more than the name tells.
        ("and x1, x1, #0xfffffffffffffff0\n ldr x0, [x1]", terms.and_(X1, -16 % 2**64, 64)),
    ],
)
def test_every_word_of_a_behaviour_has_its_address(
    source: str, address: Value, assemble: Assemble
) -> None:
    image = image_of(f"{source}\neret", assemble)
    behaviour = derive_behaviour(explorer_for(image), image.entry)
    assert behaviour.words is not None
    (case,) = behaviour.cases
    (symbol,) = terms.symbols_of(case.registers["x0"])
    word = word_of(symbol, behaviour.words.addresses)
    assert word is not None and word.address == address


def test_the_base_is_the_address_without_its_offset() -> None:
    assert base_of(terms.add(X0, 8, 64)) is X0
    assert base_of(X0) is X0
    assert base_of(8) is None
