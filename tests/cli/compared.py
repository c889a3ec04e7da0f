"""Two sides of a comparison, made of reference images or of files, without another process."""

from functools import cache
from pathlib import Path

from hypabi.analysis.difference import Opened, sides
from hypabi.analysis.saved_form import save_behaviours
from hypabi.analysis.session import open_image
from hypabi.arch.names import Architecture
from hypabi.behaviour.saved.writer import Saved
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.judgement.difference.compare import compare_sides
from hypabi.judgement.difference.model import Cell, Direction
from hypabi.judgement.matrix.reference_index import Reference, read_index
from hypabi.smt.bitwuzla import BitwuzlaSolver

INDEX = read_index()


def promised(reference: Reference, revision: str | None = None) -> tuple[str, Version] | None:
    """Return the contract of a reference image and the version to take it at."""
    labels = [revision] if revision else [party.revision for party in reference.parties]
    for label in labels:
        found = INDEX.revisions.get(label)
        if found is not None:
            version = Version.exact(found.version)
            assert version is not None
            return found.contract, version
    return None


@cache
def reference(name: str, form: str, revision: str | None = None) -> Opened:
    """Open a reference image as one side, held to one of its revisions."""
    of = next(each for each in INDEX.references if each.name == name)
    file = of.file(next(each for each in of.forms if each.name == form))
    held = promised(of, revision)
    assert held is not None, name
    contract = shipped_contract(held[0])
    saved = save_behaviours(open_image(file).examine(contract, held[1]))
    return Opened(str(file), saved, contract, revision_of(contract, held[1], saved.architecture))


def made(file: Path, contract: Contract, version: Version) -> Opened:
    """Open an image that a test made as one side."""
    saved = save_behaviours(open_image(file).examine(contract, version))
    return Opened(str(file), saved, contract, revision_of(contract, version, saved.architecture))


def again(opened: Opened, saved: Saved) -> Opened:
    """Return the same side with another saved form."""
    return Opened(opened.path, saved, opened.contract, opened.revision)


def cells(old: Opened, new: Opened) -> dict[tuple[str, str, str | None], Cell]:
    """Return all cells, by whose callers, party and call."""
    one, another = sides(old, new)
    found = [
        *compare_sides(one, another, Direction.OLD_CALLERS, BitwuzlaSolver),
        *compare_sides(another, one, Direction.NEW_CALLERS, BitwuzlaSolver),
    ]
    callers = {Direction.OLD_CALLERS: "old", Direction.NEW_CALLERS: "new"}
    return {(callers[each.direction], each.party, each.call): each for each in found}


def references() -> list[tuple[str, str]]:
    """Return every reference image with a contract in each of its forms."""
    return [
        (each.name, form.name)
        for each in INDEX.references
        if each.parties and promised(each) is not None
        for form in each.forms
    ]


__all__ = ["Architecture", "again", "cells", "made", "reference", "references"]
