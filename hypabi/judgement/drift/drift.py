"""Hold a document against contract and image: contradicted sentences, calls, facts, wording.

The document is the defendant.  What the contract cites is looked up in it; what the image does,
as judged under the contract, is evidence; what neither speaks of is counted, not guessed at.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.judgement.drift.call_table import answered
from hypabi.judgement.drift.citations import (
    Changed,
    Cite,
    Found,
    Lookup,
    Vanished,
    cites,
    held_words,
    lookups,
    moved,
    promises,
)
from hypabi.judgement.drift.document import Document, Weight
from hypabi.judgement.drift.evidence import (
    Sentences,
    beside,
    beyond,
    conditions,
    contradicted,
    gone_against,
    silent,
    undecided,
    unfound,
)
from hypabi.judgement.drift.facts import Fact, facts, names
from hypabi.judgement.drift.findings import Coverage, Drift, Drifted, Kind, Open, Proof
from hypabi.judgement.drift.restated import restated
from hypabi.judgement.drift.served import Answers, missing, unserved
from hypabi.judgement.drift.subject import Subject
from hypabi.judgement.verification.verdict import Finding
from hypabi.records import frozen, replace
from hypabi.smt.solver import Solver


def find_drift(
    document: Document,
    contract: Contract,
    subjects: tuple[Subject, ...],
    solver: Callable[[], Solver],
) -> Drifted:
    """Hold a document against a contract and the images that were judged under it.

    :param subjects: at least one; where no image is given, one for each architecture
    """
    assert subjects
    held = _Holding(document, contract, subjects, solver, _look_up(document, contract, subjects))
    answers = tuple(
        ()
        if each.evidence is None
        else answered(each.revision, each.evidence.behaviours, each.evidence.surroundings, solver())
        for each in subjects
    )
    return held.everything(answers)


def _look_up(
    document: Document, contract: Contract, subjects: tuple[Subject, ...]
) -> tuple[Lookup, ...]:
    """Look up what is cited for any subject's version; a document speaks of all architectures."""
    cited: dict[str, Cite] = {}
    for version in dict.fromkeys(each.revision.version for each in subjects):
        for each in cites(contract, version, contract.architectures):
            cited.setdefault(each.text, each)
    return lookups(document, cited.values())


