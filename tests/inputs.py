"""What a test may need from outside the repository, and what the fixtures of ``conftest.py`` give.

A test whose need is not there is skipped and says how to get it.  ``HYPABI_REQUIRE`` names, with
commas, what must be there: a test that would be skipped for it fails.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, Protocol

import hypothesis
import pytest

from kernels.pins import DOCUMENTS, HYPERVISORS, NEIGHBOURS, SOURCES, read_pins

ROOT: Final = Path(__file__).resolve().parents[1]
"""The repository."""

REQUIRED: Final = "HYPABI_REQUIRE"
"""The environment variable that names what must be there."""

TOOLS: Final[Mapping[str, tuple[str, str]]] = {
    "aarch64-linux-gnu-gcc": ("gcc-arm64", "gcc-aarch64-linux-gnu"),
    "arm-linux-gnueabihf-gcc": ("gcc-arm", "gcc-arm-linux-gnueabihf"),
    "aarch64-linux-gnu-": ("binutils-arm64", "binutils-aarch64-linux-gnu"),
    "arm-linux-gnueabihf-": ("binutils-arm", "binutils-arm-linux-gnueabihf"),
    "qemu-system-": ("qemu", "qemu-system-arm"),
    "qemu-": ("qemu-user", "qemu-user"),
    "lzop": ("lzop", "lzop"),
    "groff": ("groff", "groff-base"),
    "tbl": ("groff", "groff-base"),
    "mandoc": ("mandoc", "mandoc"),
    "cc": ("cc", "gcc"),
    "g++": ("cxx", "g++"),
    "clang": ("clang", "clang"),
    "git": ("git", "git"),
    "chromium": ("chromium", "chromium"),
    "make": ("make", "make"),
    "flex": ("flex", "flex"),
    "bison": ("bison", "bison"),
    "bc": ("bc", "bc"),
    "b4": ("b4", "b4"),
    "dh": ("debhelper", "dh-python"),
    "lintian": ("lintian", "lintian"),
}
"""By how a program's name begins: the need that it serves, and the package that holds it."""

OTHER_NEEDS: Final = frozenset(
    ("packages", "old-kernels", "kernel-tree", "unprivileged", "fuzzer", "layers")
) | {"qemu-plugin"}
"""A kernel's package, kernels that no archive holds, a kernel's source, a user whom a
mode can stop, Atheris, Linux that lets a user mount an overlay; a QEMU that loads our plugin."""

OLD_KERNELS: Final = "HYPABI_OLD_KERNELS"
"""The environment variable that names a folder of kernels before 5.10 that a user has built."""


def words_of_needs() -> Mapping[str, frozenset[str]]:
    """Return every word that ``HYPABI_REQUIRE`` may hold, and the needs that it stands for."""
    kernels, documents = frozenset(read_pins()), frozenset(read_pins(DOCUMENTS))
    sources, neighbours = frozenset(read_pins(SOURCES)), frozenset(read_pins(NEIGHBOURS))
    hypervisors = frozenset(read_pins(HYPERVISORS))
    tools = frozenset(need for need, _ in TOOLS.values())
    groups = {
        "kernels": kernels,
        "documents": documents,
        "neighbours": neighbours,
        "hypervisors": hypervisors,
        "binutils": frozenset(need for need in tools if need.startswith("binutils-")),
    }
    needs = kernels | documents | sources | neighbours | hypervisors | tools | OTHER_NEEDS
    return {need: frozenset({need}) for need in needs} | groups


def required(value: str) -> frozenset[str]:
    """Return the needs that must be there.

    :param value: of ``HYPABI_REQUIRE``
    :raises ValueError: a word in it means nothing
    """
    known = words_of_needs()
    words = [word.strip() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise ValueError(f"{REQUIRED}: nothing is called {word!r}; there are {sorted(known)}")
    return frozenset().union(*(known[word] for word in words))


def skip_for(need: str, reason: str) -> NoReturn:
    """Skip the test because a need is not there, or fail it where that is required."""
    assert words_of_needs().get(need) == frozenset({need}), f"{need} is no need"
    if need in required(os.environ.get(REQUIRED, "")):
        pytest.fail(f"{reason} ({REQUIRED} asks for {need})", pytrace=False)
    pytest.skip(reason)


def exploring() -> bool:
    """Tell whether this run looks further than every run does: ``--hypothesis-profile=explore``."""
    return hypothesis.settings.get_current_profile_name() == "explore"


def find_tool(name: str) -> str:
    """Return the path of a program, skipping the test where it is missing."""
    path = shutil.which(name)
    if path is None:
        need, package = next(of for start, of in TOOLS.items() if name.startswith(start))
        skip_for(need, f"{name} is missing: apt-get install {package}")
    return path


def old_kernels() -> list[Path]:
    """Return the images in ``$HYPABI_OLD_KERNELS`` beside which ``NAME.elf`` lies, its vmlinux."""
    folder = os.environ.get(OLD_KERNELS)
    found = sorted(Path(folder).glob("*.elf")) if folder else []
    return [path.with_suffix("") for path in found if path.with_suffix("").is_file()]


Kernel = Callable[[str], Path]
"""The ``vmlinuz`` of a pinned kernel, by its name in ``kernels/pins.toml``."""

KernelResult = Callable[[str, str], Any]
"""The result of a command, without options, over a pinned kernel: both by name."""


class Assemble(Protocol):
    """Turn assembly into ELF with GNU binutils, an assembler that we did not write."""

    def __call__(
        self,
        source: str,
        architecture: Literal["arm", "arm64"],
        *,
        flags: Sequence[str] = (),
        text: int | None = None,
        link: Sequence[str] = (),
    ) -> Path:
        """Return the relocatable object, or the linked program where ``text`` is given.

        :param flags: for the assembler: ``-march=armv7ve``, ``-EB``
        :param text: address of ``.text``; linking starts there
        :param link: for the linker: ``-EB``, ``--be8``, ``-Tdata=0x...``
        """
        ...
