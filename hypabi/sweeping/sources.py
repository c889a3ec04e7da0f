"""What sources name: one after the other, in a defined order, opened by nobody yet.

=====================  ============================================================================
source                 what it names
=====================  ============================================================================
``FOLDER``             every regular file in it and below, but a build's leavings that hold none;
                       of a folder with the results of one build (KernelCI, tuxmake) its kernels
``FILE``               itself: a package, or a kernel in any form that ``hypabi check`` reads
``list:FILE``          what the lines of a file name; ``#`` starts a comment
``debian:SUITE``       every kernel package for arm and arm64 of a suite, by the machine's own apt;
                       ``debian:SUITE/COMPONENT`` of one component
=====================  ============================================================================
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.regular import read_regular
from hypabi.sweeping.records import Candidate, Missing

LIST: Final = "list:"
DEBIAN: Final = "debian:"

MOST_LINES: Final = 1 << 20
"""Most lines of a list."""
LARGEST_LIST: Final = 64 << 20
LARGEST_RECORD: Final = 1 << 20
"""Bytes of the record of one build."""

LEAVINGS: Final = frozenset(
    {
        ".a", ".bz2", ".c", ".cmd", ".config", ".db", ".db-shm", ".db-wal", ".dtb", ".dtbo", ".h",
        ".html", ".json", ".ko", ".log", ".map", ".md", ".mod", ".o", ".py", ".rst", ".S", ".sh",
        ".symvers", ".tar", ".tgz", ".toml", ".txt", ".yaml", ".yml",
    }
)  # fmt: skip
"""Ends of names that no kernel has and that lie about in folders by the thousand."""
ARCHIVES: Final = (".tar.xz", ".tar.gz", ".tar.zst", ".ko.xz", ".ko.gz", ".ko.zst")

RECORDS: Final = ("bmeta.json", "build.json", "metadata.json", "build-meta.json")
"""What tells the results of one build: KernelCI's and tuxmake's."""
KERNELS: Final = ("Image", "zImage", "vmlinuz", "vmlinux", "uImage")
"""What kernels in such a folder are called, with any suffix of compression."""

Named = Iterator[Candidate | Missing]


def candidates(sources: Sequence[str]) -> Named:
    """Yield what sources name, each once.

    :raises HypabiError: a source is not there, or is none
    """
    seen: set[str] = set()
    for source in sources:
        for each in _of(source):
            if each.name not in seen:
                seen.add(each.name)
                yield each


def check_sources(sources: Sequence[str]) -> None:
    """Refuse sources that cannot be meant, before anything is judged.

    :raises HypabiError: one is not there, or is none
    """
    for source in sources:
        if source.startswith(DEBIAN):
            from hypabi.sweeping.archive import suite_of  # noqa: PLC0415 - most fetch nothing

            suite_of(source)
        elif not Path(source.removeprefix(LIST)).exists():
            raise HypabiError(source, "there is no such file or folder")


def _of(source: str) -> Named:
    if source.startswith(LIST):
        yield from _listed(source.removeprefix(LIST))
    elif source.startswith(DEBIAN):
        from hypabi.sweeping.archive import packages  # noqa: PLC0415 - most sweeps fetch nothing

        yield from packages(source)
    elif Path(source).is_dir():
        yield from _folder(Path(source))
    else:
        yield _file(Path(source))


def _listed(path: str) -> Named:
    try:
        text = read_regular(path, LARGEST_LIST + 1)
    except OSError as failed:
        raise HypabiError(path, failed.strerror or str(failed)) from None
    if len(text) > LARGEST_LIST:
        raise HypabiError(path, f"the list has more than {LARGEST_LIST >> 20} MiB")
    for line in os.fsdecode(text).splitlines()[:MOST_LINES]:
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if word.startswith(LIST):
            yield Missing(word, "a list in a list is not read")
        elif word.startswith(DEBIAN) or Path(word).exists():
            yield from _of(word)
        else:
            yield Missing(word, "there is no such file or folder")


def _folder(folder: Path) -> Named:
    """Yield the files of a folder and of those below it, in the order of their names."""
    for at, folders, files in os.walk(folder):
        folders.sort()
        here = Path(at)
        record = next((name for name in RECORDS if name in files), None)
        if record is not None:
            yield from _build(here, record, sorted(files))
            continue
        for name in sorted(files):
            path = here / name
            if _may_hold(name) and path.is_file():
                yield _file(path)


def _may_hold(name: str) -> bool:
    return not (name.startswith(".") or name.endswith(ARCHIVES) or Path(name).suffix in LEAVINGS)


def _build(folder: Path, record: str, files: Sequence[str]) -> Named:
    """Yield the kernels of one build; where there is none, that there is none and why."""
    kernels = [name for name in files if name.split(".")[0] in KERNELS]
    told = _record(folder / record)
    named = told.get("kernel_image")
    if isinstance(named, str) and named in files:
        kernels = [named]
    if len(kernels) > 1 and "vmlinux" in kernels:
        kernels.remove("vmlinux")  # the same program once more, without what is around it
    for name in kernels:
        yield _file(folder / name)
    if not kernels:
        state = next((told[key] for key in ("status", "result") if key in told), None)
        why = f"; {record} says {state}" if isinstance(state, str) else ""
        yield Missing(str(folder), f"the results of a build without a kernel{why}")


def _record(path: Path) -> Mapping[str, object]:
    """Return what is told of a build; nothing where that cannot be read."""
    try:
        found = json.loads(read_regular(path, LARGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    inner = found.get("build")
    return {**found, **inner} if isinstance(inner, dict) else found


def _file(path: Path) -> Candidate | Missing:
    try:
        status = path.stat()
    except OSError as failed:
        return Missing(str(path), failed.strerror or str(failed))
    identity = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
    return Candidate(str(path), identity, str(path))
