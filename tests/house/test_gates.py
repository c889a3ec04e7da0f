"""The gates of ./check refuse what they are there to refuse."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inputs import ROOT


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with nothing but the gate on tracked files."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "tracked", tmp_path / ".ci")
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, "git", "add", ".")
    return tmp_path


def track(repository: Path, text: str) -> subprocess.CompletedProcess[str]:
    (repository / "some.txt").write_text(text, encoding="utf-8")
    run(repository, "git", "add", "some.txt")
    return run(repository, sys.executable, ".ci/tracked")


def test_portable_text_is_accepted(repository: Path) -> None:
    assert track(repository, "pypcode==3.3.3 --hash=sha256:00").returncode == 0


def test_address_of_a_package_archive_is_refused(repository: Path) -> None:
    default = "from pip._internal.models.index import PyPI; print(PyPI.file_storage_domain)"
    host = run(repository, sys.executable, "-c", default).stdout.strip()
    refused = track(repository, f"--find-links {host}/packages")
    assert refused.returncode == 1
    assert f"some.txt: names the archive {host}" in refused.stdout


@pytest.mark.parametrize("place", ["home", "clone", "beside"])
def test_path_of_this_machine_is_refused(place: str, repository: Path) -> None:
    path = {"home": Path.home(), "clone": repository, "beside": repository.parent}[place]
    refused = track(repository, f"see {path}/notes")
    assert refused.returncode == 1
    assert "some.txt: names the path" in refused.stdout


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    """Return a folder with ./check whose tools are stand-ins: ruff fails, mypy passes."""
    shutil.copy(ROOT / "check", tmp_path)
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tmp_path / ".venv" / "installed-dev").touch()
    for name, script in {"ruff": "echo wrong here; exit 1", "mypy": "echo fine"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    return tmp_path


def test_gate_that_fails_shows_its_output_and_fails_the_check(gates: Path) -> None:
    ran = run(gates, "./check", "lint", "types")
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == ["FAIL  lint", "      wrong here", "pass  types      fine"]


def test_gate_that_passes_is_one_line(gates: Path) -> None:
    ran = run(gates, "./check", "types")
    assert (ran.returncode, ran.stdout) == (0, "pass  types      fine\n")


def test_gate_that_does_not_exist_is_refused(gates: Path) -> None:
    ran = run(gates, "./check", "typos")
    assert ran.returncode == 1
    assert "no gate is called typos" in ran.stderr
