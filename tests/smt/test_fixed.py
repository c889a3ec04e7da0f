"""What constants decide is what a solver says."""

from random import Random

import pytest

from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.fixed import MOST_KEPT, FixedSymbols
from hypabi.smt.solver import Unsatisfiable
from hypabi.smt.terms import Term, Value

WIDTH = 4
SYMBOLS = [terms.symbol(name, WIDTH) for name in "abc"]


def condition(random: Random) -> Value:
    one: Term = random.choice(SYMBOLS)
    other = random.choice([*SYMBOLS, *range(1 << WIDTH)])
    made = random.choice([terms.eq, terms.eq, terms.ne, terms.ult, terms.slt])(one, other, WIDTH)
    if random.random() < 0.3:
        made = random.choice([terms.land, terms.lor])(made, condition(random))
    return made


@pytest.mark.parametrize("seed", range(8))
def test_what_is_told_is_what_the_solver_says(seed: int) -> None:
    random, fixed, told = Random(seed), FixedSymbols(), set()
    for _ in range(200):
        asked = [condition(random) for _ in range(random.randrange(1, 5))]
        answer = fixed.decide(asked)
        told.add(answer)
        if answer is not None:
            possible = not isinstance(BitwuzlaSolver().feasibility(*asked), Unsatisfiable)
            assert possible is answer, [terms.text(each, 1) for each in asked]
    assert told == {True, False, None}


def test_what_nothing_fixes_is_left_to_the_solver() -> None:
    one, other, _ = SYMBOLS
    assert (
        FixedSymbols().decide([terms.ult(one, other, WIDTH), terms.ult(other, one, WIDTH)]) is None
    )
    assert FixedSymbols().decide([]) is None


def test_what_is_remembered_has_an_end() -> None:
    wide, fixed = terms.symbol("wide", 32), FixedSymbols()
    for number in range(2 * MOST_KEPT):
        assert fixed.decide([terms.ne(wide, 3, 32), terms.eq(wide, number, 32)]) is (number != 3)
