"""A matrix, cell by cell, as findings."""

from collections.abc import Iterator
from pathlib import PurePath

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.matrix import (
    CELLS,
    NOT_COUNTED,
    CallerRole,
    Cell,
    CellWord,
    MatrixResult,
    NothingShown,
    PromiseBroken,
    PromiseKept,
)
from hypabi.image.symbolizer import Names
from hypabi.records import replace
from hypabi.report.caller_checks.findings import caller_items, caller_notes
from hypabi.report.findings.finding import (
    CALL,
    CALLER,
    PARTY,
    Finding,
    Findings,
    Input,
    Item,
    Line,
    item_of,
    nothing_judged,
)
from hypabi.report.findings.shown import end_of, state_lines, steps_of
from hypabi.rules.matrix import CELL
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import rule_of_reason


def findings_of(result: MatrixResult) -> Findings:
    """Return a matrix as findings."""
    image = result.image
    subject = "references"
    if image is not None:
        subject = image.version or PurePath(image.path).name
    items = tuple(_items(result))
    if not _shown(items):
        items = (*items, nothing_judged(subject, "no cell that can come about shows anything"))
    return Findings(
        command="matrix",
        subject=subject,
        conclusion=result.conclusion,
        inputs=_inputs(result),
        items=items,
        notes=() if result.callers is None else tuple(caller_notes(result.callers)),
        trusted=result.trusted,
        reproduce=result.reproduce,
    )


def _inputs(result: MatrixResult) -> tuple[Input, ...]:
    if result.image is not None:
        return (Input("image", result.image.path, result.image.sha256),)
    return tuple(Input(name, "", sha256) for name, sha256 in result.reproduce.images.items())


def _shown(items: tuple[Item, ...]) -> bool:
    """Tell whether something of a cell that can come about is known, or open with a reason."""
    return any(
        item.unit != CELLS or item.findings or item.word == CellWord.KEPT.value for item in items
    )


def _items(result: MatrixResult) -> Iterator[Item]:
    shown = any(cell.verdict in (CellWord.KEPT, CellWord.REFUTED) for cell in result.reachable())
    for cell in result.cells:
        word = cell.verdict.value if cell.counts else NOT_COUNTED
        found = tuple(_of_cell(cell, Weight.GOOD if shown else Weight.UNDECIDED))
        yield item_of(CELLS, word, cell.live.whole, _where(cell), *found)
    if result.callers is not None:
        yield from caller_items(result.callers, {})


def _where(cell: Cell) -> str:
    who = f"{cell.caller.revision} {cell.caller.function}"
    live = "installed" if cell.caller.role is CallerRole.INSTALLER else "live"
    return f"{who}, {cell.live.whole} {live} ({cell.form})"


def _of_cell(cell: Cell, silent: Weight) -> Iterator[Finding]:
    """Yield what is to be told of a cell that can come about.

    :param silent: what it weighs that nothing was shown
    """
    rule = CELL[cell.verdict]
    if rule is None or not cell.counts:
        return
    match cell.because:
        case PromiseBroken() as broken:
            yield _broken(cell, rule, broken)
        case NothingShown(reason) if cell.verdict is CellWord.UNDECIDED:
            yield _finding(cell, rule_of_reason(reason, rule), reason)
        case NothingShown(reason):
            yield replace(_finding(cell, rule, reason), weight=silent)
        case PromiseKept():
            raise AssertionError(cell)


def _broken(cell: Cell, rule: Rule, broken: PromiseBroken) -> Finding:
    names = Names(broken.symbols)
    return replace(
        _finding(cell, rule, broken.instead),
        lines=(Line("promised", broken.promised), *state_lines(broken, {}, names)),
        path=steps_of(broken),
        spot=end_of(broken),
    )


def _finding(cell: Cell, rule: Rule, text: str) -> Finding:
    return Finding(
        rule=rule,
        weight=rule.weight,
        about={
            CALLER: cell.caller.function,
            CALL: cell.caller.revision,
            PARTY: cell.live.whole,
            "form": cell.form,
        },
        where=_where(cell),
        text=text,
    )
