"""What ``hypabi matrix`` has to say, before it is text or JSON: callers against live parties."""

import enum
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from hypabi.analysis.exit_status import Exit
from hypabi.analysis.provenance import Provenance
from hypabi.arch.names import Architecture
from hypabi.image.model import Loaded
from hypabi.judgement.callers.schedule import LifeCycle, Reachability
from hypabi.judgement.matrix.cell_model import Broken, Cell, Kept, NotDecided, Open, Promise
from hypabi.records import frozen


class Evidence(enum.Enum):
    """How much is printed of a refuted cell."""

    PATHS = "paths"
    LINES = "lines"
    NONE = "none"


class Role(enum.Enum):
    """What a function is to a party."""

    CALLER = "caller"
    INSTALLER = "installer"


@frozen
class Row:
    """A caller or an installer: which function, of which revision, and where it stands."""

    function: str
    label: str
    image: str
    architecture: Architecture
    role: Role = Role.CALLER


@frozen
class Column:
    """A live party, of which revision, and where its vectors stand."""

    party: str
    label: str
    """Empty for a party of the kernel whose callers are held against it."""
    image: str
    architecture: Architecture

    @property
    def whole(self) -> str:
        """Party and revision."""
        return f"{self.party} {self.label}".rstrip()


@frozen
class Judged:
    """One cell in one form of the images: an instruction set and a byte order."""

    row: Row
    column: Column
    form: str
    cell: Cell
    asked: tuple[tuple[str, int], ...]
    """What the caller puts into registers, whatever it was called with."""
    when: Reachability = Reachability.UNSPOKEN
    """Whether the caller can run while the party is live."""


@frozen
class Matrix:
    """All cells that were asked for."""

    judged: tuple[Judged, ...]
    files: Mapping[tuple[str, str], Loaded]
    """The file of each image in each form that was read."""
    texts: Callable[[str, str, int], str]
    """Disassembly of the instruction at an address of an image in a form."""
    contracts: tuple[tuple[str, str], ...]
    """Name and SHA-256 of each contract that was read."""
    exit_status: int
    provenance: Provenance
    cycle: LifeCycle | None = None
    """Of a kernel's image: what else its callers count on, and the moves that they make."""
    place: Callable[[int], str] = hex
    """Spells an address of a kernel's image."""

    def architectures(self) -> tuple[Architecture, ...]:
        """Return the architectures that occur, in their order."""
        found = {judged.row.architecture for judged in self.judged}
        return tuple(each for each in Architecture if each in found)

    def rows(self, architecture: Architecture, role: Role) -> tuple[Row, ...]:
        """Return the callers or the installers of an architecture, in order."""
        rows = (judged.row for judged in self.judged)
        found = (row for row in rows if (row.architecture, row.role) == (architecture, role))
        return tuple(dict.fromkeys(found))

    def columns(self, architecture: Architecture, role: Role) -> tuple[Column, ...]:
        """Return the parties whom callers can find live, or whom installers install, in order."""
        columns = (judged.column for judged in self.judged if judged.row.role is role)
        return tuple(dict.fromkeys(each for each in columns if each.architecture is architecture))

    def forms(self, architecture: Architecture) -> tuple[str, ...]:
        """Return the forms in which an architecture's cells were judged."""
        forms = (each.form for each in self.judged if each.row.architecture is architecture)
        return tuple(dict.fromkeys(forms))

    def at(self) -> Mapping[tuple[Row, Column], tuple[Judged, ...]]:
        """Return the cells by caller and party, in the order of their forms."""
        found: dict[tuple[Row, Column], list[Judged]] = {}
        for judged in self.judged:
            found.setdefault((judged.row, judged.column), []).append(judged)
        return {where: tuple(cells) for where, cells in found.items()}


def cell_word(cell: Cell) -> str:
    """Return the one word for a cell."""
    match cell:
        case Kept():
            return "kept"
        case Broken():
            return "refuted"
        case NotDecided():
            return "undecided"
        case Open():
            return "left open"
        case _:
            assert_never(cell)


def mark(cell: Cell) -> str:
    """Return what stands for a cell in a grid."""
    match cell:
        case Kept(promise=Promise.UNSERVED):
            return "error"
        case Kept():
            return "kept"
        case Broken():
            return "X"
        case NotDecided():
            return "?"
        case Open():
            return "-"
        case _:
            assert_never(cell)


def assumptions(cell: Cell) -> tuple[str, ...]:
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


def images_sum(matrix: Matrix) -> str:
    """Return one SHA-256 for all images: of what ``sha256sum`` prints of them, by name."""
    files = sorted((Path(file.path).name, file.sha256) for file in matrix.files.values())
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in files)
    return hashlib.sha256(text.encode()).hexdigest()


LEGEND: Mapping[str, str] = {
    "kept": "kept: the party does what the caller's contract promises",
    "error": "error: it does not serve the call, and answers as the contract says",
    "X": "X: refuted, it does something else",
    "?": "?: undecided",
    "-": "-: the contract leaves it open",
    "*": "*: not in every form",
    "(": "(): out of turn, for the contract says that the caller does not run then; not counted",
}


def marks(judged: Sequence[Judged]) -> str:
    """Return what stands for a cell that was judged in several forms, the worst of them."""
    found = [mark(each.cell) for each in judged]
    worst = next(each for each in ("X", "?", "-", "error", "kept") if each in found)
    shown = worst if len(set(found)) == 1 else f"{worst}*"
    return f"({shown})" if judged[0].when is Reachability.UNREACHABLE else shown


def reachable_cells(matrix: Matrix) -> Iterator[Judged]:
    """Yield the cells that can come about."""
    for judged in matrix.judged:
        if judged.when is not Reachability.UNREACHABLE:
            yield judged


def count_cells(matrix: Matrix) -> Mapping[str, int]:
    """Count the cells by their word."""
    words = [cell_word(judged.cell) for judged in reachable_cells(matrix)]
    return {each: words.count(each) for each in ("kept", "refuted", "undecided", "left open")}


@frozen
class Breakage:
    """Cells of one live party that break for one reason: the same instructions, the same end."""

    column: Column
    instead: str
    cells: tuple[Judged, ...]

    @property
    def shown(self) -> Judged:
        """The cell whose path and counterexample are printed."""
        return self.cells[0]


def breakages(matrix: Matrix) -> Iterator[Breakage]:
    """Yield the refuted cells, those together that happen by the same path in the same way."""
    groups: dict[tuple[object, ...], list[Judged]] = {}
    for judged in reachable_cells(matrix):
        if isinstance(judged.cell, Broken):
            key = (judged.column, judged.cell.instead, len(judged.cell.verdict.trail))
            groups.setdefault(key, []).append(judged)
    for cells in groups.values():
        first = cells[0]
        assert isinstance(first.cell, Broken)
        yield Breakage(first.column, first.cell.instead, tuple(cells))


def matrix_status(judged: Iterable[Judged]) -> Exit:
    """Return the exit status of the cells that can come about."""
    cells = [each.cell for each in judged if each.when is not Reachability.UNREACHABLE]
    result = Exit.GOOD
    if any(isinstance(cell, Broken) for cell in cells):
        result |= Exit.REFUTED
    if any(isinstance(cell, NotDecided) for cell in cells):
        result |= Exit.UNDECIDED
    if not any(isinstance(cell, Broken | Kept) for cell in cells):
        result |= Exit.UNDECIDED
    return result
