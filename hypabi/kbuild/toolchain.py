"""The programs that building a kernel's objects needs: GCC and binutils, or clang and LLVM's."""

import re
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
TARGETS: Final[Mapping[Architecture, str]] = {
    Architecture.ARM: "arm-linux-gnueabi",
    Architecture.ARM64: "aarch64-linux-gnu",
}
"""What the kernel's scripts/Makefile.clang has clang compile for."""
COMPILER: Final = ("gcc", "as", "ld", "nm", "objcopy")
LLVM: Final[Mapping[str, str]] = {
    "gcc": "clang",
    "ld": "ld.lld",
    "nm": "llvm-nm",
    "objcopy": "llvm-objcopy",
    "ar": "llvm-ar",
    "readelf": "llvm-readelf",
}
"""LLVM's programs, by what GNU's are called: those that the kernel's LLVM=1 takes."""
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
GCC: Final = "gcc"
_CLANG: Final = re.compile(r"clang(-\d{1,3})?")


@frozen
class Toolchain:
    """A cross compiler and what belongs to it."""

    architecture: Architecture
    prefix: str = ""
    """What the names of GNU's programs begin with."""
    llvm: str | None = None
    """What the names of LLVM's programs end with, as ``-14``; ``None`` where GNU's are meant."""

    def program(self, name: str) -> str:
        """Return what a program of it is called.

        :param name: of GNU's
        """
        return self.prefix + name if self.llvm is None else LLVM[name] + self.llvm

    @property
    def assembles(self) -> tuple[str, ...]:
        """Return the command that assembles its standard input."""
        if self.llvm is None:
            return (self.program("as"), "-")
        target = f"--target={TARGETS[self.architecture]}"
        return (self.program("gcc"), target, "-c", "-x", "assembler", "-")

    @property
    def makes(self) -> tuple[str, ...]:
        """Return what names it to the kernel's makefiles."""
        if self.llvm is None:
            return (f"CROSS_COMPILE={self.prefix}",)
        return (f"LLVM={self.llvm or 1}", "LLVM_IAS=1", "CROSS_COMPILE=")


def find_toolchain(
    architecture: Architecture, prefix: str | None = None, compiler: str | None = None
) -> Toolchain:
    """Return a compiler for an architecture.

    :param prefix: of its programs' names, where it is GCC; Debian's where ``None``
    :param compiler: ``gcc``, or ``clang`` as it is called here; where ``None`` GCC, and clang
        where there is none and no prefix is given
    :raises HypabiError: it is missing, or a program that kernels are built with
    """
    if compiler not in (None, GCC) and _CLANG.fullmatch(str(compiler)) is None:
        raise HypabiError("--compiler", f"{compiler!r} builds no kernels", "gcc, clang, clang-N")
    if prefix is not None and compiler not in (None, GCC):
        raise HypabiError("--compiler", f"{compiler} has no prefix", "leave --cross-compile out")
    gnu = Toolchain(architecture, PREFIXES[architecture] if prefix is None else prefix)
    llvm = Toolchain(architecture, llvm=(compiler or "clang").removeprefix("clang"))
    if compiler is None:
        is_llvm = prefix is None and bool(_missing(gnu)) and not _missing(llvm)
    else:
        is_llvm = compiler != GCC
    chosen = llvm if is_llvm else gnu
    missing = _missing(chosen)
    if missing:
        packages = " ".join(dict.fromkeys(missing.values()))
        raise HypabiError(", ".join(missing), "not installed", f"Debian: apt install {packages}")
    return chosen


def _missing(toolchain: Toolchain) -> Mapping[str, str]:
    """Return the programs that are missing, with the packages that have them."""
    host = {name: package for name, package in HOST.items() if not shutil.which(name)}
    if toolchain.llvm is None:
        package = f"gcc-{PREFIXES[toolchain.architecture].rstrip('-')}"
        of = {toolchain.program(name): package for name in COMPILER}
    else:
        end = toolchain.llvm
        packages = {"clang": f"clang{end}", "ld.lld": f"lld{end}"}
        of = {f"{name}{end}": packages.get(name, f"llvm{end}") for name in LLVM.values()}
    return {**host, **{name: of[name] for name in of if not shutil.which(name)}}


def compiler_version(toolchain: Toolchain) -> str:
    """Return what a compiler says it is, in a line; empty where it does not say."""
    command = [toolchain.program("gcc"), "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    return ran.stdout.partition("\n")[0]
