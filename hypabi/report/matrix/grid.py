"""The grids of a matrix: callers by line, live parties by column, a mark for each cell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, assert_never

from hypabi.analysis.results.matrix import (
    CallerRole,
    Cell,
    CellParty,
    CellWord,
    MatrixResult,
    PromiseKept,
)
from hypabi.arch.names import Architecture
from hypabi.judgement.matrix.cell_model import Promise
from hypabi.records import frozen
from hypabi.report.shared.text_layout import filled, titled
from hypabi.report.shared.text_layout import grid as drawn

NARROW: Final = 8
"""Width beyond which the head of a column is broken."""

LEGEND: Final[Mapping[str, str]] = {
    "kept": "kept: the party does what the caller's contract promises",
    "error": "error: it does not serve the call, and answers as the contract says",
    "X": "X: refuted, it does something else",
    "?": "?: undecided",
    "-": "-: the contract leaves it open",
    "*": "*: not in every form",
    "(": "(): unreachable, for the contract says that the caller does not run then; not counted",
}


@frozen
class Line:
    """A caller or an installer: which function, of which revision, and where it stands."""

    function: str
    revision: str
    image: str


Grid = Mapping[tuple[Line, CellParty], tuple[Cell, ...]]
"""Cells by caller and party, in the order of their forms."""


def line_of(cell: Cell) -> Line:
    """Return the line that a cell stands in."""
    return Line(cell.caller.function, cell.caller.revision, cell.caller.image)


def by_line_and_party(cells: Iterable[Cell]) -> Grid:
    """Return cells by caller and party."""
    found: dict[tuple[Line, CellParty], list[Cell]] = {}
    for cell in cells:
        found.setdefault((line_of(cell), cell.live), []).append(cell)
    return {where: tuple(each) for where, each in found.items()}


def grids(result: MatrixResult) -> Iterator[str]:
    """Yield the grids of each architecture that occurs, and what the marks in them mean."""
    for architecture in Architecture:
        cells = [cell for cell in result.cells if cell.live.architecture is architecture]
        if cells:
            yield from _callers(cells, architecture)
            yield from _installers(cells, architecture)
    yield from _legend(result.cells)


def _of_role(cells: Iterable[Cell], role: CallerRole) -> Grid:
    return by_line_and_party(cell for cell in cells if cell.caller.role is role)


def _callers(cells: Sequence[Cell], architecture: Architecture) -> Iterator[str]:
    """Yield the grid of an architecture: callers by line, live parties by column."""
    at, forms = _of_role(cells, CallerRole.CALLER), dict.fromkeys(cell.form for cell in cells)
    parties = dict.fromkeys(party for _, party in at)
    rows = []
    for line in dict.fromkeys(line for line, _ in at):
        marks = [mark(at[line, each]) if (line, each) in at else "" for each in parties]
        rows.append((f"{line.revision} {line.function}", marks))
    if rows:
        yield from titled(f"{architecture.value} ({', '.join(forms)})")
        yield from _grid(parties, rows)


def _installers(cells: Sequence[Cell], architecture: Architecture) -> Iterator[str]:
    """Yield who makes a party live without a call, by revision."""
    at = _of_role(cells, CallerRole.INSTALLER)
    if not at:
        return
    yield from titled(f"{architecture.value}: installed without a call")
    parties = dict.fromkeys(party for _, party in at)
    by_function: dict[str, list[str]] = {line.function: [] for line, _ in at}
    for party in parties:
        for function, marks in by_function.items():
            mine = [
                line
                for line in dict.fromkeys(line for line, _ in at)
                if (line.function, line.revision) == (function, party.revision)
            ]
            marks.append("".join(mark(at[line, party]) for line in mine if (line, party) in at))
    yield from _grid(parties, list(by_function.items()))


def _grid(parties: Iterable[CellParty], rows: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield ""
    yield from drawn("", [_head(party) for party in parties], rows)


def _head(party: CellParty) -> list[str]:
    """Break a column's head into lines: the party, then its revision."""
    return [line for name in (party.party, party.revision) if name for line in _broken(name)]


def _broken(name: str) -> list[str]:
    if len(name) <= NARROW:
        return [name]
    before, _, after = name.partition("-")
    return [f"{before}-", *_broken(after)] if after else [name]


def _legend(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield what the marks mean, those that were used."""
    used = {mark(each) for role in CallerRole for each in _of_role(cells, role).values()}
    bare = {each.strip("()") for each in used}
    letters = {each.rstrip("*") for each in bare} | {"*" for each in bare if each.endswith("*")}
    letters |= {each[0] for each in used if each.startswith("(")}
    yield ""
    for each, meaning in LEGEND.items():
        if each in letters:
            yield from filled(meaning, "", "  ")


def mark(cells: Sequence[Cell]) -> str:
    """Return what stands for a cell that was judged in several forms, the worst of them."""
    found = [_letter(cell) for cell in cells]
    worst = next(each for each in ("X", "?", "-", "error", "kept") if each in found)
    shown = worst if len(set(found)) == 1 else f"{worst}*"
    return shown if cells[0].counts else f"({shown})"


def _letter(cell: Cell) -> str:
    """Return what stands for a cell in a grid."""
    match cell.verdict, cell.because:
        case CellWord.KEPT, PromiseKept(promise=Promise.UNSERVED):
            return "error"
        case CellWord.KEPT, _:
            return "kept"
        case CellWord.REFUTED, _:
            return "X"
        case CellWord.UNDECIDED, _:
            return "?"
        case CellWord.LEFT_OPEN, _:
            return "-"
        case _:
            assert_never(cell.verdict)
