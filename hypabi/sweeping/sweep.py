"""A sweep: what sources name is judged as it comes, kept at once, and told at the end."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypabi.analysis.options import named_contract
from hypabi.analysis.results.shared import Reproduction
from hypabi.contract.file.load import shipped_contracts
from hypabi.home import CONTRACTS
from hypabi.store.database import Key, Store, open_store
from hypabi.store.news import news_of
from hypabi.store.overview import swept_kernels
from hypabi.store.records import Fate, Outcome, SweepResult, SweptFile
from hypabi.sweeping.records import Candidate, Missing, SweepWanted, Task
from hypabi.sweeping.sources import candidates, check_sources
from hypabi.sweeping.versions import made_by
from hypabi.sweeping.workers import JUDGE, Workers

if TYPE_CHECKING:
    from hypabi.sweeping.cluster import Cluster

DONE: Final = "done"
INTERRUPTED: Final = "interrupted"

Hear = Callable[[SweptFile], None]
"""Is told what became of each file as soon as that is known."""


def sweep_sources(
    wanted: SweepWanted, reproduce: Reproduction, hear: Hear, judge: str = JUDGE
) -> SweepResult:
    """Judge what sources name and keep it.

    :param judge: what a worker does, as module and function
    :raises HypabiError: a source is none, or the store cannot be written
    :raises KeyboardInterrupt: the sweep was ended; what was judged until then is kept
    """
    named_contract(wanted.contract)
    check_sources(wanted.sources)
    store = open_store(wanted.store, create=True)
    try:
        return _Sweep(wanted, store, hear, judge).run(reproduce)
    finally:
        store.close()


class _Sweep:
    """One sweep while it goes on."""

    def __init__(self, wanted: SweepWanted, store: Store, hear: Hear, judge: str) -> None:
        self._wanted = wanted
        self._store = store
        self._hear = hear
        self._judge = judge
        self._key = Key(wanted.contract or "", made_by(), _contracts(wanted.contract))
        self._folder = Path(f"{wanted.store}.work-{os.getpid()}")
        self._claimed: set[str] = set()
        """Kernels that somebody judges or has judged in this sweep."""
        self._settled: set[str] = set()
        """Kernels that need not be judged."""
        self._files: list[SweptFile] = []
        self._twins: list[tuple[Candidate, Outcome]] = []
        """The same as a kernel that is being judged."""

    def run(self, reproduce: Reproduction) -> SweepResult:
        """Go through all sources."""
        before = {each.sha256 for each in self._store.kernels()}
        number = self._store.begin(reproduce.command, self._key.made_by)
        if not self._wanted.again:
            self._settled = {each for each in before if self._has(each)}
        state = INTERRUPTED
        try:
            _tidy(self._wanted.store)
            for task, outcome in self._workers().run(self._tasks()):
                self._keep(task.candidate, outcome)
            for candidate, outcome in self._twins:
                self._keep_twin(candidate, outcome)
            state = DONE
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._store.end(number, state)
        return self._result(before, reproduce)

    def _workers(self) -> "Workers | Cluster":
        wanted = self._wanted
        if wanted.cluster is None:
            return Workers(
                wanted.jobs, wanted.limit, wanted.disk, self._is_wanted, self._judge
            )  # fmt: skip
        from hypabi.sweeping.cluster import Cluster  # noqa: PLC0415 - Dask is an optional extra

        return Cluster(wanted.cluster, wanted.limit, lambda: frozenset(self._settled), self._judge)

    def _tasks(self) -> Iterator[Task]:
        wanted = self._wanted
        for each in candidates(wanted.sources):
            if isinstance(each, Missing):
                self._tell(each.name, Outcome(Fate.UNAVAILABLE, each.reason))
                continue
            known = None if wanted.again else self._known(each)
            if known is not None:
                self._tell(each.name, known)
                continue
            if each.package is not None and each.package.size > wanted.disk:
                what = f"it has {each.package.size} bytes, more than may lie on the disk"
                self._tell(each.name, Outcome(Fate.UNAVAILABLE, what))
                continue
            folder = "" if wanted.cluster is not None else str(self._folder)
            if folder and each.package is not None:
                self._folder.mkdir(exist_ok=True)
            yield Task(each, wanted.questions, wanted.contract, folder, wanted.retries)

    def _known(self, candidate: Candidate) -> Outcome | None:
        """Return what is known of a candidate that is as it was, ``None`` where it is to be had."""
        name = candidate.name if candidate.package is None else None
        found = self._store.origin(name, candidate.identity, self._key.made_by)
        if found is None:
            return None
        fate, reason, image = found
        if image is None:
            return Outcome(fate, reason)
        if not self._store.has(image, self._wanted.questions, self._key):
            return None
        outcome = Outcome(Fate.KNOWN, "", image)
        if name is None:
            self._store.keep(candidate.name, candidate.identity, outcome, "", self._key.made_by)
        return outcome

    def _is_wanted(self, sha256: str) -> bool:
        """Tell whether nobody has judged a kernel, or is about to."""
        if sha256 in self._claimed:
            return False
        self._claimed.add(sha256)
        return self._wanted.again or not self._store.has(
            sha256, self._wanted.questions, self._key
        )  # fmt: skip

    def _keep(self, candidate: Candidate, outcome: Outcome) -> None:
        outcome = self._once(outcome)
        if outcome.fate is Fate.KNOWN and not self._has(outcome.image):
            self._twins.append((candidate, outcome))
            return
        self._store.keep(
            candidate.name, candidate.identity, outcome, self._key.asked, self._key.made_by
        )
        self._tell(candidate.name, outcome)

    def _once(self, outcome: Outcome) -> Outcome:
        """Return an outcome, known where this sweep has the kernel: a cluster may judge twins."""
        if outcome.fate is not Fate.JUDGED or self._wanted.cluster is None:
            return outcome
        assert outcome.image is not None
        if outcome.image in self._claimed:
            return Outcome(Fate.KNOWN, "", outcome.image)
        self._claimed.add(outcome.image)
        self._settled.add(outcome.image)
        return outcome

    def _keep_twin(self, candidate: Candidate, outcome: Outcome) -> None:
        """Keep the twin of a kernel that was being judged: its fate is that of the other."""
        if not self._has(outcome.image):
            why = "it is the same kernel as one that failed"
            outcome = Outcome(Fate.FAILED, why, None)
        self._keep(candidate, outcome)

    def _has(self, image: str | None) -> bool:
        assert image is not None
        return self._store.has(image, self._wanted.questions, self._key)

    def _tell(self, name: str, outcome: Outcome) -> None:
        file = SweptFile(name, outcome.fate, outcome.reason, outcome.image)
        self._files.append(file)
        self._hear(file)

    def _result(self, before: set[str], reproduce: Reproduction) -> SweepResult:
        met = {file.kernel: None for file in self._files if file.kernel is not None}
        judged = {file.kernel for file in self._files if file.fate is Fate.JUDGED}
        return SweepResult(
            store=self._wanted.store,
            files=tuple(sorted(self._files, key=lambda file: file.name)),
            kernels=tuple(swept_kernels(self._store, met.keys())),
            new_kernels=len(met.keys() - before),
            news=tuple(news_of(self._store, {each for each in judged if each is not None})),
            reproduce=reproduce,
        )


def _contracts(named: str | None) -> dict[str, str]:
    """Return the SHA-256 of each contract that kernels may be held against, as it is now."""
    if named is not None:
        contract = named_contract(named)
        assert contract is not None
        return {contract.name: contract.sha256}
    texts = {name: (CONTRACTS / f"{name}.yaml").read_bytes() for name in shipped_contracts()}
    return {name: sha256_of(text).hexdigest() for name, text in texts.items()}


def _tidy(store: str) -> None:
    """Remove what sweeps that were killed had fetched."""
    prefix = f"{Path(store).name}.work-"
    for folder in Path(store).resolve().parent.glob(f"{prefix}*"):
        pid = folder.name.removeprefix(prefix)
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with suppress(OSError):
                shutil.rmtree(folder)
