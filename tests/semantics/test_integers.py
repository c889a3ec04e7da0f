"""The domain of integers computes what the constructors of terms fold constants to."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.semantics.domain import Domain
from hypabi.semantics.integers import Integers
from hypabi.smt import terms

TWO = (
    "add",
    "sub",
    "mul",
    "udiv",
    "urem",
    "sdiv",
    "srem",
    "and_",
    "or_",
    "xor",
    "shl",
    "lshr",
    "ashr",
    "eq",
    "ult",
    "ule",
    "slt",
    "sle",
)
ONE = ("not_", "neg")
COUNTS = ("popcount", "clz")
BOOLEAN = ("land", "lor")
OTHERS = ("ite", "extract", "concat", "zext", "sext", "lnot")

integers: Domain[int] = Integers()


def test_every_operation_is_held_against_terms() -> None:
    operations = {name for name, _ in inspect.getmembers(Domain, inspect.isfunction)}
    public = {name for name in operations if not name.startswith("_")}
    assert public == {*TWO, *ONE, *COUNTS, *BOOLEAN, *OTHERS}


@st.composite
def operands(draw: st.DrawFn) -> tuple[int, int, int]:
    width = draw(st.sampled_from((1, 4, 8, 32, 64, 128)))
    value = st.one_of(
        st.integers(0, (1 << width) - 1),
        st.sampled_from((0, 1, (1 << width) - 1, 1 << width - 1)),
        st.integers(0, min(2 * width, (1 << width) - 1)),
    )
    return draw(value), draw(value), width


@pytest.mark.parametrize("name", TWO)
@given(values=operands())
def test_operations_on_two_values_agree(name: str, values: tuple[int, int, int]) -> None:
    assert getattr(integers, name)(*values) == getattr(terms, name)(*values)


@given(operands())
def test_operations_on_one_value_agree(values: tuple[int, int, int]) -> None:
    a, b, width = values
    for name in ONE:
        assert getattr(integers, name)(a, width) == getattr(terms, name)(a, width)
    for name in COUNTS:
        assert getattr(integers, name)(a, width, 64) == getattr(terms, name)(a, width, 64)
    assert integers.sext(a, width, 200) == terms.sext(a, width, 200)
    assert integers.zext(a, width, 200) == terms.zext(a, width, 200)
    assert integers.concat(a, b, width, width) == terms.concat(a, b, width, width)
    assert integers.ite(a & 1, a, b, width) == terms.ite(a & 1, a, b, width)


@given(operands(), st.data())
def test_parts_agree(values: tuple[int, int, int], data: st.DataObject) -> None:
    a, _, width = values
    low = data.draw(st.integers(0, width - 1))
    size = data.draw(st.integers(1, width - low))
    assert integers.extract(a, low, size, width) == terms.extract(a, low, size, width)


@given(st.lists(st.integers(0, 1), min_size=1))
def test_conditions_agree(values: list[int]) -> None:
    assert integers.land(*values) == terms.land(*values)
    assert integers.lor(*values) == terms.lor(*values)
    assert integers.lnot(values[0]) == terms.lnot(values[0])
