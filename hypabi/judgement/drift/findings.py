"""What can be said of a document: the kinds of drift, and the evidence for each."""

import enum

from hypabi.judgement.drift.call_table import Answered
from hypabi.judgement.drift.citations import Cite, Edit
from hypabi.judgement.drift.document import Document
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.verification.verdict import Finding
from hypabi.records import frozen


class Kind(enum.Enum):
    """The kinds of drift, worst first."""

    CONTRADICTED = "contradicted"
    """The code refutes a clause that cites the sentence."""
    LEFT_BEHIND = "left behind"
    """The contract names the sentence as one that the interface goes against on purpose."""
    CONDITION = "unstated condition"
    """The code keeps the sentence only where something holds that the document does not say."""
    DIFFERS = "differs"
    """A number, register or name is not the contract's."""
    MISSING = "call missing"
    """The code has a call that the document lacks."""
    UNSERVED = "call unserved"
    """The document has a call that nobody serves."""
    ABSENT = "call absent"
    """The contract, where no image is held, has a call that the document lacks."""
    UNKNOWN = "call unknown"
    """The document has a call that the contract lacks."""
    SILENT = "party missing"
    """The image holds a party of which the contract finds no sentence."""
    UNSTATED = "unstated behaviour"
    """The code breaks a clause that rests on no sentence."""
    INCOMPLETE = "incomplete"
    """The sentence is true, and leaves out what the code does besides."""
    CHANGED = "changed"
    """The document has the cited sentence in other words."""
    MOVED = "moved"
    """The document has the cited sentence in another place."""
    VANISHED = "vanished"
    """The document no longer has the cited sentence."""


@frozen
class Proof:
    """What was judged or derived for a finding, of the subject with this number.

    ``without`` names a condition that was left out when the clause was judged.
    """

    subject: int
    finding: Finding | None = None
    answer: Answered | None = None
    text: str | None = None
    without: str | None = None


@frozen
class Drift:
    """One finding: what drifted, where in the document, by which clause, and the evidence."""

    kind: Kind
    what: str
    line: int | None = None
    sentence: int | None = None
    cite: Cite | None = None
    because: str | None = None
    edits: tuple[Edit, ...] = ()
    facts: tuple[Fact, ...] = ()
    proofs: tuple[Proof, ...] = ()
    refuted: tuple[Finding, ...] = ()
    """Clauses that cite it, or would if the contract said what the document says, and that the
    code breaks."""
    call: str | None = None
    """Of a call that is missing: its name, where the contract has one."""


@frozen
class Open:
    """Something that could not be decided of a sentence, a call or a line, and why."""

    what: str
    reason: str
    line: int | None = None


@frozen
class Coverage:
    """How much of a document the contract holds, and how much of the contract a document backs."""

    sentences: int
    held: int
    words: int
    words_held: int
    facts: int
    promises: int
    promises_cited: int


@frozen
class Drifted:
    """Everything that was said of one document."""

    document: Document
    drifts: tuple[Drift, ...]
    opens: tuple[Open, ...]
    uncovered: tuple[int, ...]
    """Sentences that no clause cites."""
    uncited: tuple[str, ...]
    """Keys of the promises that cite no sentence."""
    coverage: Coverage
    answers: tuple[tuple[int, Answered], ...]
    """Subject and answer: who serves each call of document or code."""
