"""Drift as text for a mail: the answer first, each finding with its evidence, how to repeat it."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion
from hypabi.analysis.results.drift import (
    FINDINGS,
    DriftFinding,
    DriftProof,
    DriftResult,
    HeldAgainst,
    JudgedClause,
    OpenQuestion,
)
from hypabi.image.symbolizer import Names
from hypabi.judgement.drift.findings import Kind
from hypabi.records import replace
from hypabi.report.drift.tables import served, uncited, uncovered, unread
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.evidence_text import at_entry, observed, path
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import filled, labelled, printable, titled
from hypabi.report.shared.trusted_base import trust_section
from hypabi.report.shared.verdict_lines import verdict_lines

TITLES: Final = {
    Kind.CONTRADICTED: "Contradicted by the code",
    Kind.LEFT_BEHIND: "Left behind: code and contract go against the sentence",
    Kind.CONDITION: "True only under a condition that the document does not state",
    Kind.DIFFERS: "Numbers, registers and names that differ",
    Kind.MISSING: "Calls that the code has and the document lacks",
    Kind.UNSERVED: "Calls that the document has and nobody serves",
    Kind.ABSENT: "Calls that the contract has and the document lacks",
    Kind.UNKNOWN: "Calls that the document has and the contract lacks",
    Kind.SILENT: "Parties of the image without a sentence",
    Kind.UNSTATED: "Broken clauses that rest on no sentence",
    Kind.INCOMPLETE: "Incomplete: true, and leaves out what the code does besides",
    Kind.CHANGED: "Changed: no longer in the words that are cited",
    Kind.MOVED: "Moved",
    Kind.VANISHED: "Vanished: cited, and not in the document",
}
MOST_USES: Final = 6
"""Clauses named of a sentence."""

REFUTED: Final = "refuted"
DEEPER: Final = "    "
"""How far evidence stands in under its proof."""


def write(report: DriftResult) -> str:
    """Return the report as text."""
    return "\n".join(map(printable, _lines(report))) + "\n"


def _lines(report: DriftResult) -> Iterator[str]:
    yield from headline(report)
    yield from subjects(report)
    for kind in Kind:
        found = [each for each in report.findings if each.kind is kind]
        if found:
            yield from titled(TITLES[kind])
        for each in found:
            yield ""
            yield from drift(report, each)
    yield from opens(report)
    yield from served(report)
    yield from unread(report)
    yield from uncovered(report)
    yield from uncited(report)
    yield from trust_section(report.trusted)
    yield from repeat_section(report.reproduce, inputs(report))


def inputs(report: DriftResult) -> Iterator[tuple[str, str]]:
    """Yield what went in, and its SHA-256."""
    yield "document", report.document.sha256
    yield "contract", report.contract.sha256
    for index, subject in enumerate(report.subjects):
        if subject.image is not None:
            yield tag(report, index), subject.image.sha256


def headline(report: DriftResult) -> Iterator[str]:
    """Yield the verdict, how many sentences are held and what was found, and the coverage."""
    of = report.coverage
    besides = (
        f"{of.words_held} of {of.words} words are held, {of.facts} numbers and registers were "
        "compared"
    )
    if of.promises:
        besides += f", {of.promises_cited} of {of.promises} promises rest on a sentence"
    name = PurePath(report.document.path).name
    yield from verdict_lines(name, _without_empty(report.conclusion), besides)


def _without_empty(conclusion: Conclusion) -> Conclusion:
    """Return a conclusion without its findings where there are none: that is no omission."""
    counts = {
        unit: words
        for unit, words in conclusion.counts.items()
        if unit != FINDINGS or any(words.values())
    }
    return replace(conclusion, counts=counts)


def subjects(report: DriftResult) -> Iterator[str]:
    """Yield what was held against what."""
    yield ""
    yield from labelled("document", PurePath(report.document.path).name)
    yield from labelled("contract", report.contract.name)
    for index, subject in enumerate(report.subjects):
        at = f"as of {subject.version} on {subject.architecture.value}"
        if subject.image is None:
            yield from labelled("no image", f"{at}: what the contract says is taken for the code")
        else:
            yield from labelled(tag(report, index), f"{subject.image.name}, {at}")


def tag(report: DriftResult, index: int) -> str:
    """Return a word for an image: its architecture, and a number where that is not enough."""
    every = [each.architecture.value for each in report.subjects]
    return every[index] if every.count(every[index]) == 1 else f"{every[index]} {index + 1}"


def drift(report: DriftResult, found: DriftFinding) -> Iterator[str]:
    """Yield one finding with its evidence."""
    where = "" if found.line is None else f"line {found.line}: "
    yield from filled(f"{where}{found.what}", "* ", "  ")
    if found.sentence is not None:
        said = report.document.sentences[found.sentence].text
        yield from labelled("document", f'"{said}"')
    if found.cite is not None and (found.sentence is None or found.words):
        yield from labelled("cited", f'"{found.cite.text}"')
    if found.words:
        yield from labelled("words", edited(found))
    for fact in found.facts if found.words else ():
        on = "" if fact.architecture is None else f" on {fact.architecture.value}"
        text = f"{fact.what}{on}: {fact.document}, in the contract {fact.contract}"
        yield from labelled("states", text)
    if found.cite is not None:
        yield from labelled("clauses", clauses(found))
    if found.because is not None:
        yield from labelled("because", found.because)
    yield from proofs(report, found.evidence)


def proofs(report: DriftResult, found: tuple[DriftProof, ...]) -> Iterator[str]:
    """Yield the evidence, one line for each party; the first refutation is shown in full."""
    said: dict[tuple[int, str, str], list[DriftProof]] = {}
    for proof in found:
        party = "" if proof.verdict is None else proof.verdict.party
        outcome = _outcome(proof, report.subjects[proof.subject])
        said.setdefault((proof.subject, party, outcome), []).append(proof)
    shown = False
    for (subject, _, outcome), alike in said.items():
        who = _who(report, alike)
        yield from labelled(tag(report, subject), f"{who}: {outcome}" if who else outcome)
        judged = alike[0].verdict
        if not shown and judged is not None and judged.verdict == REFUTED:
            yield from counterexample(report.subjects[subject], judged)
            shown = True


def _who(report: DriftResult, alike: list[DriftProof]) -> str:
    """Name the calls and clauses of one party that were judged alike."""
    judged = [each.verdict for each in alike if each.verdict is not None]
    if judged:
        clauses = ", ".join(dict.fromkeys(one.clause for one in judged))
        calls = dict.fromkeys(spelled(one.call) + _number(one) for one in judged)
        return f"{judged[0].party}, {', '.join(calls)}: {clauses}"
    answer = alike[0].answer
    if answer is None:
        return ""
    identifier = report.subjects[alike[0].subject].identifier
    return f"{answer.party}, {identifier} = {answer.number}"


def _number(judged: JudgedClause) -> str:
    return "" if judged.number is None else f" ({int(judged.number, 16)})"


def _outcome(proof: DriftProof, subject: HeldAgainst) -> str:
    """Say what became of it: a verdict, a derived row, or a remark."""
    names = Names(subject.symbols)
    if proof.verdict is not None:
        without = "" if proof.without is None else f" without {proof.without}"
        reason = proof.verdict.reason
        said = "" if reason is None else f"; {names.inside(reason)}"
        return f"{proof.verdict.verdict}{without}{said}"
    if proof.answer is not None:
        return f"{proof.answer.answer.value}; {names.inside(proof.answer.row)}"
    return proof.text or ""


def edited(found: DriftFinding) -> str:
    """Return the words of a sentence with what became of them, as git's word diff writes it."""
    parts: list[str] = []
    for edit in found.words:
        if edit.old == edit.new:
            parts.append(edit.new)
            continue
        if edit.old:
            parts.append(f"[-{edit.old}-]")
        if edit.new:
            parts.append(f"{{+{edit.new}+}}")
    return " ".join(parts)


