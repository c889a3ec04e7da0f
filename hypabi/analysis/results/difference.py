"""What ``hypabi diff`` has to say, before it is text or JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.provenance import Provenance
from hypabi.arch.names import Architecture
from hypabi.judgement.difference.model import (
    Bearing,
    Cell,
    Change,
    Direction,
    Equal,
    Incompatible,
    Renumbered,
    Stronger,
    Undecided,
    Vacuous,
    Weaker,
    differences_of,
)
from hypabi.judgement.suppression import Suppression, Suppressions
from hypabi.records import field, frozen

SPELLED: Final[Mapping[Direction, str]] = {
    Direction.OLD_CALLERS: "old-callers",
    Direction.NEW_CALLERS: "new-callers",
}


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
    numbers: Mapping[int, str]
    """Name of each call, by its number."""


@frozen
class Diff:
    """Two images held against each other."""

    old: Compared
    new: Compared
    architecture: Architecture
    identifier: str
    cells: tuple[Cell, ...]
    exit_status: int
    provenance: Provenance
    suppressions: Suppressions | None = None
    suppressed: Mapping[tuple[Direction, str, str | None], Suppression] = field(
        default_factory=dict
    )
    """What suppresses a cell, by direction, party and call."""

    def by(self, cell: Cell) -> Suppression | None:
        """Return what suppresses a cell."""
        return self.suppressed.get((cell.direction, cell.party, cell.call))

    def home(self, direction: Direction) -> Compared:
        """Return the side whose callers a direction is about."""
        return self.old if direction is Direction.OLD_CALLERS else self.new

    def other(self, direction: Direction) -> Compared:
        """Return the side that they meet."""
        return self.new if direction is Direction.OLD_CALLERS else self.old


def change_word(change: Change) -> str:
    """Return the one word for a change."""
    match change:
        case Equal():
            return "equal"
        case Renumbered():
            return "renumbered"
        case Stronger():
            return "stronger"
        case Weaker():
            return "weaker"
        case Incompatible():
            return "incompatible"
        case Undecided():
            return "undecided"
        case Vacuous():
            return "vacuous"
        case _:
            assert_never(change)


WORDS: Final = (
    "incompatible",
    "weaker",
    "renumbered",
    "undecided",
    "stronger",
    "equal",
    "vacuous",
)
"""In the order in which a report prints them."""


def count_changes(cells: Iterable[Cell]) -> Mapping[str, int]:
    """Count the cells by the word for their change."""
    words = [change_word(cell.change) for cell in cells]
    return {each: words.count(each) for each in WORDS}


def cells_of(diff: Diff, *words: str) -> Iterator[Cell]:
    """Yield the cells with one of these words that nothing suppresses, in the order of words."""
    for each in words:
        for cell in diff.cells:
            if change_word(cell.change) == each and diff.by(cell) is None:
                yield cell


def noted(change: Change) -> tuple[str, ...]:
    """Return what differs without bearing on any caller."""
    return tuple(
        each.subject for each in differences_of(change) if each.bearing is Bearing.HARMLESS
    )
