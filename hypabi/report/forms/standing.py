"""What a runner of tests says of an item."""

import enum
from typing import Final, assert_never

from hypabi.analysis.results.caller_checks import CallerWord
from hypabi.analysis.results.check import ClauseWord, InstallerWord, PartyWord, PlacementWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.difference import ChangeKind
from hypabi.analysis.results.entries import EntryWord
from hypabi.analysis.results.matrix import NOT_COUNTED, CellWord
from hypabi.report.findings.finding import Item


class Standing(enum.Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    """Refuted or incompatible, or our own defect."""
    UNDECIDED = "undecided"
    """It could not be judged to its end."""
    SKIPPED = "skipped"
    """There was nothing to judge."""
    EXPECTED = "expected"
    """It fails, and somebody has decided to live with it."""


NOT_SHOWN: Final = frozenset(
    {
        ClauseWord.VACUOUS.value,
        PartyWord.ABSENT.value,
        InstallerWord.ABSENT.value,
        PlacementWord.UNTOLD.value,
        CallerWord.UNSPECIFIED.value,
        CallerWord.DEPENDS.value,
        EntryWord.NOT_REACHABLE.value,
        EntryWord.HANDED_OVER.value,
        CellWord.LEFT_OPEN.value,
        NOT_COUNTED,
        ChangeKind.VACUOUS.value,
    }
)
"""Words that are good and show nothing."""


def standing_of(item: Item) -> Standing:
    """Return how an item ended, as a test."""
    match item.weight:
        case Weight.REFUTED | Weight.DEFECT:
            return Standing.FAILED
        case Weight.UNDECIDED:
            return Standing.UNDECIDED
        case Weight.CHANGE:
            return Standing.PASSED
        case Weight.GOOD if any(each.suppressed is not None for each in item.findings):
            return Standing.EXPECTED
        case Weight.GOOD:
            return Standing.SKIPPED if item.word in NOT_SHOWN else Standing.PASSED
        case _:
            assert_never(item.weight)
