"""What ``hypabi matrix`` has to say, as plain values: callers against live parties."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.caller_checks import CallerChecks
from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Evidence, Hex, ImageIdentity, Reproduction, Sha256
from hypabi.arch.names import Architecture
from hypabi.judgement.callers.schedule import Reachability
from hypabi.judgement.matrix.cell_model import Promise
from hypabi.records import frozen


class CallerRole(enum.Enum):
    """What a function is to a party."""

    CALLER = "caller"
    INSTALLER = "installer"


class CellWord(enum.Enum):
    """The one word for a cell."""

    KEPT = "kept"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    LEFT_OPEN = "left open"


CELLS: Final = "cells"
NOT_COUNTED: Final = "unreachable"
"""Word for a cell that cannot come about, whatever was found for it."""
CELL_WORDS: Final = (*(each.value for each in CellWord), NOT_COUNTED)


@frozen
class CellCaller:
    """Who asks, or who installs."""

    role: CallerRole
    """Whether it asks the party, or installs it without a call."""
    function: str
    revision: str
    """Of a reference, its label; of a kernel's call site, the call that it asks for."""
    image: str
    registers: Mapping[str, Hex]
    """What it puts into registers, whatever it was called with."""


@frozen
class CellParty:
    """The party whose vectors are live."""

    architecture: Architecture
    party: str
    revision: str
    """Empty for a party of the kernel whose callers are held against it."""
    image: str

    @property
    def whole(self) -> str:
        """Party and revision."""
        return f"{self.party} {self.revision}".rstrip()


@frozen
class PromiseKept:
    """Why a cell is kept."""

    promise: Promise
    """What the party promises of the call (served); what it promises of a call that it does not
    serve (unserved); what the party promises that serves the call (elsewhere)."""
    clauses: int


@frozen
class PromisedOf:
    """Of what a promise is."""

    party: str
    call: str | None
    """Null for an identifier that is no call's number."""


@frozen
class PromisedClause:
    """A clause of a caller's contract."""

    name: str
    text: str


@frozen(kw_only=True)
class PromiseBroken(Evidence):
    """Why a cell is refuted."""

    promise: Promise
    """As of a cell that is kept."""
    promised_of: PromisedOf
    clause: PromisedClause
    promised: str
    """The clause with its call, and with what is to hold when the call ends."""
    instead: str
    """What happens instead, in a line."""
    symbols: Mapping[str, str]
    """Addresses in the counterexample, each as its symbol spells it."""


@frozen
class NothingShown:
    """Why a cell is undecided, or left open."""

    reason: str


@frozen
class Cell:
    """One caller, one live party, in one form of their images."""

    caller: CellCaller
    live: CellParty
    form: str
    """Instruction set and byte order of both images."""
    verdict: CellWord
    when: Reachability
    """Whether the contract of a kernel's image says that the caller can run while the party is
    live; what is unreachable is not counted."""
    because: PromiseKept | PromiseBroken | NothingShown
    assumptions: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it can come about."""
        return self.when is not Reachability.UNREACHABLE


@frozen(kw_only=True)
class MatrixReproduction(Reproduction):
    """What is needed to make the same matrix again."""

    contracts: Mapping[str, Sha256]
    """By name."""
    images: Mapping[str, Sha256]
    """By name and form."""
    images_sha256: Sha256
    """Of what sha256sum prints of all images, by name."""


@frozen(kw_only=True)
class MatrixResult:
    """Callers, held against the parties whose vectors can be live."""

    image: ImageIdentity | None
    """The file whose callers are held against its own parties; null for the references."""
    cells: tuple[Cell, ...]
    callers: CallerChecks | None
    """Of a kernel: what else its callers count on, and the moves that they make."""
    trusted: tuple[str, ...]
    """What no verdict can be better than."""
    reproduce: MatrixReproduction

    @property
    def conclusion(self) -> Conclusion:
        """What it amounts to: cells and callers, the worst of both."""
        units = {CELLS: CELL_WORDS}
        if self.callers is not None:
            units.update(self.callers.units())
        return conclude(self._judged(), "kept", units)

    @property
    def verdict(self) -> str:
        """The verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """The exit status of the command."""
        return self.conclusion.exit_status

    def reachable(self) -> tuple[Cell, ...]:
        """Return the cells that can come about."""
        return tuple(cell for cell in self.cells if cell.counts)

    def _judged(self) -> Iterator[Judged]:
        shown = {CellWord.KEPT, CellWord.REFUTED} & {cell.verdict for cell in self.reachable()}
        # What is left open, or cannot come about, is no good answer where nothing else was shown.
        silent = Weight.GOOD if shown else Weight.UNDECIDED
        weights = {
            CellWord.KEPT: Weight.GOOD,
            CellWord.REFUTED: Weight.REFUTED,
            CellWord.UNDECIDED: Weight.UNDECIDED,
            CellWord.LEFT_OPEN: silent,
        }
        for cell in self.cells:
            if cell.counts:
                yield Judged(CELLS, cell.verdict.value, weights[cell.verdict])
            else:
                yield Judged(CELLS, NOT_COUNTED, silent)
        if self.callers is not None:
            yield from self.callers.judged()
