"""What sources name, and what they do not."""

import json
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.sweeping.records import Candidate, Missing
from hypabi.sweeping.sources import candidates, check_sources


def names(*sources: Path | str) -> list[str]:
    found = candidates([str(each) for each in sources])
    return [Path(each.name).name for each in found if isinstance(each, Candidate)]


def missing(*sources: Path | str) -> list[Missing]:
    return [each for each in candidates([str(s) for s in sources]) if isinstance(each, Missing)]


def lay(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    return folder


def test_files_of_a_folder_come_in_the_order_of_their_names_and_each_once(tmp_path: Path) -> None:
    lay(tmp_path, "b/vmlinuz-2", "a/vmlinuz-1", "vmlinuz-0")
    assert names(tmp_path, tmp_path / "a") == ["vmlinuz-0", "vmlinuz-1", "vmlinuz-2"]


def test_leavings_of_a_build_are_no_candidates_and_files_without_a_suffix_are(
    tmp_path: Path,
) -> None:
    lay(tmp_path, "x.ko", "y.ko.xz", "System.map", ".config", "modules.tar.xz", "Image", "k.deb")
    assert names(tmp_path) == ["Image", "k.deb"]


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    lay(tmp_path, "Image")
    assert names(tmp_path) == ["Image"]


def test_a_list_names_what_its_lines_name_and_tells_what_is_not_there(tmp_path: Path) -> None:
    lay(tmp_path, "a/Image", "vmlinuz")
    listing = tmp_path / "kernels.list"
    listing.write_text(f"# ours\n\n{tmp_path}/vmlinuz\n{tmp_path}/gone\n{tmp_path}/a\n")
    assert names(f"list:{listing}") == ["vmlinuz", "Image"]
    (gone,) = missing(f"list:{listing}")
    assert gone.name.endswith("/gone")


def test_a_list_in_a_list_is_not_followed(tmp_path: Path) -> None:
    listing = tmp_path / "loop.list"
    listing.write_text(f"list:{listing}\n")
    (loop,) = missing(f"list:{listing}")
    assert "a list in a list" in loop.reason


def test_results_of_one_build_are_its_kernel_and_nothing_else(tmp_path: Path) -> None:
    lay(tmp_path, "ok/Image.gz", "ok/vmlinux", "ok/dtbs", "ok/kselftest")
    (tmp_path / "ok/bmeta.json").write_text(json.dumps({"build": {"status": "PASS"}}))
    assert names(tmp_path) == ["Image.gz"]


def test_a_build_says_which_kernel_is_its_own(tmp_path: Path) -> None:
    lay(tmp_path, "b/Image", "b/Image.gz")
    (tmp_path / "b/build.json").write_text(json.dumps({"kernel_image": "Image"}))
    assert names(tmp_path) == ["Image"]


def test_a_build_that_failed_is_told_and_is_no_empty_folder(tmp_path: Path) -> None:
    lay(tmp_path, "failed/build.log")
    (tmp_path / "failed/metadata.json").write_text(json.dumps({"results": {}, "status": "FAIL"}))
    (told,) = missing(tmp_path)
    assert "without a kernel" in told.reason
    assert "FAIL" in told.reason


@pytest.mark.parametrize("record", ["[]", "{", '{"build": 3, "kernel_image": []}', "\0"])
def test_a_record_of_another_shape_tells_nothing_and_hurts_nothing(
    tmp_path: Path, record: str
) -> None:
    lay(tmp_path, "b/Image")
    (tmp_path / "b/bmeta.json").write_text(record)
    assert names(tmp_path) == ["Image"]


def test_another_content_is_another_identity(tmp_path: Path) -> None:
    lay(tmp_path, "Image")
    (before,) = candidates([str(tmp_path)])
    (same,) = candidates([str(tmp_path)])
    (tmp_path / "Image").write_bytes(b"xy")
    (after,) = candidates([str(tmp_path)])
    assert before == same
    assert before != after


@pytest.mark.parametrize("source", ["debian:", "debian:../x", "debian:sid/main/x", "debian:Sid"])
def test_what_names_no_suite_is_refused(source: str) -> None:
    with pytest.raises(HypabiError, match="names no suite"):
        check_sources([source])


@pytest.mark.parametrize("source", ["debian:sid", "debian:bookworm-backports/main"])
def test_what_names_a_suite_is_not(source: str) -> None:
    check_sources([source])
