"""What is built from the tree: an sdist and a wheel that hold all of it, and run where they are."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.inputs import ROOT, find_tool

MADE_OF = ("hypabi", "docs/man", "docs/completion", "pyproject.toml", "MANIFEST.in", "README.md",
           "LICENSE")  # fmt: skip
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])('out')"


def tracked() -> list[str]:
    command = [find_tool("git"), "ls-files", "-z", *MADE_OF]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.split("\0")[:-1]


def built(folder: Path, what: str, ending: str) -> Path:
    """Build in a folder, without a network, and return what came out."""
    ran = subprocess.run(
        [sys.executable, "-c", BUILD, what],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (made,) = (folder / "out").glob(f"*{ending}")
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return built(folder, "build_sdist", ".tar.gz")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as whoever has only the sdist builds it."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return built(tree, "build_wheel", ".whl")


def test_the_sdist_holds_every_file_of_the_package_and_no_test(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in tracked() if name != "MANIFEST.in"} <= names
    assert not [name for name in names if name.startswith("tests")]


def test_the_wheel_holds_every_file_of_the_package_and_what_a_shell_wants(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    of_package = {name for name in tracked() if name.startswith("hypabi/")}
    assert of_package <= names
    shared = {name.partition("/share/")[2] for name in names if "/share/" in name}
    assert shared == {"man/man1/hypabi.1", "bash-completion/completions/hypabi",
                      "zsh/site-functions/_hypabi"}  # fmt: skip


def test_what_a_wheel_installs_runs_without_the_tree(wheel: Path, tmp_path: Path) -> None:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
               "--target", "there", wheel]  # fmt: skip
    subprocess.run(list(map(str, install)), cwd=tmp_path, check=True, capture_output=True)
    start = "import sys; sys.path.insert(0, 'there')"
    run = f"{start}; from hypabi.cli.main import main; sys.exit(main())"
    image = next((tmp_path / "there/hypabi/reference").glob("arm64-stub-b7-*.elf"))
    ran = subprocess.run(
        [sys.executable, "-c", run, "check", "-q", str(image), "--kernel-version", "6.1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith("6.1: ")
    assert ran.returncode & 1 == 0
