import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hypabi.sweeping import apt
from hypabi.sweeping.apt import Archive
from kernels import archive
from kernels.cache import FetchError
from kernels.pins import read_pins

PIN = read_pins()["6.1-arm64"]
ROOTS = (Archive("mirror.invalid/debian", ""), Archive("mirror.invalid/security", "-security"))

Answer = Callable[[tuple[str, ...]], tuple[int, str]]


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[tuple[str, ...]]:
    """Let ``answer`` stand in for apt; return the commands that it was given."""
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        status, output = answer(command)
        return subprocess.CompletedProcess(command, status, output, "")

    monkeypatch.setattr(apt, "run", run)
    return commands


def test_second_archive_is_asked_where_the_first_has_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands = answer_with(
        monkeypatch,
        lambda command: (0, "") if "security" in " ".join(command) else (100, "404  Not Found"),
    )
    archive.download(PIN, ROOTS, tmp_path / "x")
    assert len(commands) == 2
    assert all(f"SHA256:{PIN.package_sha256}" in command for command in commands)


def test_package_that_left_the_archive_is_gone_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer_with(monkeypatch, lambda _: (100, "404  Not Found"))
    with pytest.raises(archive.GoneError, match=r"kernels/fetch --newest 6\.1-arm64"):
        archive.download(PIN, ROOTS, tmp_path / "x")


def test_unreachable_archive_is_not_called_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer_with(monkeypatch, lambda _: (100, "Temporary failure resolving"))
    with pytest.raises(FetchError, match="cannot be reached") as refused:
        archive.download(PIN, ROOTS, tmp_path / "x")
    assert not isinstance(refused.value, archive.GoneError)


def test_archives_are_read_from_apt_even_where_it_has_no_index_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listing = (
        "Debian|mirror.invalid/s|Debian-Security\nOther|x|Other\nDebian|mirror.invalid/d|Debian\n"
    )

    def fresh(command: tuple[str, ...]) -> tuple[int, str]:
        updated = any(word.startswith("Dir::State::Lists=") for word in command)
        return 0, listing if updated and "indextargets" in command else ""

    answer_with(monkeypatch, fresh)
    assert archive.archives() == (
        Archive("mirror.invalid/d", ""),
        Archive("mirror.invalid/s", "-security"),
    )


def test_machine_without_debian_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, lambda _: (0, "Other|x|Other\n"))
    with pytest.raises(FetchError, match="no archive of Debian's"):
        archive.archives()


def test_newest_comes_first_by_version_not_by_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = ["6.1.9-1", "6.1.176-1", "6.1.99-1"]
    stanza = "Package: p{0}\nVersion: {0}\nFilename: pool/p{0}.deb\nSize: 7\nSHA256: {1}\n\n"

    def answer(command: tuple[str, ...]) -> tuple[int, str]:
        if "--compare-versions" in command:
            one, _, other = command[2:]
            return int(versions.index(one) > 0 and (other, one) != ("6.1.176-1", "6.1.99-1")), ""
        if "search" in command:
            return 0, "".join(f"p{version} - kernel\n" for version in versions)
        if "show" in command:
            return 0, "".join(stanza.format(version, "0" * 64) for version in versions)
        return 0, ""

    answer_with(monkeypatch, answer)
    found, *older = archive.successors(PIN, ROOTS)
    assert [pin.version for pin in older] == ["6.1.99-1", "6.1.9-1"]
    assert (found.version, found.file, found.size) == ("6.1.176-1", "pool/p6.1.176-1.deb", 7)
    assert found.image_sha256 == ""
    assert found.name == PIN.name
