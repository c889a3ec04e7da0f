"""A matrix as text for a mail: the grid first, then what happens instead, then how to repeat it."""

import enum
from collections.abc import Iterator

from hypabi.analysis.results.matrix import (
    CallerRole,
    Cell,
    CellParty,
    CellWord,
    MatrixResult,
    NothingShown,
    PromiseBroken,
)
from hypabi.image.symbolizer import Names
from hypabi.records import frozen
from hypabi.report.caller_checks.text import section
from hypabi.report.matrix.grid import Line, by_line_and_party, grids, line_of
from hypabi.report.shared.evidence_text import at_entry, path
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import columns, cut, filled, labelled, printable, titled
from hypabi.report.shared.trusted_base import trust_section
from hypabi.report.shared.verdict_lines import verdict_lines


class Detail(enum.Enum):
    """How much is printed of a refuted cell."""

    PATHS = "paths"
    LINES = "lines"
    NONE = "none"


def write(result: MatrixResult, detail: Detail) -> str:
    """Return a matrix as text."""
    return "\n".join(map(printable, _lines(result, detail))) + "\n"


def _lines(result: MatrixResult, detail: Detail) -> Iterator[str]:
    yield from headline(result)
    yield from grids(result)
    if detail is not Detail.NONE:
        yield from broken(result, detail)
    yield from reasons(result, CellWord.UNDECIDED, "Undecided")
    left_open = "Left open by the caller's contract, so not judged"
    yield from reasons(result, CellWord.LEFT_OPEN, left_open)
    if result.callers is not None:
        yield from section(result.callers)
    yield from assumed(result)
    yield from trust_section(result.trusted)
    reproduce = result.reproduce
    inputs = (("images", reproduce.images_sha256), *reproduce.contracts.items())
    yield from repeat_section(reproduce, inputs)
    count = len(reproduce.images)
    read = "1 file" if count == 1 else f"{count} files"
    yield f"images: of what sha256sum prints of the {read} read, by name"


def headline(result: MatrixResult) -> Iterator[str]:
    """Yield the answer: whose callers, the verdict in a word, and how it comes about."""
    image = result.image
    if image is None:
        pairs = len(by_line_and_party(result.reachable()))
        pair = "1 pair" if pairs == 1 else f"{pairs} pairs"
        besides = f"{pair} of a caller and a live party, in every form that is there"
        yield from verdict_lines("references", result.conclusion, besides)
    else:
        yield from verdict_lines(image.version or image.name, result.conclusion)


@frozen
class Breakage:
    """Cells of one live party that break for one reason: the same instructions, the same end."""

    party: CellParty
    cells: tuple[tuple[Cell, PromiseBroken], ...]
    """Path and counterexample are printed of the first."""


def breakages(result: MatrixResult) -> Iterator[Breakage]:
    """Yield the refuted cells, those together that happen by the same path in the same way."""
    groups: dict[tuple[CellParty, str, int], list[tuple[Cell, PromiseBroken]]] = {}
    for cell in result.reachable():
        because = cell.because
        if isinstance(because, PromiseBroken):
            key = (cell.live, because.instead, len(because.path))
            groups.setdefault(key, []).append((cell, because))
    for (party, _, _), cells in groups.items():
        yield Breakage(party, tuple(cells))


def broken(result: MatrixResult, detail: Detail) -> Iterator[str]:
    """Yield what happens instead, with the path and the counterexample where asked for."""
    found = list(breakages(result))
    if found:
        yield from titled("Refuted")
    for breakage in found:
        yield ""
        yield from _breakage(breakage, detail)


def _breakage(breakage: Breakage, detail: Detail) -> Iterator[str]:
    party, (shown, because) = breakage.party, breakage.cells[0]
    forms = ", ".join(dict.fromkeys(cell.form for cell, _ in breakage.cells))
    installs = shown.caller.role is CallerRole.INSTALLER
    live = f"{party.whole} is {'installed' if installs else 'live'}"
    yield from filled(f"{live} ({party.image}: {forms})", "* ", "  ")
    for asks in dict.fromkeys(_asks(cell) for cell, _ in breakage.cells):
        yield from labelled("by" if installs else "asked by", asks)
    promised = dict.fromkeys(each.promised for _, each in breakage.cells)
    yield from labelled("promised", "; ".join(promised))
    yield from labelled("instead", because.instead)
    if detail is Detail.PATHS:
        yield from at_entry(because, {}, Names(because.symbols))
        yield from path(because, shown.form)


def _asks(cell: Cell) -> str:
    who = f"{cell.caller.revision} {cell.caller.function}"
    if cell.caller.role is CallerRole.INSTALLER:
        return who
    registers = ", ".join(f"{name} = {value}" for name, value in cell.caller.registers.items())
    return f"{who}: {registers or 'whatever it is given'}"


def reasons(result: MatrixResult, word: CellWord, title: str) -> Iterator[str]:
    """Yield the cells with a verdict, those with one reason together."""
    found: dict[str, dict[tuple[Line, CellParty], None]] = {}
    for cell in result.reachable():
        if cell.verdict is word and isinstance(cell.because, NothingShown):
            found.setdefault(cell.because.reason, {})[line_of(cell), cell.live] = None
    if found:
        yield from titled(title)
    for why, cells in found.items():
        yield ""
        yield from filled(why, "* ", "  ")
        for line, party in cells:
            who = f"{line.revision} {line.function}, {party.whole} live"
            yield cut(f"    {who}", columns())


def assumed(result: MatrixResult) -> Iterator[str]:
    """Yield what the verdicts rest on, each assumption once."""
    found = sorted({text for cell in result.cells for text in cell.assumptions})
    if found:
        yield from titled("Assumed")
    for text in found:
        yield from filled(text, "* ", "  ")
