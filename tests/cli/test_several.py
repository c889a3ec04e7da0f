"""Several images in one call: a line for each, and one exit status."""

from pathlib import Path

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.kernel import stub
from tests.inputs import Assemble


@pytest.fixture
def good(assemble: Assemble) -> Path:
    return stub(assemble)


@pytest.fixture
def bad(assemble: Assemble) -> Path:
    return stub(assemble, success="add x19, x19, #1")


def test_each_image_is_a_line_and_the_status_has_the_bits_of_all(good: Path, bad: Path) -> None:
    ran = hypabi("check", good, bad)
    first, second = ran.stdout.splitlines()
    assert first == f"{good}: 5.10.0-made: PROVED"
    assert second == f"{bad}: 5.10.0-made: REFUTED: HYP-CLAUSE-REGISTERS"
    assert ran.returncode == 12
    assert hypabi("check", good, good).returncode == 0


def test_an_image_that_is_refused_is_named_and_the_others_are_checked(
    good: Path, bad: Path
) -> None:
    ran = hypabi("check", "nowhere", bad, good)
    assert ran.stderr == "hypabi: nowhere: No such file or directory\n"
    assert len(ran.stdout.splitlines()) == 2
    assert ran.returncode == 12 | 1


def test_verbose_prints_the_report_of_each(good: Path, bad: Path) -> None:
    both = hypabi("check", "-v", good, bad)
    each = [hypabi("check", "-v", image) for image in (good, bad)]
    assert both.stdout == "\n".join(ran.stdout for ran in each)


def test_a_file_gets_all_lines(good: Path, tmp_path: Path) -> None:
    printed = hypabi("check", good, good).stdout
    assert hypabi("check", good, good, "--output", tmp_path / "all").returncode == 0
    assert (tmp_path / "all").read_text() == printed


@pytest.mark.parametrize("more", [("--format", "json"), ("--witness", "w"), ("--smt2", "w")])
def test_what_is_of_one_image_is_refused(good: Path, more: tuple[str, ...]) -> None:
    assert "one image" in one_line(hypabi("check", good, good, *more))
