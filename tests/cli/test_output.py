"""Where a report goes: as a whole or not at all, and without a word to the terminal."""

import json
import os
from pathlib import Path

import pytest

from hypabi.atomic_file import harmless, write_output
from hypabi.errors import HypabiError

OBEYED = ["\x1b[31m", "\x07", "\r", "\x7f", "\x9b31m", "\u202e", "\u2066", "\u2028", "\0"]


@pytest.mark.parametrize("text", OBEYED)
def test_what_a_terminal_obeys_is_escaped_and_nothing_else(text: str) -> None:
    found = harmless(f"a{text}\n\tb ü 日本\n")
    assert found.endswith("\n\tb ü 日本\n")
    assert text[0] not in found
    assert f"\\u{ord(text[0]):04x}" in found


@pytest.mark.parametrize("text", OBEYED)
def test_a_json_document_stays_one_and_means_the_same(text: str) -> None:
    document = json.dumps({"name": f"a{text}b"}, ensure_ascii=False)
    assert json.loads(harmless(document)) == {"name": f"a{text}b"}


def test_the_mode_of_a_file_that_is_replaced_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("before", encoding="ascii")
    path.chmod(0o640)
    write_output("after", str(path))
    assert path.read_text(encoding="ascii") == "after"
    assert path.stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_new_file_has_the_mode_that_the_caller_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_output("after", str(tmp_path / "report"))
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_and_stays_one(tmp_path: Path, there: bool) -> None:  # noqa: FBT001
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    if there:
        target.write_text("before", encoding="ascii")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_output("after", str(link))
    assert link.is_symlink()
    assert target.read_text(encoding="ascii") == "after"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(HypabiError):
        write_output("after", str(link))
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


@pytest.mark.parametrize("name", [".", "pipe", "no/where", "a\0b"])
def test_what_cannot_be_replaced_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(HypabiError):
        write_output("after", name)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_draft_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    path.write_text("before", encoding="ascii")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hypabi.atomic_file._take_after", full)
    with pytest.raises(HypabiError, match="No space left on device"):
        write_output("after", str(path))
    assert path.read_text(encoding="ascii") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
