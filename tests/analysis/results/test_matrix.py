"""A matrix amounts to the worst of its cells and of the callers, and is data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.caller_checks import CallerWord
from hypabi.analysis.results.matrix import CellWord
from hypabi.judgement.callers.schedule import Reachability
from tests.analysis.results.walk import assert_is_data
from tests.report.made_matrix import cell, check, checks, matrix, of_every_kind

AWAY = Reachability.UNREACHABLE
WORDS = (CellWord.KEPT, CellWord.REFUTED, CellWord.UNDECIDED, CellWord.LEFT_OPEN)


def test_it_is_data() -> None:
    assert_is_data(of_every_kind())


@pytest.mark.parametrize(
    ("words", "verdict", "status"),
    [
        ((CellWord.KEPT, CellWord.LEFT_OPEN), "kept", 0),
        ((CellWord.KEPT, CellWord.REFUTED), "refuted", 12),
        ((CellWord.KEPT, CellWord.UNDECIDED), "undecided", 16),
        ((CellWord.REFUTED, CellWord.UNDECIDED), "refuted", 28),
        ((CellWord.LEFT_OPEN,), "undecided", 16),
        ((), "undecided", 16),
    ],
)
def test_the_worst_cell_is_the_verdict(
    words: tuple[CellWord, ...], verdict: str, status: int
) -> None:
    found = matrix(*map(cell, words))
    assert (found.verdict, found.exit_status) == (verdict, status)


@pytest.mark.parametrize(
    ("word", "verdict", "status"),
    [
        (CallerWord.VIOLATED, "refuted", 12),
        (CallerWord.UNDECIDED, "undecided", 16),
        (CallerWord.SUPPRESSED, "kept", 0),
        (CallerWord.SATISFIED, "kept", 0),
    ],
)
def test_cells_that_are_kept_do_not_hide_a_caller(
    word: CallerWord, verdict: str, status: int
) -> None:
    found = matrix(cell(), callers=checks(check(word)))
    assert (found.verdict, found.exit_status) == (verdict, status)
    assert found.conclusion.counts["cells"]["kept"] == 1
    assert found.conclusion.counts["call sites"][word.value] == 1


def test_callers_do_not_hide_a_cell() -> None:
    found = matrix(cell(CellWord.REFUTED), callers=checks(check()))
    assert (found.verdict, found.exit_status) == ("refuted", 12)


def test_a_cell_that_cannot_come_about_breaks_nothing() -> None:
    found = matrix(cell(), cell(CellWord.REFUTED, AWAY), callers=checks(check()))
    assert (found.verdict, found.exit_status) == ("kept", 0)
    assert found.conclusion.counts["cells"]["unreachable"] == 1


def test_only_cells_that_cannot_come_about_show_nothing() -> None:
    assert matrix(cell(when=AWAY), callers=checks(check())).exit_status == 16


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.booleans()), max_size=6))
def test_every_cell_is_counted_once(made: list[tuple[CellWord, bool]]) -> None:
    cells = [cell(word, AWAY if away else Reachability.REACHABLE) for word, away in made]
    assert sum(matrix(*cells).conclusion.counts["cells"].values()) == len(made)


def test_references_have_no_call_sites_to_count() -> None:
    assert set(matrix(cell()).conclusion.counts) == {"cells"}
