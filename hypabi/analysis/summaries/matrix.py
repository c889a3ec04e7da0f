"""Callers against live parties, told as plain values."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

from hypabi.analysis.findings.matrix import Column, Judged, Matrix
from hypabi.analysis.results.caller_checks import CallerChecks
from hypabi.analysis.results.matrix import (
    Cell,
    CellCaller,
    CellParty,
    CellWord,
    MatrixReproduction,
    MatrixResult,
    NothingShown,
    PromiseBroken,
    PromisedClause,
    PromisedOf,
    PromiseKept,
)
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.analysis.summaries.shared import evidence_of, identify_image, symbols_in
from hypabi.analysis.summaries.trusted_base import trusted
from hypabi.contract.clause import Calls, Clause, Ensures, Leaves, Returns
from hypabi.contract.revision import Row, Service
from hypabi.image.model import Loaded
from hypabi.image.symbolizer import Places
from hypabi.judgement.matrix import cell_model
from hypabi.judgement.matrix.cell_model import Broken, Kept, NotDecided, Open


def summarize_matrix(matrix: Matrix) -> MatrixResult:
    """Return what was found of callers and live parties as plain values."""
    loaded = matrix.loaded
    return MatrixResult(
        image=None if loaded is None else identify_image(loaded),
        cells=tuple(_cell(matrix, judged) for judged in matrix.judged),
        callers=_callers(matrix),
        trusted=trusted(matrix.provenance),
        reproduce=_reproduction(matrix),
    )


def _callers(matrix: Matrix) -> CallerChecks | None:
    if matrix.cycle is None or matrix.loaded is None:
        return None
    places = Places(matrix.outside or matrix.loaded)
    return summarize_caller_checks(matrix.cycle, {}, places.name, outside=matrix.outside)


def _reproduction(matrix: Matrix) -> MatrixReproduction:
    return MatrixReproduction(
        command=matrix.provenance.command,
        versions=dict(matrix.provenance.versions),
        contracts=dict(matrix.contracts),
        images={f"{name}-{form}": file.sha256 for (name, form), file in matrix.files.items()},
        images_sha256=_images_sum(matrix.files.values()),
    )


def _images_sum(files: Iterable[Loaded]) -> str:
    """Return one SHA-256 for all images: of what ``sha256sum`` prints of them, by name."""
    named = sorted((Path(file.path).name, file.sha256) for file in files)
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in named)
    return hashlib.sha256(text.encode()).hexdigest()


def _cell(matrix: Matrix, judged: Judged) -> Cell:
    row = judged.row
    registers = {name: f"{value:#x}" for name, value in judged.asked}
    return Cell(
        CellCaller(row.role, row.function, row.label, row.image, registers),
        _party(judged.column),
        judged.form,
        cell_word(judged.cell),
        judged.when,
        _because(matrix, judged),
        _assumptions(judged.cell),
    )


def _party(column: Column) -> CellParty:
    return CellParty(column.architecture, column.party, column.label, column.image)


def cell_word(cell: cell_model.Cell) -> CellWord:
    """Return the one word for a cell."""
    match cell:
        case Kept():
            return CellWord.KEPT
        case Broken():
            return CellWord.REFUTED
        case NotDecided():
            return CellWord.UNDECIDED
        case Open():
            return CellWord.LEFT_OPEN
        case _:
            assert_never(cell)


def _because(matrix: Matrix, judged: Judged) -> PromiseKept | PromiseBroken | NothingShown:
    """Return why the verdict is what it is: a promise and what was seen, or a reason."""
    match judged.cell:
        case Kept(promise, clauses, _, _):
            return PromiseKept(promise, clauses)
        case NotDecided(reason) | Open(reason):
            return NothingShown(reason.strip())
        case Broken():
            return _broken(matrix, judged, judged.cell)
        case _:
            assert_never(judged.cell)


def _broken(matrix: Matrix, judged: Judged, cell: Broken) -> PromiseBroken:
    image, form = judged.column.image, judged.form
    places = Places(matrix.files[image, form])
    evidence = evidence_of(cell.verdict, lambda at: matrix.texts(image, form, at), places)
    clause = cell.finding.clause
    return PromiseBroken(
        counterexample=evidence.counterexample,
        observed=evidence.observed,
        path=evidence.path,
        disassembly=evidence.disassembly,
        promise=cell.promise,
        promised_of=PromisedOf(cell.row.party, cell.row.call),
        clause=PromisedClause(clause.name, clause.text),
        promised=_promised(cell.row, clause),
        instead=places.inside(cell.instead),
        symbols=symbols_in((f"{n} = {v}" for n, v in evidence.counterexample.items()), places),
    )


def _promised(row: Row, clause: Clause) -> str:
    """Spell the refuted clause; where it is how the call ends, with what is to hold then."""
    call = "any other identifier" if row.call is None else row.call
    call = "" if row.service is Service.INSTALLS else f"{call} "
    then = ""
    if not isinstance(clause.statement, Ensures):
        wanted = [each.text for each in row.clauses if isinstance(each.statement, Ensures)]
        then = f", with {' and '.join(wanted)}" if wanted and _ends(clause) else ""
    return f"{call}{clause.text}{then}"


def _ends(clause: Clause) -> bool:
    return isinstance(clause.statement, Returns | Leaves | Calls)


def _assumptions(cell: cell_model.Cell) -> tuple[str, ...]:
    """Return what a verdict rests on: paths, and what is granted of a live party."""
    match cell:
        case Kept(assumptions=found, granted=granted):
            return (*granted, *found)
        case Broken(finding=finding, granted=granted):
            return (*granted, *finding.assumptions)
        case NotDecided() | Open():
            return ()
        case _:
            assert_never(cell)
