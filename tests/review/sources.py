"""The kernel's sources, and a folder in which they are prepared once for every run that reviews."""

import fcntl
from pathlib import Path

from evidence.edits import sources
from hypabi.kbuild.configurations import CONFIGURATIONS
from hypabi.kbuild.toolchain import find_toolchain
from hypabi.review.cache import Cache
from hypabi.review.programs import prepared_layer
from hypabi.review.tree import find_base
from kernels import cache
from tests.kbuild.sources import need_sources


def prepared_sources() -> tuple[Path, Path]:
    """Return the kernel's sources and the folder, skipping the test where they are not there."""
    need_sources()
    folder = cache.folder() / "review"
    folder.mkdir(exist_ok=True)
    base = find_base(sources.tree(), None, Cache(folder))
    for each in CONFIGURATIONS:
        sources.prepared(each, jobs=2)
        toolchain = find_toolchain(each.architecture)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            layer = prepared_layer(Cache(folder), base, each, toolchain)
            if not layer.exists():
                layer.symlink_to(sources.layer(each))
    return sources.tree(), folder