@frozen
class _Holding:
    """One document held against everything."""

    document: Document
    contract: Contract
    subjects: tuple[Subject, ...]
    solver: Callable[[], Solver]
    looked_up: tuple[Lookup, ...]

    def everything(self, answers: Answers) -> Drifted:
        """Return every finding, worst first."""
        at = Sentences(self.document, self.looked_up)
        gone = gone_against(self.contract, at)
        calls = tuple(unserved(self.document, self.subjects, answers))
        stated = self.facts()
        lacking = tuple(missing(self.document, self.contract, self.subjects, answers))
        drifts = chain(
            contradicted(self.subjects, at),
            beside(Kind.LEFT_BEHIND, self.subjects, at),
            conditions(self.subjects, at, self.solver),
            self.wording(stated, frozenset(each.call for each in lacking if each.call)),
            lacking,
            (each for each in calls if isinstance(each, Drift)),
            silent(self.document, self.contract, self.subjects, gone),
            beyond(self.subjects),
            beside(Kind.INCOMPLETE, self.subjects, at),
        )
        order = list(Kind)
        unread = (
            Open("not read", each.reason, each.line)
            for each in self.document.unread
            if each.weight is Weight.STATEMENT
        )
        opens = (
            *unfound(self.subjects),
            *undecided(self.subjects, at),
            *(c for c in calls if isinstance(c, Open)),
        )
        promised = self.promised()
        return Drifted(
            self.document,
            tuple(sorted(drifts, key=lambda each: (order.index(each.kind), each.line or 0))),
            tuple(dict.fromkeys((*opens, *unread))),
            self.uncovered(),
            tuple(key for key, cited in promised.items() if not cited),
            self.coverage(stated, promised),
            tuple((index, each) for index, of in enumerate(answers) for each in of),
        )

    def facts(self) -> tuple[Fact, ...]:
        """Compare the facts of every architecture, whichever the images are of."""
        version = self.subjects[0].revision.version
        given = {each.revision.architecture: each.revision for each in self.subjects}
        revisions = tuple(
            given.get(on) or revision_of(self.contract, version, on)
            for on in self.contract.architectures
        )
        return facts(self.document, self.contract, self.looked_up, revisions)

    def wording(self, stated: tuple[Fact, ...], lacking: frozenset[str]) -> Iterator[Drift]:
        """Yield what differs in wording, place, numbers and registers; a sentence comes once.

        :param lacking: calls that the document lacks, and with them their sentences
        """
        differing = {which: fact for which, fact in enumerate(stated) if fact.differs}
        proofs = list(restated(self.contract, self.subjects, differing, self.solver))
        told: set[int] = set()
        for change in self.changes():
            here = {n: f for n, f in differing.items() if f.sentence == change.sentence}
            told |= here.keys()
            yield _differs(change, here, proofs)
        for which, fact in differing.items():
            if which in told:
                continue
            told |= {n for n, f in differing.items() if f.sentence == fact.sentence is not None}
            drift = Drift(Kind.DIFFERS, fact.sentence_of, fact.line, fact.sentence)
            yield _differs(drift, {which: fact}, proofs)
        for found in self.looked_up:
            if isinstance(found, Vanished):
                if not found.cite.needed or found.cite.call in lacking:
                    continue
                yield Drift(Kind.VANISHED, "no sentence is close to it", cite=found.cite)
            elif (
                found.cite.needed
                and isinstance(found, Found)
                and (where := moved(self.document, found))
            ):
                yield self.displaced(found, where[0])

    def changes(self) -> Iterator[Drift]:
        """Yield each changed sentence once, by the longest of its cites."""
        longest: dict[int, Changed] = {}
        for found in self.looked_up:
            if isinstance(found, Changed):
                known = longest.get(found.sentence)
                if known is None or len(found.cite.text) > len(known.cite.text):
                    longest[found.sentence] = found
        for at, found in sorted(longest.items()):
            altered = [e for e in found.edits if e.old != e.new]
            facts_in = any(names(w) for e in altered for w in (*e.old, *e.new))
            kind = Kind.DIFFERS if facts_in else Kind.CHANGED
            line = self.document.sentences[at].line
            yield Drift(kind, "not as it is cited", line, at, found.cite, edits=found.edits)

    def displaced(self, found: Found, at: int) -> Drift:
        """Say where a sentence stands that should stand elsewhere."""
        sentence = self.document.sentences[at]
        name = None if sentence.entry is None else self.document.entries[sentence.entry].name
        here = "outside of the calls' entries" if name is None else f"in the entry of {name}"
        call = found.cite.call
        there = "outside of them all" if call is None else f"in that of {call}"
        what = f"it stands {here}, and belongs {there}"
        return Drift(Kind.MOVED, what, sentence.line, at, found.cite)

    def uncovered(self) -> tuple[int, ...]:
        """Return the sentences that no clause cites, not even in other words."""
        touched: set[int] = set()
        for found in self.looked_up:
            match found:
                case Found(_, sentences):
                    touched.update(sentences)
                case Changed(_, sentence, _):
                    touched.add(sentence)
                case Vanished():
                    continue
        return tuple(at for at in range(len(self.document.sentences)) if at not in touched)

    def promised(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for version in dict.fromkeys(each.revision.version for each in self.subjects):
            found.update(promises(self.contract, version, self.contract.architectures))
        return found

    def coverage(self, stated: tuple[Fact, ...], promised: dict[str, bool]) -> Coverage:
        held: set[int] = set()
        for found in self.looked_up:
            if isinstance(found, Found):
                held.update(found.sentences)
        every, cited = held_words(self.document, self.looked_up)
        return Coverage(
            len(self.document.sentences), len(held), every, cited, len(stated),
            len(promised), sum(promised.values()),
        )  # fmt: skip


def _differs(
    drift: Drift, here: dict[int, Fact], proofs: list[tuple[int, Proof, Finding | None]]
) -> Drift:
    """Return a finding with the facts that differ there and what the code makes of them."""
    if not here:
        return drift
    mine = [(proof, finding) for which, proof, finding in proofs if which in here]
    return replace(
        drift,
        kind=Kind.DIFFERS,
        facts=tuple(here.values()),
        proofs=tuple(proof for proof, _ in mine),
        refuted=tuple(finding for _, finding in mine if finding is not None),
    )
