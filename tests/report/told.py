"""What every result's findings have to be, whatever the command."""

from collections import Counter

from hypabi.analysis.exit_status import Exit
from hypabi.analysis.results.check import OBLIGATIONS
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.drift import SENTENCES
from hypabi.report.findings.finding import Findings
from hypabi.rules.catalogue import RULES

BITS = {
    Weight.GOOD: Exit.GOOD,
    Weight.CHANGE: Exit.CHANGE,
    Weight.REFUTED: Exit.REFUTED,
    Weight.UNDECIDED: Exit.UNDECIDED,
    Weight.DEFECT: Exit.ERROR,
}
"""As the page of exit statuses has them."""

NOT_LISTED = (OBLIGATIONS, SENTENCES)
"""Counted and not listed one by one: hundreds, of which there is nothing to tell."""


def held_to_the_law(told: Findings) -> None:
    """Nothing sets a bit without a finding of its own, and every counted thing is an item."""
    status = Exit.GOOD
    for finding in told.every():
        status |= BITS[finding.weight]
        assert RULES[finding.rule.id] is finding.rule
        assert finding.where
        assert finding.suppressed is None or finding.weight is Weight.GOOD
    assert int(status) == told.conclusion.exit_status
    assert all(note.weight is Weight.GOOD for note in told.notes)
    for item in told.items:
        assert (item.weight is Weight.GOOD) is all(
            each.weight is Weight.GOOD for each in item.findings
        )
    counted = Counter((item.unit, item.word) for item in told.items)
    for unit, words in told.conclusion.counts.items():
        if unit not in NOT_LISTED:
            assert {word: counted[unit, word] for word in words} == dict(words), unit
