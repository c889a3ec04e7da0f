"""Whatever a constructor answers means what the plain operation means."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.evaluate import evaluate, evaluate_all
from hypabi.smt.rewrite import subterms
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.term import Term, Value, make_term
from hypabi.smt.z3 import Z3Solver
from tests.inputs import exploring
from tests.smt.language import (
    COMPARISONS,
    FOLDED,
    OPERATIONS,
    PLAIN,
    SMART,
    Language,
    Operation,
    Skeleton,
    skeletons,
    symbols,
)
from tests.smt.language import NAMES as CONSTRUCTORS

UNKNOWNS = ("x", "y", "z")
CHOSEN = (0, 1, 6, 15) if exploring() else (0, 6)
"""Constants of 4 bits: neutral and absorbing ones, and a mask that is neither low nor high.

Ones of the kind of 1 and 15 the solvers have below, at the widths of registers.
"""


def test_every_public_constructor_is_covered_by_the_operations() -> None:
    called: set[str] = set()

    def recording(name: str) -> Callable[..., Value]:
        def record(*args: object) -> Value:
            called.add(name)
            value: Value = getattr(SMART, name)(*args)
            return value

        return record

    recorder = Language(**{name: recording(name) for name in CONSTRUCTORS})
    x, y, _ = symbols(8)
    for operation in OPERATIONS:
        operation.build(recorder, 8, x, y)
    not_constructors = {"symbol", "substitute", "symbols_of", "size_of", "simplify_under", "text"}
    assert called == set(terms.__all__) - not_constructors - {"Op", "Term", "Value"}


def _operands(width: int, constants: tuple[int, ...]) -> Iterator[dict[str, int]]:
    """Give every choice of which unknowns are constants, and of those constants."""
    for fixed in itertools.product((None, *constants), repeat=3):
        yield {
            n: v & ((1 << width) - 1) for n, v in zip(UNKNOWNS, fixed, strict=True) if v is not None
        }


def _place(skeleton: Skeleton, on: Language, width: int, fixed: dict[str, int]) -> Value:
    free = dict(zip(UNKNOWNS, symbols(width), strict=True))
    x, y, z = (fixed.get(name, free[name]) for name in UNKNOWNS)
    return skeleton.build(on, width, x, y, z)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_operation_means_the_same_for_all_operands_of_4_bits(operation: Operation) -> None:
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
def test_every_nesting_means_the_same_for_all_operands_of_4_bits(operation: Operation) -> None:
    """One operand free and the others chosen constants, or all free where there are two."""
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


def _constants(width: int) -> list[dict[str, int]]:
    ones = (1 << width) - 1
    single = [{name: value} for name in ("y", "z") for value in (1, ones, 0xF0)]
    return [{}, *single, {"y": 0xF0, "z": 3}, {"y": ones - 7, "z": 1 << (width - 1)}]


def _obligations(operation: Operation, width: int) -> dict[tuple[Value, Value], Term]:
    """Return what is to be equal and, for each, the disequation before it was generalised."""
    found: dict[tuple[Value, Value], Term] = {}
    for skeleton in (s for s in skeletons() if s.outer is operation):
        used = {s.name for s in terms.symbols_of(_place(skeleton, FOLDED, width, {}))}
        for fixed in _constants(width):
            if not used.issuperset(fixed):
                continue
            plain, smart = (_place(skeleton, on, width, fixed) for on in (FOLDED, SMART))
            if isinstance(plain, int):
                assert smart == plain, (skeleton.name, fixed)
            elif plain is not smart:
                found.setdefault(_generalised(plain, smart), _differ(plain, smart))
    return found


def _generalised(plain: Term, smart: Value) -> tuple[Value, Value]:
    """Put an unknown for whatever both have in common: what is equal then is equal always."""
    common = set(subterms((plain,))) & set(subterms((smart,)))
    known: dict[Term, Term] = {}

    def general(term: Value) -> Value:
        if isinstance(term, int):
            return term
        if term not in known:
            name = f"t{len(known)} of {term.width}"
            known[term] = (
                terms.symbol(name, term.width)
                if term in common
                else make_term(term.op, tuple(general(a) for a in term.args), term.width, term.low)
            )
        return known[term]

    return general(plain), general(smart)


def _differ(a: Value, b: Value) -> Term:
    return make_term("not", (make_term("eq", (a, b), 1),), 1)


@pytest.mark.parametrize("width", [32, 64])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_both_solvers_prove_every_rewrite(operation: Operation, width: int) -> None:
    """Each at the width of one architecture; both at both where one has the time."""
    obligations = _obligations(operation, width)
    solvers: tuple[Solver, ...] = (Z3Solver(),) if width == 32 else (BitwuzlaSolver(),)
    if exploring():
        solvers = (BitwuzlaSolver(), Z3Solver())
    for (plain, smart), original in obligations.items():
        for solver in solvers:
            # Equal for every value of the common parts, or else for the values these can have.
            if solver.feasibility(_differ(plain, smart)) != Unsatisfiable():
                assert solver.feasibility(original) == Unsatisfiable(), (plain, smart)


def test_plain_comparisons_mean_what_python_means() -> None:
    x, y, _ = symbols(4)
    for a, b in itertools.product(range(16), repeat=2):
        signed_a, signed_b = (v - 16 if v > 7 else v for v in (a, b))
        expected = [a == b, a != b, a < b, a <= b, signed_a < signed_b, signed_a <= signed_b]
        results = [getattr(PLAIN, name)(x, y, 4) for name in COMPARISONS]
        assert [evaluate(r, {"x": a, "y": b}) for r in results] == expected


def test_low_bits_of_an_aligned_sum_are_known_and_can_be_flipped() -> None:
    """Vectors of HYP count in the low bits of SP: for all x of 4 bits, all sums and all flips."""
    x = terms.symbol("x", 4)
    aligned = terms.concat(terms.extract(x, 2, 2, 4), 0, 2, 2)
    for added, flips in itertools.product(range(16), range(16)):
        total = terms.add(aligned, added, 4)
        low = terms.extract(total, 0, 2, 4)
        flipped = terms.xor(total, flips, 4)
        assert low == added & 3, "no symbol is left"
        if flips < 4 and added:
            assert flipped is terms.add(aligned, (added & ~3) + ((added & 3) ^ flips), 4)
        for value in range(16):
            plain = ((value & 0b1100) + added) & 15
            assert evaluate(flipped, {"x": value}) == plain ^ flips
