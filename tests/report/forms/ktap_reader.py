"""A reader of KTAP version 1, strict, written from Documentation/dev-tools/ktap.rst.

It takes nothing that the document does not allow, no unknown lines, and no result that does not
follow from those of its subtests.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION = "KTAP version 1"
PLAN = re.compile(r"1\.\.(\d+)")
RESULT = re.compile(
    r"(ok|not ok) (\d+)(?: ([^#]*?))?(?: # (?:(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b)?.*)?"
)


@dataclass(frozen=True, slots=True)
class Test:
    """A test, and what came of it."""

    name: str
    ok: bool
    directive: str | None
    subtests: tuple["Test", ...] = ()
    diagnostics: tuple[str, ...] = field(default=())


class Malformed(Exception):
    """Something that is no KTAP."""


def read_ktap(text: str) -> tuple[Test, ...]:
    """Return the tests of a report.

    :raises Malformed: it is none
    """
    if not text.endswith("\n"):
        raise Malformed("the last line does not end")
    lines = text.split("\n")[:-1]
    tests, rest = _tests(lines, "")
    if rest:
        raise Malformed(f"beyond the plan: {rest[0]!r}")
    return tests


def _tests(lines: list[str], indent: str) -> tuple[tuple[Test, ...], list[str]]:
    """Return the tests at one level and the lines behind them."""
    lines, plan = _head(lines, indent)
    found: list[Test] = []
    while len(found) < plan:
        said, lines = _diagnostics(lines, indent)
        subtests: tuple[Test, ...] = ()
        if lines and lines[0] == f"{indent}  {VERSION}":
            subtests, lines = _tests(lines, f"{indent}  ")
        if not lines:
            raise Malformed("fewer tests than planned")
        found.append(_result(lines[0], indent, len(found) + 1, subtests, said))
        lines = lines[1:]
    return tuple(found), lines


def _head(lines: list[str], indent: str) -> tuple[list[str], int]:
    if not lines or lines[0] != f"{indent}{VERSION}":
        raise Malformed("no version line")
    _, lines = _diagnostics(lines[1:], indent)
    plan = PLAN.fullmatch(lines[0].removeprefix(indent)) if lines else None
    if plan is None or not lines[0].startswith(indent):
        raise Malformed("no plan")
    return lines[1:], int(plan[1])


def _diagnostics(lines: list[str], indent: str) -> tuple[tuple[str, ...], list[str]]:
    count = 0
    while count < len(lines) and lines[count].startswith(f"{indent}# "):
        count += 1
    return tuple(line[len(indent) + 2 :] for line in lines[:count]), lines[count:]


def _result(
    line: str, indent: str, number: int, subtests: tuple[Test, ...], said: tuple[str, ...]
) -> Test:
    match = RESULT.fullmatch(line.removeprefix(indent)) if line.startswith(indent) else None
    if match is None:
        raise Malformed(f"no result: {line!r}")
    if int(match[2]) != number:
        raise Malformed(f"number {match[2]} where {number} is next")
    ok = match[1] == "ok"
    if match[4] in ("TIMEOUT", "ERROR") and ok:
        raise Malformed(f"{match[4]} is not ok: {line!r}")
    if subtests and ok is not all(each.ok for each in subtests):
        raise Malformed(f"a test fails as its subtests do: {line!r}")
    return Test((match[3] or "").strip(), ok, match[4], subtests, said)


def leaves(tests: tuple[Test, ...]) -> Iterator[Test]:
    """Yield the tests that have no subtests."""
    for each in tests:
        if each.subtests:
            yield from leaves(each.subtests)
        else:
            yield each
