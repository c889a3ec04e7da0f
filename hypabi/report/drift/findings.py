"""What drifted in a document, as findings with the lines of the document."""

from collections.abc import Iterator
from pathlib import PurePath

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.drift import FINDINGS, UNDECIDED, DriftFinding, DriftResult
from hypabi.report.drift.text import clauses, edited
from hypabi.report.findings.finding import (
    Finding,
    Findings,
    Input,
    Item,
    Line,
    item_of,
    nothing_judged,
)
from hypabi.rules.drift import DRIFT
from hypabi.rules.undecided import DRIFT as DRIFT_UNDECIDED
from hypabi.rules.undecided import rule_of_reason


def findings_of(result: DriftResult) -> Findings:
    """Return what drifted as findings; the sentences that are held are counted, not listed."""
    name = PurePath(result.document.path).name
    items = (*_drifted(result), *_open(result))
    of = result.coverage
    judged = of.sentences and (of.sentences_held or of.facts)
    return Findings(
        command="document --drift",
        subject=name,
        conclusion=result.conclusion,
        inputs=(
            Input("document", result.document.path, result.document.sha256),
            *(
                Input(each.name, each.image.path, each.image.sha256)
                for each in result.subjects
                if each.image is not None
            ),
        ),
        items=items if items or judged else (nothing_judged(name, "no sentence is held"),),
        trusted=result.trusted,
        reproduce=result.reproduce,
    )


def _drifted(result: DriftResult) -> Iterator[Item]:
    for found in result.findings:
        rule = DRIFT[found.kind]
        said = _said(result, found)
        finding = Finding(
            rule=rule,
            weight=Weight.REFUTED if found.contradicted else rule.weight,
            about={"sentence": said or found.what},
            where=found.what,
            text="",
            lines=tuple(_lines(result, found)),
            line=found.line,
        )
        yield item_of(FINDINGS, found.kind.value, FINDINGS, found.what, finding)


def _said(result: DriftResult, found: DriftFinding) -> str:
    """Return the sentence that it is about: as the contract cites it, else as it stands."""
    if found.cite is not None:
        return found.cite.text
    return "" if found.sentence is None else result.document.sentences[found.sentence].text


def _lines(result: DriftResult, found: DriftFinding) -> Iterator[Line]:
    if found.sentence is not None:
        yield Line("document", f'"{result.document.sentences[found.sentence].text}"')
    if found.cite is not None:
        yield Line("cited", f'"{found.cite.text}"')
        yield Line("clauses", clauses(found))
    if found.words:
        yield Line("words", edited(found))
    for fact in found.facts:
        text = f"{fact.what}: {fact.document}, in the contract {fact.contract}"
        yield Line("states", text)
    if found.because is not None:
        yield Line("because", found.because)


def _open(result: DriftResult) -> Iterator[Item]:
    for each in result.undecided:
        rule = rule_of_reason(each.reason, DRIFT_UNDECIDED)
        finding = Finding(
            rule=rule,
            weight=rule.weight,
            about={"sentence": each.what},
            where=each.what,
            text=each.reason,
            line=each.line,
        )
        yield item_of(FINDINGS, UNDECIDED, FINDINGS, each.what, finding)
