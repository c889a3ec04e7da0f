import subprocess
from pathlib import Path
from typing import Literal

import pytest

from hypabi.image.parts import is_part
from tests.inputs import Assemble, find_tool


@pytest.mark.parametrize(
    ("architecture", "flags"), [("arm64", []), ("arm", []), ("arm64", ["-EB"]), ("arm", ["-EB"])]
)
def test_an_object_is_a_part_and_a_linked_program_is_whole(
    assemble: Assemble, architecture: Literal["arm", "arm64"], flags: list[str]
) -> None:
    assert is_part(assemble("nop", architecture, flags=flags))
    if not flags:
        assert not is_part(assemble("nop", architecture, text=0x40080000))


@pytest.mark.parametrize("kind", ["rc", "rcT"])
def test_an_archive_of_objects_is_a_part(assemble: Assemble, tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "built-in.a"
    command = [find_tool("aarch64-linux-gnu-ar"), kind, str(archive), str(assemble("nop", "arm64"))]
    subprocess.run(command, check=True, capture_output=True)
    assert is_part(archive)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"!<arch>\n" + b"debian-binary   0           0     0     100644  4         `\n",
    ],
)
def test_a_package_and_what_is_cut_short_is_no_part(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert not is_part(file)


def test_what_cannot_be_read_is_no_part(tmp_path: Path) -> None:
    assert not is_part(tmp_path)
    assert not is_part(tmp_path / "missing")
