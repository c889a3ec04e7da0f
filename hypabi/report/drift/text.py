"""Drift as text for a mail: the answer first, each finding with its evidence, how to repeat it."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from hypabi.analysis.findings.check import spelled, verdict_word
from hypabi.analysis.results.drift import DriftReport
from hypabi.image.symbolizer import Places
from hypabi.judgement.drift.findings import Drift, Kind, Open, Proof
from hypabi.judgement.verification.verdict import Refuted
from hypabi.report.drift.tables import served, uncited, uncovered, unread
from hypabi.report.drift.trusted_base import trusts
from hypabi.report.shared.counterexample_text import at_entry, observed, path
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.text_layout import filled, labelled, titled
from hypabi.report.shared.trusted_base import trust_section

TITLES: Final = {
    Kind.CONTRADICTED: "Contradicted by the code",
    Kind.LEFT_BEHIND: "Left behind: code and contract go against the sentence",
    Kind.CONDITION: "True only under a condition that the document does not state",
    Kind.DIFFERS: "Numbers, registers and names that differ",
    Kind.MISSING: "Calls that the code has and the document lacks",
    Kind.UNSERVED: "Calls that the document has and nobody serves",
    Kind.SILENT: "Parties of the image without a sentence",
    Kind.UNSTATED: "Broken clauses that rest on no sentence",
    Kind.CHANGED: "Changed: no longer in the words that are cited",
    Kind.MOVED: "Moved",
    Kind.VANISHED: "Vanished: cited, and not in the document",
}
NOUNS: Final = {
    Kind.CONTRADICTED: ("contradicted sentence", "contradicted sentences"),
    Kind.LEFT_BEHIND: ("sentence left behind", "sentences left behind"),
    Kind.CONDITION: ("unstated condition", "unstated conditions"),
    Kind.DIFFERS: ("differing number or name", "differing numbers or names"),
    Kind.MISSING: ("missing call", "missing calls"),
    Kind.UNSERVED: ("unserved call", "unserved calls"),
    Kind.SILENT: ("party without a sentence", "parties without a sentence"),
    Kind.UNSTATED: ("unstated behaviour", "unstated behaviours"),
    Kind.CHANGED: ("changed sentence", "changed sentences"),
    Kind.MOVED: ("moved sentence", "moved sentences"),
    Kind.VANISHED: ("vanished sentence", "vanished sentences"),
}
MOST_USES = 6
"""Clauses named of a sentence."""

DEEPER: Final = "    "
"""How far evidence stands in under its proof."""


def write(report: DriftReport) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DriftReport) -> Iterator[str]:
    yield from headline(report)
    yield from subjects(report)
    places = tuple(map(Places, report.loaded))
    for kind in Kind:
        found = [each for each in report.found.drifts if each.kind is kind]
        if found:
            yield from titled(TITLES[kind])
        for each in found:
            yield ""
            yield from drift(report, each, places)
    yield from opens(report, places)
    yield from served(report)
    yield from unread(report)
    yield from uncovered(report)
    yield from uncited(report)
    yield from trust_section(trusts(report))
    inputs = [("document", report.found.document.sha256), ("contract", report.contract.sha256)]
    inputs += [(tag(report, at), each.sha256) for at, each in enumerate(report.loaded)]
    yield from repeat(report.provenance, tuple(inputs))


def headline(report: DriftReport) -> Iterator[str]:
    """Yield the answer: the worst that was found, how often what, and the coverage."""
    found = report.found
    name = PurePath(found.document.path).name
    kinds = [each.kind for each in found.drifts]
    tally = [
        f"{kinds.count(kind)} {NOUNS[kind][kinds.count(kind) > 1]}"
        for kind in Kind
        if kind in kinds
    ]
    if found.opens:
        tally.append(f"{len(found.opens)} undecided")
    yield from filled(f"{name}: {answer(report)}" + (f": {', '.join(tally)}" if tally else ""))
    of = found.coverage
    yield from filled(
        f"{of.held} of {of.sentences} sentences are held by a clause ({of.words_held} of "
        f"{of.words} words), {of.facts} numbers and registers were compared; {of.promises_cited} "
        f"of {of.promises} promises rest on a sentence"
    )


def answer(report: DriftReport) -> str:
    """Return the verdict on the document in words; the worst that was found decides."""
    if any(each.refuted for each in report.found.drifts):
        return "CONTRADICTED"
    if report.found.drifts:
        return "DRIFT"
    return "UNDECIDED" if report.found.opens else "NO DRIFT"


def subjects(report: DriftReport) -> Iterator[str]:
    """Yield what was held against what."""
    yield ""
    yield from labelled("document", PurePath(report.found.document.path).name)
    yield from labelled("contract", report.contract.name)
    for index, subject in enumerate(report.subjects):
        on = subject.revision.architecture.value
        at = f"as of {subject.revision.version} on {on}"
        if subject.evidence is None:
            yield from labelled("no image", f"{at}: what the contract says is taken for the code")
        else:
            file = PurePath(report.loaded[index].path).name
            yield from labelled(tag(report, index), f"{file}, {at}")


def tag(report: DriftReport, index: int) -> str:
    """Return a word for an image: its architecture, and a number where that is not enough."""
    every = [each.revision.architecture.value for each in report.subjects]
    return every[index] if every.count(every[index]) == 1 else f"{every[index]} {index + 1}"


def drift(report: DriftReport, found: Drift, places: tuple[Places, ...]) -> Iterator[str]:
    """Yield one finding with its evidence."""
    where = "" if found.line is None else f"line {found.line}: "
    yield from filled(f"{where}{found.what}", "* ", "  ")
    if found.sentence is not None:
        said = report.found.document.sentences[found.sentence].text
        yield from labelled("document", f'"{said}"')
    if found.cite is not None and (found.sentence is None or found.edits):
        yield from labelled("cited", f'"{found.cite.text}"')
    if found.edits:
        yield from labelled("words", edited(found))
    for fact in found.facts if found.edits else ():
        on = "" if fact.architecture is None else f" on {fact.architecture.value}"
        text = f"{fact.what}{on}: {fact.document}, in the contract {fact.contract}"
        yield from labelled("states", text)
    if found.cite is not None:
        yield from labelled("clauses", clauses(found))
    if found.because is not None:
        yield from labelled("because", found.because.strip())
    yield from proofs(report, found.proofs, places)


def proofs(
    report: DriftReport, found: tuple[Proof, ...], places: tuple[Places, ...]
) -> Iterator[str]:
    """Yield the evidence, one line for each party; the first refutation is shown in full."""
    said: dict[tuple[int, str, str], list[Proof]] = {}
    for proof in found:
        party = "" if proof.finding is None else proof.finding.party
        said.setdefault((proof.subject, party, _outcome(proof, places)), []).append(proof)
    shown = False
    for (subject, _, outcome), alike in said.items():
        who = _who(report, alike)
        yield from labelled(tag(report, subject), f"{who}: {outcome}" if who else outcome)
        verdicts = [p.finding.verdict for p in alike if p.finding is not None]
        if not shown and any(isinstance(verdict, Refuted) for verdict in verdicts):
            yield from counterexample(report, alike[0], places)
            shown = True


def _who(report: DriftReport, alike: list[Proof]) -> str:
    """Name the calls and clauses of one party that were judged alike."""
    judged = [each.finding for each in alike if each.finding is not None]
    if judged:
        clauses = ", ".join(dict.fromkeys(one.clause.name for one in judged))
        calls = dict.fromkeys(
            spelled(one.call) + ("" if one.number is None else f" ({one.number})") for one in judged
        )
        return f"{judged[0].party}, {', '.join(calls)}: {clauses}"
    answer = alike[0].answer
    if answer is None:
        return ""
    identifier = report.subjects[alike[0].subject].revision.identifier
    return f"{answer.party}, {identifier} = {answer.number:#x}"


def _outcome(proof: Proof, places: tuple[Places, ...]) -> str:
    """Say what became of it: a verdict, a derived row, or a remark."""
    if proof.finding is not None:
        verdict = proof.finding.verdict
        without = "" if proof.without is None else f" without {proof.without}"
        said = f"{verdict_word(verdict)}{without}"
        if isinstance(verdict, Refuted):
            said += f"; {places[proof.subject].inside(verdict.what)}"
        return said
    if proof.answer is not None:
        row = places[proof.subject].inside(proof.answer.row)
        return f"{proof.answer.how.value}; {row}"
    return proof.text or ""


def edited(found: Drift) -> str:
    """Return the words of a sentence with what became of them, as git's word diff writes it."""
    parts: list[str] = []
    for edit in found.edits:
        if edit.old == edit.new:
            parts.append(" ".join(edit.new))
            continue
        if edit.old:
            parts.append(f"[-{' '.join(edit.old)}-]")
        if edit.new:
            parts.append(f"{{+{' '.join(edit.new)}+}}")
    return " ".join(parts)


