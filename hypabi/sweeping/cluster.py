"""Many machines: the same tasks, handed out by a scheduler of Dask distributed.

Whatever runs there keeps nothing: outcomes come back here, and only this process writes the store.
A machine that is lost loses nothing, because the scheduler hands its tasks to another; on each
machine an image is judged in a process of its own, so that one that kills or hangs costs itself.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from hypabi.errors import HypabiError
from hypabi.store.records import Fate, Outcome
from hypabi.sweeping.records import Task
from hypabi.sweeping.workers import JUDGE, Workers

AHEAD: Final = 2
"""Tasks handed out for each thread of the cluster: one runs while the next is on its way."""
PATIENCE: Final = 30
"""Seconds to reach the scheduler."""

_own: Final = threading.local()


class Cluster:
    """The workers of a scheduler.

    :param address: of the scheduler, as ``tcp://host:8786``
    :param limit: seconds that one task may take
    :param known: tells the hashes of kernels that are not to be judged again
    :param judge: what a worker does
    """

    def __init__(
        self,
        address: str,
        limit: float,
        known: Callable[[], frozenset[str]],
        judge: str = JUDGE,
    ) -> None:
        self._address = address
        self._limit = limit
        self._known = known
        self._judge = judge

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield what becomes of each task, in the order in which that is known.

        :raises HypabiError: Dask is not installed, or the scheduler does not answer
        """
        client = _client(self._address)
        try:
            yield from self._run(client, tasks)
        finally:
            client.close()

    def _run(self, client: Any, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        from distributed import wait

        given: dict[Any, Task] = {}
        more = True
        while more or given:
            while more and len(given) < AHEAD * max(1, sum(client.nthreads().values())):
                task = next(tasks, None)
                if task is None:
                    more = False
                    break
                future = client.submit(
                    judge_here, task, self._limit, self._known(), self._judge, pure=False
                )
                given[future] = task
            if given:
                with client.as_current():
                    done = wait(list(given), return_when="FIRST_COMPLETED").done
                for future in done:
                    yield given.pop(future), _outcome(future)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        what = "Dask is not installed"
        raise HypabiError("--cluster", what, "pip install hypabi[cluster]") from None
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as failed:
        raise HypabiError(address, f"the scheduler does not answer: {failed}") from None


def _outcome(future: Any) -> Outcome:
    try:
        outcome = future.result()
    except Exception as lost:  # noqa: BLE001 - whatever the cluster says, one image is lost
        return Outcome(Fate.FAILED, f"the cluster gave it up: {type(lost).__name__}")
    assert isinstance(outcome, Outcome)
    return outcome


def judge_here(task: Task, limit: float, known: frozenset[str], judge: str) -> Outcome:
    """Judge in a process of this machine, which is kept for the next task."""
    _own.known = known
    if not hasattr(_own, "workers"):
        _own.workers = Workers(1, limit, 0, lambda sha256: sha256 not in _own.known, judge)
    workers: Workers = _own.workers
    return workers.once(task)
