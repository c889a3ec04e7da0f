"""Findings as GitLab's code quality report: a JSON list, each with a fingerprint."""

import json
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.plain import Plain
from hypabi.report.findings.finding import Finding, Findings
from hypabi.report.findings.fingerprint import fingerprints
from hypabi.report.shared.text_layout import printable

SEVERITY: Final = {
    Weight.DEFECT: "blocker",
    Weight.REFUTED: "critical",
    Weight.UNDECIDED: "major",
    Weight.CHANGE: "minor",
    Weight.GOOD: "info",
}


def write(findings: Findings) -> str:
    """Return findings as a list, keys sorted, ending in a newline."""
    told = list(findings.every())
    marks = fingerprints(told)
    entries = [_entry(findings, *each) for each in zip(told, marks, strict=True)]
    return json.dumps(entries, indent=2, sort_keys=True) + "\n"


def _entry(findings: Findings, each: Finding, mark: str) -> dict[str, Plain]:
    path = findings.inputs[each.input].path if each.input < len(findings.inputs) else ""
    said = each.sentence
    if each.suppressed is not None:
        said += f"; suppressed: {each.suppressed.reason} (until {each.suppressed.expires})"
    return {
        "description": printable(said),
        "check_name": each.rule.id,
        "fingerprint": mark,
        "severity": SEVERITY[each.weight],
        "location": {
            "path": path.removeprefix("./") or findings.command,
            "lines": {"begin": each.line or 1},
        },
    }
