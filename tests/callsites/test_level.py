"""At which level code runs, as far as it asks: CurrentEL is 4 at EL1 and 8 at EL2 (DDI 0487)."""

import pytest

from hypabi.callsites.level import LevelAsked, asks_level, level_asked, unreached_at_el1
from tests.callsites.a64_body import START, body

BRK = 0xD4200020
"""``brk #1``, which stands where the level is asked about."""
ASKS = "mrs x0, CurrentEL; cmp x0, #8;"


@pytest.mark.parametrize(
    ("source", "place", "expected"),
    [
        (f"{ASKS} b.eq 1f; nop; 1: ret", 3, LevelAsked.ASKED),
        (f"{ASKS} b.ne 1f; nop; 1: ret", 3, LevelAsked.ELSEWHERE),
        (f"{ASKS} b.eq 1f; nop; 1: ret", 4, LevelAsked.ELSEWHERE),
        (f"cbz x1, 1f; {ASKS} b.eq 2f; 1: nop; 2: ret", 4, LevelAsked.NOT_ASKED),
        ("nop; nop; ret", 1, LevelAsked.NOT_ASKED),
    ],
)
def test_a_place_is_asked_for_where_every_way_to_it_goes_there_at_el1(
    source: str, place: int, expected: LevelAsked
) -> None:
    assert level_asked(body(source), START + 4 * place, lambda _: False) is expected


KEPT = f"{ASKS} cset w19, ne; bl 4f; 4:"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{KEPT} cbz w19, 1f; brk #1; 1: ret", LevelAsked.ASKED),
        (f"{KEPT} tbz w19, #0, 1f; brk #1; 1: ret", LevelAsked.ASKED),
        (f"{KEPT} and w20, w19, w1; cbz w20, 1f; brk #1; 1: ret", LevelAsked.ASKED),
        (f"cbz x1, 2f; {KEPT} b 3f; 2: mov w19, #0; 3: cbz w19, 1f; brk #1; 1: ret",
         LevelAsked.ASKED),
        (f"{KEPT} cbnz w19, 1f; brk #1; 1: ret", LevelAsked.NOT_ASKED),
        (f"{KEPT} tbz w19, #1, 1f; brk #1; 1: ret", LevelAsked.NOT_ASKED),
        (f"{ASKS} cset w19, eq; cbz w19, 1f; brk #1; 1: ret", LevelAsked.NOT_ASKED),
        (f"{ASKS} cset w9, ne; bl 4f; 4: cbz w9, 1f; brk #1; 1: ret", LevelAsked.NOT_ASKED),
        (f"cbz x1, 2f; {KEPT} b 3f; 2: mov w19, #1; 3: cbz w19, 1f; brk #1; 1: ret",
         LevelAsked.NOT_ASKED),
        (f"{KEPT} orr w20, w19, w1; cbz w20, 1f; brk #1; 1: ret", LevelAsked.NOT_ASKED),
    ],
)  # fmt: skip
def test_a_level_that_is_kept_in_a_register_is_asked_for_where_that_is_tested(
    source: str, expected: LevelAsked
) -> None:
    function = body(source)
    (place,) = (
        s.address for s in map(function.step, range(START, function.end, 4)) if s.word == BRK
    )
    assert level_asked(function, place, lambda _: False) is expected


def test_who_calls_a_function_that_asks_has_asked() -> None:
    function = body("bl 1f; nop; 1: ret")
    assert level_asked(function, START + 4, lambda _: False) is LevelAsked.NOT_ASKED
    assert level_asked(function, START + 4, lambda at: at == START + 8) is LevelAsked.ASKED


def test_nothing_is_behind_a_bug_that_another_block_follows() -> None:
    bug = "cbz x1, 1f; brk #0x800; 1: ret"
    assert level_asked(body(f"b 2f; 2: {bug}"), START + 12, lambda _: False) is LevelAsked.NOT_ASKED
    function = body(f"{ASKS} b.ne 1f; brk #0x800; 1: nop; ret")
    assert level_asked(function, START + 16, lambda _: False) is LevelAsked.ASKED


def test_what_is_not_reached_at_el1_is_behind_a_branch_that_leaves_it() -> None:
    function = body(f"{ASKS} b.ne 1f; bl 2f; 1: b 2f; 2: ret")
    assert unreached_at_el1(function) == {START + 12}
    assert asks_level(function)
    plain = body("mrs x0, mpidr_el1; cmp x0, #8; b.ne 1f; bl 1f; 1: ret")
    assert unreached_at_el1(plain) == frozenset() and not asks_level(plain)
