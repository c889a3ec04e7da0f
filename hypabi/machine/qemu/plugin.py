"""Our plugin of QEMU (``plugin.c``): built once by the C compiler that is there, and its records.

QEMU from 9.1 on lets a plugin read registers.  What is built is kept in the user's cache under the
hash of its source and of the compiler's flags; nothing of QEMU's or GLib's has to be installed.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.names import Architecture
from hypabi.machine.qemu.process import unlimited, version
from hypabi.machine.qemu.target import Refused
from hypabi.records import frozen

OLDEST: Final = (9, 1)
"""The first release of QEMU whose plugins can read registers and have conditional callbacks."""
FLAGS: Final = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden")
PATIENCE: Final = 60.0
"""Seconds that a compiler may take."""
MOST_RECORD: Final = 4096
_HEAD: Final = struct.Struct("=IHHQ")

FIRST: Final[Mapping[Architecture, tuple[str, ...]]] = {
    Architecture.ARM64: ("pc", "cpsr", "VBAR_EL2", "x29"),
    Architecture.ARM: ("pc", "cpsr", "VBAR_EL2", "r11"),
}
"""Registers that the plugin itself looks at, by QEMU's names and in this order."""
SHOWN: Final[Mapping[Architecture, tuple[str, ...]]] = {
    Architecture.ARM64: (
        *(name for name in aarch64.GENERAL if name != "x29"), "sp",
        "ELR_EL2", "SPSR_EL2", "ESR_EL2", "SCTLR_EL2", "HCR_EL2", "HCRX_EL2", "SP_EL0", "SP_EL1",
        "SP_EL2", "TPIDR_EL2", "TTBR0_EL2", "TTBR1_EL2", "TCR_EL2", "MAIR_EL2", "AMAIR_EL2",
        "CPTR_EL2", "MDCR_EL2", "HSTR_EL2", "HACR_EL2", "ACTLR_EL2", "VTTBR_EL2", "VTCR_EL2",
        "VPIDR_EL2", "VMPIDR_EL2", "CNTHCTL_EL2", "CNTVOFF_EL2", "ZCR_EL2", "SMCR_EL2",
        "SMPRIMAP_EL2", "HFGRTR_EL2", "HFGWTR_EL2", "HFGITR_EL2", "HDFGRTR_EL2", "HDFGWTR_EL2",
    ),
    Architecture.ARM: (
        *(f"r{number}" for number in range(13) if number != 11), "lr", "ESR_EL2", "HCR",
    ),
}  # fmt: skip
"""Registers that are looked at besides, of those that QEMU describes."""


class Kind:
    """What a record tells."""

    HELLO: Final = 0
    CALL: Final = 1
    """An ``hvc`` or ``smc`` is about to be carried out."""
    ENTRY: Final = 2
    """The slot of EL2's vectors is entered that a call enters."""
    RETURN: Final = 3
    """EL2 is about to carry out ``eret``."""
    LANDING: Final = 4
    """What stands behind an ``smc`` that EL2 did not take, or behind a call of AArch32."""
    TABLE: Final = 5
    FRAMES: Final = 6
    VECTORS: Final = 7
    """EL2 writes its vector base while a crossing is not back."""


@frozen
class PluginRecord:
    """One record: a kind, a CPU, a time, and the rest of its bytes."""

    kind: int
    cpu: int
    time: int
    """CLOCK_MONOTONIC, in nanoseconds."""
    content: bytes

    @property
    def words(self) -> tuple[int, ...]:
        """The content as 64-bit words."""
        return struct.unpack(f"={len(self.content) // 8}Q", self.content)


@frozen
class Plugin:
    """A plugin that is built, and what QEMU calls itself that can load it."""

    path: str
    qemu: str


def wanted_names(architecture: Architecture) -> tuple[str, ...]:
    """Return the registers that are asked for, in the order in which they are told."""
    return (*FIRST[architecture], *SHOWN[architecture])


