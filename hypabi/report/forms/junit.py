"""Items as JUnit's XML: a suite for each party or unit, a case for each item.

What is refuted is a failure, what is undecided an error, what could not be judged at all skipped.
"""

from collections.abc import Iterator, Sequence
from typing import Final, assert_never
from xml.sax.saxutils import escape, quoteattr

from hypabi.report.findings.finding import Findings, Item
from hypabi.report.forms.detail import detail_lines
from hypabi.report.forms.standing import Standing, standing_of
from hypabi.report.shared.text_layout import printable

ELEMENT: Final = {
    Standing.FAILED: "failure",
    Standing.UNDECIDED: "error",
    Standing.SKIPPED: "skipped",
    Standing.EXPECTED: "skipped",
}
COUNTED: Final = (
    ("failures", Standing.FAILED),
    ("errors", Standing.UNDECIDED),
)


def write(findings: Findings) -> str:
    """Return the items of findings as XML; it has no times, so that it is the same every time."""
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Findings) -> Iterator[str]:
    groups: dict[str, list[Item]] = {}
    for item in findings.items:
        groups.setdefault(item.group, []).append(item)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites name={_attribute(f'hypabi {findings.command}')}{_counts(findings.items)}>"
    for name, items in groups.items():
        yield f"  <testsuite name={_attribute(name)}{_counts(items)}>"
        yield "    <properties>"
        yield f'      <property name="answer" value={_attribute(findings.answer)}/>'
        for each in findings.inputs:
            named = _attribute(f"sha256 of {each.what}")
            yield f"      <property name={named} value={_attribute(each.sha256)}/>"
        yield "    </properties>"
        for item in items:
            yield from _case(name, item)
        yield "  </testsuite>"
    yield "</testsuites>"


def _counts(items: Sequence[Item]) -> str:
    found = [standing_of(item) for item in items]
    counted = {name: found.count(of) for name, of in COUNTED}
    skipped = found.count(Standing.SKIPPED) + found.count(Standing.EXPECTED)
    counts = {"tests": len(found), **counted, "skipped": skipped}
    return "".join(f' {name}="{count}"' for name, count in counts.items()) + ' time="0"'


def _case(group: str, item: Item) -> Iterator[str]:
    standing = standing_of(item)
    head = f'    <testcase classname={_attribute(group)} name={_attribute(item.name)} time="0"'
    text = "\n".join(
        f"{printable(line)}"
        for each in item.findings
        for line in (f"{each.rule.id}: {each.sentence}", *detail_lines(each))
    )
    match standing:
        case Standing.PASSED if not text:
            yield f"{head}/>"
        case Standing.PASSED:
            yield f"{head}><system-out>{escape(text)}</system-out></testcase>"
        case Standing.FAILED | Standing.UNDECIDED | Standing.SKIPPED | Standing.EXPECTED:
            element = ELEMENT[standing]
            why = item.findings[0].sentence if item.findings else item.word
            rule = f" type={_attribute(item.findings[0].rule.id)}" if item.findings else ""
            kind = "" if element == "skipped" else rule
            yield f"{head}>"
            yield f"      <{element} message={_attribute(why)}{kind}>{escape(text)}</{element}>"
            yield "    </testcase>"
        case _:
            assert_never(standing)


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
