"""A CI run requires of its tests what it has installed and fetched, and names what did not come."""

import platform
import re
import subprocess
import sys

from kernels.pins import NEIGHBOURS, SMALL, SOURCES, fetched_unasked, read_pins
from tests.inputs import ROOT, TOOLS, required, words_of_needs

PINNED = fetched_unasked()
FUZZER = {"fuzzer"} if (sys.platform, platform.machine()) == ("linux", "x86_64") else set[str]()
"""Atheris has wheels for nothing else."""
NOT_OF_DEBIAN_12_OR_TOO_BIG = {"b4", "clang"}
"""What a CI run does without: b4 knows of no checks there, gcc and g++ read what clang does."""


def asked(*given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "required"), *given],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_what_is_there_is_required_and_what_did_not_come_is_named() -> None:
    ran = asked("qemu-user", "binutils-arm-linux-gnueabihf", "make", "/cache/6.1-arm64")
    words = ran.stdout.strip()
    assert required(words) == {"binutils-arm", "make", "qemu-user", "6.1-arm64"} | FUZZER
    missing = [name for name in PINNED if name != "6.1-arm64"]
    assert [line.split()[1] for line in ran.stderr.splitlines()] == missing


def test_where_everything_came_nothing_is_named() -> None:
    ran = asked(*PINNED)
    assert ran.stderr == ""
    assert (
        required(ran.stdout.strip())
        == required("kernels,documents,hypervisors")
        | set(read_pins(SOURCES))
        | small_neighbours()
        | FUZZER
    )


def small_neighbours() -> set[str]:
    return {name for name, pin in read_pins(NEIGHBOURS).items() if pin.size <= SMALL}


def test_a_run_brings_less_than_64_mb_of_neighbours_and_some_of_each() -> None:
    small = [pin for name, pin in read_pins(NEIGHBOURS).items() if name in fetched_unasked()]
    assert {pin.name for pin in small} == small_neighbours()
    assert sum(pin.size for pin in small) < 64 << 20
    assert {pin.architecture for pin in small} == {"amd64", "ppc64el", "s390x"}


def test_a_run_installs_every_tool_that_the_tests_use() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    listed = re.search(r'^packages="([^"]*)"', text, re.MULTILINE)
    assert listed is not None
    packages = {package for _, package in TOOLS.values()}
    assert packages - set(listed[1].split()) == NOT_OF_DEBIAN_12_OR_TOO_BIG
    assert {need for need, _ in TOOLS.values()} <= set(words_of_needs())
