"""The Debian package: built from the tree, accepted by lintian, and it runs where it lies."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.inputs import ROOT, find_tool

BELOW = "usr/lib/python3/dist-packages/hypabi"


def ran(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def tracked(*paths: str) -> list[str]:
    listed = ran([find_tool("git"), "ls-files", "-z", *paths], ROOT)
    return listed.stdout.split("\0")[:-1]


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build of the tree leaves, source package included."""
    find_tool("dh")
    folder = tmp_path_factory.mktemp("debian")
    tree = folder / "hypabi"
    for name in tracked():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    built = ran(["dpkg-buildpackage", "-us", "-uc"], tree)
    assert built.returncode == 0, built.stderr[-2000:]
    (found,) = folder.glob("*.changes")
    return found


def test_lintian_has_nothing_to_say(changes: Path) -> None:
    judged = ran([find_tool("lintian"), "--fail-on", "error,warning", str(changes)], changes.parent)
    assert (judged.stdout, judged.returncode) == ("", 0)


def test_the_package_holds_the_tree_s_files_and_runs_where_it_lies(
    changes: Path, tmp_path: Path
) -> None:
    (package,) = changes.parent.glob("*.deb")
    assert ran(["dpkg-deb", "-x", str(package), str(tmp_path)], tmp_path).returncode == 0
    there = {str(f.relative_to(tmp_path / BELOW)) for f in (tmp_path / BELOW).rglob("*")}
    assert {name.removeprefix("hypabi/") for name in tracked("hypabi")} <= there
    image = next((tmp_path / BELOW / "reference").glob("arm64-stub-b7-a64.elf"))
    libraries = [str(tmp_path / BELOW / ".."), sysconfig.get_path("purelib")]
    checked = subprocess.run(
        [tmp_path / "usr/bin/hypabi", "check", "-q", str(image), "--kernel-version", "6.1"],
        env={**os.environ, "PYTHONPATH": ":".join(libraries)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert checked.stderr == ""
    assert checked.stdout.startswith("6.1: ")


def test_without_the_libraries_one_line_says_what_is_missing(changes: Path, tmp_path: Path) -> None:
    (package,) = changes.parent.glob("*.deb")
    assert ran(["dpkg-deb", "-x", str(package), str(tmp_path)], tmp_path).returncode == 0
    image = next((tmp_path / BELOW / "reference").glob("arm64-stub-b7-a64.elf"))
    (tmp_path / "pypcode.py").write_text("import no_such_library\n")
    checked = subprocess.run(
        [tmp_path / "usr/bin/hypabi", "check", "-q", str(image), "--kernel-version", "6.1"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{tmp_path / BELOW / '..'}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert checked.returncode == 1
    assert checked.stdout == ""
    (line,) = checked.stderr.splitlines()
    assert line.startswith("hypabi: no_such_library: this Python library is not installed")
