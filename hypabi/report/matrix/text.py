"""A matrix as text for a mail: the grid first, then what happens instead, then how to repeat it."""

from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.analysis.results.matrix import (
    LEGEND,
    Breakage,
    Column,
    Evidence,
    Judged,
    Matrix,
    Role,
    Row,
    assumptions,
    breakages,
    count_cells,
    images_sum,
    marks,
    reachable_cells,
)
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.arch.names import Architecture
from hypabi.contract.clause import Calls, Clause, Ensures, Leaves, Returns
from hypabi.contract.revision import Service
from hypabi.image.symbolizer import Places
from hypabi.judgement.matrix.cell_model import Broken, NotDecided, Open
from hypabi.report.caller_checks.text import section
from hypabi.report.shared.counterexample_text import at_entry, path
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.text_layout import COLUMNS, cut, filled, labelled, titled
from hypabi.report.shared.text_layout import grid as drawn
from hypabi.report.shared.trusted_base import trust_section, trusted

NARROW: Final = 8
"""Width beyond which the head of a column is broken."""


def write(matrix: Matrix, evidence: Evidence) -> str:
    """Return a matrix as text."""
    return "\n".join(_lines(matrix, evidence)) + "\n"


def _lines(matrix: Matrix, evidence: Evidence) -> Iterator[str]:
    yield from headline(matrix)
    for architecture in matrix.architectures():
        yield from grid(matrix, architecture)
        yield from installers(matrix, architecture)
    yield from legend(matrix)
    if evidence is not Evidence.NONE:
        yield from broken(matrix, evidence)
    yield from reasons(matrix, NotDecided, "Undecided")
    yield from reasons(matrix, Open, "Left open by the caller's contract, so not judged")
    if matrix.cycle is not None:
        yield from section(summarize_caller_checks(matrix.cycle, {}, matrix.place))
    yield from assumed(matrix)
    yield from trust_section(trusted(matrix.provenance))
    images = ("images", images_sum(matrix))
    yield from repeat(matrix.provenance, (images, *matrix.contracts))
    read = "1 file" if len(matrix.files) == 1 else f"{len(matrix.files)} files"
    yield f"images: of what sha256sum prints of the {read} read, by name"


def headline(matrix: Matrix) -> Iterator[str]:
    """Yield the answer: how many cells got which verdict."""
    found = count_cells(matrix)
    counted = ", ".join(f"{count} {name}" for name, count in found.items())
    cells = len({(each.row, each.column) for each in reachable_cells(matrix)})
    how_many = "1 cell" if cells == 1 else f"{cells} cells"
    where = "each in every form that is there" if matrix.cycle is None else "which can come about"
    yield from filled(f"callers against live parties: {how_many}, {where}")
    yield from filled(counted)


def grid(matrix: Matrix, architecture: Architecture) -> Iterator[str]:
    """Yield the grid of one architecture: callers by line, live parties by column."""
    at, forms = matrix.at(), ", ".join(matrix.forms(architecture))
    columns = matrix.columns(architecture, Role.CALLER)
    heads = [_head(column) for column in columns]
    rows = []
    for row in matrix.rows(architecture, Role.CALLER):
        cells = [marks(at[row, each]) if (row, each) in at else "" for each in columns]
        rows.append((f"{row.label} {row.function}", cells))
    if rows:
        yield from titled(f"{architecture.value} ({forms})")
        yield from _grid(heads, rows)


def installers(matrix: Matrix, architecture: Architecture) -> Iterator[str]:
    """Yield who makes a party live without a call, by revision."""
    at, rows = matrix.at(), matrix.rows(architecture, Role.INSTALLER)
    columns = matrix.columns(architecture, Role.INSTALLER)
    if not rows:
        return
    yield from titled(f"{architecture.value}: installed without a call")
    by_function: dict[str, list[str]] = {row.function: [] for row in rows}
    for column in columns:
        for function, cells in by_function.items():
            mine = [row for row in rows if (row.function, row.label) == (function, column.label)]
            cells.append("".join(marks(at[row, column]) for row in mine if (row, column) in at))
    yield from _grid([_head(column) for column in columns], list(by_function.items()))


def _head(column: Column) -> list[str]:
    """Break a column's head into lines: the party, then its revision."""
    return [line for name in (column.party, column.label) if name for line in _broken(name)]


def _broken(name: str) -> list[str]:
    if len(name) <= NARROW:
        return [name]
    before, _, after = name.partition("-")
    return [f"{before}-", *_broken(after)] if after else [name]


