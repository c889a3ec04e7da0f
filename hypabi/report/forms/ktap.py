"""Items as KTAP, version 1 (Documentation/dev-tools/ktap.rst): a test for each party or unit."""

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from hypabi.report.findings.finding import Finding, Findings, Item
from hypabi.report.forms.detail import detail_lines
from hypabi.report.forms.standing import Standing, standing_of
from hypabi.report.shared.text_layout import printable

VERSION: Final = "KTAP version 1"
INDENT: Final = "  "
FAILING: Final = (Standing.FAILED, Standing.UNDECIDED)


def write(findings: Findings) -> str:
    """Return the items of findings as KTAP: each group a test, each item a subtest."""
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Findings) -> Iterator[str]:
    groups: dict[str, list[Item]] = {}
    for item in findings.items:
        groups.setdefault(item.group, []).append(item)
    yield VERSION
    yield f"1..{len(groups)}"
    yield from _diagnostics([findings.answer])
    for note in findings.notes:
        yield from _diagnostics(_told(note))
    for number, (name, items) in enumerate(groups.items(), 1):
        for line in _group(name, items):
            yield f"{INDENT}{line}"
        failed = any(standing_of(item) in FAILING for item in items)
        yield f"{'not ok' if failed else 'ok'} {number} {_name(name)}"


def _group(name: str, items: list[Item]) -> Iterator[str]:
    yield VERSION
    yield f"# Subtest: {_name(name)}"
    yield f"1..{len(items)}"
    for number, item in enumerate(items, 1):
        for finding in item.findings:
            yield from _diagnostics(_told(finding))
        yield _result(number, item)


def _result(number: int, item: Item) -> str:
    test = f"{number} {_name(item.name)}"
    why = printable(item.findings[0].sentence if item.findings else item.word)
    match standing_of(item):
        case Standing.PASSED:
            return f"ok {test}"
        case Standing.SKIPPED:
            return f"ok {test} # SKIP {item.word}"
        case Standing.EXPECTED:
            return f"ok {test} # XFAIL {why}"
        case Standing.UNDECIDED:
            return f"not ok {test} # ERROR undecided: {why}"
        case Standing.FAILED:
            return f"not ok {test} # {why}"
        case _:
            assert_never(standing_of(item))


def _told(finding: Finding) -> Iterator[str]:
    yield f"{finding.rule.id}: {finding.sentence}"
    yield from detail_lines(finding)


def _diagnostics(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"# {printable(line)}"


def _name(text: str) -> str:
    """Return a test's name; a number sign would end it."""
    return " ".join(printable(text).replace("#", "").split()) or "unnamed"
