"""Two images held against each other, told as plain values."""

from collections.abc import Iterator

from hypabi.analysis.findings.difference import CALLERS, Compared, Diff, kind_of
from hypabi.analysis.results.difference import (
    AskedBy,
    ComparedCall,
    ComparedImage,
    ComparedPromise,
    ContractTaken,
    DiffReproduction,
    DiffResult,
    Made,
    PartyHeld,
    Renumbering,
    ShownDifference,
    Side,
)
from hypabi.analysis.summaries.shared import values_of
from hypabi.analysis.summaries.suppressions import suppressed_by, suppression_file
from hypabi.analysis.summaries.trusted_base import trusted
from hypabi.judgement.difference.model import (
    Cell,
    Difference,
    Direction,
    Renumbered,
    Vacuous,
    differences_of,
    reasons_of,
)


def summarize_diff(diff: Diff) -> DiffResult:
    """Return two images held against each other as plain values."""
    given = diff.suppressions
    provenance = diff.provenance
    return DiffResult(
        diff.architecture,
        diff.identifier,
        _side(diff.old),
        _side(diff.new),
        tuple(_call(diff, cell) for cell in diff.cells),
        tuple(
            ComparedPromise(of.kind, of.who, of.what, of.change, of.old, of.new)
            for of in diff.promises
        ),
        None if given is None else suppression_file(given, diff.suppressed.values()),
        trusted(provenance),
        DiffReproduction(
            command=provenance.command,
            versions=dict(provenance.versions),
            old_sha256=diff.old.sha256,
            new_sha256=diff.new.sha256,
        ),
    )


def _side(side: Compared) -> ComparedImage:
    return ComparedImage(
        side.sha256,
        side.version or None,
        ContractTaken(side.contract, side.contract_sha256, side.contract_version),
        tuple(
            PartyHeld(each.name, each.symbol or None, f"{each.address:#x}", each.program, each.how)
            for each in side.parties
        ),
        side.missing,
    )


def _call(diff: Diff, cell: Cell) -> ComparedCall:
    change, by = cell.change, diff.by(cell)
    renumbered = None
    if isinstance(change, Renumbered):
        renumbered = Renumbering(f"{change.number:#x}", change.call)
    return ComparedCall(
        CALLERS[cell.direction],
        cell.party,
        cell.call,
        None if cell.number is None else f"{cell.number:#x}",
        cell.only_here,
        cell.left_open,
        kind_of(change),
        renumbered,
        (change.reason,) if isinstance(change, Vacuous) else reasons_of(change),
        tuple(_difference(cell, each) for each in differences_of(change)),
        tuple(_asked_by(diff, cell)),
        _made(diff, cell),
        cell.must_agree,
        cell.assumptions,
        None if by is None else suppressed_by(by),
    )


def _asked_by(diff: Diff, cell: Cell) -> Iterator[AskedBy]:
    for image, side in ((Side.OLD, diff.old), (Side.NEW, diff.new)):
        for each in side.askers:
            if each.call == cell.call:
                yield AskedBy(image, each.function, each.answer)


def _made(diff: Diff, cell: Cell) -> Made:
    """Return whether anybody makes a call, for all that is known.

    What images tell who hold no caller at all, a vector table alone, is nothing.
    """
    sides = (diff.old, diff.new)
    if any(_asked_by(diff, cell)) or any(cell.call in side.outside for side in sides):
        return Made.BY_SOMEBODY
    told = cell.call is not None and any(side.askers for side in sides)
    return Made.BY_NOBODY if told else Made.UNTOLD


def _difference(cell: Cell, each: Difference) -> ShownDifference:
    old, new = each.home, each.other
    if cell.direction is Direction.NEW_CALLERS:
        old, new = new, old
    entry = values_of(each.witness)
    return ShownDifference(each.aspect, each.bearing, each.subject, old, new, entry)
