"""A matrix as one HTML file: callers by line, live parties by column, what happens instead."""

from collections.abc import Iterator
from typing import Final

from hypabi.analysis.results.matrix import (
    CallerRole,
    Cell,
    CellWord,
    MatrixResult,
    PromiseKept,
)
from hypabi.arch.names import Architecture
from hypabi.judgement.matrix.cell_model import Promise
from hypabi.report.findings.finding import CALL, CALLER, PARTY, Findings
from hypabi.report.html.grid import (
    KEPT,
    LEFT_OPEN,
    REFUTED,
    UNDECIDED,
    UNREACHABLE,
    Grid,
    Mark,
    write_grid,
)
from hypabi.report.html.grid import Cell as Shown
from hypabi.report.html.markup import Html
from hypabi.report.html.page import leads_to, life_cycle, listed, section, write_page
from hypabi.report.matrix.findings import findings_of
from hypabi.report.matrix.grid import by_line_and_party

ERROR: Final = Mark("E", "good", "not served, and answered with an error as the contract says")
ROLES: Final = {
    CallerRole.CALLER: "callers and the party that is live",
    CallerRole.INSTALLER: "installed without a call",
}


def write(result: MatrixResult) -> str:
    """Return a matrix as a page."""
    findings = findings_of(result)
    return write_page(findings, _above(result, findings), _below(result))


def _above(result: MatrixResult, findings: Findings) -> Iterator[Html]:
    for architecture in Architecture:
        for role, title in ROLES.items():
            cells = [
                cell
                for cell in result.cells
                if (cell.live.architecture, cell.caller.role) == (architecture, role)
            ]
            if cells:
                grid = grid_of(f"{architecture.value}: {title}", cells, findings)
                yield section(grid.title, write_grid(grid))


def _below(result: MatrixResult) -> Iterator[Html]:
    if result.callers is not None:
        yield life_cycle(result.callers.moves)
    assumed = sorted({text for cell in result.cells for text in cell.assumptions})
    yield listed("Assumed", assumed)


def grid_of(title: str, cells: list[Cell], findings: Findings) -> Grid:
    """Return callers by line and live parties by column, the worst of the forms in each cell."""
    at = by_line_and_party(cells)
    parties = tuple(dict.fromkeys(party for _, party in at))
    target = leads_to(findings, CALLER, CALL, PARTY)
    lines = tuple(
        (
            f"{line.revision} {line.function}",
            tuple(
                _cell(at[line, each], target((line.function, line.revision, each.whole)))
                if (line, each) in at
                else None
                for each in parties
            ),
        )
        for line in dict.fromkeys(line for line, _ in at)
    )
    return Grid(title, tuple(each.whole for each in parties), lines)


def _cell(cells: tuple[Cell, ...], target: str | None) -> Shown:
    found = [_mark(cell) for cell in cells]
    order = (REFUTED, UNDECIDED, LEFT_OPEN, ERROR, KEPT, UNREACHABLE)
    worst = next(mark for mark in order if mark in found)
    several = f"in {found.count(worst)} of {len(found)} forms" if len(set(found)) > 1 else ""
    return Shown(worst, several, target if worst is not UNREACHABLE else None)


def _mark(cell: Cell) -> Mark:
    if not cell.counts:
        return UNREACHABLE
    match cell.verdict, cell.because:
        case CellWord.KEPT, PromiseKept(promise=Promise.UNSERVED):
            return ERROR
        case CellWord.KEPT, _:
            return KEPT
        case CellWord.REFUTED, _:
            return REFUTED
        case CellWord.UNDECIDED, _:
            return UNDECIDED
        case _:
            return LEFT_OPEN
