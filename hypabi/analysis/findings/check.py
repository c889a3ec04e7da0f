"""What a check found, before it is summarised."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, assert_never

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.check import SecondOpinion
from hypabi.analysis.results.shared import ReplayAttempt
from hypabi.analysis.results.vector_table import Table
from hypabi.contract.model import Contract
from hypabi.contract.revision import LiveParty, Revision
from hypabi.image.model import Image, Loaded
from hypabi.judgement.verification.prover import Judgement
from hypabi.judgement.verification.verdict import (
    Finding,
    Proved,
    Refuted,
    Undecided,
    Vacuous,
    Verdict,
)
from hypabi.records import field, frozen

if TYPE_CHECKING:
    from hypabi.analysis.installers import FoundInstaller
    from hypabi.analysis.placement import Placed
    from hypabi.judgement.callers.schedule import LifeCycle
    from hypabi.judgement.callers.summary import Violation
    from hypabi.judgement.entries.baseline import JudgedSlot
    from hypabi.judgement.entries.findings import JudgedEntry
    from hypabi.judgement.suppression import Suppression, Suppressions


@frozen
class Check:
    """One image held against one contract."""

    loaded: Loaded
    contract: Contract
    revision: Revision
    tables: tuple[Table, ...]
    missing: tuple[LiveParty, ...]
    installers: "tuple[FoundInstaller, ...]"
    placed: "tuple[Placed, ...]"
    slots: "tuple[JudgedSlot, ...]"
    judgement: Judgement
    capabilities: Mapping[str, int]
    """Number of each capability that the image names."""
    texts: Callable[[int], str]
    """Disassembly of the instruction at an address."""
    provenance: Provenance
    expected: Mapping[str, str] = field(default_factory=dict)
    """Why the file should hold a party that it does not hold, by the party's name."""
    machine: str | None = None
    """Where refutations were asked to be replayed; ``None`` where nobody asked."""
    attempts: Mapping[tuple[str, str | None, str], ReplayAttempt] = field(default_factory=dict)
    """What a machine made of each refuted clause, by party, call and clause, where asked."""
    second_opinion: SecondOpinion | None = None
    """What another solver says, where asked."""
    entries: "tuple[JudgedEntry, ...] | None" = None
    """What else than a hypercall reaches the parties, where asked."""
    callers: "LifeCycle | None" = None
    """What comes of the image's own callers, while each party is live."""
    outside: Loaded | None = None
    """Another file whose callers these are; ``None`` where they are the image's own."""
    lived_with: "Mapping[Violation, Suppression]" = field(default_factory=dict)
    """What suppresses a violation of a caller's."""
    calling: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """By address of a function whose call is violated: where it is called, as far as looked for."""
    suppressions: "Suppressions | None" = None
    """What was decided to live with, where a file of it was given."""
    suppressed: "Mapping[tuple[str, str | None, str], Suppression]" = field(default_factory=dict)
    """What suppresses a refuted clause as a whole, by party, call and clause."""
    suppressed_losses: "Mapping[tuple[str, str | None, str, str], Suppression]" = field(
        default_factory=dict
    )
    """What suppresses that a frame loses a register, by party, call, clause and register."""

    def by(self, finding: Finding) -> "Suppression | None":
        """Return what suppresses a refuted clause as a whole, ``None`` where nothing does."""
        return self.suppressed.get((finding.party, finding.call, finding.clause.name))

    def loss_by(self, finding: Finding, register: str) -> "Suppression | None":
        """Return what suppresses that a frame loses a register, ``None`` where nothing does."""
        key = (finding.party, finding.call, finding.clause.name, register)
        return self.suppressed_losses.get(key) or self.by(finding)

    def attempt(self, finding: Finding) -> ReplayAttempt | None:
        """Return what a machine made of a refuted clause, ``None`` where nobody asked."""
        return self.attempts.get((finding.party, finding.call, finding.clause.name))

    @property
    def kernel(self) -> Image:
        """The kernel, which the decompressor in front of it only unpacks."""
        return self.loaded.images[-1]

    def table_of(self, party: str) -> Table | None:
        """Return the vector table of a party, ``None`` where the image has none."""
        return next((table for table in self.tables if party in table.parties), None)


@frozen
class Counts:
    """How many clauses got each verdict."""

    proved: int = 0
    refuted: int = 0
    undecided: int = 0
    vacuous: int = 0

    @property
    def clauses(self) -> int:
        """How many were judged."""
        return self.proved + self.refuted + self.undecided + self.vacuous


def verdict_word(verdict: Verdict) -> str:
    """Return the one word for a verdict."""
    match verdict:
        case Proved():
            return "proved"
        case Refuted():
            return "refuted"
        case Undecided():
            return "undecided"
        case Vacuous():
            return "vacuous"
        case _:
            assert_never(verdict)


def count_verdicts(findings: tuple[Finding, ...]) -> Counts:
    """Count the verdicts."""
    words = [verdict_word(finding.verdict) for finding in findings]
    return Counts(*(words.count(each) for each in ("proved", "refuted", "undecided", "vacuous")))
