"""No more of a file is read than its reader needs, and what cannot be read is one line."""

from pathlib import Path

import pytest

from hypabi.decode.bounds import Bounds, Counted, read_bounded
from hypabi.decode.place import FileError

BOUNDS = Bounds(bytes=8, parts=2, depth=1, key=3)


def test_one_byte_more_than_is_allowed_is_read_at_most(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size, read in ((8, 8), (9, 9), (1000, 9)):
        path.write_bytes(b"a" * size)
        assert len(read_bounded(path, BOUNDS)) == read


def test_what_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(FileError) as refused:
            read_bounded(path, BOUNDS)
        assert str(refused.value).startswith(f"{path}: cannot be read: {why}")


def test_a_text_of_just_so_many_bytes_parts_and_levels_is_allowed_and_no_more() -> None:
    counted = Counted(b"a" * 8, "file", BOUNDS)
    counted.part()
    counted.part()
    counted.enter(counted.top, 1)
    counted.key("abc", counted.top, {})
    with pytest.raises(FileError, match="file: the file has more than 2 parts"):
        counted.part()
    with pytest.raises(FileError, match="this is nested deeper than 1"):
        counted.enter(counted.top, 2)
    with pytest.raises(FileError, match="a key has more than 3 characters"):
        counted.key("abcd", counted.top, {})
    with pytest.raises(FileError, match="at most 8 bytes are read"):
        Counted(b"a" * 9, "file", BOUNDS)
