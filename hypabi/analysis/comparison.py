"""Two images held against each other, each call of each party in the directions asked for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from hypabi.analysis.difference import Opened, sides
from hypabi.analysis.findings.difference import CALLERS, Compared, Diff, PartyFound, kind_of
from hypabi.analysis.provenance import Provenance
from hypabi.behaviour.saved.own_promises import PromiseKind
from hypabi.contract.version import Version
from hypabi.judgement.difference.compare import compare_sides
from hypabi.judgement.difference.model import (
    Cell,
    Direction,
    Equal,
    Undecided,
    Vacuous,
    breaks,
)
from hypabi.judgement.difference.own_promises import ChangedPromise, compare_promises, together
from hypabi.judgement.difference.side import Side
from hypabi.judgement.suppression import Suppression, Suppressions
from hypabi.smt.bitwuzla import BitwuzlaSolver

MILLISECONDS: Final = 4_000
"""For one question; those about real kernels take at most 10."""

Suppressed: TypeAlias = Mapping[tuple[Direction, str, str | None], Suppression]
"""What suppresses a cell, by direction, party and call."""


def compare(
    old: Opened,
    new: Opened,
    directions: Iterable[Direction],
    suppressions: Suppressions | None,
    provenance: Provenance,
) -> Diff:
    """Hold two images against each other.

    :param directions: whose callers are asked for
    :param suppressions: what was decided to live with; those about ``diff`` are taken
    :raises HypabiError: they are of different architectures, or one name has two widths in them
    """
    taken = None if suppressions is None else suppressions.of_changes()
    one, another = sides(old, new)
    cells = tuple(_cells(one, another, directions))
    return Diff(
        _compared(old, one),
        _compared(new, another),
        new.saved.architecture,
        new.revision.identifier,
        cells,
        together(_of_their_own(compare_promises(old.saved.promises, new.saved.promises), cells)),
        provenance,
        taken,
        {} if taken is None else _suppressed(taken, cells, new),
    )


def _of_their_own(
    promises: Iterable[ChangedPromise], cells: Iterable[Cell]
) -> Iterator[ChangedPromise]:
    """Yield what became of promises, but of the clauses of a call that is compared as broken.

    One cause is one finding.
    """
    told = {
        (PromiseKind.CLAUSE, cell.party, cell.call)
        for cell in cells
        if breaks(cell.change) or isinstance(cell.change, Undecided)
    }
    return (each for each in promises if (each.kind, each.who, each.call) not in told)


def _cells(old: Side, new: Side, directions: Iterable[Direction]) -> Iterator[Cell]:
    asked = frozenset(directions)
    if Direction.OLD_CALLERS in asked:
        yield from compare_sides(old, new, Direction.OLD_CALLERS, _solver)
    if Direction.NEW_CALLERS in asked:
        yield from compare_sides(new, old, Direction.NEW_CALLERS, _solver)


def _solver() -> BitwuzlaSolver:
    return BitwuzlaSolver(MILLISECONDS)


def _compared(opened: Opened, side: Side) -> Compared:
    saved, revision = opened.saved, opened.revision
    held = {party.name for party in saved.parties}
    return Compared(
        saved.sha256,
        saved.version,
        revision.contract,
        opened.contract.sha256,
        str(revision.version),
        tuple(PartyFound(p.name, p.symbol, p.address, p.program, p.how) for p in saved.parties),
        tuple(party.name for party in revision.parties if party.name not in held),
        saved.askers,
        frozenset(call for calls in side.users.values() for call in calls),
    )


def _suppressed(suppressions: Suppressions, cells: Iterable[Cell], new: Opened) -> Suppressed:
    """Return what is lived with; what is the same or was not decided is no change to live with."""
    found: dict[tuple[Direction, str, str | None], Suppression] = {}
    version = Version.parse(new.saved.version) or new.revision.version
    for cell in cells:
        if isinstance(cell.change, Equal | Undecided | Vacuous):
            continue
        words = kind_of(cell.change).value, CALLERS[cell.direction].value
        by = suppressions.of_change(cell.party, cell.call, *words, new.saved.sha256, version)
        if by is not None:
            found[cell.direction, cell.party, cell.call] = by
    return found
