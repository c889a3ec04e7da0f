"""The fuzzer finds what is there, and a short run of it finds nothing."""

import importlib.util
from pathlib import Path

import pytest

from evidence.fuzzing.answer import TooManyLines, tried
from evidence.fuzzing.run import Figures, Fuzzed, Limit, fuzz, read_figures, save_figures, table
from evidence.fuzzing.seeds import SEEDS
from evidence.fuzzing.targets import TARGETS
from hypabi.errors import HypabiError
from tests.inputs import skip_for

SHORT = Limit(runs=40, seconds=None)


@pytest.fixture
def fuzzer() -> None:
    if importlib.util.find_spec("atheris") is None:
        skip_for("fuzzer", "Atheris is missing: it has wheels for Linux on x86-64 only")


@pytest.mark.usefixtures("fuzzer")
def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    found = fuzz("stream", SHORT, 1, tmp_path)
    assert (found.finding, found.where) == ("", "")
    assert found.inputs >= 40
    assert found.edges > 0
    assert list((tmp_path / "stream.findings").iterdir()) == []


@pytest.mark.usefixtures("fuzzer")
def test_a_defect_behind_four_bytes_is_found_and_its_input_kept(tmp_path: Path) -> None:
    (tmp_path / "defective").mkdir()
    (tmp_path / "defective" / "seed").write_bytes(b"hvc!")
    found = fuzz("defective", SHORT, 1, tmp_path, "tests.evidence.planted")
    assert found.finding == "KeyError: 'planted'"
    assert Path(found.where).read_bytes() == b"hvc!"


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in {"callers", "raw"}])
def test_every_seed_is_a_good_input(name: str) -> None:
    seeds = list(SEEDS[name]())
    assert seeds
    for content in seeds[:3]:
        TARGETS[name](content)


def test_a_refusal_is_an_answer_and_another_exception_is_none() -> None:
    def refusing(_: bytes) -> None:
        raise HypabiError("input", "is no image")

    def failing(_: bytes) -> None:
        raise IndexError

    tried(refusing, b"")
    with pytest.raises(IndexError):
        tried(failing, b"")


def test_a_refusal_of_two_lines_is_none() -> None:
    def refusing(_: bytes) -> None:
        raise HypabiError("input", "is\nno image")

    with pytest.raises(TooManyLines):
        tried(refusing, b"")


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    figures = Figures("evidence/fuzz", (Fuzzed("gdb", 200, 16, 61, "", ""),))
    save_figures(figures, tmp_path / "fuzz.json")
    assert read_figures(tmp_path / "fuzz.json") == figures
    assert "| gdb | 200 | 16 | 61 | none |" in table(figures.rows)
