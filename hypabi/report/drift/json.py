"""Drift as JSON; ``drift.schema.json`` beside this module is its published schema."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.findings.check import verdict_word
from hypabi.analysis.results.drift import DriftReport
from hypabi.image.symbolizer import Places
from hypabi.judgement.drift.citations import Cite
from hypabi.judgement.drift.document import Sentence
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.findings import Drift, Proof
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.report.drift.trusted_base import trusts
from hypabi.report.shared.counterexample_json import evidence
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, image_in_full, in_json

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-drift", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(report: DriftReport) -> str:
    """Return the report as JSON, keys sorted, ending in a newline."""
    return in_json(document(report))


def document(report: DriftReport) -> dict[str, Plain]:
    """Return the report as plain values."""
    found, of = report.found, report.found.document
    return {
        "schema": SCHEMA,
        "document": {
            "path": of.path,
            "sha256": of.sha256,
            "sentences": [_sentence(each) for each in of.sentences],
        },
        "contract": {"name": report.contract.name, "sha256": report.contract.sha256},
        "subjects": [_subject(report, index) for index in range(len(report.subjects))],
        "coverage": {
            "sentences": found.coverage.sentences,
            "sentences_held": found.coverage.held,
            "words": found.coverage.words,
            "words_held": found.coverage.words_held,
            "facts": found.coverage.facts,
            "promises": found.coverage.promises,
            "promises_cited": found.coverage.promises_cited,
        },
        "findings": [_drift(report, each) for each in found.drifts],
        "undecided": [
            {"what": each.what, "reason": each.reason, "line": each.line} for each in found.opens
        ],
        "answers": [
            {
                "subject": index,
                "party": each.party,
                "number": f"{each.number:#x}",
                "answer": each.how.value,
                "row": each.row,
                "lost": list(each.lost),
            }
            for index, each in found.answers
        ],
        "not_read": [
            {"line": each.line, "reason": each.reason, "kind": each.weight.value}
            for each in of.unread
        ],
        "not_held": list(found.uncovered),
        "uncited": list(found.uncited),
        "trusted": list(trusts(report)),
        "exit_status": report.exit_status,
        "reproduce": reproduce(report.provenance),
    }


def _sentence(sentence: Sentence) -> dict[str, Plain]:
    return {
        "text": sentence.text,
        "line": sentence.line,
        "section": sentence.section,
        "entry": sentence.entry,
    }


def _subject(report: DriftReport, index: int) -> dict[str, Plain]:
    subject = report.subjects[index]
    image = image_in_full(report.loaded[index]) if subject.evidence is not None else None
    return {
        "version": str(subject.revision.version),
        "architecture": subject.revision.architecture.value,
        "image": image,
    }


def _drift(report: DriftReport, found: Drift) -> dict[str, Plain]:
    return {
        "kind": found.kind.value,
        "what": found.what,
        "line": found.line,
        "sentence": found.sentence,
        "cite": None if found.cite is None else _cite(found.cite),
        "because": None if found.because is None else found.because.strip(),
        "words": [{"old": " ".join(e.old), "new": " ".join(e.new)} for e in found.edits],
        "facts": [_fact(each) for each in found.facts],
        "evidence": [_proof(report, each) for each in found.proofs],
        "contradicted": bool(found.refuted),
    }


def _cite(cite: Cite) -> dict[str, Plain]:
    return {
        "text": cite.text,
        "clauses": [
            {
                "key": use.place.key,
                "line": use.place.line,
                "role": use.role.value,
                "architectures": [each.value for each in use.architectures],
            }
            for use in cite.uses
        ],
    }


def _fact(fact: Fact) -> dict[str, Plain]:
    return {
        "what": fact.what,
        "architecture": None if fact.architecture is None else fact.architecture.value,
        "line": fact.line,
        "document": fact.document,
        "contract": fact.contract,
    }


def _proof(report: DriftReport, proof: Proof) -> dict[str, Plain]:
    answer = proof.answer
    return {
        "subject": proof.subject,
        "verdict": None if proof.finding is None else _finding(report, proof, proof.finding),
        "without": proof.without,
        "answer": None
        if answer is None
        else {
            "party": answer.party,
            "number": f"{answer.number:#x}",
            "answer": answer.how.value,
            "row": answer.row,
        },
        "text": proof.text,
    }


def _finding(report: DriftReport, proof: Proof, finding: Finding) -> dict[str, Plain]:
    common: dict[str, Plain] = {
        "party": finding.party,
        "call": finding.call,
        "number": None if finding.number is None else f"{finding.number:#x}",
        "clause": finding.clause.name,
        "text": finding.clause.text,
        "verdict": verdict_word(finding.verdict),
    }
    if not isinstance(finding.verdict, Refuted):
        return common
    places = Places(report.loaded[proof.subject])
    return {**common, **evidence(finding.verdict, report.texts[proof.subject], places)}
