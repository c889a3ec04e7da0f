"""A real cluster on this machine: a scheduler and two workers, one of which is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.store.database import open_store
from hypabi.store.records import Fate, SweepResult
from hypabi.sweeping.records import SweepWanted
from hypabi.sweeping.sweep import sweep_sources
from tests.inputs import ROOT
from tests.sweeping.judges import JUDGE, kernel_text
from tests.sweeping.swept import REPRODUCE, fates, files

KERNELS = 12


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers of one thread; give its address and the workers."""
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "PYTHONPATH": path}
    file = tmp_path / "scheduler.json"

    def start(module: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", module, "--scheduler-file", str(file), *words]
        return subprocess.Popen(
            command, env=environment, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    scheduler = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
    )
    for _ in range(1200):
        if file.exists() and file.stat().st_size:
            break
        time.sleep(0.1)
    import json

    address = str(json.loads(file.read_text())["address"])
    workers = [
        start(
            "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--host", "127.0.0.1",
        )
        for _ in range(2)
    ]  # fmt: skip
    yield address, workers
    for each in (*workers, scheduler):
        each.kill()
        each.wait()


def swept(folder: Path, store: Path, address: str) -> SweepResult:
    wanted = SweepWanted(sources=(str(folder),), store=str(store), limit=60.0, cluster=address)
    return sweep_sources(wanted, REPRODUCE, lambda _: None, JUDGE)


def test_a_killed_machine_loses_nothing_and_nothing_is_counted_twice(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    texts = {f"k{number:02}": kernel_text(f"6.1.{number}", "slow") for number in range(KERNELS)}
    folder = files(tmp_path / "in", **texts, twin=texts["k00"], z="die")
    store = tmp_path / "store"

    def kill_one() -> None:
        for _ in range(1200):
            if store.exists() and open_store(str(store)).results() >= 3:
                break
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)

    killing = threading.Thread(target=kill_one)
    killing.start()
    result = swept(folder, store, address)
    killing.join()
    assert workers[0].wait() == -signal.SIGKILL
    lost = [name for name, fate in fates(result).items() if fate is Fate.FAILED]
    assert lost == ["z"]
    assert len(result.kernels) == KERNELS
    assert result.conclusion.counts["found"]["judged"] == KERNELS
    assert result.conclusion.counts["found"]["known"] == 1
    assert open_store(str(store)).results() == KERNELS
    again = swept(folder, store, address)
    assert again.conclusion.counts["found"]["known"] == KERNELS + 1


def test_a_scheduler_that_does_not_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hypabi.sweeping import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 1)
    folder = files(tmp_path / "in", a=kernel_text("6.1.1"))
    with pytest.raises(HypabiError, match="does not answer"):
        swept(folder, tmp_path / "store", "tcp://127.0.0.1:9")


def test_dask_is_not_imported_without_a_cluster() -> None:
    code = (
        "import sys, hypabi.sweeping.sweep, hypabi.sweeping.judge, hypabi.cli.sweep; "
        "sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
