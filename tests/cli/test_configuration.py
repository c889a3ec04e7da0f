"""What a project asks of every command."""

from pathlib import Path

import pytest

from hypabi.cli.configuration import find_configuration
from hypabi.errors import HypabiError
from tests.cli.door import hypabi, one_line
from tests.cli.kernel import SLOTS, stub
from tests.inputs import Assemble

TOML = 'kernel-version = "5.10"\nformat = "json"\n'


def test_what_a_project_asks_is_the_default_and_a_command_line_counts_more(
    assemble: Assemble, tmp_path: Path
) -> None:
    image = stub(assemble, version="none", table=SLOTS)
    assert hypabi("check", image, cwd=tmp_path).returncode == 1
    (tmp_path / "hypabi.toml").write_text(TOML)
    assert hypabi("check", image, cwd=tmp_path).stdout.startswith("{")
    assert hypabi("check", image, "-q", cwd=tmp_path).stdout == "5.10: PROVED\n"
    assert hypabi("check", image, "--kernel-version", "9.9", cwd=tmp_path).returncode != 0


def test_the_report_says_what_to_type_without_the_file(assemble: Assemble, tmp_path: Path) -> None:
    image = stub(assemble, version="none", table=SLOTS)
    (tmp_path / "hypabi.toml").write_text('kernel-version = "5.10"\n')
    said = " ".join(hypabi("check", image, cwd=tmp_path).stdout.replace("\\", "").split())
    assert said.endswith("--kernel-version 5.10")


def test_the_nearest_file_counts_and_paths_are_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.hypabi]\nsuppressions = "accepted.yaml"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below.parent / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert find_configuration(below) == {"suppressions": str(tmp_path / "accepted.yaml")}
    (tmp_path / "hypabi.toml").write_text('contract = "arm64-hyp-stub-2017"\n')
    assert find_configuration(below) == {"contract": "arm64-hyp-stub-2017"}
    (below / "hypabi.toml").write_text('contract = "mine.yaml"\n')
    assert find_configuration(below) == {"contract": str(below / "mine.yaml")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('contrct = "x"', "contrct: no such key; did you mean 'contract'?"),
        ("contract = 5", "contract: this is no string"),
        ("contract", "this is no TOML"),
        ("a=" + "[" * 5000, "this is no TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "hypabi.toml").write_text(text)
    assert says in one_line(hypabi("check", "nowhere", cwd=tmp_path))


def test_a_table_of_another_tool_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.hypabi]\n")
    assert find_configuration(tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text("tool = [5] # [tool.hypabi]\n")
    with pytest.raises(HypabiError, match="this is no table"):
        find_configuration(tmp_path)


def test_a_form_that_a_command_does_not_have_is_not_forced_on_it(
    assemble: Assemble, tmp_path: Path
) -> None:
    (tmp_path / "hypabi.toml").write_text('format = "sarif"\n')
    assert hypabi("derive", stub(assemble), cwd=tmp_path).stdout.startswith("5.10.0-made")
