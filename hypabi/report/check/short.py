"""A check as what fits in a mail: the answer, a line for each finding, and what was not judged.

All of it is made of the findings that every other form has; the evidence is in the long report.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.analysis.provenance import typed
from hypabi.analysis.results.check import CheckResult, PlacementWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.image.symbolizer import Names
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.report.check.findings import findings_of
from hypabi.report.check.text import held
from hypabi.report.findings.finding import WORST_FIRST, Finding, Findings, Line
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.footer import verbosely
from hypabi.report.shared.text_layout import columns, cut, filled, labelled, printable
from hypabi.report.shared.verdict_lines import verdict_lines

MOST_FINDINGS: Final = 8
"""Findings that are told one by one; the long report has all."""
MOST_SAID: Final = 300
"""Characters of one finding."""
MOST_NAMED: Final = 3
"""Things named of a kind that was not judged."""
KEPT: Final = ("replay", "witness")
"""Labels of what is told of a finding besides its sentence: what somebody asked for."""


def write(result: CheckResult) -> str:
    """Return a check as a short text."""
    return "\n".join(map(printable, _lines(result))) + "\n"


def write_line(findings: Findings) -> str:
    """Return a check as one line: which file, the answer, and the rules of what was found."""
    rules = dict.fromkeys(each.rule.id for each in _weighing(findings))
    said = f"{findings.inputs[0].path}: {findings.answer}"
    return f"{printable(f'{said}: {_some(list(rules))}' if rules else said)}\n"


def _weighing(findings: Findings) -> list[Finding]:
    """Return the findings that weigh, worst first."""
    weighing = [each for each in findings.every() if each.weight is not Weight.GOOD]
    return sorted(weighing, key=lambda each: WORST_FIRST.index(each.weight))


def _lines(result: CheckResult) -> Iterator[str]:
    findings = findings_of(result)
    yield from verdict_lines(result.subject, result.conclusion)
    yield from held(result)
    if result.callers is not None and result.callers.outside is not None:
        yield from labelled("callers", f"of {result.callers.outside.name}")
    yield from _told(findings)
    yield from _besides(result, findings)
    if result.vector_entries is not None:
        from hypabi.report.check.entries.text import entries_section  # noqa: PLC0415 - few ask for it

        yield from entries_section(result.vector_entries, result, Names(result.symbols))
    yield from _more(result, findings)


def _told(findings: Findings) -> Iterator[str]:
    """Yield the findings that weigh, worst first, those that say the same together."""
    alike: dict[tuple[str, str, tuple[Line, ...]], list[Finding]] = {}
    for each in _weighing(findings):
        alike.setdefault((each.rule.id, each.text, _asked(each)), []).append(each)
    groups = list(alike.values())
    if groups:
        yield ""
    for group in groups[:MOST_FINDINGS]:
        yield from _finding(group)
    if left := sum(map(len, groups[MOST_FINDINGS:])):
        yield f"... and {left} more"


def _finding(alike: Sequence[Finding]) -> Iterator[str]:
    first = alike[0]
    where = first.where if len(alike) == 1 else f"{first.where}, and {len(alike) - 1} more"
    text = f"{where}: {first.text}" if first.text else where
    yield from filled(cut(text, MOST_SAID), f"{first.rule.id}  ", "    ")
    for line in _asked(first):
        yield from filled(f"{line.label}: {line.text}", "    ", "      ")


def _asked(finding: Finding) -> tuple[Line, ...]:
    return tuple(line for line in finding.lines if line.label in KEPT)


def _besides(result: CheckResult, findings: Findings) -> Iterator[str]:
    """Yield what was not judged, and what is told without a weight."""
    lines = [*_left_open(result), *_weightless(findings)]
    if lines:
        yield ""
        yield "Not judged, or told beside it:"
    for line in lines:
        yield from filled(line, "- ", "  ")


def _left_open(result: CheckResult) -> Iterator[str]:
    rows = [f"{spelled(each.call)} of {each.party}" for each in result.unspecified]
    if rows:
        yield f"left open by the document: {_some(rows)}"
    slots = [f"{each.party} +{each.slot}" for each in result.slots if each.verdict is SlotWord.OPEN]
    if slots:
        yield f"what enters these slots, which the contract leaves open: {_some(slots)}"
    untold = [each.name for each in result.placements if each.verdict is PlacementWord.UNTOLD]
    if untold and result.tells_placements:
        yield f"where these lie, which nothing in the image tells: {_some(untold)}"


def _weightless(findings: Findings) -> Iterator[str]:
    """Yield what was suppressed and why; of what else does not weigh each rule once."""
    found: dict[str, list[Finding]] = {}
    suppressed: list[str] = []
    for each in findings.every():
        if (by := each.suppressed) is not None:
            suppressed.append(f"{each.rule.id}, {each.where}: {by.reason} (until {by.expires})")
        elif each.weight is Weight.GOOD:
            found.setdefault(each.rule.id, []).append(each)
    yield from (f"suppressed: {each}" for each in suppressed[:MOST_FINDINGS])
    if len(suppressed) > MOST_FINDINGS:
        yield f"suppressed: {len(suppressed) - MOST_FINDINGS} more"
    for kind, alike in found.items():
        yield f"{kind}: {_some([each.where for each in alike])}"


def _some(names: Sequence[str]) -> str:
    """Name the first few of some things, and count the rest."""
    rest = len(names) - MOST_NAMED
    listed = "; ".join(names[:MOST_NAMED])
    return f"{listed} and {rest} more" if rest > 0 else listed


def _more(result: CheckResult, findings: Findings) -> Iterator[str]:
    """Yield the commands that explain a finding and show the evidence."""
    explained = next((each.rule.id for each in _weighing(findings)), None)
    if not (result.verdicts or result.installers):
        path = findings.inputs[0].path
        yield ""
        yield "If that is no kernel, it need not have any of this:"
        yield from typed(("hypabi", "callers", path, "--against", "VMLINUZ"), columns())
        yield from typed(("hypabi", "contract", "new", path), columns())
    yield ""
    yield "To see more:"
    if explained is not None:
        yield f"hypabi explain {explained}"
    yield from typed(verbosely(result.reproduce).command, columns())