def clauses(found: DriftFinding) -> str:
    """Name who cites a sentence, by the keys of the contract."""
    assert found.cite is not None
    keys = list(dict.fromkeys(use.key for use in found.cite.clauses))
    more = f" and {len(keys) - MOST_USES} more" if len(keys) > MOST_USES else ""
    return ", ".join(keys[:MOST_USES]) + more


def counterexample(subject: HeldAgainst, judged: JudgedClause) -> Iterator[str]:
    """Yield the state at entry in which a clause fails, and the path."""
    yield from at_entry(judged, subject.capabilities, Names(subject.symbols), DEEPER)
    yield from observed(judged, DEEPER)
    yield from path(judged, indent=DEEPER)


def opens(report: DriftResult) -> Iterator[str]:
    """Yield what could not be decided, and the lines that were not read."""
    if not report.undecided:
        return
    yield from titled("Undecided")
    reasons: dict[str, list[OpenQuestion]] = {}
    for each in report.undecided:
        reasons.setdefault(each.reason, []).append(each)
    for reason, of in reasons.items():
        named = (Names(subject.symbols).beside(reason) for subject in report.subjects)
        yield ""
        yield from filled(next((n for n in named if n != reason), reason), "* ", "  ")
        for each in of:
            where = "" if each.line is None else f"line {each.line}: "
            yield from filled(f"{where}{each.what}", "    ", "      ")
