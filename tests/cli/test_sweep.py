"""`hypabi sweep` and `hypabi history` from the door, over real kernels."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.door import COMMAND, Ran, environment, hypabi, one_line
from tests.inputs import Kernel
from tests.report.schemas import strict


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Ran]:
    """Return folder, store and first run of a sweep; it is skipped without the kernel."""
    from kernels import cache
    from kernels.pins import read_pins
    from tests.inputs import skip_for

    pin = read_pins()["6.1-armmp"]
    path = cache.image_path(pin)
    if not path.is_file():
        skip_for("6.1-armmp", "kernels/fetch has not brought it")
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "in").mkdir()
    (folder / "in" / "vmlinuz").symlink_to(path)
    (folder / "in" / "README").write_text("kernels of ours")
    ran = hypabi("sweep", "in", "--store", "store", cwd=folder)
    return folder, folder / "store", ran


def test_the_answer_comes_first_and_how_to_repeat_it_last(swept: tuple[Path, Path, Ran]) -> None:
    _, _, ran = swept
    lines = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr, lines[0]) == (0, "", "sweep: PROVED")
    assert "1 judged, 1 no kernel" in ran.stdout
    assert "6.1.176-1" in ran.stdout
    assert "hypabi sweep in --store store" in ran.stdout
    assert max(map(len, lines)) <= 75


def test_a_sweep_that_finds_no_kernel_is_undecided_and_counts_none(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "README").write_text("kernels of ours")
    ran = hypabi("sweep", "in", "--store", "store", cwd=tmp_path)
    assert ran.returncode == 16
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["sweep: UNDECIDED", "1 found: 1 no kernel; 0 kernels: none judged"]
    (tmp_path / "in" / "README").unlink()
    ran = hypabi("sweep", "in", "--store", "store", cwd=tmp_path)
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (16, "sweep: UNDECIDED")


def test_a_sweep_of_the_same_follows_with_nothing(swept: tuple[Path, Path, Ran]) -> None:
    folder, _, _ = swept
    again = hypabi("sweep", "in", "--store", "store", "--follow", cwd=folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_json_of_both_is_what_their_schemas_say(swept: tuple[Path, Path, Ran]) -> None:
    folder, _, _ = swept
    ran = hypabi("sweep", "in", "--store", "store", "--format", "json", cwd=folder)
    document = json.loads(ran.stdout)
    assert list(strict("sweep").iter_errors(document)) == []
    assert document["exit_status"] == ran.returncode == 0
    told = hypabi("history", "HVC_SET_VECTORS", "--store", "store", "--format", "json", cwd=folder)
    document = json.loads(told.stdout)
    assert list(strict("history").iter_errors(document)) == []
    assert document["kind"] == "call"


def test_a_history_says_what_the_newest_of_each_line_says(swept: tuple[Path, Path, Ran]) -> None:
    folder, _, _ = swept
    ran = hypabi("history", "stub", "--store", "store", cwd=folder)
    assert ran.returncode == 0
    assert ran.stdout.startswith("history of party stub: GOOD\n")
    assert "arm 6.1 armmp:" in ran.stdout


def test_what_cannot_be_meant_is_refused_in_one_line(swept: tuple[Path, Path, Ran]) -> None:
    folder, _, _ = swept
    assert "no such file or folder" in one_line(hypabi("sweep", "nowhere", cwd=folder))
    assert "there is no store" in one_line(hypabi("history", "--store", "none", cwd=folder))
    assert "did you mean stub?" in one_line(
        hypabi("history", "stab", "--store", "store", cwd=folder)
    )
    assert "this is no store" in one_line(
        hypabi("history", "--store", "in/README", cwd=folder)
    )  # fmt: skip
    assert hypabi("sweep", "in", "--jobs", "0", cwd=folder).returncode == 3
    assert not (folder / "hypabi-sweep.db").exists()


def test_an_interrupt_says_that_the_same_sweep_goes_on(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(8):
        shutil.copy(kernel("6.1-armmp"), tmp_path / "in" / f"k{number}")
        with (tmp_path / "in" / f"k{number}").open("ab") as file:
            file.write(bytes([number]))
    running = subprocess.Popen(
        [*COMMAND, "sweep", "in", "--store", "store", "--jobs", "1"],
        cwd=tmp_path, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(600):
        if (tmp_path / "store").exists():
            break
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(running.pid, signal.SIGINT)
    output, talk = running.communicate(timeout=60)
    assert (running.returncode, output) == (130, "")
    assert talk.splitlines() == [
        "hypabi: what was judged is kept; the same sweep goes on there", "hypabi: interrupted"
    ]  # fmt: skip
