"""Two images as one HTML file: one word for each call of each party, and who breaks."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.difference import (
    CallersOf,
    ChangeKind,
    ComparedCall,
    DiffResult,
    Made,
)
from hypabi.analysis.results.vector_table import HOW
from hypabi.report.diff.findings import findings_of
from hypabi.report.findings.finding import CALL, PARTY, Findings
from hypabi.report.html.grid import (
    CHANGED,
    INCOMPATIBLE,
    KEPT,
    LEFT_OPEN,
    SUPPRESSED,
    UNDECIDED,
    VACUOUS,
    Cell,
    Grid,
    Mark,
    write_grid,
)
from hypabi.report.html.markup import Html, tag
from hypabi.report.html.page import leads_to, listed, section, write_page
from hypabi.report.shared.calls import spelled

MARKS: Final[Mapping[ChangeKind, Mark]] = {
    ChangeKind.INCOMPATIBLE: INCOMPATIBLE,
    ChangeKind.WEAKER: INCOMPATIBLE,
    ChangeKind.RENUMBERED: INCOMPATIBLE,
    ChangeKind.UNDECIDED: UNDECIDED,
    ChangeKind.STRONGER: CHANGED,
    ChangeKind.CHANGED: CHANGED,
    ChangeKind.EQUAL: KEPT,
    ChangeKind.VACUOUS: VACUOUS,
}
COLUMNS: Final = ("old callers on the new provider", "new callers on the old provider")


def write(diff: DiffResult) -> str:
    """Return two images, held against each other, as a page."""
    findings = findings_of(diff)
    return write_page(findings, _above(diff, findings), _below(diff))


def _above(diff: DiffResult, findings: Findings) -> Iterator[Html]:
    for label, side in (("old", diff.old), ("new", diff.new)):
        at = f"{side.contract.name} as of {side.contract.version}"
        said = f"{label}: {side.named} ({diff.architecture.value}), held to {at}"
        yield tag("p", said, class_="soft")
    if diff.changes:
        yield section("By party and call", write_grid(grid_of(diff, findings)))


def _below(diff: DiffResult) -> Iterator[Html]:
    yield listed("Parties", _parties(diff))
    assumed = sorted({text for each in diff.changes for text in each.assumptions})
    yield listed("Assumed", assumed)


def grid_of(diff: DiffResult, findings: Findings) -> Grid:
    """Return a word for each call of each party in both directions."""
    rows: dict[tuple[str, str], dict[CallersOf, ComparedCall]] = {}
    for each in diff.changes:
        whole = each.call is None and each.only_here
        name = "the party itself" if whole else spelled(each.call)
        rows.setdefault((each.party, name), {})[each.direction] = each
    target = leads_to(findings, PARTY, CALL, "callers")
    lines = tuple(
        (
            f"{party}, {name}",
            tuple(
                _cell(found[of], target((party, spelled(found[of].call), of.value)))
                if of in found
                else None
                for of in CallersOf
            ),
        )
        for (party, name), found in rows.items()
    )
    return Grid("Calls by party and whose callers", COLUMNS, lines)


def _cell(each: ComparedCall, target: str | None) -> Cell:
    if each.suppressed is not None:
        return Cell(SUPPRESSED, each.change.value, target)
    if each.left_open:
        return Cell(LEFT_OPEN, "", target)
    mark = MARKS[each.change]
    if mark is INCOMPATIBLE and each.made is Made.BY_NOBODY:
        mark = CHANGED
    return Cell(mark, each.change.value, target)


def _parties(diff: DiffResult) -> Iterator[str]:
    for label, side in (("old", diff.old), ("new", diff.new)):
        for party in side.parties:
            how = HOW.get(party.how, party.how)
            where = f"{party.symbol or 'no symbol'} at {party.address}, {how}"
            yield f"{label}: {party.name}: {where}, in the {party.program}"
        for name in side.missing:
            yield f"{label}: {name}: not found in this image"