def clauses(found: Drift) -> str:
    """Name who cites a sentence, by the keys of the contract."""
    assert found.cite is not None
    keys = list(dict.fromkeys(use.place.key for use in found.cite.uses))
    more = f" and {len(keys) - MOST_USES} more" if len(keys) > MOST_USES else ""
    return ", ".join(keys[:MOST_USES]) + more


def counterexample(report: DriftReport, proof: Proof, places: tuple[Places, ...]) -> Iterator[str]:
    """Yield the state at entry in which a clause fails, and the path."""
    assert proof.finding is not None and isinstance(proof.finding.verdict, Refuted)
    verdict, at = proof.finding.verdict, places[proof.subject]
    capabilities, texts = report.capabilities[proof.subject], report.texts[proof.subject]
    yield from at_entry(verdict, capabilities, at, DEEPER)
    yield from observed(verdict, DEEPER)
    yield from path(verdict, texts, at, indent=DEEPER)


def opens(report: DriftReport, places: tuple[Places, ...]) -> Iterator[str]:
    """Yield what could not be decided, and the lines that were not read."""
    if not report.found.opens:
        return
    yield from titled("Undecided")
    reasons: dict[str, list[Open]] = {}
    for each in report.found.opens:
        reasons.setdefault(each.reason, []).append(each)
    for reason, of in reasons.items():
        named = (place.beside(reason) for place in places)
        yield ""
        yield from filled(next((n for n in named if n != reason), reason), "* ", "  ")
        for each in of:
            where = "" if each.line is None else f"line {each.line}: "
            yield from filled(f"{where}{each.what}", "    ", "      ")
