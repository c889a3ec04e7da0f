import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.rewrite import subterms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.memory import READ_AS_WRITTEN, address_text
from hypabi.witness.addresses import Unplaced, base_of, word_of

NAMES = ("x0", "SP_EL2", "TPIDR_EL2", "mem[0x1000]", "mem[SP_EL2 - 0x8]", "mem[x1 + x2]")
symbols: st.SearchStrategy[Value] = st.sampled_from([terms.symbol(name, 64) for name in NAMES])
offsets = st.one_of(st.integers(0, 4096), st.integers(2**64 - 4096, 2**64 - 1))
addresses = st.recursive(
    st.one_of(symbols, offsets),
    lambda inner: st.builds(
        lambda op, a, b: op(a, b, 64), st.sampled_from([terms.add, terms.sub]), inner, inner
    ),
    max_leaves=4,
)


@given(addresses)
def test_an_address_is_read_back_as_it_was_printed(address: Value) -> None:
    assume(all(term.op in READ_AS_WRITTEN for term in subterms((address,))))
    base, offset = (None, address) if isinstance(address, int) else (address, 0)
    assert isinstance(offset, int)
    word = word_of(terms.symbol(f"mem[{address_text(base, offset, 64)}]", 64))
    assert word is not None
    for seed in (0x1234_5678, 0xFEDC_BA98_7654_3210):
        assert valued(word.address, seed) == valued(address, seed)


def valued(value: Value, seed: int) -> int:
    model = {name: seed * (index + 3) % 2**64 for index, name in enumerate(NAMES)}
    return evaluate(value, model)


def test_other_symbols_are_no_words() -> None:
    assert word_of(terms.symbol("x0", 64)) is None


@pytest.mark.parametrize("name", ["mem[x0 & 0x10 #1f]", "mem[x0 << 2]", "mem[x0[7:0]]"])
def test_an_address_that_a_name_does_not_tell_is_refused(name: str) -> None:
    with pytest.raises(Unplaced):
        word_of(terms.symbol(name, 64))


def test_the_base_is_the_address_without_its_offset() -> None:
    x0 = terms.symbol("x0", 64)
    assert base_of(terms.add(x0, 8, 64)) is x0
    assert base_of(x0) is x0
    assert base_of(8) is None
    assert isinstance(x0, Term)
