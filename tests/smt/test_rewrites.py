"""Whatever a constructor answers means what the plain operation means."""

import itertools
from collections.abc import Iterator

import pytest

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.evaluate import evaluate, evaluate_all
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.term import Term, Value, make
from hypabi.smt.z3 import Z3Solver
from tests.smt.language import FOLDED, OPERATIONS, PLAIN, SMART, Language, Skeleton, skeletons, symbols

NAMES = ("x", "y", "z")
CHOSEN = (0, 1, 6, 15)
"""Constants of 4 bits: neutral and absorbing ones, the sign, low, middle and high masks."""


class _Recorder:
    """Notes which constructors an expression calls."""

    def __init__(self) -> None:
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.called.add(name)
        return getattr(SMART, name)


def test_every_public_constructor_is_covered_by_the_operations() -> None:
    recorder = _Recorder()
    x, y, _ = symbols(8)
    for operation in OPERATIONS:
        operation.build(recorder, 8, x, y)  # type: ignore[arg-type]
    not_constructors = {"symbol", "substitute", "symbols_of", "size_of", "simplify_under", "text"}
    not_constructors |= {"Op", "Term", "Value"}
    assert recorder.called == set(terms.__all__) - not_constructors


def _operands(width: int, constants: tuple[int, ...]) -> Iterator[dict[str, int]]:
    """Give every choice of which unknowns are constants, and of those constants."""
    for fixed in itertools.product((None, *constants), repeat=3):
        yield {n: v & ((1 << width) - 1) for n, v in zip(NAMES, fixed, strict=True) if v is not None}


def _place(skeleton: Skeleton, on: Language, width: int, fixed: dict[str, int]) -> Value:
    free = dict(zip(NAMES, symbols(width), strict=True))
    x, y, z = (fixed.get(name, free[name]) for name in NAMES)
    return skeleton.build(on, width, x, y, z)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_operation_means_the_same_for_all_operands_of_4_bits(operation: object) -> None:
    """All 256 operands, each symbolic or concrete: four ways to build, one meaning."""
    mine = [s for s in skeletons() if s.outer is operation and s.inner is None]
    assert len(mine) == 1
    reference = mine[0].build(PLAIN, 4, *symbols(4))
    for x, y in itertools.product(range(16), repeat=2):
        expected = evaluate(reference, {"x": x, "y": y})
        for fixed in ({}, {"x": x}, {"y": y}, {"x": x, "y": y}):
            built = _place(mine[0], SMART, 4, fixed)
            assert evaluate(built, {"x": x, "y": y}) == expected, (x, y, fixed)
            assert isinstance(built, Term) or 0 <= built < 1 << mine[0].width(4)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_nesting_means_the_same_for_all_operands_of_4_bits(operation: object) -> None:
    """Each nesting with each operand symbolic or one of the chosen constants."""
    pairs: dict[tuple[str, ...], dict[tuple[Value, Value], None]] = {}
    for skeleton in (s for s in skeletons() if s.outer is operation and s.inner is not None):
        used = {s.name for s in terms.symbols_of(_place(skeleton, FOLDED, 4, {}))}
        for fixed in _operands(4, CHOSEN):
            if used.issuperset(fixed) and len(used) - len(fixed) == (1 if fixed else 2):
                plain, smart = _place(skeleton, FOLDED, 4, fixed), _place(skeleton, SMART, 4, fixed)
                if plain is not smart:
                    pairs.setdefault(tuple(used - set(fixed)), {})[plain, smart] = None
    for free, group in pairs.items():
        values = tuple(itertools.chain.from_iterable(group))
        for numbers in itertools.product(range(16), repeat=len(free)):
            model = dict(zip(free, numbers, strict=True))
            results = evaluate_all(values, model)
            if results[::2] != results[1::2]:
                wrong = [i for i in range(0, len(results), 2) if results[i] != results[i + 1]]
                pytest.fail(f"{[values[i : i + 2] for i in wrong[:3]]} under {model}")
