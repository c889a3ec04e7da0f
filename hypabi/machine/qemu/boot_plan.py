"""A kernel to boot, and the vector tables that it is known by."""

from typing import Final

from hypabi.arch.names import Architecture
from hypabi.machine.qemu.plugin import Plugin
from hypabi.records import frozen

MOST_CROSSINGS: Final = 100_000
START: Final = 60.0
"""Seconds that QEMU may take to answer: loading a kernel takes it some."""
GLANCE: Final = 0.5
"""Seconds that a watch waits for something to happen before it looks at the time."""
LEAST_ALIKE: Final = 0.9
"""Part of the words of a table, but for padding, that must be those of the image: the kernel
patches some."""
PADDING: Final = frozenset((bytes.fromhex("1f2003d5"), bytes(4)))
"""``nop`` of A64, and zero."""


@frozen
class KnownTable:
    """A vector table of the image."""

    link: int
    content: bytes
    boots_at: int | None
    """Address at which it is live before the first call, where it can be."""


@frozen
class CallWords:
    """Where a kernel has ``hvc`` and ``smc``, by the addresses to which it is linked."""

    hvc: tuple[int, ...] = ()
    smc: tuple[int, ...] = ()


@frozen
class BootPlan:
    """A kernel to boot, and how long."""

    architecture: Architecture
    kernel: bytes
    """What QEMU's ``-kernel`` takes."""
    tables: tuple[KnownTable, ...]
    processor: str
    cpus: int
    memory: int
    """MiB."""
    append: str
    until: bytes | None
    """Text on the console that ends it."""
    seconds: float
    """After which it ends anyway."""
    silence: float
    """Seconds without a crossing or anything on the console after which it hangs."""
    console: int | None
    """Descriptor to which what the kernel prints is copied."""
    initrd: bytes | None = None
    """What QEMU's ``-initrd`` takes."""
    plugin: Plugin | None = None
    """What tells the events; where there is none, the GDB stub does."""
    callers: bool = False
    """Whether the functions are told that are on the stack of whoever calls."""
    calls: CallWords = CallWords()


EXECUTABLES: Final = {
    Architecture.ARM64: ("qemu-system-aarch64", "virt,virtualization=on,gic-version=3"),
    Architecture.ARM: ("qemu-system-arm", "virt,virtualization=on"),
}
"""QEMU, and its machine with EL2."""


def recognised_table(content: bytes, tables: tuple[KnownTable, ...]) -> KnownTable | None:
    """Return the one table of the image that lies there, some words of it patched perhaps."""
    same = [each for each in tables if each.content == content]
    alike = same or [each for each in tables if _are_alike(content, each.content)]
    return alike[0] if len(alike) == 1 else None


def _are_alike(content: bytes, known: bytes) -> bool:
    words = [(content[at : at + 4], known[at : at + 4]) for at in range(0, len(known), 4)]
    telling = [pair for pair in words if not set(pair) <= PADDING]
    same = sum(a == b for a, b in telling)
    return bool(telling) and same >= LEAST_ALIKE * len(telling)