def _grid(heads: Sequence[list[str]], rows: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield ""
    yield from drawn("", heads, rows)


def legend(matrix: Matrix) -> Iterator[str]:
    """Yield what the marks mean, those that were used."""
    used = {marks(cells) for cells in matrix.at().values()}
    bare = {each.strip("()") for each in used}
    letters = {each.rstrip("*") for each in bare} | {"*" for each in bare if each.endswith("*")}
    letters |= {each[0] for each in used if each.startswith("(")}
    yield ""
    for each, meaning in LEGEND.items():
        if each in letters:
            yield from filled(meaning, "", "  ")


def broken(matrix: Matrix, evidence: Evidence) -> Iterator[str]:
    """Yield what happens instead, with the path and the counterexample where asked for."""
    found = list(breakages(matrix))
    if found:
        yield from titled("Refuted")
    for breakage in found:
        yield ""
        yield from _breakage(matrix, breakage, evidence)


def _breakage(matrix: Matrix, breakage: Breakage, evidence: Evidence) -> Iterator[str]:
    column, shown = breakage.column, breakage.shown
    assert isinstance(shown.cell, Broken)
    places = Places(matrix.files[column.image, shown.form])
    forms = ", ".join(dict.fromkeys(judged.form for judged in breakage.cells))
    asked: dict[str, None] = {}
    live = f"{column.whole} is {_how(shown.cell)}"
    yield from filled(f"{live} ({column.image}: {forms})", "* ", "  ")
    for judged in breakage.cells:
        asked.setdefault(_asks(judged))
    label = "by" if _installs(shown.cell) else "asked by"
    for asks in asked:
        yield from labelled(label, asks)
    clauses = dict.fromkeys(_promised(judged) for judged in breakage.cells)
    yield from labelled("promised", "; ".join(clauses))
    yield from labelled("instead", places.inside(breakage.instead))
    if evidence is Evidence.PATHS:
        yield from _path(matrix, shown, shown.cell, places)


def _installs(cell: Broken) -> bool:
    return cell.row.service is Service.INSTALLS


def _how(cell: Broken) -> str:
    return "installed" if _installs(cell) else "live"


def _asks(judged: Judged) -> str:
    assert isinstance(judged.cell, Broken)
    if _installs(judged.cell):
        return f"{judged.row.label} {judged.row.function}"
    registers = ", ".join(f"{name} = {value:#x}" for name, value in judged.asked)
    asked = registers or "whatever it is given"
    return f"{judged.row.label} {judged.row.function}: {asked}"


def _promised(judged: Judged) -> str:
    """Spell the refuted clause; where it is how the call ends, with what is to hold then."""
    assert isinstance(judged.cell, Broken)
    row, clause = judged.cell.row, judged.cell.finding.clause
    call = "any other identifier" if row.call is None else row.call
    call = "" if row.service is Service.INSTALLS else f"{call} "
    then = ""
    if not isinstance(clause.statement, Ensures):
        wanted = [each.text for each in row.clauses if isinstance(each.statement, Ensures)]
        then = f", with {' and '.join(wanted)}" if wanted and _ends(clause) else ""
    return f"{call}{clause.text}{then}"


def _ends(clause: Clause) -> bool:
    return isinstance(clause.statement, Returns | Leaves | Calls)


def _path(matrix: Matrix, shown: Judged, cell: Broken, places: Places) -> Iterator[str]:
    image, form = shown.column.image, shown.form
    yield from at_entry(cell.verdict, {}, places)
    yield from path(cell.verdict, lambda at: matrix.texts(image, form, at), places, form)


def reasons(matrix: Matrix, kind: type[NotDecided] | type[Open], title: str) -> Iterator[str]:
    """Yield the cells of a kind, those with one reason together."""
    found: dict[str, dict[tuple[Row, Column], None]] = {}
    for judged in reachable_cells(matrix):
        if isinstance(judged.cell, NotDecided | Open) and isinstance(judged.cell, kind):
            why = judged.cell.reason if isinstance(judged.cell, NotDecided) else judged.cell.why
            found.setdefault(why.strip(), {})[judged.row, judged.column] = None
    if found:
        yield from titled(title)
    for why, cells in found.items():
        yield ""
        yield from filled(why, "* ", "  ")
        for row, column in cells:
            who = f"{row.label} {row.function}, {column.whole} live"
            yield cut(f"    {who}", COLUMNS)


def assumed(matrix: Matrix) -> Iterator[str]:
    """Yield what the verdicts rest on, each assumption once."""
    found = sorted({text for judged in matrix.judged for text in assumptions(judged.cell)})
    if found:
        yield from titled("Assumed")
    for text in found:
        yield from filled(text, "* ", "  ")
