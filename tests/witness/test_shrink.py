from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Satisfiable
from hypabi.smt.terms import Value
from hypabi.witness.shrink import shrunk, size

NAMES = ("a", "b", "c")
BITS = 8
Model = Mapping[str, int]

numbers = st.integers(0, (1 << BITS) - 1)
usual = st.dictionaries(st.sampled_from(NAMES), numbers)
leaves: st.SearchStrategy[Value] = st.one_of(
    numbers, st.sampled_from([terms.symbol(name, BITS) for name in NAMES])
)
sums = st.builds(
    lambda op, a, b: op(a, b, BITS),
    st.sampled_from([terms.add, terms.sub, terms.and_, terms.or_, terms.xor, terms.urem]),
    leaves,
    leaves,
)
conditions = st.builds(
    lambda op, a, b: op(a, b, BITS), st.sampled_from([terms.eq, terms.ne, terms.ult]), sums, leaves
)


def holding(asked: list[Value]) -> tuple[Model, Callable[[Model], bool]] | None:
    """Return a model of conditions, and the test of one; nothing where there is none."""
    answer = BitwuzlaSolver().check(*asked)
    if not isinstance(answer, Satisfiable):
        return None
    model = dict.fromkeys(NAMES, 0) | dict(answer.model)
    return model, lambda m: all(evaluate(each, m) for each in asked)


@given(st.lists(conditions, max_size=4), usual)
def test_shrinking_keeps_the_refutation_and_never_grows(
    asked: list[Value], normally: Model
) -> None:
    found = holding(asked)
    if found is None:
        return
    model, holds = found
    small = shrunk(model, normally, holds)
    assert holds(small)
    assert small.keys() == model.keys()
    assert size(small, normally) <= size(model, normally)


@given(st.lists(conditions, max_size=3), usual)
def test_no_symbol_that_could_be_as_usual_is_left(asked: list[Value], normally: Model) -> None:
    found = holding(asked)
    if found is None:
        return
    model, holds = found
    small = shrunk(model, normally, holds)
    for name, value in small.items():
        ordinary = normally.get(name, 0)
        assert value == ordinary or not holds({**small, name: ordinary})


@given(st.dictionaries(st.sampled_from(NAMES), numbers), usual)
def test_what_nothing_asks_for_is_as_usual(model: Model, normally: Model) -> None:
    small = shrunk(model, normally, lambda _: True)
    assert small == {name: normally.get(name, 0) for name in model}


def test_shrinking_is_shrunk() -> None:
    holds = lambda m: m["a"] % 32 == 0 and m["a"] != 0 and m["b"] > 200  # noqa: E731
    once = shrunk({"a": 0xE0, "b": 255, "c": 9}, {}, holds)
    assert once == shrunk(once, {}, holds)
    assert (once["a"], once["c"]) == (0x20, 0)
    assert once["b"].bit_count() < 4
