"""A document held against contract and images, told as plain values."""

from collections.abc import Iterator

from hypabi.analysis.findings.check import verdict_word
from hypabi.analysis.findings.drift import DriftFound, StatedDriftFound
from hypabi.analysis.results.drift import (
    CitedSentence,
    CitingClause,
    ContractNamed,
    DocumentRead,
    DocumentSentence,
    DriftCoverage,
    DriftFinding,
    DriftProof,
    DriftResult,
    HeldAgainst,
    JudgedClause,
    NotRead,
    NumberAnswer,
    OpenQuestion,
    StatedFact,
    SubjectAnswer,
    WordEdit,
)
from hypabi.analysis.results.shared import CallNumber, Evidence, Reproduction
from hypabi.analysis.summaries.shared import evidence_of, identify_image, no_evidence, symbols_in
from hypabi.analysis.summaries.trusted_base import trusted
from hypabi.contract.architectures import ArchitectureName
from hypabi.image.symbolizer import Places
from hypabi.judgement.drift.call_table import Answered, How
from hypabi.judgement.drift.citations import Cite
from hypabi.judgement.drift.document import Document
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.findings import Coverage, Drift, Drifted, Proof
from hypabi.judgement.verification.verdict import Finding, Refuted


def summarize_drift(drift: DriftFound | StatedDriftFound) -> DriftResult:
    """Return a document held against contract and images as plain values."""
    found = drift.found
    examinations = () if isinstance(drift, StatedDriftFound) else drift.examinations
    places = tuple(Places(each.loaded) for each in examinations)
    findings = tuple(_finding(drift, places, each) for each in found.drifts)
    return DriftResult(
        _document(found.document),
        ContractNamed(drift.contract.name, drift.contract.sha256),
        tuple(_subjects(drift, places, findings)),
        _coverage(found.coverage),
        findings,
        tuple(OpenQuestion(each.what, each.reason, each.line) for each in found.opens),
        tuple(SubjectAnswer(*_answer(each), subject) for subject, each in found.answers),
        tuple(NotRead(each.line, each.reason, each.weight) for each in found.document.unread),
        found.uncovered,
        found.uncited,
        _trusted(drift),
        Reproduction(command=drift.provenance.command, versions=dict(drift.provenance.versions)),
    )


def _subjects(
    drift: DriftFound | StatedDriftFound,
    places: tuple[Places, ...],
    findings: tuple[DriftFinding, ...],
) -> Iterator[HeldAgainst]:
    if isinstance(drift, StatedDriftFound):
        yield from _stated_subjects(drift)
        return
    for at in range(len(drift.subjects)):
        yield _subject(drift, at, places, findings)


def _stated_subjects(drift: StatedDriftFound) -> Iterator[HeldAgainst]:
    """Yield each architecture of a stated contract; a conduit names registers, not the contract."""
    contract = drift.contract
    for on in drift.architectures:
        passed = [each for each in contract.conduits.values() if each.identifier is not None]
        first = passed[0] if passed else None
        results = None if first is None or first.results is None else first.results.on(on)
        yield HeldAgainst(
            f"{drift.version} on {on.value}",
            str(drift.version),
            on,
            None,
            "" if first is None or first.identifier is None else first.identifier.on(on) or "",
            "" if results is None else results[0].partition("-")[0],
            tuple(_numbers(drift, on)),
            {},
            {},
        )


def _numbers(drift: StatedDriftFound, on: ArchitectureName) -> Iterator[CallNumber]:
    contract = drift.contract
    for name, call in contract.calls_at(on, drift.version).items():
        for each in contract.numbers_of(call, on, drift.version):
            yield CallNumber(name, each.value)


def _document(document: Document) -> DocumentRead:
    sentences = tuple(
        DocumentSentence(each.text, each.line, each.section, each.entry)
        for each in document.sentences
    )
    return DocumentRead(document.path, document.sha256, sentences)


def _subject(
    drift: DriftFound, at: int, places: tuple[Places, ...], findings: tuple[DriftFinding, ...]
) -> HeldAgainst:
    subject = drift.subjects[at]
    revision = subject.revision
    examined = drift.examinations[at] if subject.evidence is not None else None
    return HeldAgainst(
        subject.name,
        str(revision.version),
        ArchitectureName(revision.architecture.value),
        None if examined is None else identify_image(examined.loaded),
        revision.identifier,
        revision.result,
        tuple(CallNumber(call.name, call.number) for call in revision.calls),
        {} if examined is None else dict(sorted(examined.capabilities.items())),
        {} if examined is None else symbols_in(_texts(drift.found, at, findings), places[at]),
    )


