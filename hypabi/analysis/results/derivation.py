"""What ``hypabi derive`` answers: what each hypercall does at each entry, one row a call number."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import (
    Hex,
    ImageIdentity,
    Reproduction,
    Sha256,
    VectorTable,
)
from hypabi.records import frozen

DERIVED: Final = "derived"
UNDECIDED: Final = "undecided"


class Ending(enum.Enum):
    """How a case ends."""

    RETURNS = "returns"
    LEAVES = "leaves"
    STUCK = "stuck"
    FAULTS = "faults"
    CALLS = "calls"
    ASKS = "asks"
    UNDECIDED = "undecided"
    """It was not followed to its end."""


@frozen
class MemoryWrite:
    """A store that is there at exit."""

    address: str
    """A term over the state at entry."""
    size: int
    """In bytes."""
    value: str


@frozen
class MemoryRegion:
    """Successive stores relative to one base."""

    address: str
    """The lowest that is written."""
    size: int
    """In bytes, from the lowest to the highest."""
    stores: int
    """How many of 'memory', in its order, are of this region."""


@frozen
class SystemEffect:
    """A barrier, a TLB or cache operation, or what else an instruction does besides writing."""

    address: Hex
    name: str
    operands: tuple[str, ...]
    where: str | None
    """Under which it happens; null for always."""


@frozen
class DerivedCase:
    """What a call does under one condition; terms are over the state at entry."""

    where: tuple[str, ...]
    """What must hold besides the number; all of it."""
    when: str
    """The same as one condition; 1 where it always holds."""
    registers: Mapping[str, str]
    """General registers that may differ at exit."""
    system_registers: Mapping[str, str]
    """System registers that may differ at exit."""
    kept: tuple[str, ...]
    """General registers of the caller that hold at exit what they held at entry."""
    memory: tuple[MemoryWrite, ...]
    regions: tuple[MemoryRegion, ...]
    """Where 'memory' is."""
    effects: tuple[SystemEffect, ...]
    """In program order."""
    ends: Ending
    """How it ends; undecided is: not followed to its end."""
    how: str
    """To where, at which mode, or why."""
    last: Hex | None
    """Address of the last instruction executed, where a path shows it."""
    last_place: str | None
    """Symbol and offset of it."""
    assumptions: tuple[str, ...]


@frozen
class AgreeingCases:
    """Cases that do the same, and differ only in when they are taken."""

    cases: tuple[int, ...]
    """Their places in 'cases'."""
    always: bool
    """Whether their conditions, joined, always hold."""


@frozen
class DerivedCall:
    """What an entry does for one call number, or for every number that it does not tell apart."""

    number: Hex | None
    """Null is any number not listed."""
    call: str | None
    """Its name in the contract."""
    cases: tuple[DerivedCase, ...]
    agreeing: tuple[AgreeingCases, ...]
    """The cases by what they do."""

    @property
    def word(self) -> str:
        """Return whether all of it was derived."""
        ends = {case.ends for case in self.cases}
        return UNDECIDED if not ends or Ending.UNDECIDED in ends else DERIVED


@frozen
class ServedNumber:
    """How a number ends behind compiled code that was followed."""

    number: Hex | None
    """Null for any other."""
    ends: tuple[str, ...]

    @property
    def word(self) -> str:
        """Return whether it was followed to the function that serves it, or to its answer."""
        open_ = not self.ends or any(end.startswith(UNDECIDED) for end in self.ends)
        return UNDECIDED if open_ else DERIVED


@frozen
class DerivedEntry:
    """What an ``hvc`` does that enters at one address."""

    address: Hex
    place: str
    """Symbol and offset."""
    parties: tuple[str, ...]
    """The contract's parties that take calls through its table."""
    table: VectorTable | None
    """The vector table that it belongs to; null for one that was named by its address alone."""
    calls: tuple[DerivedCall, ...]
    served: tuple[ServedNumber, ...] = ()
    """Behind the compiled functions that were followed; empty where none was."""

    @property
    def word(self) -> str:
        """Return whether all of it was derived."""
        words = {call.word for call in self.calls}
        return UNDECIDED if not words or UNDECIDED in words else DERIVED


@frozen(kw_only=True)
class DeriveReproduction(Reproduction):
    """What is needed to derive the same again."""

    image_sha256: Sha256
    contract_sha256: Sha256 | None
    """Of the contract that names are from; null where none speaks of this kernel."""


@frozen
class DeriveResult:
    """What was derived from an image."""

    image: ImageIdentity
    identifier: str
    """What selects the call: a register, its low half, or 'immediate'."""
    result: str
    """Register that answers it."""
    entries: tuple[DerivedEntry, ...]
    """Contract's parties first, then by address."""
    left_out: tuple[VectorTable, ...]
    """Tables that no party of the contract claims; none where they were asked for."""
    capabilities: Mapping[str, int]
    """Number N of each capability that the kernel describes, for cpucap.N."""
    symbols: Mapping[str, str]
    """Addresses in the terms and texts of this report, each as its symbol spells it."""
    reproduce: DeriveReproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the entries amount to."""
        followed = any(entry.served for entry in self.entries)
        return conclude(self._judged(), DERIVED, {**UNITS, **NUMBERS} if followed else UNITS)

    def _judged(self) -> Iterator[Judged]:
        for entry in self.entries:
            yield Judged("entries", entry.word, _WEIGHTS[entry.word])
            for call in entry.calls:
                yield Judged("calls", call.word, _WEIGHTS[call.word])
            for served in entry.served:
                yield Judged("numbers", served.word, _WEIGHTS[served.word])

    @property
    def verdict(self) -> str:
        """Return the verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status


UNITS: Final = {
    "entries": (DERIVED, UNDECIDED),
    "calls": (DERIVED, UNDECIDED),
}
"""A call is one number at one entry; all numbers that are not told apart are one more."""

NUMBERS: Final = {"numbers": (DERIVED, UNDECIDED)}
"""Behind compiled code that was followed."""

_WEIGHTS: Final = {DERIVED: Weight.GOOD, UNDECIDED: Weight.UNDECIDED}
