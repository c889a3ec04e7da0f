"""What the tests run in their own process is what a process would do."""

import gc
import os
import sys
from pathlib import Path

import pytest

from tests.cli.door import hypabi, hypabi_process
from tests.cli.kernel import stub
from tests.inputs import Assemble


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "made", "--format", "json"],
        ["derive", "made", "--party", "stub"],
        ["callers", "made"],
        ["check", "nowhere"],
        ["check", "made", "--contract", "a\udc80\u2014b"],
        ["check", "--colour"],
        ["contract", "show"],
        ["--help"],
        [],
    ],
    ids=" ".join,
)
def test_a_run_in_this_process_prints_what_a_process_prints(
    assemble: Assemble, arguments: list[str]
) -> None:
    image = stub(assemble, success="add x19, x19, #1")
    image.rename(image.with_name("made"))
    ours = hypabi(*arguments, cwd=image.parent)
    theirs = hypabi_process(*arguments, cwd=image.parent)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)
    assert ours.returncode == theirs.returncode
    assert ours.stdout + ours.stderr


def test_a_run_leaves_this_process_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    before = (Path.cwd(), list(sys.argv), sys.stdout, sys.stderr, gc.get_threshold())
    narrow = hypabi("check", "--help", cwd=tmp_path)
    assert (Path.cwd(), list(sys.argv), sys.stdout, sys.stderr, gc.get_threshold()) == before
    assert os.environ["COLUMNS"] == "20"
    monkeypatch.delenv("COLUMNS")
    assert hypabi("check", "--help", cwd=tmp_path).stdout == narrow.stdout
