"""Cells over the reference images, judged once for all tests."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from hypabi.analysis.references import Library
from hypabi.judgement.matrix.applicable_row import Caller, Live
from hypabi.judgement.matrix.cell_model import Cell
from hypabi.judgement.matrix.cells import judge_cell
from hypabi.judgement.matrix.reference_index import Form, Reference, read_index
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.cached import Remembered


@functools.cache
def library() -> Library:
    return Library(read_index())


@functools.cache
def solver() -> Remembered:
    return Remembered(BitwuzlaSolver())


def reference(name: str) -> Reference:
    return next(each for each in library().index.references if each.name == name)


def of_kind(*kinds: str) -> tuple[Reference, ...]:
    return tuple(each for each in library().index.references if each.kind in kinds)


def caller(image: str, form: Form, function: str) -> Caller:
    found = library().callers(reference(image), form)
    return next(each for each in found if each.name == function)


def live(image: str, form: Form, party: str) -> Live:
    found = library().parties(reference(image), form)
    return next(each for each in found if each.name == party)


@dataclass(frozen=True, slots=True)
class Where:
    """A cell: a function of one image against a live party of another, or of the same."""

    asking: str
    function: str
    answering: str
    party: str


def cells(where: Where) -> Iterator[tuple[Form, Cell]]:
    """Yield a cell in every form that both images have."""
    forms = reference(where.answering).forms
    for form in reference(where.asking).forms:
        if form in forms:
            asks = caller(where.asking, form, where.function)
            yield form, judge_cell(asks, live(where.answering, form, where.party), solver())