def plugin_argument(
    plugin: Plugin, architecture: Architecture, sink: int, *, frames: bool
) -> tuple[str, str]:
    """Return what QEMU loads the plugin by.

    :param sink: descriptor that it writes to
    :param frames: whether the frames of callers are looked at
    """
    names = ":".join(wanted_names(architecture))
    told = f"{plugin.path.replace(',', ',,')},fd={sink},frames={'on' if frames else 'off'}"
    return "-plugin", f"{told},names={names}"


class RecordReader:
    """Cuts what comes out of the pipe into records."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> Iterator[PluginRecord]:
        """Yield the records that end in a piece.

        :raises Refused: these are none
        """
        self._rest += piece
        at = 0
        while len(self._rest) - at >= _HEAD.size:
            size, kind, cpu, time = _HEAD.unpack_from(self._rest, at)
            if not _HEAD.size <= size <= MOST_RECORD or kind > Kind.VECTORS:
                raise Refused("the plugin of QEMU tells nonsense")
            if len(self._rest) - at < size:
                break
            yield PluginRecord(kind, cpu, time, self._rest[at + _HEAD.size : at + size])
            at += size
        self._rest = self._rest[at:]


def find_plugin(executable: str, patience: float) -> Plugin:
    """Return the plugin, built where it is not yet.

    :param patience: seconds that QEMU may take to say what it is
    :raises Refused: QEMU cannot load it, or nobody can build it; the reason is a clause
    """
    number = version(executable, patience)
    if tuple(int(part) for part in number.split(".")[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        what = f"shows plugins no registers, which {oldest} is the first to do"
        raise Refused(f"QEMU {number} {what}")
    path = _built()
    _try(executable, path, patience)
    return Plugin(path, number)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or ""
    base = Path(home) if home.startswith("/") else Path.home() / ".cache"
    return base / "hypabi" / "qemu-plugin"


def _built() -> str:
    """Return the path of the plugin."""
    source = (files("hypabi.machine.qemu") / "plugin.c").read_bytes()
    compiler = os.environ.get("CC") or "cc"
    told = hashlib.sha256(source + " ".join((compiler, *FLAGS)).encode()).hexdigest()
    path = _cache() / f"{told[:32]}.so"
    if not path.exists():
        _build(source, compiler, path)
    return str(path)


def _build(source: bytes, compiler: str, path: Path) -> None:
    found = shutil.which(compiler)
    if found is None:
        raise Refused(f"no C compiler builds its plugin: there is no {compiler}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
            Path(folder, "plugin.c").write_bytes(source)
            ran = subprocess.run(
                [found, *FLAGS, "-o", "plugin.so", "plugin.c"],
                cwd=folder, capture_output=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            if ran.returncode:
                said = ran.stderr[:400].decode("utf-8", "replace").strip().splitlines()
                raise Refused(f"{compiler} does not build its plugin: {(said or ['?'])[0]}")
            Path(folder, "plugin.so").replace(path)
    except subprocess.TimeoutExpired:
        raise Refused(f"{compiler} does not build its plugin within {PATIENCE:g} s") from None
    except OSError as error:
        raise Refused(f"its plugin cannot be built: {error.strerror}") from None


def _try(executable: str, path: str, patience: float) -> None:
    """Load the plugin without what it needs: it then ends QEMU, which says that it did."""
    words = ["-M", "none", "-nodefaults", "-display", "none", "-plugin", path.replace(",", ",,")]
    try:
        with unlimited():
            ran = subprocess.run(
                [executable, *words], capture_output=True, timeout=patience, check=False
            )
    except subprocess.TimeoutExpired:
        raise Refused("QEMU hangs when it loads a plugin") from None
    except OSError as error:
        raise Refused(f"{executable}: {error.strerror}") from None
    said = ran.stderr[:2000].decode("utf-8", "replace").strip()
    if "error code" not in said:
        last = (said.splitlines() or [f"it ended with status {ran.returncode}"])[-1]
        raise Refused(f"QEMU does not load its plugin: {last[:200]}")
