"""The programs that building a kernel's objects needs."""

import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.records import frozen

PREFIXES: Final[Mapping[Architecture, str]] = {
    Architecture.ARM: "arm-linux-gnueabihf-",
    Architecture.ARM64: "aarch64-linux-gnu-",
}
"""How Debian names the cross compilers."""
COMPILER: Final = ("gcc", "as", "ld", "nm", "objcopy")
HOST: Final[Mapping[str, str]] = {
    "make": "make",
    "gcc": "gcc",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "perl": "perl",
    "unshare": "util-linux",
}
"""By program, the package of Debian's that has it."""


@frozen
class Toolchain:
    """A cross compiler and its binutils."""

    architecture: Architecture
    prefix: str
    """What the names of its programs begin with."""

    def program(self, name: str) -> str:
        """Return what a program of it is called."""
        return self.prefix + name


def find_toolchain(architecture: Architecture, prefix: str | None = None) -> Toolchain:
    """Return a compiler for an architecture.

    :param prefix: of its programs' names; Debian's where ``None``
    :raises HypabiError: it is missing, or a program that kernels are built with
    """
    chosen = PREFIXES[architecture] if prefix is None else prefix
    missing = {name: package for name, package in HOST.items() if not shutil.which(name)}
    absent = [chosen + name for name in COMPILER if not shutil.which(chosen + name)]
    missing |= dict.fromkeys(absent, f"gcc-{PREFIXES[architecture].rstrip('-')}")
    if missing:
        packages = " ".join(dict.fromkeys(missing.values()))
        raise HypabiError(", ".join(missing), "not installed", f"Debian: apt install {packages}")
    return Toolchain(architecture, chosen)


def compiler_version(toolchain: Toolchain) -> str:
    """Return what a compiler says it is, in a line; empty where it does not say."""
    command = [toolchain.program("gcc"), "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    return ran.stdout.partition("\n")[0]