def _texts(found: Drifted, at: int, findings: tuple[DriftFinding, ...]) -> Iterator[str]:
    """Yield the texts in which addresses of an image may stand."""
    for each in found.opens:
        yield each.reason
    for finding in findings:
        for proof in finding.evidence:
            if proof.subject != at:
                continue
            if proof.answer is not None:
                yield proof.answer.row
            if proof.verdict is not None and proof.verdict.reason is not None:
                yield proof.verdict.reason
                yield from proof.verdict.counterexample


def _coverage(of: Coverage) -> DriftCoverage:
    return DriftCoverage(
        sentences=of.sentences,
        sentences_held=of.held,
        words=of.words,
        words_held=of.words_held,
        facts=of.facts,
        promises=of.promises,
        promises_cited=of.promises_cited,
    )


def _finding(
    drift: DriftFound | StatedDriftFound, places: tuple[Places, ...], found: Drift
) -> DriftFinding:
    return DriftFinding(
        found.kind,
        found.what,
        found.line,
        found.sentence,
        None if found.cite is None else _cited(found.cite),
        None if found.because is None else found.because.strip(),
        tuple(WordEdit(" ".join(each.old), " ".join(each.new)) for each in found.edits),
        tuple(map(_fact, found.facts)),
        tuple(_proof(drift, places, each) for each in found.proofs),
        bool(found.refuted),
    )


def _cited(cite: Cite) -> CitedSentence:
    clauses = tuple(
        CitingClause(use.place.key, use.place.line, use.role, use.architectures)
        for use in cite.uses
    )
    return CitedSentence(cite.text, clauses)


def _fact(fact: Fact) -> StatedFact:
    return StatedFact(fact.what, fact.architecture, fact.line, fact.document, fact.contract)


def _proof(
    drift: DriftFound | StatedDriftFound, places: tuple[Places, ...], proof: Proof
) -> DriftProof:
    judged = None
    if proof.finding is not None:
        judged = _judged(proof.finding, _evidence(drift, places, proof))
    return DriftProof(
        proof.subject,
        judged,
        proof.without,
        None if proof.answer is None else NumberAnswer(*_answer(proof.answer)),
        proof.text,
    )


def _evidence(
    drift: DriftFound | StatedDriftFound, places: tuple[Places, ...], proof: Proof
) -> Evidence:
    if isinstance(drift, StatedDriftFound):
        return no_evidence()
    if proof.finding is None or not isinstance(proof.finding.verdict, Refuted):
        return no_evidence()
    text = drift.examinations[proof.subject].text
    return evidence_of(proof.finding.verdict, text, places[proof.subject])


def _judged(finding: Finding, evidence: Evidence) -> JudgedClause:
    verdict = finding.verdict
    return JudgedClause(
        party=finding.party,
        call=finding.call,
        number=None if finding.number is None else f"{finding.number:#x}",
        clause=finding.clause.name,
        text=finding.clause.text,
        verdict=verdict_word(verdict),
        reason=verdict.instead if isinstance(verdict, Refuted) else None,
        counterexample=evidence.counterexample,
        observed=evidence.observed,
        path=evidence.path,
        disassembly=evidence.disassembly,
    )


def _answer(answer: Answered) -> tuple[str, str, How, str, tuple[str, ...]]:
    return answer.party, f"{answer.number:#x}", answer.how, answer.row, answer.lost


def _trusted(drift: DriftFound | StatedDriftFound) -> tuple[str, ...]:
    """Return what no finding can be better than, in whole sentences."""
    version = drift.provenance.version("docutils")
    reading = f"docutils' reading of the document (docutils {version}), and our cutting it into "
    if isinstance(drift, StatedDriftFound):
        reading += "sentences, tables and fields; the contract, which no image was held against"
        return (reading,)
    reading += (
        "sentences; what a sentence says is what the clauses of the contract that cite it say"
    )
    return (reading, *(trusted(drift.provenance) if drift.examinations else ()))
