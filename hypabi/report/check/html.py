"""A check as one HTML file: the grid of parties and calls, every finding, the life cycle."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from hypabi.analysis.results.check import (
    CheckedClause,
    CheckResult,
    ClauseWord,
    InstallerWord,
    by_row,
)
from hypabi.analysis.results.vector_table import HOW
from hypabi.image.symbolizer import Names
from hypabi.report.check.findings import findings_of
from hypabi.report.findings.finding import CALL, CLAUSE, PARTY, Findings
from hypabi.report.html.grid import (
    GOOD,
    LEFT_OPEN,
    REFUTED,
    SUPPRESSED,
    UNDECIDED,
    VACUOUS,
    Cell,
    Grid,
    Mark,
    write_grid,
)
from hypabi.report.html.markup import Html, tag
from hypabi.report.html.page import leads_to, life_cycle, listed, section, write_page
from hypabi.report.shared.calls import spelled

MARKS: Final[tuple[tuple[ClauseWord, Mark], ...]] = (
    (ClauseWord.REFUTED, REFUTED),
    (ClauseWord.UNDECIDED, UNDECIDED),
    (ClauseWord.SUPPRESSED, SUPPRESSED),
    (ClauseWord.VACUOUS, VACUOUS),
    (ClauseWord.PROVED, GOOD),
)
"""What a cell is marked by, worst first."""


def write(result: CheckResult) -> str:
    """Return a check as a page."""
    findings = findings_of(result)
    return write_page(findings, _above(result, findings), _below(result))


def _above(result: CheckResult, findings: Findings) -> Iterator[Html]:
    image, contract = result.image, result.contract
    kind = (
        f"{image.architecture.value}, {image.byte_order.value}-endian; {', '.join(image.formats)}"
    )
    yield tag("p", f"{PurePath(image.path).name} ({kind})", class_="soft")
    held = f"{contract.name}, as of {contract.version} on {contract.architecture.value}"
    document = f"; {contract.document}" if contract.document else ""
    yield tag("p", f"held against {held}{document}", class_="soft")
    grid = grid_of(result, findings)
    if grid.lines:
        yield section("Clauses proved, of all, by call and party", write_grid(grid))


def _below(result: CheckResult) -> Iterator[Html]:
    if result.callers is not None:
        yield life_cycle(result.callers.moves)
    yield listed("Parties", _parties(result))
    yield listed("Left open by the document, so not judged", _unspecified(result))
    names = Names(result.symbols)
    assumed = (
        names.inside(f"{each.text}. {each.reason}" if each.reason else each.text)
        for each in result.assumptions
    )
    yield listed("Assumed", assumed)


def grid_of(result: CheckResult, findings: Findings) -> Grid:
    """Return how many of its clauses each call keeps at each party."""
    rows = by_row(result.verdicts)
    columns = tuple(dict.fromkeys(party for party, _ in rows))
    declined = {(each.party, each.call) for each in result.unspecified}
    calls = [call.name for call in result.contract.calls]
    names = dict.fromkeys((*calls, None, *(each.function for each in result.installers)))
    target = leads_to(findings, PARTY, CALL, having=CLAUSE)
    lines = []
    for call in names:
        cells = tuple(
            _cell(rows[party, call], target((party, spelled(call))))
            if (party, call) in rows
            else (Cell(LEFT_OPEN) if (party, call) in declined else None)
            for party in columns
        )
        if any(cell is not None for cell in cells):
            lines.append((spelled(call), cells))
    return Grid("Clauses by call and party", columns, tuple(lines))


def _cell(clauses: tuple[CheckedClause, ...], target: str | None) -> Cell:
    words = [each.verdict for each in clauses]
    mark = next(mark for word, mark in MARKS if word in words)
    return Cell(mark, f"{words.count(ClauseWord.PROVED)}/{len(words)}", target)


def _parties(result: CheckResult) -> Iterator[str]:
    for party in result.parties:
        word = result.party_word(party).value
        table = party.table
        where = f"looked for {party.vectors}"
        if table is not None:
            where = f"{table.symbol or 'no symbol'} at {table.address}, {HOW[table.how]}"
        yield f"{party.name}, {party.title}: {word}; {where}; owner: {party.owner}"
    for each in result.installers:
        if each.found is not InstallerWord.ABSENT:
            at = f" at {each.address}" if each.address is not None else ""
            yield f"installer of {each.party}: {each.function}{at}: {each.found.value}"


def _unspecified(result: CheckResult) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in result.unspecified:
        reasons.setdefault(each.why, []).append(f"{each.party}, {spelled(each.call)}")
    for why, rows in reasons.items():
        yield f"{'; '.join(rows)}: {why}"
