"""Callers against live parties, with the terms of what was found."""

from collections.abc import Callable, Mapping

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.matrix import CallerRole
from hypabi.arch.names import Architecture
from hypabi.image.model import Loaded
from hypabi.judgement.callers.schedule import LifeCycle, Reachability
from hypabi.judgement.matrix.cell_model import Cell
from hypabi.records import frozen


@frozen
class Row:
    """A caller or an installer: which function, of which revision, and where it stands."""

    function: str
    label: str
    image: str
    architecture: Architecture
    role: CallerRole = CallerRole.CALLER


@frozen
class Column:
    """A live party, of which revision, and where its vectors stand."""

    party: str
    label: str
    """Empty for a party of the kernel whose callers are held against it."""
    image: str
    architecture: Architecture


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
    provenance: Provenance
    loaded: Loaded | None = None
    """The kernel whose callers are held against its own parties; ``None`` for the references."""
    outside: Loaded | None = None
    """Another file whose callers these are; ``None`` where they are the kernel's own."""
    cycle: LifeCycle | None = None
    """Of a kernel: what else its callers count on, and the moves that they make."""
