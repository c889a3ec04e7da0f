"""The steps of a comparison: which directions, and what suppresses what."""

from datetime import date

import pytest

from hypabi.analysis.comparison import compare
from hypabi.analysis.findings.difference import Diff, kind_of
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.difference import ChangeKind
from hypabi.analysis.summaries.difference import summarize_diff
from hypabi.judgement.difference.model import Direction
from hypabi.judgement.suppression import Suppressions, parse_suppressions
from tests.cli.compared import reference
from tests.report.made import VERSIONS

BOTH = tuple(Direction)


def compared(
    directions: tuple[Direction, ...] = BOTH, suppressions: Suppressions | None = None
) -> Diff:
    """Hold a stub as of 5.10 against one as of 6.19, which serves more calls."""
    old, new = reference("arm64-stub-b3", "a64"), reference("arm64-stub-b8", "a64")
    provenance = Provenance(("hypabi", "diff"), VERSIONS)
    return compare(old, new, directions, suppressions, provenance)


def suppressions(*lines: str) -> Suppressions:
    """Return suppressions of the stub, each without its reason and its end."""
    listed = "".join(
        f"  - {{party: stub, {line}, reason: so, expires: 2027-01-31}}\n" for line in lines
    )
    return parse_suppressions(f"suppressions:\n{listed}".encode(), "made.yaml", date(2026, 11, 29))


@pytest.mark.parametrize("directions", [BOTH, BOTH[:1], BOTH[1:]])
def test_the_directions_that_are_asked_for_are_compared(directions: tuple[Direction, ...]) -> None:
    found = compared(directions)
    assert {cell.direction for cell in found.cells} == set(directions)


def test_both_directions_are_what_each_is_alone() -> None:
    alone = [cell for each in BOTH for cell in compared((each,)).cells]
    assert list(compared().cells) == alone


def test_every_suppressed_change_is_one_that_was_named_and_shown() -> None:
    calls = {cell.call for cell in compared().cells}
    every = [
        f"call: {call or 'any-other'}, change: {kind}"
        for call in sorted(calls, key=str)
        for kind in ("incompatible", "weaker", "stronger", "renumbered")
    ]
    found = compared(suppressions=suppressions(*every))
    assert found.suppressed
    for cell in found.cells:
        shown = kind_of(cell.change) not in (
            ChangeKind.EQUAL,
            ChangeKind.UNDECIDED,
            ChangeKind.VACUOUS,
        )
        assert (found.by(cell) is not None) is shown
    assert not summarize_diff(found).exit_status & 12


def test_what_is_suppressed_of_a_check_suppresses_no_change() -> None:
    given = suppressions("call: any-other, clause: refused")
    found = compared(suppressions=given)
    assert not found.suppressed
    assert found.suppressions is not None and not found.suppressions.entries
