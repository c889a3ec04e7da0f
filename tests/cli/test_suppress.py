"""Suppressions that are written from a report, edited, and asked."""

import json
from pathlib import Path

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.kernel import stub
from tests.inputs import Assemble


def filled_in(text: str) -> str:
    return text.replace('reason: ""', "reason: known").replace('expires: ""', "expires: 2099-01-01")


def test_what_is_written_and_filled_in_covers_all_that_the_report_has(
    assemble: Assemble, tmp_path: Path
) -> None:
    image = stub(assemble, success="add x19, x19, #1", unknown="mov x20, #0")
    report, file = tmp_path / "report.json", tmp_path / "accepted.yaml"
    assert hypabi("check", image, "--format", "json", "--output", report).returncode == 12
    written = hypabi("suppress", "--from", report).stdout
    assert "register: " in written
    file.write_text(filled_in(written))
    ran = hypabi("check", image, "--suppressions", file)
    assert (ran.returncode, "HYP-SUPPRESSION-UNUSED" in ran.stdout) == (0, False)


def test_what_is_written_is_refused_until_it_is_filled_in(
    assemble: Assemble, tmp_path: Path
) -> None:
    image = stub(assemble, success="add x19, x19, #1")
    report, file = tmp_path / "report.json", tmp_path / "accepted.yaml"
    hypabi("check", image, "--format", "json", "--output", report)
    assert hypabi("suppress", "--from", report, "--output", file).returncode == 0
    assert hypabi("check", image, "--suppressions", file).returncode == 1
    file.write_text(file.read_text().replace('reason: ""', "reason: known"))
    assert "expires" in one_line(hypabi("check", image, "--suppressions", file))


def test_of_a_comparison_what_changed_is_written(assemble: Assemble, tmp_path: Path) -> None:
    old, new = stub(assemble), stub(assemble, success="add x19, x19, #1")
    report, file = tmp_path / "report.json", tmp_path / "accepted.yaml"
    before = hypabi("diff", old, new, "--format", "json", "--output", report)
    assert before.returncode == 12
    file.write_text(filled_in(hypabi("suppress", "--from", report).stdout))
    assert hypabi("diff", old, new, "--suppressions", file).returncode == 0


def test_of_a_good_report_none_is_written(assemble: Assemble, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    hypabi("check", stub(assemble), "--format", "json", "--output", report)
    assert hypabi("suppress", "--from", report).stdout == "suppressions: []\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is no JSON"),
        ("[1]", "this is no report of check or diff in JSON"),
        ('{"schema": {"name": "hypabi-derive"}}', "this is no report of check or diff in JSON"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_report_is_refused_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "report").write_text(text)
    assert says in one_line(hypabi("suppress", "--from", tmp_path / "report"))


@pytest.mark.parametrize(
    "report",
    [
        {"schema": {"name": "hypabi-check"}, "verdicts": 5, "callers": [1]},
        {"schema": {"name": "hypabi-check"}, "verdicts": [{"verdict": "refuted", "lost": 7}]},
        {"schema": {"name": "hypabi-diff"}, "changes": [None, {"change": []}]},
    ],
)
def test_a_report_of_another_shape_is_read_without_a_fall(tmp_path: Path, report: object) -> None:
    (tmp_path / "report").write_text(json.dumps(report))
    assert hypabi("suppress", "--from", tmp_path / "report").returncode == 0
