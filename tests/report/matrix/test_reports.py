"""A matrix as text and as JSON: both say what the result amounts to."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.caller_checks import CallerWord
from hypabi.analysis.results.matrix import CallerRole, Cell, CellWord, MatrixResult
from hypabi.judgement.callers.schedule import Reachability
from hypabi.records import replace
from hypabi.report.matrix import json as matrix_json
from hypabi.report.matrix.text import Detail, write
from tests.report.made import COLUMNS
from tests.report.made_matrix import IMAGE, cell, check, checks, matrix, of_every_kind
from tests.report.schemas import closed, schema

MATRICES = st.builds(
    lambda words, said: matrix(
        *map(cell, words), callers=checks(*map(check, said)) if said else None
    ),
    st.lists(st.sampled_from(CellWord), min_size=1, max_size=4),
    st.lists(st.sampled_from(CallerWord), max_size=3),
)


def text(result: MatrixResult, detail: Detail = Detail.PATHS) -> str:
    return write(result, detail)


@given(MATRICES)
def test_first_line_json_and_status_say_the_same(result: MatrixResult) -> None:
    printed = json.loads(matrix_json.write(result))
    assert printed["verdict"] == result.verdict
    assert printed["exit_status"] == result.exit_status
    assert text(result).splitlines()[0].endswith(f": {result.conclusion.answer}")


def test_the_published_schema_is_that_of_the_result() -> None:
    assert schema("matrix") == matrix_json.schema(), "docs/generate writes it"


def test_what_is_printed_is_what_is_published() -> None:
    for result in (of_every_kind(), matrix(cell())):
        printed = json.loads(matrix_json.write(result))
        jsonschema_rs.Draft202012Validator(closed(schema("matrix"))).validate(printed)


def test_the_first_lines_say_the_verdict_and_how_it_comes_about() -> None:
    lines = text(of_every_kind()).splitlines()
    assert lines[0] == "6.1.0-test: REFUTED and UNDECIDED"
    assert " ".join(lines[1:5]) == (
        "6 cells: 2 kept, 1 refuted, 1 undecided, 1 left open, 1 unreachable; 8 call "
        "sites: 1 satisfied, 1 satisfied beyond the contract, 1 depends on its caller, "
        "1 unspecified, 1 violated, 1 suppressed, 1 unscheduled, 1 undecided "
    )


def test_a_kernel_without_a_version_goes_by_its_file() -> None:
    result = matrix(cell(), callers=checks(), image=replace(IMAGE, version=None))
    assert text(result).startswith("vmlinuz: KEPT\n")


def test_everything_fits_a_mail() -> None:
    assert max(map(len, text(of_every_kind()).splitlines())) <= COLUMNS


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ((cell(),), "kept"),
        ((cell(form="a32"), cell(CellWord.REFUTED, form="t32")), "X*"),
        ((cell(CellWord.REFUTED, Reachability.UNREACHABLE),), "(X)"),
        ((cell(CellWord.LEFT_OPEN),), "-"),
        ((cell(CellWord.UNDECIDED),), "?"),
    ],
)
def test_a_mark_is_the_worst_of_the_forms(cells: tuple[Cell, ...], shown: str) -> None:
    result = matrix(*cells, callers=checks(check()))
    assert f"SET __hyp_set_vectors{shown:>6}\n" in text(result, Detail.NONE)


def test_one_reason_is_told_once_with_all_its_forms() -> None:
    forms = [cell(CellWord.REFUTED, form=form) for form in ("a32", "t32")]
    printed = text(matrix(*forms))
    assert printed.count("  instead     control goes to address 0\n") == 1
    assert "* stub is live (6.1.0-test: a32, t32)\n" in printed
    assert "  memory      mem[vectors] = 0x2\n" in printed
    assert "  asked by    SET __hyp_set_vectors: x0 = 0x0\n" in printed


def test_an_installer_asks_for_nothing() -> None:
    installs = cell(CellWord.REFUTED, role=CallerRole.INSTALLER)
    printed = text(matrix(installs))
    assert "* stub is installed (" in printed
    assert "  by          SET __hyp_set_vectors\n" in printed


def test_what_is_asked_for_decides_how_much_is_printed() -> None:
    result = matrix(cell(CellWord.REFUTED))
    assert "  path  " in text(result)
    assert "  path  " not in text(result, Detail.LINES)
    assert "  instead  " in text(result, Detail.LINES)
    assert "  instead  " not in text(result, Detail.NONE)
