"""A command sees a tree with its layers, and the tree stays as it is."""

import os
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.kbuild import layers
from hypabi.kbuild.layers import LARGEST, MEMORY, MOST_SAID, Layers, Ran
from tests.kbuild.machine import need_layers


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "kept").write_text("kept")
    (tmp_path / "tree" / "other").write_text("as it was")
    return tmp_path / "tree"


def test_a_file_is_the_uppermost_layers_and_the_tree_keeps_its_own(tree: Path) -> None:
    lower = Layers(tree, ()).over(tree.with_name("lower"))
    lower.write("other", "lower")
    upper = lower.over(tree.with_name("upper"))
    assert upper.file("other").read_text() == "lower"
    upper.write("folder/new", "upper")
    assert upper.changed() == {"folder/new"} and lower.changed() == {"other"}
    assert upper.file("kept") == tree / "kept"
    assert (tree / "other").read_text() == "as it was"
    with pytest.raises(HypabiError, match="no file folder/new"):
        lower.file("folder/new")


def test_a_command_sees_all_layers_and_writes_to_the_uppermost(tree: Path) -> None:
    need_layers()
    lower = Layers(tree, ()).over(tree.with_name("lower"))
    lower.write("other", "lower")
    upper = lower.over(tree.with_name("upper"))
    ran = upper.run(("sh", "-c", "cat other kept && echo made > made && rm kept"))
    assert (ran.status, ran.output) == (0, "lowerkept")
    assert upper.changed() == {"made"}
    assert sorted(path.name for path in tree.iterdir()) == ["kept", "other"]
    with pytest.raises(HypabiError, match="no file kept"):
        upper.file("kept")
    assert lower.run(("cat", "kept")).output == "kept"


def test_a_command_that_fails_says_so_by_its_first_error(tree: Path) -> None:
    need_layers()
    shown = Layers(tree, ()).over(tree.with_name("layer"))
    ran = shown.run(("sh", "-c", "echo one; echo f.c:1: error: two; echo three; exit 3"))
    assert (ran.status, ran.complaint()) == (3, "f.c:1: error: two")
    assert shown.run(("true",)).complaint() == "it said nothing"
    assert Ran(1, "ld: incompatible\nld: warning: a segment").complaint() == "ld: incompatible"
    assert Ran(1, "ld: warning: a segment").complaint() == "ld: warning: a segment"
    passed_on = "make[3]: *** [Makefile:1: arch/arm64] Error 2"
    missing = "make[4]: *** No rule to make target 'x.o'.  Stop."
    assert Ran(2, f"{missing}\n{passed_on}").complaint() == missing
    assert Ran(2, f"{passed_on}\nf.c:1: error: two").complaint() == "f.c:1: error: two"
    assert Ran(2, passed_on).complaint() == passed_on


def test_a_command_has_so_much_memory_and_a_file_so_many_bytes_and_no_more(tree: Path) -> None:
    need_layers()
    run = Layers(tree, ()).over(tree.with_name("layer")).run
    assert run(("sh", "-c", "ulimit -v; ulimit -f")).output == f"{MEMORY}\n{LARGEST}\n"
    loud = ("sh", "-c", "yes | head -c 3000000")
    assert len(run(loud).output) == MOST_SAID
    assert run(("cat",), text="said").output == "said"


def test_nothing_is_left_of_a_command_that_takes_too_long(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_layers()
    monkeypatch.setattr(layers, "PATIENCE", 1)
    fifo = tree.with_name("fifo")
    os.mkfifo(fifo)
    shown = Layers(tree, ()).over(tree.with_name("layer"))
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(HypabiError, match="took more than"):
        shown.run(("sh", "-c", f"(echo x; sleep 60) > {fifo} & wait"))
    os.set_blocking(reader, True)
    assert os.read(reader, 2) == b"x\n"
    assert os.read(reader, 1) == b""  # nobody is left who could write
    os.close(reader)


def test_a_path_that_a_mount_would_misread_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a,b").mkdir()
    with pytest.raises(HypabiError, match="comma or colon"):
        Layers(tmp_path / "a,b", ()).over(tmp_path / "layer").run(("true",))


def test_a_tree_that_is_not_there_is_refused_in_a_line(tmp_path: Path) -> None:
    need_layers()
    with pytest.raises(HypabiError, match="user namespaces") as refused:
        Layers(tmp_path / "none", ()).over(tmp_path / "layer").run(("true",))
    assert "\n" not in str(refused.value)
