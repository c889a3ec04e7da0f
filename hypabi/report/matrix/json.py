"""A matrix as JSON; ``matrix.schema.json`` beside this module is its published schema.

Values of registers are strings in hexadecimal, because many readers of JSON cut numbers at 53 bits.
"""

from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.results.matrix import (
    Column,
    Judged,
    Matrix,
    Row,
    assumptions,
    cell_word,
    count_cells,
)
from hypabi.analysis.results.plain import plain
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.image.symbolizer import Places
from hypabi.judgement.matrix.cell_model import Broken, Kept, NotDecided, Open
from hypabi.report.shared.counterexample import entered
from hypabi.report.shared.counterexample_json import observed, values
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, in_json
from hypabi.report.shared.listing import lines_of
from hypabi.report.shared.trusted_base import trusted

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-matrix", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(matrix: Matrix) -> str:
    """Return a matrix as JSON, keys sorted, ending in a newline."""
    return in_json(document(matrix))


def document(matrix: Matrix) -> dict[str, Plain]:
    """Return a matrix as plain values."""
    found = count_cells(matrix)
    images: Plain = {f"{name}-{form}": file.sha256 for (name, form), file in matrix.files.items()}
    lives: dict[str, Plain] = {}
    if matrix.cycle is not None:
        lives = {"callers": plain(summarize_caller_checks(matrix.cycle, {}, matrix.place))}
    return {
        **lives,
        "schema": SCHEMA,
        "counts": {name.replace(" ", "_"): count for name, count in found.items()},
        "cells": [_cell(matrix, judged) for judged in matrix.judged],
        "trusted": list(trusted(matrix.provenance)),
        "exit_status": matrix.exit_status,
        "reproduce": reproduce(matrix.provenance, contracts=dict(matrix.contracts), images=images),
    }


def _cell(matrix: Matrix, judged: Judged) -> dict[str, Plain]:
    return {
        "caller": _caller(judged.row, judged),
        "live": _live(judged.column),
        "form": judged.form,
        "verdict": cell_word(judged.cell).replace(" ", "_"),
        "when": judged.when.value.replace(" ", "_"),
        "because": _because(matrix, judged),
        "assumptions": list(assumptions(judged.cell)),
    }


def _caller(row: Row, judged: Judged) -> dict[str, Plain]:
    return {
        "role": row.role.value,
        "function": row.function,
        "revision": row.label,
        "image": row.image,
        "registers": {name: f"{value:#x}" for name, value in judged.asked},
    }


def _live(column: Column) -> dict[str, Plain]:
    return {
        "architecture": column.architecture.value,
        "party": column.party,
        "revision": column.label,
        "image": column.image,
    }


def _because(matrix: Matrix, judged: Judged) -> dict[str, Plain]:
    """Return why the verdict is what it is: a promise and what was seen, or a reason."""
    match judged.cell:
        case Kept(promise, clauses, _, _):
            return {"promise": promise.value, "clauses": clauses}
        case NotDecided(reason) | Open(reason):
            return {"reason": reason.strip()}
        case Broken():
            return _broken(matrix, judged, judged.cell)
        case _:
            assert_never(judged.cell)


def _broken(matrix: Matrix, judged: Judged, cell: Broken) -> dict[str, Plain]:
    image, form = judged.column.image, judged.form
    places = Places(matrix.files[image, form])
    clause = cell.finding.clause
    lines = lines_of(cell.verdict.trail, lambda at: matrix.texts(image, form, at), places)
    return {
        "promise": cell.promise.value,
        "promised_of": {"party": cell.row.party, "call": cell.row.call},
        "clause": {"name": clause.name, "text": clause.text},
        "instead": places.inside(cell.instead),
        "entered": values(entered(cell.verdict)),
        "observed": observed(cell.verdict),
        "path": [{"address": f"{line.address:#x}", "text": line.text} for line in lines],
    }
