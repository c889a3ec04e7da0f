from hypabi.analysis.results.check import ClauseWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.report.forms.standing import Standing, standing_of
from tests.report.forms.every import EVERY


def test_undecided_is_never_passed_and_nothing_that_weighs_is_skipped() -> None:
    for findings in EVERY.values():
        for item in findings.items:
            standing = standing_of(item)
            if item.weight is Weight.UNDECIDED:
                assert standing is Standing.UNDECIDED
            if standing in (Standing.SKIPPED, Standing.EXPECTED):
                assert item.weight is Weight.GOOD


def test_each_word_of_a_clause_ends_as_its_own_kind() -> None:
    clauses = [item for item in EVERY["check"].items if item.unit == "clauses"]
    found = {item.word: standing_of(item) for item in clauses}
    assert found == {
        ClauseWord.PROVED.value: Standing.PASSED,
        ClauseWord.REFUTED.value: Standing.FAILED,
        ClauseWord.SUPPRESSED.value: Standing.EXPECTED,
        ClauseWord.UNDECIDED.value: Standing.UNDECIDED,
        ClauseWord.VACUOUS.value: Standing.SKIPPED,
    }
