"""Generated pages and pictures are what they would be if they were generated now."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from kernels.pins import read_pins
from tests.inputs import ROOT, Kernel

GENERATE = (sys.executable, str(ROOT / "docs" / "generate"))
FROM_KERNELS = {
    "docs/reference/kernels.md": tuple(read_pins()),  # the page speaks of all
    "docs/interface/hyp-abi-7.2.rst": ("7.2-arm64", "7.2-armmp"),
    "docs/interface/hypercalls.rst": ("7.2-arm64", "7.2-armmp"),
    "docs/pictures/vectors-6.1-armmp.svg": ("6.1-armmp",),
    "docs/pictures/vectors-6.1-arm64.svg": ("6.1-arm64",),
    "docs/pictures/call-sites-6.1-arm64.svg": ("6.1-arm64",),
}
"""Which kernels a file is made from; the others need none."""


def generate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*GENERATE, *arguments], capture_output=True, text=True, timeout=240, check=False
    )


FILES = generate("--list").stdout.split()


@pytest.fixture(scope="module")
def outdated(kernel: Kernel) -> frozenset[str]:
    """Return the files that are not up to date, of those whose kernels are there."""
    there = [file for file in FILES if all(map(held(kernel), FROM_KERNELS.get(file, ())))]
    ran = generate("--check", *there)
    named = frozenset(re.findall(r"^docs/generate: (\S+) is not up to date", ran.stderr, re.M))
    assert ran.stderr.count("\n") == len(named), ran.stderr
    assert ran.returncode == bool(named)
    return named


def held(kernel: Kernel) -> Callable[[str], bool]:
    def holds(name: str) -> bool:
        try:
            kernel(name)
        except pytest.skip.Exception:
            return False
        return True

    return holds


@pytest.mark.parametrize("file", FILES)
def test_file_is_what_would_be_generated_now(
    file: str, kernel: Kernel, outdated: frozenset[str]
) -> None:
    for name in FROM_KERNELS.get(file, ()):
        kernel(name)
    assert file not in outdated, "run docs/generate"


def test_a_file_that_is_not_generated_is_refused() -> None:
    missing = generate("--check", "docs/no-such-page.md")
    assert missing.returncode == 3


def test_every_generated_file_is_there() -> None:
    assert len(FILES) >= len(FROM_KERNELS)
    assert all((ROOT / file).is_file() for file in FILES)
