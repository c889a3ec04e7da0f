"""What is kept stays within a size: what was used longest ago goes, never a half of something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.review.cache import Cache, opened_cache

ONE, TWO, THREE = (each * 16 for each in "123")
BLOCK = 64 << 10


def made(cache: Cache, name: str, *kinds: str) -> list[Path]:
    """Make something of each kind, some blocks large, and note that it was used."""
    paths = [cache.path(name, kind) for kind in kinds]
    for path in paths:
        (path / "a" / "b").mkdir(parents=True)
        (path / "a" / "b" / "file").write_bytes(bytes(BLOCK))
    return paths


def used(folder: Path, name: str, at: int) -> None:
    """Set when something was used last."""
    os.utime(folder / f"{name}.used", (at, at))


def kept(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir() if each.suffix not in (".used", "")}


def test_what_was_used_longest_ago_goes_and_all_of_its_name_with_it(tmp_path: Path) -> None:
    for at, name in enumerate((ONE, TWO, THREE), 1):
        cache = Cache(tmp_path)
        made(cache, name, "layer", "layer.work", "programs")
        cache.prune()
        used(tmp_path, name, at)
    Cache(tmp_path).prune(most=8 * BLOCK)
    left = {
        f"{name}.{kind}" for name in (TWO, THREE) for kind in ("layer", "layer.work", "programs")
    }
    assert kept(tmp_path) == left and not (tmp_path / f"{ONE}.used").exists()
    again = Cache(tmp_path)
    again.path(TWO, "layer")
    again.prune(most=0)
    assert kept(tmp_path) == {f"{TWO}.{kind}" for kind in ("layer", "layer.work", "programs")}


def test_what_an_ended_run_left_is_counted_and_what_is_none_of_ours_stays(tmp_path: Path) -> None:
    made(Cache(tmp_path), ONE, "layer")
    (tmp_path / "notes.txt").write_text("mine")
    Cache(tmp_path).prune(most=10 * BLOCK)
    assert kept(tmp_path) == {f"{ONE}.layer", "notes.txt"}
    Cache(tmp_path).prune(most=0)
    assert kept(tmp_path) == {"notes.txt"}


def test_a_folder_that_nobody_may_look_into_and_a_link_are_removed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("stays")
    cache = Cache(tmp_path / "cache")
    (path,) = made(cache, ONE, "layer")
    (path / "a" / "b").chmod(0)
    (path / "link").symlink_to(outside)
    cache.path(TWO, "prepared").symlink_to(outside)
    Cache(tmp_path / "cache").prune(most=0)
    assert kept(tmp_path / "cache") == set() and (outside / "file").read_text() == "stays"


def test_answers_go_by_when_they_were_given_last(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.answers.mkdir()
    for at, name in enumerate(("old", "older", "new")):
        path = cache.answers / name
        path.write_bytes(bytes(100))
        os.utime(path, (at, at))
    cache.prune(most_answers=200)
    assert {each.name for each in cache.answers.iterdir()} == {"older", "new"}


def test_a_folder_is_one_reviews_at_a_time_and_what_a_killed_one_left_is_gone(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    (tmp_path / "hypabi-left").mkdir()
    code = (
        "import sys; from pathlib import Path; from hypabi.review.cache import opened_cache\n"
        "with opened_cache(Path(sys.argv[1]), print): print('has it', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        assert other.stdout.readline() == "has it\n"

        def say(line: str) -> None:
            said.append(line)
            assert other.stdin is not None
            other.stdin.close()

        with opened_cache(tmp_path, say):
            assert other.wait(timeout=60) == 0
    assert said == [f"waiting for another review in {tmp_path}"]
    assert not (tmp_path / "hypabi-left").exists()


def test_a_folder_that_cannot_be_written_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper", Path("/proc/none")):
        message = "--cache names another folder"
        with pytest.raises(HypabiError, match=message), opened_cache(folder, print):
            pass


def test_a_cache_beside_where_one_is_lies_there_for_who_builds_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened_cache(Path("beside"), lambda _: None) as cache:
        assert cache.path("ab", "programs").parent == tmp_path / "beside"
