from hypabi.analysis.results.matrix import CellWord
from hypabi.judgement.callers.schedule import Reachability
from hypabi.report.matrix.findings import findings_of
from tests.report import made_matrix
from tests.report.told import held_to_the_law


def test_a_matrix_of_every_kind_is_held_to_the_law() -> None:
    held_to_the_law(findings_of(made_matrix.of_every_kind()))


def test_each_kind_of_cell_alone_is_held_to_the_law() -> None:
    for word in CellWord:
        for when in (Reachability.REACHABLE, Reachability.UNREACHABLE):
            held_to_the_law(findings_of(made_matrix.matrix(made_matrix.cell(word, when))))
    held_to_the_law(findings_of(made_matrix.matrix()))


def test_a_refuted_cell_says_who_meets_whom_and_what_happens() -> None:
    (found,) = findings_of(made_matrix.matrix(made_matrix.cell(CellWord.REFUTED))).every()
    assert found.rule.id == "HYP-CELL-REFUTED"
    assert found.where == "SET __hyp_set_vectors, stub live (arm64, little-endian)"
    assert found.text == "control goes to address 0"
    assert [line.text for line in found.lines if line.label == "promised"] == [
        "SET returns to the caller"
    ]
    assert [step.address for step in found.path] == ["0x1000"]


def test_what_cannot_come_about_is_not_told() -> None:
    kept = made_matrix.cell()
    hidden = made_matrix.cell(CellWord.REFUTED, Reachability.UNREACHABLE)
    told = findings_of(made_matrix.matrix(kept, hidden))
    assert list(told.every()) == []
