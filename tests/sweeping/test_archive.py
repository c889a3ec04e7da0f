"""Packages of a suite, with an apt that answers what the test says."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hypabi.sweeping import apt, archive
from hypabi.sweeping.apt import Archive, FetchError, GoneError
from hypabi.sweeping.records import Candidate, Missing, Package

ROOTS = (Archive("mirror.invalid/debian", ""), Archive("mirror.invalid/security", "-security"))
PACKAGE = Package("pool/k.deb", "0" * 64, 7)
STANZA = "Package: {}\nVersion: {}\nFilename: pool/{}_{}.deb\nSize: {}\nSHA256: {}\n\n"

NAME = re.compile("^Package: (.*)$", re.MULTILINE)

Answer = Callable[[tuple[str, ...]], tuple[int, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], list[tuple[str, ...]]]:
    """Let an answer stand in for apt; return the commands that it was given."""

    def answer_with(answer: Answer) -> list[tuple[str, ...]]:
        commands: list[tuple[str, ...]] = []

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            commands.append(command)
            status, output = answer(command)
            return subprocess.CompletedProcess(command, status, output, "")

        monkeypatch.setattr(apt, "run", run)
        return commands

    monkeypatch.setattr(apt, "archives", lambda: ROOTS)
    monkeypatch.setattr(archive, "_archives", lambda: ROOTS)
    monkeypatch.setattr(archive, "PAUSE", 0.0)
    return answer_with


Asked = Callable[[Answer], list[tuple[str, ...]]]


def stanzas(*packages: tuple[str, str, int]) -> str:
    return "".join(
        STANZA.format(name, version, name, version, size, f"{number:064}")
        for number, (name, version, size) in enumerate(packages)
    )


def listed(source: str, asked: Asked, listing: str) -> list[Candidate | Missing]:
    def answer(command: tuple[str, ...]) -> tuple[int, str]:
        arm64 = "APT::Architecture=arm64" in command
        if "search" in command and arm64:
            return 0, "".join(f"{name} - a kernel\n" for name in NAME.findall(listing))
        return 0, listing if "show" in command else ""

    asked(answer)
    return list(archive.packages(source))


def test_only_packages_that_hold_a_kernel_are_named(asked: Asked) -> None:
    big = 50 << 20
    found = listed(
        "debian:bookworm",
        asked,
        stanzas(
            ("linux-image-6.1.0-50-arm64", "6.1.176-1", big),
            ("linux-image-6.1.0-50-arm64-dbg", "6.1.176-1", big),
            ("linux-image-arm64", "6.1.176-1", 1400),
            ("linux-binary-7.2.13+deb14-arm64", "7.2.13-1", big),
        ),
    )
    assert [each.name for each in found] == [
        "debian:bookworm/linux-binary-7.2.13+deb14-arm64_7.2.13-1_arm64",
        "debian:bookworm/linux-image-6.1.0-50-arm64_6.1.176-1_arm64",
    ]


def test_the_newest_of_every_line_comes_before_the_second_newest_of_any(asked: Asked) -> None:
    big = 50 << 20
    found = listed(
        "debian:bookworm",
        asked,
        stanzas(
            ("linux-image-6.1.0-9-arm64", "6.1.9-1", big),
            ("linux-image-6.1.0-50-arm64", "6.1.176-1", big),
            ("linux-image-6.1.0-50-rt-arm64", "6.1.176-1", big),
        ),
    )
    versions = [each.name.split("_")[1] for each in found]
    assert versions == ["6.1.176-1", "6.1.176-1", "6.1.9-1"]


def test_a_suite_that_the_archive_has_not_is_one_thing_that_could_not_be_had(asked: Asked) -> None:
    (gone,) = listed("debian:nosuch", asked, "")
    assert isinstance(gone, Missing)
    assert "no kernel" in gone.reason


def test_sources_of_a_release_have_its_security_updates_and_no_other(asked: Asked) -> None:
    written: list[str] = []

    def answer(command: tuple[str, ...]) -> tuple[int, str]:
        option = next(each for each in command if each.startswith("Dir::Etc::SourceList="))
        written.append(Path(option.partition("=")[2]).read_text())
        return 0, ""

    asked(answer)
    list(archive.packages("debian:bookworm/contrib"))
    lines = [" ".join(line.split()[-3:]) for line in written[0].splitlines()]
    assert lines == [
        "mirror.invalid/debian bookworm contrib",
        "mirror.invalid/security bookworm-security contrib",
    ]
    written.clear()
    list(archive.packages("debian:sid"))
    assert [line.split()[-2] for line in written[0].splitlines()] == ["sid"]
    written.clear()
    list(archive.packages("debian:bookworm-security"))
    assert [line.split()[-2] for line in written[0].splitlines()] == ["bookworm-security"]


def test_a_package_that_does_not_come_is_asked_for_again(asked: Asked, tmp_path: Path) -> None:
    commands = asked(lambda _: (100, "Temporary failure resolving"))
    with pytest.raises(FetchError, match="cannot be reached"):
        archive.fetch(PACKAGE, tmp_path / "k.deb", retries=2)
    assert len(commands) == 3 * len(ROOTS)


def test_a_package_that_left_the_archive_is_not(asked: Asked, tmp_path: Path) -> None:
    commands = asked(lambda _: (100, "404  Not Found"))
    with pytest.raises(GoneError):
        archive.fetch(PACKAGE, tmp_path / "k.deb", retries=2)
    assert len(commands) == len(ROOTS)
