from dataclasses import replace

from hypothesis import given, settings

from hypabi.analysis.results.check import CheckResult, ClauseKind, ClauseWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.verification.verdict import Undecided, Vacuous
from hypabi.report.check.findings import findings_of
from hypabi.report.findings.finding import Line
from hypabi.rules.catalogue import RULES
from tests.inputs import exploring
from tests.report import made, made_check
from tests.report.made_check import of_every_kind
from tests.report.told import held_to_the_law


def ids(result: CheckResult) -> list[str]:
    return [each.rule.id for each in findings_of(result).every()]


def test_a_check_of_every_kind_is_held_to_the_law() -> None:
    held_to_the_law(findings_of(of_every_kind()))


@settings(max_examples=2000 if exploring() else 20)
@given(made.checks())
def test_any_check_is_held_to_the_law(check: CheckResult) -> None:
    held_to_the_law(findings_of(check))


def test_every_rule_of_checks_occurs_but_for_our_own_defects() -> None:
    not_of_checks = ("CELL", "CHANGE", "DRIFT", "OWN", "SEEN", "SITE")
    defects = {rule.id for rule in RULES.values() if rule.weight is Weight.DEFECT}
    of_checks = {name for name in RULES if name.split("-")[1] not in not_of_checks} - defects
    asked = {name for name in of_checks if name.startswith("HYP-UNDECIDED-")}
    assert of_checks - asked <= set(ids(of_every_kind()))


def test_a_check_in_which_all_is_good_has_nothing_to_tell() -> None:
    told = findings_of(made.check(made.proved()))
    assert list(told.every()) == []
    assert [item.name for item in told.items] == ["HVC_SET_VECTORS: result", "stub"]


def test_a_refuted_clause_says_what_is_promised_and_what_shows_otherwise() -> None:
    result = replace(of_every_kind(), verdicts=(made_check.clause(ClauseWord.REFUTED),))
    (found,) = (
        each for each in findings_of(result).every() if each.rule.id.startswith("HYP-CLAUSE")
    )
    assert found.rule.id == "HYP-CLAUSE-REGISTERS"
    assert found.where == "stub, HVC_SET_VECTORS (x0 = 0): registers-refuted"
    assert found.text == "x19 is lost at vectors"
    assert found.agree == ("ARM64 PORT",)
    labels = [line.label for line in found.lines]
    assert labels[:4] == ["clause", "sentence", "because", "against"]
    assert Line("observed", "x19: 0x7 at entry, 0x8 at exit") in found.lines
    assert Line("memory", "mem[vectors] = 0x5") in found.lines
    assert [step.instruction.text for step in found.path] == ["mov x19, #0x1", "eret"]
    assert found.spot is not None
    assert found.spot.place == "vectors+0x4"


def test_what_is_suppressed_is_told_with_the_decision_and_weighs_nothing() -> None:
    result = replace(of_every_kind(), verdicts=(made_check.clause(ClauseWord.SUPPRESSED),))
    (found,) = (
        each for each in findings_of(result).every() if each.rule.id.startswith("HYP-CLAUSE")
    )
    assert (found.weight, found.suppressed) == (Weight.GOOD, made_check.BY)


def test_an_undecided_clause_has_the_rule_of_its_cause() -> None:
    spent = "the solver gave up: it takes too long"
    assert ids(made.check(made.finding(Undecided(spent)))) == ["HYP-UNDECIDED-SOLVER"]
    assert ids(made.check(made.finding(Undecided("why")))) == ["HYP-UNDECIDED-CLAUSE"]


def test_a_vacuous_clause_is_told_and_its_party_is_untested() -> None:
    result = made.check(made.finding(Vacuous("never")))
    assert ids(result) == ["HYP-CLAUSE-VACUOUS", "HYP-PARTY-UNTESTED"]


def test_a_check_of_nothing_says_so() -> None:
    nothing = replace(made.check(made.proved()), parties=(), verdicts=())
    assert ids(nothing) == ["HYP-UNDECIDED-NOTHING-JUDGED"]
    held_to_the_law(findings_of(nothing))


def test_the_kind_of_a_clause_is_that_of_its_statement() -> None:
    (clause,) = made.check(made.proved()).verdicts
    assert clause.kind is ClauseKind.EFFECT  # it reads no register at exit
