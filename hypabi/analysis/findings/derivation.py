"""What was derived from an image, as terms: one row for each call number."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.vector_table import Table
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.outcome import Effect, Outcome, Store
from hypabi.image.model import Loaded
from hypabi.records import frozen
from hypabi.smt.terms import Value

if TYPE_CHECKING:
    from hypabi.contract.model import Contract


@frozen
class Does:
    """What one call does under one condition, as seen from the call.

    Values are terms over the state at entry, with the call's number filled in.
    """

    where: tuple[Value, ...]
    """What must hold at entry besides the number; all of it."""
    general: Mapping[str, Value]
    """General registers that may differ at exit."""
    system: Mapping[str, Value]
    """System registers that may differ at exit."""
    stores: tuple[Store, ...]
    effects: tuple[Effect, ...]
    outcome: Outcome
    last: int | None
    """Address of the last instruction executed, where the solver found a path to show it."""
    assumptions: tuple[str, ...]


@frozen
class Answer:
    """What one provider does for one call number, or for every number it does not tell apart."""

    number: int | None
    call: str | None
    """Name of the call, where the contract gives one."""
    does: tuple[Does, ...]


@frozen
class Served:
    """How a number ends behind compiled code that was followed; ``None``: any other."""

    number: int | None
    ends: tuple[str, ...]


@frozen
class Derived:
    """What one entry does."""

    table: Table | None
    """The table it belongs to; an entry named by its address alone has none."""
    entry: int
    behaviour: Behaviour
    answers: tuple[Answer, ...]
    served: tuple[Served, ...] = ()
    """Where compiled code was followed."""


@frozen
class Derivation:
    """Everything that was derived from one image."""

    loaded: Loaded
    architecture: Architecture
    identifier: str
    """Register that selects the call."""
    result: str
    """Register that answers it."""
    contract: "Contract | None"
    """Where the names of parties and calls are from; ``None`` where it is silent on this kernel."""
    capabilities: Mapping[str, int]
    """Number of each capability that the kernel describes."""
    derived: tuple[Derived, ...]
    left_out: tuple[Table, ...]
    """Tables that no party of the contract claims, where they were not asked for."""
    provenance: Provenance
