"""Findings as the workflow commands by which GitHub's runners take annotations.

A line each: ``::error file=F,line=N,title=T::MESSAGE``.  They are obeyed on standard output.
"""

from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.report.findings.finding import Finding, Findings
from hypabi.report.forms.detail import detail_lines
from hypabi.report.shared.text_layout import printable

COMMAND: Final = {
    Weight.DEFECT: "error",
    Weight.REFUTED: "error",
    Weight.UNDECIDED: "warning",
    Weight.CHANGE: "warning",
    Weight.GOOD: "notice",
}


def write(findings: Findings) -> str:
    """Return findings of items as annotations, and the answer as the last; notes are left out.

    A runner shows ten of each kind, and a kernel has more notes than that.
    """
    lines = [_annotation(findings, each) for item in findings.items for each in item.findings]
    answer = f"::notice title=hypabi {findings.command}::{_data(findings.answer)}"
    return "\n".join([*lines, answer]) + "\n"


def _annotation(findings: Findings, each: Finding) -> str:
    properties = []
    path = findings.inputs[each.input].path if each.input < len(findings.inputs) else ""
    if path:
        properties.append(f"file={_property(path)}")
    if each.line is not None:
        properties.append(f"line={each.line}")
    properties.append(f"title={_property(f'{each.rule.id}: {each.rule.title}')}")
    text = "%0A".join(map(_data, (each.sentence, *detail_lines(each))))
    return f"::{COMMAND[each.weight]} {','.join(properties)}::{text}"


def _data(text: str) -> str:
    """Escape what a runner would read as the end of a message."""
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    """Escape what a runner would read as the end of a property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
