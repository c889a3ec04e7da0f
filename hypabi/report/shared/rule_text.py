"""A rule's page, and the list of them, as text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.report.shared.text_layout import filled, titled
from hypabi.rules.rule import Rule

STATUS: Final[Mapping[Weight, str]] = {
    Weight.GOOD: "none: it is told, and counts as good",
    Weight.CHANGE: "4, change",
    Weight.REFUTED: "12, refuted or incompatible",
    Weight.UNDECIDED: "16, undecided",
    Weight.DEFECT: "1, error",
}
"""Bits of the exit status that a finding sets."""


def write_page(rule: Rule) -> str:
    """Return the page of a rule as text."""
    return "\n".join(_page(rule)) + "\n"


def write_list(rules: Iterable[Rule]) -> str:
    """Return ids and titles, two lines each."""
    return "".join(f"{rule.id}\n    {rule.title}\n" for rule in rules)


def _page(rule: Rule) -> Iterator[str]:
    yield from filled(f"{rule.id}: {rule.title}")
    yield from filled(f"exit status: {STATUS[rule.weight]}")
    for title, text in (
        ("What was found", rule.what),
        ("Why it matters", rule.why),
        ("How to mend it", rule.mend),
    ):
        yield from titled(title)
        yield from filled(text)
    if rule.cases:
        yield from titled("Cases")
        for case in rule.cases:
            yield f"docs/cases/{case}.md"
