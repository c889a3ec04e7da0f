"""``hypabi.sweep`` and ``hypabi.history``: what the commands of these names ask."""

import os
from collections.abc import Callable, Sequence

from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.shared import Reproduction
from hypabi.analysis.tools import TOOLS
from hypabi.errors import HypabiError
from hypabi.store.database import open_store
from hypabi.store.history import history_of
from hypabi.store.overview import overview_of
from hypabi.store.records import QUESTIONS, HistoryResult, Overview, SweepResult, SweptFile
from hypabi.sweeping.records import SweepWanted

STORE = "hypabi-sweep.db"
"""The store where none is named, in the folder that one is in."""

Path = str | os.PathLike[str]


def sweep(
    *sources: Path,
    store: Path = STORE,
    contract: str | None = None,
    ask: Sequence[str] = ("check",),
    jobs: int = 2,
    limit: float = 300.0,
    max_disk: int = 2048,
    retries: int = 2,
    again: bool = False,
    cluster: str | None = None,
    hear: Callable[[SweptFile], None] | None = None,
) -> SweepResult:
    """Judge every kernel that some sources name, and keep what is found.

    :param sources: folders, files, ``list:FILE`` and ``debian:SUITE``
    :param store: file to keep it in, made where there is none
    :param contract: name of a shipped contract, or a contract file; where ``None``, of each kernel
        the one that speaks of it
    :param ask: which of ``check``, ``callers``, ``derive`` and ``trace``, for which QEMU boots each
    :param jobs: worker processes
    :param limit: seconds that one image may take
    :param max_disk: MB of fetched packages that may lie on the disk at once
    :param retries: how often a package is asked for again that did not come
    :param again: judge also what the store has
    :param cluster: address of a scheduler of Dask distributed, whose workers judge in place of
        processes of this machine; they read files by the same paths
    :param hear: is told what became of each file as soon as that is known
    :raises HypabiError: a source is none, or the store cannot be written
    """
    words = [str(os.fspath(each)) for each in sources]
    options = ["--contract", contract] if contract is not None else []
    options += ["--ask", ",".join(ask)] if tuple(ask) != ("check",) else []
    for question in ask:
        if question not in QUESTIONS:
            raise HypabiError(f"--ask {question}", f"there are {', '.join(QUESTIONS)}")
    wanted = SweepWanted(
        sources=tuple(words),
        store=os.fspath(store),
        contract=contract,
        questions=tuple(ask),
        jobs=jobs,
        limit=limit,
        disk=max_disk * 1_000_000,
        retries=retries,
        again=again,
        cluster=cluster,
    )
    from hypabi.sweeping.sweep import sweep_sources

    command = ("sweep", *words, "--store", os.fspath(store), *options)
    return sweep_sources(wanted, _reproduction(*command), hear or (lambda _: None))


def history(asked: str = "", *, store: Path = STORE, series: str = "") -> HistoryResult:
    """Return what became of a call, a party, a caller or a rule, from kernel to kernel.

    :param asked: its name or id; of everything where empty
    :param store: what :func:`sweep` wrote
    :param series: only kernels of this one, as ``"6.1"``
    :raises HypabiError: there is no store, or no kernel in it has anything of that name
    """
    words: Sequence[str] = [asked] if asked else []
    options = ["--series", series] if series else []
    opened = open_store(os.fspath(store))
    try:
        command = ("history", *words, "--store", os.fspath(store), *options)
        return history_of(opened, asked, series, _reproduction(*command))
    finally:
        opened.close()


def overview(*, store: Path = STORE) -> Overview:
    """Return everything that a store holds, for pages.

    :raises HypabiError: there is no store, or no kernel in it
    """
    opened = open_store(os.fspath(store))
    try:
        command = ("history", "--store", os.fspath(store), "--html", ".")
        return overview_of(opened, _reproduction(*command))
    finally:
        opened.close()


def export(store: Path = STORE, parquet: Path | None = None, kcidb: Path | None = None) -> None:
    """Write what a store holds in forms that others read.

    :param parquet: folder for the tables, as Parquet
    :param kcidb: file for everything that was judged, as kcidb takes it
    :raises HypabiError: there is no store, a file cannot be written, or pyarrow is not installed
    """
    opened = open_store(os.fspath(store))
    try:
        if parquet is not None:
            from hypabi.store.export.parquet import write_parquet

            write_parquet(opened, os.fspath(parquet))
        if kcidb is not None:
            import json

            from hypabi.atomic_file import write_output
            from hypabi.store.export.kcidb import kcidb_of

            text = json.dumps(kcidb_of(opened), indent=1, sort_keys=True) + "\n"
            write_output(text, os.fspath(kcidb))
    finally:
        opened.close()


def _reproduction(*words: str) -> Reproduction:
    versions = dict(provenance((), TOOLS).versions)
    return Reproduction(command=("hypabi", *words), versions=versions)
