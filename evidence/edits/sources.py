"""The kernel's sources as Debian ships them, unpacked into the cache and prepared there."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import Configuration
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.toolchain import find_toolchain
from hypabi.kbuild.tree import Prepared, prepare
from kernels import cache
from kernels.pins import SOURCES, Pin, read_pins

SOURCE: Final = "linux-source-6.1"
"""Which of the pinned sources edits are made in."""
LEFT_OUT: Final = (
    *(f"*/{folder}/*.c" for folder in ("drivers", "sound", "fs", "net")),
    *(f"*.{ending}" for ending in ("dts", "dtsi")),
    "*/Documentation/[a-uw-z]*/*",
)
"""Half of the tree, and nothing that the contract is about is built from it, or says it."""


def pin() -> Pin:
    """Return which package the sources are from."""
    return read_pins(SOURCES)[SOURCE]


def tree() -> Path:
    """Return the unpacked sources.

    :raises HypabiError: they are not in the cache
    """
    folder = cache.folder() / "trees" / _name()
    with _alone():
        if not (folder / "Makefile").is_file():
            _unpack(folder)
    return folder


def prepared(configuration: Configuration, jobs: int) -> Prepared:
    """Return the sources configured and built, which takes a minute where it was not done before.

    :raises HypabiError: a compiler or the sources are missing, or they do not build
    """
    toolchain = find_toolchain(configuration.architecture)
    unpacked = Layers(tree(), ())
    with _alone():
        return prepare(unpacked, layer(configuration), configuration, toolchain, jobs)


@contextmanager
def _alone() -> Iterator[None]:
    """Let nobody else write into the folder: two runs would write the same."""
    folder = cache.folder() / "trees"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def layer(configuration: Configuration) -> Path:
    """Return the folder of what is made once."""
    about = repr(configuration).encode()
    name = f"{configuration.name}-{hashlib.sha256(about).hexdigest()[:16]}"
    return cache.folder() / "trees" / f"{_name()}.{name}"


def _name() -> str:
    """Return what the unpacked sources are called: by the package, and what of it is left out."""
    return hashlib.sha256(repr((pin().package_sha256, LEFT_OUT)).encode()).hexdigest()[:16]


def _unpack(folder: Path) -> None:
    archive = cache.image_path(pin())
    if not cache.holds(archive, pin().image_sha256):
        raise HypabiError(SOURCE, "not in the cache as pinned", f"kernels/fetch {SOURCE} brings it")
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    left_out = [f"--exclude={each}" for each in LEFT_OUT]
    into = ["-C", str(partial), "--strip-components=1"]
    subprocess.run(["tar", "-xf", str(archive), *into, *left_out], check=True)
    partial.rename(folder)
