"""A data flow comes to an end, and says what is known where ways meet."""

from collections.abc import Iterator

from hypabi.callsites.data_flow import data_flow
from hypabi.code.function_body import Step
from tests.callsites.a64_body import START, body

LOOP = body("1: cbz x0, 2f; nop; b 1b; 2: ret")
CBZ, NOP, BACK, RET = range(START, START + 16, 4)

Known = frozenset[int]
NOTHING: Known = frozenset()


def passed(step: Step, known: Known) -> Iterator[tuple[int, Known]]:
    """Add the instruction to those that were passed."""
    return ((target, known | {step.address}) for target in LOOP.after(step))


def test_what_is_known_where_ways_meet_is_what_all_of_them_bring() -> None:
    some = data_flow(LOOP, NOTHING, passed, lambda one, other: one & other)
    assert some is not None
    assert {at: set(known) for at, known in some.items()} == {
        CBZ: set(), NOP: {CBZ}, BACK: {CBZ, NOP}, RET: {CBZ}
    }  # fmt: skip
    every = data_flow(LOOP, NOTHING, passed, lambda one, other: one | other)
    assert every is not None and every[RET] == {CBZ, NOP, BACK}


def test_what_leaves_it_open_where_control_goes_leaves_all_open() -> None:
    def onward(step: Step, known: Known) -> Iterator[tuple[int, Known]] | None:
        return None if step.address == BACK else passed(step, known)

    assert data_flow(LOOP, NOTHING, onward, lambda one, _: one) is None


def test_what_never_comes_to_rest_is_ended() -> None:
    def onward(step: Step, known: int) -> Iterator[tuple[int, int]]:
        return ((target, known + 1) for target in LOOP.after(step))

    assert data_flow(LOOP, 0, onward, max) is None
    assert data_flow(LOOP, 0, onward, min) is not None
