"""Our plugin of QEMU: its records are read, it is built once, and why it is not used is said."""

import struct
from pathlib import Path

import pytest

from hypabi.machine.qemu.plugin import Kind, PluginRecord, RecordReader, find_plugin
from hypabi.machine.qemu.target import Refused
from tests.inputs import find_tool

EXECUTABLE = "qemu-system-aarch64"
LOADS = "echo 'Could not load plugin x: qemu_plugin_install returned error code -1' >&2; exit 1"
"""What QEMU 10.0 says of a plugin that ends it by itself."""


def spelled(kind: int, content: bytes) -> bytes:
    return struct.pack("=IHHQ", 16 + len(content), kind, 3, 77) + content


def test_records_are_read_however_the_pipe_cuts_them() -> None:
    reader, whole = RecordReader(), spelled(Kind.CALL, bytes(8)) + spelled(Kind.HELLO, b"pc x0 ")
    pieces = [whole[n : n + 5] for n in range(0, len(whole), 5)]
    found = [record for piece in pieces for record in reader.take(piece)]
    assert found == [
        PluginRecord(Kind.CALL, 3, 77, bytes(8)),
        PluginRecord(Kind.HELLO, 3, 77, b"pc x0 "),
    ]
    assert found[0].words == (0,)


@pytest.mark.parametrize("size", [0, 15, 4097, 1 << 31])
def test_what_is_no_record_is_refused(size: int) -> None:
    with pytest.raises(Refused, match="nonsense"):
        list(RecordReader().take(struct.pack("=IHHQ", size, Kind.CALL, 0, 0)))


def test_a_kind_that_there_is_not_is_refused() -> None:
    assert list(RecordReader().take(spelled(Kind.VECTORS, b"")))
    with pytest.raises(Refused, match="nonsense"):
        list(RecordReader().take(spelled(Kind.VECTORS + 1, b"")))


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for a QEMU that only says things, with a cache of its own."""
    find_tool("cc")
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return path


def say(folder: Path, version: str, otherwise: str) -> None:
    answer = f"echo QEMU emulator version {version}"
    script = f'#!/bin/sh\n[ "$1" = --version ] && {{ {answer}; exit; }}\n'
    fake = folder / EXECUTABLE
    fake.write_text(script + otherwise + "\n", encoding="ascii")
    fake.chmod(0o755)


def test_it_is_built_once_and_kept(qemu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(qemu, "10.0.2", LOADS)
    first = find_plugin(EXECUTABLE, 20.0)
    made = Path(first.path).stat()
    assert first.qemu == "10.0.2"
    assert find_plugin(EXECUTABLE, 20.0) == first
    assert Path(first.path).stat() == made
    assert [each.name for each in Path(first.path).parent.iterdir()] == [Path(first.path).name]
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(Refused, match="there is no no-such-compiler"):
        find_plugin(EXECUTABLE, 20.0)


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(
    qemu: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    say(qemu, "10.0.2", LOADS)
    (qemu / "bad").write_text("#!/bin/sh\necho out of luck >&2\nexit 1\n", encoding="ascii")
    (qemu / "bad").chmod(0o755)
    monkeypatch.setenv("CC", "bad")
    with pytest.raises(Refused, match="bad does not build its plugin: out of luck"):
        find_plugin(EXECUTABLE, 20.0)
    assert list((tmp_path / "cache" / "hypabi" / "qemu-plugin").iterdir()) == []


@pytest.mark.parametrize(
    ("version", "otherwise", "why"),
    [
        ("7.2.22", LOADS, "shows plugins no registers, which 9.1 is the first to do"),
        ("9.0.4", LOADS, "shows plugins no registers"),
        ("9.1.0", "echo '-plugin: invalid option' >&2; exit 1", "-plugin: invalid option"),
        ("10.0.2", "exit 0", "it ended with status 0"),
    ],
)
def test_a_qemu_that_cannot_load_it_is_told_why(
    qemu: Path, version: str, otherwise: str, why: str
) -> None:
    say(qemu, version, otherwise)
    with pytest.raises(Refused, match=why):
        find_plugin(EXECUTABLE, 20.0)


def test_the_first_qemu_that_can_is_taken(qemu: Path) -> None:
    say(qemu, "9.1.0", LOADS)
    assert find_plugin(EXECUTABLE, 20.0).qemu == "9.1.0"
