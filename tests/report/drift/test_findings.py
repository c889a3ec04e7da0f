from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.drift.findings import Kind
from hypabi.report.drift.findings import findings_of
from tests.report import made_drift
from tests.report.told import held_to_the_law


def test_drift_of_every_kind_is_held_to_the_law() -> None:
    told = findings_of(made_drift.of_every_kind())
    held_to_the_law(told)
    drifted = [each.rule.id for each in told.every() if each.rule.id.startswith("HYP-DRIFT-")]
    assert len(set(drifted)) == len(Kind)


def test_a_document_of_which_nothing_holds_is_held_to_the_law() -> None:
    for of in (made_drift.coverage(2, 0, 0), made_drift.coverage(0, 0, 0), made_drift.coverage()):
        held_to_the_law(findings_of(made_drift.drift(of=of)))


def test_a_finding_has_the_line_of_the_document() -> None:
    first, *others = findings_of(made_drift.of_every_kind()).every()
    assert first.line == made_drift.finding(Kind.CONTRADICTED).line is not None
    assert (first.weight, others[0].weight) == (Weight.REFUTED, Weight.CHANGE)
    assert others[-1].line == made_drift.OPEN.line
