"""Two solvers answer every obligation, and anybody's solver can be asked the same questions."""

import json
import re
import sys
from pathlib import Path

import bitwuzla
import pytest
import z3

from hypabi.analysis.options import contract_of, version_of
from hypabi.analysis.session import open_image
from hypabi.analysis.solver_queries import queries_of, status
from hypabi.home import REFERENCES
from hypabi.smt.solver import Feasibility, Feasible, Unknown
from hypabi.smt.z3 import Z3Solver
from tests.cli.door import hypabi
from tests.cli.kernel import stub
from tests.inputs import Assemble
from tests.report.schemas import strict

IMAGES = ("arm64-stub-b8-a64.elf", "arm-life-a7-a32.elf")
AT = ("--kernel-version", "6.1")
TWICE = "obligations asked twice"


def image(name: str) -> str:
    found = REFERENCES / name
    assert found.is_file(), sorted(path.name for path in REFERENCES.glob("*.elf"))
    return str(found)


@pytest.mark.parametrize("name", IMAGES)
def test_two_solvers_agree_on_every_obligation_of_a_reference(name: str) -> None:
    ran = hypabi("check", "-v", image(name), *AT, "--second-opinion", "--format", "json")
    report = json.loads(ran.stdout)
    strict("check").validate(report)
    alone = hypabi("check", "-v", image(name), *AT, "--format", "json")
    assert ran.returncode == alone.returncode
    counts = report["counts"][TWICE]
    found = report["second_opinion"]
    assert counts == {"agreed": found["asked"], "disagreed": 0, "unanswered": 0}
    assert found["asked"] >= 10 and found["dissents"] == []
    assert found["solver"] == f"z3 {z3.get_version_string()}"
    assert json.loads(alone.stdout)["second_opinion"] is None


def test_the_count_stands_in_what_is_trusted(assemble: Assemble) -> None:
    ran = hypabi("check", "-v", stub(assemble), "--second-opinion")
    assert ran.returncode == 0
    count = re.search(rf"(\d+) {TWICE}: \1 agreed", " ".join(ran.stdout.split()))
    assert count is not None
    said = f"was asked {count[1]} obligations again, and gave the same answer to each"
    assert said in " ".join(ran.stdout.split("Trusted")[1].replace("* ", "").split())


@pytest.mark.parametrize(
    ("answer", "status_of", "word", "headline"),
    [
        (Feasible(), 1, "disagreed", "CONTRADICTED"),
        (Unknown("tired"), 16, "unanswered", "UNDECIDED"),
    ],
)
def test_where_they_differ_it_is_named_and_in_the_status(
    answer: Feasibility,
    status_of: int,
    word: str,
    headline: str,
    assemble: Assemble,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Z3Solver, "feasibility", lambda *_: answer)
    ran = hypabi("check", "-v", stub(assemble), "--second-opinion")
    assert ran.returncode == status_of
    assert ran.stdout.startswith(f"5.10.0-made: {headline}\n")
    assert re.search(rf"\* stub, HVC_SET_VECTORS: \w+, question 1: {word}; bitwuzla", ran.stdout)


def test_without_z3_one_line_says_how_to_get_it(
    assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stub(assemble)
    monkeypatch.delitem(sys.modules, "hypabi.smt.z3", raising=False)
    monkeypatch.setitem(sys.modules, "z3", None)
    ran = hypabi("check", "-v", made, "--second-opinion")
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    assert "z3 is not installed" in line and "pip install 'hypabi[second-opinion]'" in line


def by_z3(path: Path) -> str:
    solver = z3.SolverFor("QF_BV", ctx=z3.Context())
    solver.from_file(str(path))
    return str(solver.check())


def by_bitwuzla(path: Path) -> str:
    options = bitwuzla.Options()
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(str(path), parse_only=True)
    return str(parser.bitwuzla().check_sat()).lower().rpartition(".")[2]


@pytest.mark.parametrize("name", IMAGES)
def test_the_files_are_answered_by_both_as_they_say(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    hypabi("check", "-v", image(name), *AT, "--smt2", str(folder))
    files = sorted(folder.iterdir())
    examination = open_image(image(name)).examine(contract_of("linux-hyp-abi"), version_of(AT[1]))
    found = queries_of(examination)
    assert [path.name for path in files] == sorted({each.file for each in found})
    expected = {each.file: status(each.query.answer) for each in found}
    assert set(expected.values()) == {"sat", "unsat"}
    for path in files:
        text = path.read_text()
        assert f"(set-info :status {expected[path.name]})\n" in text
        assert by_z3(path) == expected[path.name]
        assert by_bitwuzla(path) == expected[path.name]
    first = files[0].read_text()
    hypabi("check", "-v", image(name), *AT, "--smt2", str(folder))
    assert files[0].read_text() == first


def test_a_folder_that_cannot_be_is_refused_in_one_line(assemble: Assemble, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ran = hypabi("check", "-v", stub(assemble), "--smt2", str(file))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
