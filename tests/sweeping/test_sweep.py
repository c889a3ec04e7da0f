"""What a sweep promises, with judges whose answers are known beforehand."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.store.database import open_store
from hypabi.store.records import Fate, SweepResult, SweptFile
from hypabi.sweeping.records import SweepWanted
from hypabi.sweeping.sweep import sweep_sources
from tests.inputs import ROOT
from tests.sweeping.judges import JUDGE, kernel_text
from tests.sweeping.swept import REPRODUCE, fates, files, swept

KILLED = """
import sys
from pathlib import Path
from tests.sweeping.swept import swept
swept(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_each_thing_that_a_source_names_has_its_own_fate(tmp_path: Path) -> None:
    folder = files(
        tmp_path / "in", a=kernel_text("6.1.1"), b="none", c="refuse", d="absent", e="die"
    )
    result = swept(folder, tmp_path / "store")
    assert fates(result) == {
        "a": Fate.JUDGED,
        "b": Fate.NO_KERNEL,
        "c": Fate.REFUSED,
        "d": Fate.UNAVAILABLE,
        "e": Fate.FAILED,
    }
    assert result.conclusion.counts["found"]["judged"] == 1
    assert result.exit_status == 16


def test_what_only_names_kernels_and_things_without_one_is_good(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a=kernel_text("6.1.1"), b="none")
    assert swept(folder, tmp_path / "store").exit_status == 0


def test_a_folder_without_a_kernel_is_not_good(tmp_path: Path) -> None:
    assert swept(files(tmp_path / "in", b="none"), tmp_path / "store").exit_status == 16


@pytest.mark.parametrize("word", ["die", "hang"])
def test_a_worker_that_dies_or_hangs_costs_one_image_by_name(tmp_path: Path, word: str) -> None:
    kernels = {f"k{number}": kernel_text(f"6.1.{number}") for number in range(4)}
    folder = files(tmp_path / "in", a1=word, **kernels)
    result = swept(folder, tmp_path / "store", jobs=2, limit=10.0)
    lost = [file for file in result.files if file.fate is not Fate.JUDGED]
    assert [Path(file.name).name for file in lost] == ["a1"]
    assert ("signal 9" if word == "die" else "10 seconds") in lost[0].reason
    assert len(result.kernels) == 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_kernel_in_two_places_is_judged_once(tmp_path: Path, jobs: int) -> None:
    same = kernel_text("6.1.1")
    result = swept(files(tmp_path / "in", a=same, b=same), tmp_path / "store", jobs)
    assert sorted(fates(result).values(), key=str) == [Fate.JUDGED, Fate.KNOWN]
    (kernel,) = result.kernels
    assert [Path(name).name for name in kernel.found_in] == ["a", "b"]


def test_an_unchanged_folder_is_not_judged_again(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a=kernel_text("6.1.1", "violated"), b="none", c="refuse")
    first = swept(folder, tmp_path / "store")
    again = swept(folder, tmp_path / "store")
    assert fates(again) == {"a": Fate.KNOWN, "b": Fate.NO_KERNEL, "c": Fate.REFUSED}
    assert again.kernels == first.kernels
    assert (first.new_kernels, again.new_kernels) == (1, 0)
    assert [each.what for each in first.news] == ["new"]
    assert again.news == ()
    assert again.exit_status == first.exit_status


def test_what_changed_is_judged_again_and_nothing_else(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a=kernel_text("6.1.1"), b=kernel_text("6.1.2"))
    swept(folder, tmp_path / "store")
    files(folder, b=kernel_text("6.1.2", "violated"))
    result = swept(folder, tmp_path / "store")
    assert fates(result) == {"a": Fate.KNOWN, "b": Fate.JUDGED}
    assert result.exit_status == 12


def test_what_could_not_be_had_or_failed_is_tried_again(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a="absent", b="die")
    swept(folder, tmp_path / "store")
    again = swept(folder, tmp_path / "store")
    assert fates(again) == {"a": Fate.UNAVAILABLE, "b": Fate.FAILED}
    assert open_store(str(tmp_path / "store")).results() == 0


def test_the_twin_of_a_kernel_whose_worker_died_is_not_told_as_known(tmp_path: Path) -> None:
    """A judge that dies after it claimed the kernel leaves the other one without a verdict."""
    folder = files(tmp_path / "in", a=kernel_text("6.1.1"), b=kernel_text("6.1.1"))
    wanted = SweepWanted(sources=(str(folder),), store=str(tmp_path / "store"), jobs=1)
    result = sweep_sources(
        wanted, REPRODUCE, lambda _: None, "tests.sweeping.test_sweep:dies_after_claiming"
    )
    assert fates(result) == {"a": Fate.FAILED, "b": Fate.FAILED}
    assert result.kernels == ()


def dies_after_claiming(_task: object, is_wanted: object) -> object:
    """Judge whose worker dies when it is told that the kernel is wanted."""
    from hypabi.store.records import Outcome

    assert callable(is_wanted)
    if is_wanted("0" * 64):
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(Fate.KNOWN, "", "0" * 64)


def test_an_interrupt_keeps_what_was_judged_and_the_sweep_goes_on_there(tmp_path: Path) -> None:
    folder = files(
        tmp_path / "in", a=kernel_text("6.1.1"), b=kernel_text("6.1.2"), c="hang"
    )  # fmt: skip
    heard: list[SweptFile] = []

    def hear(file: SweptFile) -> None:
        heard.append(file)
        if len(heard) == 2:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    wanted = SweepWanted(sources=(str(folder),), store=str(tmp_path / "store"), jobs=1)
    with pytest.raises(KeyboardInterrupt):
        sweep_sources(wanted, REPRODUCE, hear, JUDGE)
    assert _states(tmp_path / "store") == ["interrupted"]
    files(folder, c=kernel_text("6.1.3"))
    result = swept(folder, tmp_path / "store")
    assert fates(result) == {"a": Fate.KNOWN, "b": Fate.KNOWN, "c": Fate.JUDGED}
    assert _states(tmp_path / "store") == ["interrupted", "done"]


def test_a_sweep_that_is_killed_leaves_a_whole_store_and_no_worker(tmp_path: Path) -> None:
    kernels = {f"k{number}": kernel_text(f"6.1.{number}") for number in range(3)}
    folder = files(tmp_path / "in", z="hang", **kernels)
    store = tmp_path / "store"
    sweeping = subprocess.Popen(
        [
            sys.executable, "-c",
            KILLED,
            str(folder), str(store),
        ],
        cwd=ROOT,
    )  # fmt: skip
    for _ in range(600):
        if store.exists() and _count(store) == 3:
            break
        time.sleep(0.1)
    sweeping.kill()
    sweeping.wait()
    assert _count(store) == 3
    check = sqlite3.connect(store)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()
    files(folder, z=kernel_text("6.1.9"))
    assert fates(swept(folder, store)) == dict.fromkeys(kernels, Fate.KNOWN) | {"z": Fate.JUDGED}


def test_two_sweeps_at_once_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    kernels = {f"k{number:02}": kernel_text(f"6.1.{number}") for number in range(20)}
    folder = files(tmp_path / "in", **kernels)
    results: list[SweepResult] = []

    def one() -> None:
        results.append(swept(folder, tmp_path / "store"))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(result.kernels) for result in results] == [20, 20]
    store = open_store(str(tmp_path / "store"))
    assert (len(store.kernels()), store.results()) == (20, 20)


def test_a_source_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(HypabiError, match="no such file or folder"):
        swept(tmp_path / "none", tmp_path / "store")
    assert not (tmp_path / "store").exists()


def _count(store: Path) -> int:
    connection = sqlite3.connect(store, timeout=30)
    try:
        (count,) = connection.execute("SELECT count(*) FROM result").fetchone()
    except sqlite3.OperationalError:
        return -1
    finally:
        connection.close()
    return int(count)


def _states(store: Path) -> list[str]:
    connection = sqlite3.connect(store)
    try:
        return [state for (state,) in connection.execute("SELECT state FROM sweep ORDER BY id")]
    finally:
        connection.close()
