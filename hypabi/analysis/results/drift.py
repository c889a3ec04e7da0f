"""What ``hypabi document --drift`` has to say, as plain values."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import (
    CallNumber,
    Evidence,
    Hex,
    ImageIdentity,
    Reproduction,
    Sha256,
)
from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName
from hypabi.judgement.drift.call_table import How
from hypabi.judgement.drift.citations import Role
from hypabi.judgement.drift.document import Weight as UnreadKind
from hypabi.judgement.drift.findings import Kind
from hypabi.records import frozen


@frozen
class DocumentSentence:
    """A sentence of the document."""

    text: str
    line: int
    section: str
    entry: int | None
    """Number of the call's entry that it stands in."""


@frozen
class DocumentRead:
    """The document."""

    path: str
    sha256: Sha256
    sentences: tuple[DocumentSentence, ...]


@frozen
class ContractNamed:
    """The contract that it is held to."""

    name: str
    sha256: Sha256


@frozen
class HeldAgainst:
    """A kernel version on one architecture, and an image of it, where one was given."""

    name: str
    """What a report calls it: the version that the image says it is, else its file."""
    version: str
    """Kernel version that the contract was taken at."""
    architecture: ArchitectureName
    image: ImageIdentity | None
    """Null where no image was given: what the contract says is taken for the code."""
    identifier: str
    """Register that selects the call."""
    result: str
    """Register of the answer."""
    calls: tuple[CallNumber, ...]
    """The contract's, for this version and architecture."""
    capabilities: Mapping[str, int]
    """Number of each CPU capability that a clause asks for and the image names."""
    symbols: Mapping[str, str]
    """Addresses in the reasons, rows and states of this report, each as its symbol spells it."""


@frozen
class DriftCoverage:
    """How much of a document the contract holds, and how much of the contract a document backs."""

    sentences: int
    sentences_held: int
    """Cited by a clause, in the words that the document has."""
    words: int
    words_held: int
    facts: int
    """Numbers and registers that were compared."""
    promises: int
    """Of the contract."""
    promises_cited: int
    """Those that rest on a sentence."""


@frozen
class CitingClause:
    """A clause that names a sentence."""

    key: str
    """In the contract."""
    line: int
    """Of the contract's file."""
    role: Role
    architectures: tuple[Architecture, ...]


@frozen
class CitedSentence:
    """What the contract cites, and the clauses that do."""

    text: str
    clauses: tuple[CitingClause, ...]


@frozen
class WordEdit:
    """A run of words: kept where both are equal."""

    old: str
    """As the contract cites them."""
    new: str
    """As the document has them."""


@frozen
class StatedFact:
    """A number, register or name that the document states."""

    what: str
    architecture: Architecture | None
    """Null where it is of both."""
    line: int
    document: str
    contract: str


@frozen(kw_only=True)
class JudgedClause(Evidence):
    """A clause that was judged for a finding."""

    party: str
    call: str | None
    """Null for every identifier that is no call's number."""
    number: Hex | None
    clause: str
    text: str
    """The clause, as the contract has it."""
    verdict: str
    """What was found: proved, refuted, undecided or vacuous."""
    reason: str | None
    """What happens instead, where it is refuted."""


@frozen
class NumberAnswer:
    """What a party does with one number."""

    party: str
    number: Hex
    answer: How
    row: str
    """What it does, in a line."""
    lost: tuple[str, ...]
    """General registers but the result's that may hold something else when the call comes back."""


@frozen
class SubjectAnswer(NumberAnswer):
    """What a party of one image does with one number."""

    subject: int
    """Number of the subject, from 0."""


@frozen
class DriftProof:
    """What was judged or derived for a finding."""

    subject: int
    """Number of the subject, from 0."""
    verdict: JudgedClause | None
    without: str | None
    """The condition that was left out when the clause was judged."""
    answer: NumberAnswer | None
    text: str | None
    """A remark, where nothing was judged or derived."""


@frozen
class DriftFinding:
    """What drifted, where in the document, by which clause, and the evidence."""

    kind: Kind
    what: str
    line: int | None
    """Of the document."""
    sentence: int | None
    """Number of the sentence that it is about, from 0."""
    cite: CitedSentence | None
    because: str | None
    """Why the contract goes against the sentence."""
    words: tuple[WordEdit, ...]
    facts: tuple[StatedFact, ...]
    evidence: tuple[DriftProof, ...]
    contradicted: bool
    """Whether the code breaks what the sentence says."""

    @property
    def judged(self) -> Judged:
        """Return what is counted of it, and what that weighs."""
        weight = Weight.REFUTED if self.contradicted else Weight.CHANGE
        return Judged(FINDINGS, self.kind.value, weight)


@frozen
class OpenQuestion:
    """Something that could not be decided of a sentence, a call or a line, and why."""

    what: str
    reason: str
    line: int | None


@frozen
class NotRead:
    """A part of the document that was not read, and why."""

    line: int
    reason: str
    kind: UnreadKind
    """Whether it may have said something; what may have is also undecided."""


SENTENCES: Final = "sentences"
HELD: Final = "held"
"""A clause cites it."""
NOT_HELD: Final = "not held"
"""Merely counted: nobody said what it means."""
FINDINGS: Final = "findings"
UNDECIDED: Final = "undecided"
UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    SENTENCES: (HELD, NOT_HELD),
    FINDINGS: (*(kind.value for kind in Kind), UNDECIDED),
}
VERDICTS: Final[Mapping[Weight, str]] = {
    Weight.CHANGE: "drifted",
    Weight.REFUTED: "contradicted by the code",
}


@frozen
class DriftResult:
    """What a kernel document says, held against a contract and the images that were given."""

    document: DocumentRead
    contract: ContractNamed
    subjects: tuple[HeldAgainst, ...]
    coverage: DriftCoverage
    findings: tuple[DriftFinding, ...]
    """What drifted, worst first."""
    undecided: tuple[OpenQuestion, ...]
    answers: tuple[SubjectAnswer, ...]
    """Who serves each call of document or code."""
    not_read: tuple[NotRead, ...]
    not_held: tuple[int, ...]
    """Numbers of the sentences that no clause cites, not even in other words."""
    uncited: tuple[str, ...]
    """Keys of the promises that cite no sentence."""
    trusted: tuple[str, ...]
    """What no finding can be better than."""
    reproduce: Reproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what sentences and findings amount to."""
        return conclude(self._judged(), "holds", UNITS, VERDICTS)

    def _judged(self) -> Iterator[Judged]:
        """Yield every sentence and finding; where nothing held or spoke, nothing was shown."""
        of = self.coverage
        shown = of.sentences_held or of.facts or self.findings or self.undecided
        weight = Weight.GOOD if shown else Weight.UNDECIDED
        yield from [Judged(SENTENCES, HELD, weight)] * of.sentences_held
        yield from [Judged(SENTENCES, NOT_HELD, weight)] * (of.sentences - of.sentences_held)
        for finding in self.findings:
            yield finding.judged
        yield from [Judged(FINDINGS, UNDECIDED, Weight.UNDECIDED)] * len(self.undecided)

    @property
    def verdict(self) -> str:
        """Return the verdict in words."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status
