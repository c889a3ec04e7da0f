"""What ``hypabi diff`` found: the cells as they were decided, and who the two sides are."""

from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.difference import CallersOf, ChangeKind
from hypabi.arch.names import Architecture
from hypabi.behaviour.saved.own_promises import Asker
from hypabi.judgement.difference.model import (
    Cell,
    Change,
    Changed,
    Direction,
    Equal,
    Incompatible,
    Renumbered,
    Stronger,
    Undecided,
    Vacuous,
    Weaker,
)
from hypabi.judgement.difference.own_promises import ChangedTogether
from hypabi.judgement.suppression import Suppression, Suppressions
from hypabi.records import field, frozen

CALLERS: Final[Mapping[Direction, CallersOf]] = {
    Direction.OLD_CALLERS: CallersOf.OLD,
    Direction.NEW_CALLERS: CallersOf.NEW,
}
"""Whose callers a direction is about."""


@frozen
class PartyFound:
    """A party that one side holds."""

    name: str
    symbol: str
    address: int
    program: str
    how: str


@frozen
class Compared:
    """One of the two images, whether it was given itself or in its saved form."""

    sha256: str
    version: str
    contract: str
    contract_sha256: str
    contract_version: str
    parties: tuple[PartyFound, ...]
    missing: tuple[str, ...]
    """Parties of the revision that the image does not hold."""
    askers: tuple[Asker, ...]
    outside: frozenset[str]
    """Calls that somebody outside the image makes."""


@frozen
class Diff:
    """Two images held against each other."""

    old: Compared
    new: Compared
    architecture: Architecture
    identifier: str
    cells: tuple[Cell, ...]
    promises: tuple[ChangedTogether, ...]
    """What became of what each keeps of its own contract."""
    provenance: Provenance
    suppressions: Suppressions | None = None
    suppressed: Mapping[tuple[Direction, str, str | None], Suppression] = field(
        default_factory=dict
    )
    """What suppresses a cell, by direction, party and call."""

    def by(self, cell: Cell) -> Suppression | None:
        """Return what suppresses a cell."""
        return self.suppressed.get((cell.direction, cell.party, cell.call))


def kind_of(change: Change) -> ChangeKind:
    """Return which kind of change it is."""
    match change:
        case Equal():
            return ChangeKind.EQUAL
        case Renumbered():
            return ChangeKind.RENUMBERED
        case Stronger():
            return ChangeKind.STRONGER
        case Changed():
            return ChangeKind.CHANGED
        case Weaker():
            return ChangeKind.WEAKER
        case Incompatible():
            return ChangeKind.INCOMPATIBLE
        case Undecided():
            return ChangeKind.UNDECIDED
        case Vacuous():
            return ChangeKind.VACUOUS
        case _:
            assert_never(change)
