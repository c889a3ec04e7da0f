"""The values that a term can have on a path."""

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Solver
from hypabi.smt.terms import Value
from hypabi.symbolic.choices import without_stores

X = terms.symbol("x", 64)
STORED, THERE = terms.symbol("stored", 64), terms.symbol("there", 64)


class _Path:
    """A path on which something holds."""

    def __init__(self, *holds: Value) -> None:
        self.solver: Solver = BitwuzlaSolver()
        for each in holds:
            self.solver.add(each)

    def never(self, condition: Value) -> bool:
        raise AssertionError(f"asked of {condition}")

    def decide(self, condition: Value) -> bool:
        raise AssertionError(f"asked of {condition}")


def loaded(at: int) -> Value:
    """Return what a load brings that one store may have hit."""
    return terms.ite(terms.eq(X, at, 64), STORED, THERE, 64)


def test_a_load_that_no_store_need_have_hit_is_what_was_there() -> None:
    high, low = (terms.extract(loaded(at), 0, 32, 64) for at in (8, 16))
    both = terms.concat(high, low, 32, 32)
    half = terms.extract(THERE, 0, 32, 64)
    was = terms.concat(half, half, 32, 32)
    assert without_stores(loaded(8), _Path()) == THERE
    assert without_stores(both, _Path()) == was


def test_a_load_that_a_store_has_hit_says_nothing() -> None:
    assert without_stores(loaded(8), _Path(terms.eq(X, 8, 64))) == 0
    assert without_stores(loaded(8), _Path(terms.eq(X, 16, 64))) == THERE


def test_a_value_without_choices_says_nothing() -> None:
    assert without_stores(THERE, _Path()) == 0
    assert without_stores(5, _Path()) == 0
