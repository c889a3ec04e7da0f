from hypabi.analysis.results.difference import ChangeKind, Made
from hypabi.records import replace
from hypabi.report.diff.findings import findings_of
from hypabi.report.diff.html import grid_of
from hypabi.report.html.grid import CHANGED, INCOMPATIBLE
from tests.report import made_diff


def test_what_nobody_asks_for_is_marked_as_a_change_and_what_somebody_does_as_a_break() -> None:
    broken = made_diff.call(ChangeKind.INCOMPATIBLE)
    for made, mark in ((Made.UNTOLD, INCOMPATIBLE), (Made.BY_NOBODY, CHANGED)):
        diff = made_diff.diff(replace(broken, made=made))
        ((_, (cell, _)),) = grid_of(diff, findings_of(diff)).lines
        assert cell is not None
        assert cell.mark is mark
