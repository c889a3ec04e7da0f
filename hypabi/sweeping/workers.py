"""Processes of this machine that judge, each on its own: what kills one costs one image.

A worker is a fresh interpreter at the other end of a pipe.  It is given a :class:`Task`, says that
it begins, asks once whether the kernel it found is wanted, and sends an :class:`Outcome`.  Whoever
takes too long is ended; whoever is gone is replaced.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from time import monotonic
from typing import Any, Final

from hypabi.store.records import Fate, Outcome
from hypabi.sweeping.records import Task

JUDGE: Final = "hypabi.sweeping.judge:judge"
"""What a worker does, as module and function."""
_START: Final = "import sys; from hypabi.sweeping.workers import serve; serve(*sys.argv[1:])"
BEGUN: Final = None
"""What a worker says when it begins a task."""
START: Final = 120.0
"""Seconds that an interpreter may take to start before its first task begins."""
GRACE: Final = 5.0
"""Seconds that a worker has to go once it has nothing left to do."""


class Workers:
    """Worker processes.

    :param count: how many
    :param limit: seconds that one task may take
    :param disk: bytes that the packages of all tasks may take at once
    :param is_wanted: whether a kernel of this hash is to be judged
    :param judge: what a worker does
    """

    def __init__(
        self,
        count: int,
        limit: float,
        disk: int,
        is_wanted: Callable[[str], bool],
        judge: str = JUDGE,
    ) -> None:
        self._count = count
        self._limit = limit
        self._disk = disk
        self._is_wanted = is_wanted
        self._judge = judge
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield what becomes of each task, in the order in which that is known."""
        waiting = next(tasks, None)
        try:
            while waiting is not None or self._busy:
                while waiting is not None and self._has_room(waiting):
                    self._begin(waiting)
                    waiting = next(tasks, None)
                yield from self._finished()
        finally:
            self._end()

    def once(self, task: Task) -> Outcome:
        """Return what becomes of one task, and keep the worker for the next."""
        self._begin(task)
        outcomes: list[Outcome] = []
        while not outcomes:
            outcomes = [outcome for _, outcome in self._finished()]
        return outcomes[0]

    def _has_room(self, task: Task) -> bool:
        taken = sum(_size(worker.task) for worker in self._busy)
        return not self._busy or (
            len(self._busy) < self._count and taken + _size(task) <= self._disk
        )

    def _begin(self, task: Task) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._judge)
        worker.begin(task, self._limit)
        self._busy.append(worker)

    def _finished(self) -> Iterator[tuple[Task, Outcome]]:
        """Wait until somebody says something or has taken too long."""
        first = min(worker.deadline for worker in self._busy)
        ready = wait([w.connection for w in self._busy], max(0.0, first - monotonic()))
        for worker in list(self._busy):
            outcome = self._heard(worker) if worker.connection in ready else None
            if outcome is None and worker.deadline <= monotonic():
                outcome = Outcome(Fate.FAILED, f"took more than {self._limit:g} seconds")
                worker.kill()
            if outcome is not None:
                assert worker.task is not None
                yield worker.task, outcome
                self._busy.remove(worker)
                if worker.is_alive:
                    self._idle.append(worker)

    def _heard(self, worker: "_Worker") -> Outcome | None:
        """Return what became of a worker's task, ``None`` where it only asked something."""
        try:
            said = worker.connection.recv()
            if isinstance(said, Outcome):
                return said
            if said is BEGUN:
                worker.deadline = monotonic() + self._limit
                return None
            worker.connection.send(self._is_wanted(said))
        except (EOFError, OSError):
            return Outcome(Fate.FAILED, worker.bury())
        return None

    def _end(self) -> None:
        for worker in self._busy:
            worker.kill()
        for worker in self._idle:
            worker.dismiss()
        self._busy, self._idle = [], []


def _size(task: Task | None) -> int:
    package = None if task is None else task.candidate.package
    return 0 if package is None else package.size


class _Worker:
    """One process, and the task that it has."""

    def __init__(self, judge: str) -> None:
        self.task: Task | None = None
        self.deadline = 0.0
        self.is_alive = True
        self.connection, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs.fileno()), judge],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            process_group=0,  # an interrupt from the terminal is the sweep's to obey
        )
        theirs.close()

    def begin(self, task: Task, limit: float) -> None:
        """Give it a task."""
        self.task = task
        self.deadline = monotonic() + START + limit
        with suppress(OSError):  # it is gone, which is seen when it is listened to
            self.connection.send(task)

    def kill(self) -> None:
        """End it at once."""
        self.is_alive = False
        self._process.kill()
        self._process.wait()
        self.connection.close()
        self._tidy()

    def bury(self) -> str:
        """Return how a worker ended that said nothing more."""
        self.is_alive = False
        self.connection.close()
        try:
            status = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            return "its worker closed its connection"
        self._tidy()
        return f"its worker died of signal {-status}" if status < 0 else "its worker ended"

    def _tidy(self) -> None:
        """Remove what it had fetched."""
        folder = self.task.folder if self.task is not None else ""
        for path in Path(folder).glob(f"{self._process.pid}-*") if folder else ():
            path.unlink(missing_ok=True)

    def dismiss(self) -> None:
        """Let it go: it ends when nobody is at the other end."""
        self.connection.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(descriptor: str, judge: str) -> None:
    """Do tasks until nobody sends one: what runs in the process of a worker."""
    connection: Connection[Any, Any] = Connection(int(descriptor))
    module, _, name = judge.partition(":")
    function = getattr(import_module(module), name)

    def is_wanted(sha256: str) -> bool:
        connection.send(sha256)
        return bool(connection.recv())

    try:
        while True:
            task = connection.recv()
            connection.send(BEGUN)
            connection.send(function(task, is_wanted))
            gc.collect()  # an image and what was derived of it refer to each other
    except (EOFError, OSError):
        os._exit(0)
