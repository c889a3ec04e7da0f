"""Generated pages and pictures are what they would be if they were generated now."""

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from docs.generators import call_sites, kernels
from docs.generators.kernels import Checked, comparable
from kernels import cache
from kernels.pins import read_pins
from tests.inputs import ROOT, Kernel, KernelResult
from tests.kernel_results import JSON

SCRIPT = ROOT / "docs" / "generate"
FROM_KERNELS = {
    "docs/reference/kernels.md": tuple(read_pins()),  # the page speaks of all
    "docs/interface/hyp-abi-7.2.rst": ("7.2-arm64", "7.2-armmp"),
    "docs/interface/hypercalls.rst": ("7.2-arm64", "7.2-armmp"),
    "docs/pictures/vectors-6.1-armmp.svg": ("6.1-armmp",),
    "docs/pictures/vectors-6.1-arm64.svg": ("6.1-arm64",),
    "docs/pictures/call-sites-6.1-arm64.svg": ("6.1-arm64",),
}
"""Which kernels a file is made from; the others need none."""


def script() -> ModuleType:
    """Return the script as a module: what it would write, without a process for each file."""
    spec = spec_from_loader("generate", SourceFileLoader("generate", str(SCRIPT)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = script().PAGES


def generate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture
def reports(kernel_result: KernelResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give to pages that run a command over a whole kernel what this run has of it already.

    It is what the command prints: tests/cli/test_one_truth.py.
    """
    names = {cache.image_path(pin): name for name, pin in read_pins().items()}

    def report(command: str, image: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(JSON[command](kernel_result(command, names[image])))
        return found

    monkeypatch.setattr(call_sites, "_json", report)
    monkeypatch.setattr(kernels, "check", lambda image: Checked(report("check", image), 0, 0))


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize("file", PAGES)
def test_file_is_what_would_be_generated_now(file: str, kernel: Kernel) -> None:
    for name in FROM_KERNELS.get(file, ()):
        kernel(name)
    there = (ROOT / file).read_text(encoding="utf-8")
    assert comparable(there) == comparable(PAGES[file]()), "run docs/generate"


def test_the_script_lists_its_files_and_checks_one() -> None:
    listed = generate("--list")
    assert (listed.returncode, listed.stdout.split()) == (0, list(PAGES))
    checked = generate("--check", "docs/reference/exit-status.md")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_file_that_is_not_generated_is_refused() -> None:
    missing = generate("--check", "docs/no-such-page.md")
    assert missing.returncode == 3


def test_every_file_of_kernels_is_a_generated_one() -> None:
    assert set(FROM_KERNELS) < set(PAGES)


def test_only_seconds_and_megabytes_are_not_compared() -> None:
    row = "| 5.10-armmp | stub | 4 | 1.5 | 180 |\n"
    assert comparable(row) == comparable("| 5.10-armmp | stub | 4 | 9.1 | 77 |\n")
    assert comparable(row) != comparable("| 5.10-armmp | stub | 5 | 1.5 | 180 |\n")
