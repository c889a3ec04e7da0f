"""What QEMU needs to boot an image and to watch it."""

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

from hypabi.analysis.examination import Examination
from hypabi.arch import aarch64
from hypabi.arch.aarch32_exceptions import TABLE_SIZE
from hypabi.arch.names import Architecture, Conduit
from hypabi.callsites.hvc_words import hvc_words
from hypabi.errors import HypabiError
from hypabi.image.model import Image, ImageError, Role
from hypabi.machine.crossing import Event
from hypabi.machine.qemu.boot_plan import EXECUTABLES, START, BootPlan, CallWords, KnownTable
from hypabi.machine.qemu.plugin import Plugin, find_plugin
from hypabi.machine.qemu.process import version
from hypabi.machine.qemu.target import Refused
from hypabi.machine.qemu.watch import watch_boot
from hypabi.records import frozen
from hypabi.tracing.drive.initramfs import APPEND, initramfs
from hypabi.tracing.drive.modules import read_module
from hypabi.tracing.record import Header

PROCESSORS: Final = {Architecture.ARM64: "cortex-a57", Architecture.ARM: "cortex-a15"}
"""QEMU's name of the processor that a kernel is booted on where none is named."""
CONSOLE: Final = "console=ttyAMA0 earlycon"
"""Early, too: a kernel that prints nothing until it has a driver looks as if it hung."""
RAM: Final = 0x4000_0000
"""Where RAM of ``virt`` begins (QEMU, hw/arm/virt.c)."""
MOST_PLACED: Final = 0x400_0000
"""How far from there a program may reach that is linked to its place in RAM."""
LEAST_OFFSET: Final = 0x1000
KERNEL_STEP: Final = 0x20_0000
"""QEMU puts its own boot code below an arm64 Image, which then goes 2 MiB up (hw/arm/boot.c)."""
ZIMAGE_AT: Final = 0x1_0000
"""Where QEMU puts a zImage, from the start of RAM (hw/arm/boot.c, KERNEL_LOAD_ADDR)."""
MEMORY: Final = "memory: what a call writes there"
UNKNOWN: Final = (
    MEMORY,
    "an smc that EL2 does not trap, and calls of a guest while it runs",
    "system registers besides VBAR_EL2, SCTLR_EL2, HCR_EL2 and those of the exception",
)
UNKNOWN_TO_PLUGIN: Final = (
    MEMORY,
    "system registers that QEMU does not describe, and those of EL1 and EL0",
    "what enters EL2 by no hvc and no smc: traps, aborts, interrupts",
)
SOURCES: Final[Mapping[bool, tuple[str, tuple[str, ...]]]] = {
    False: ("the GDB stub", UNKNOWN),
    True: ("our plugin", UNKNOWN_TO_PLUGIN),
}
"""By whether the plugin is there."""
UNKNOWN_32: Final = (
    "ELR_hyp and SPSR_hyp: where a call comes from is told by where it comes back to"
)


class WantedSource(enum.Enum):
    """What of QEMU shall tell the events."""

    ANY = "auto"
    PLUGIN = "plugin"
    STUB = "gdb-stub"


@frozen
class Wanted:
    """How an image shall be booted."""

    processor: str | None
    cpus: int
    memory: int
    append: str
    until: str | None
    """Text on the console, or a number of seconds."""
    seconds: float
    silence: float
    console: int | None
    drive: tuple[str, ...] = ()
    """What it shall be made to do."""
    source: WantedSource = WantedSource.ANY
    callers: bool = False
    """Whether the callers of each call are told."""
    modules: tuple[str, ...] = ()
    """Files of modules of the kernel that are loaded before anything is driven."""


@frozen
class Source:
    """What of QEMU tells the events, and why it is that."""

    header: Header
    plugin: Plugin | None
    """``None`` for its GDB stub."""


def find_source(examination: Examination, wanted: Wanted) -> Source:
    """Return where the events come from: our plugin where QEMU can load it, else the GDB stub.

    :raises HypabiError: QEMU is not there, or cannot be used; or it cannot be as it is wanted
    """
    architecture = examination.kernel.architecture
    executable, _ = EXECUTABLES[architecture]
    plugin, why = None, "it was asked for"
    try:
        found = version(executable, START)
        if wanted.source is not WantedSource.STUB:
            plugin, why = _plugin(executable, wanted.source)
    except Refused as refused:
        raise HypabiError("QEMU", str(refused)) from None
    told, unknown = SOURCES[plugin is not None]
    processor = wanted.processor or PROCESSORS[architecture]
    source = f"{told} of QEMU {found}, {processor}; {why}"
    if architecture is Architecture.ARM and plugin is None:
        unknown = (*unknown, UNKNOWN_32)
    line, image = command_line(wanted), examination.loaded.sha256
    return Source(Header(source, architecture, image, line, unknown), plugin)


def _plugin(executable: str, wanted: WantedSource) -> tuple[Plugin | None, str]:
    """Return the plugin, or why there is none.

    :raises Refused: there is none, and nothing else is wanted
    """
    try:
        return find_plugin(executable, START), "it lets a plugin read registers"
    except Refused as why:
        if wanted is WantedSource.PLUGIN:
            raise
        return None, str(why)


def command_line(wanted: Wanted) -> str:
    """Return the kernel's command line."""
    driven = f" {APPEND}" if wanted.drive else ""
    return f"{CONSOLE} panic=-1{driven} {wanted.append}".rstrip()


@contextmanager
def booted(
    examination: Examination, wanted: Wanted, plugin: Plugin | None
) -> Iterator[Iterator[Event]]:
    """Boot an image, and give its events.

    :param plugin: what tells them, of :func:`find_source`
    :raises HypabiError: QEMU cannot boot it
    """
    with TemporaryDirectory(prefix="hypabi-") as folder:
        events = watch_boot(plan_boot(examination, wanted, plugin), folder)
        try:
            yield _refusing(events)
        finally:
            events.close()


def _refusing(events: Iterator[Event]) -> Iterator[Event]:
    try:
        yield from events
    except Refused as why:
        raise HypabiError("QEMU", str(why)) from None
    except OSError as failed:
        if failed.errno not in (ENOSPC, EDQUOT):
            raise
        hint = "TMPDIR names another folder"
        raise HypabiError(gettempdir(), failed.strerror or str(failed), hint) from None


def plan_boot(examination: Examination, wanted: Wanted, plugin: Plugin | None) -> BootPlan:
    """Return what to boot, and how.

    :raises HypabiError: QEMU cannot boot it
    """
    first = examination.loaded.images[0]
    architecture = first.architecture
    bare = architecture is Architecture.ARM and first.role is not Role.DECOMPRESSOR
    if bare and not _is_placed(first):
        what = "QEMU boots no bare 32-bit kernel"
        raise HypabiError(examination.loaded.path, what, "name its zImage")
    kernel = Path(examination.loaded.paths[0]).read_bytes() if _is_placed(first) else _flat(first)
    text, seconds = _until(wanted)
    return BootPlan(
        architecture=architecture,
        kernel=kernel,
        tables=tuple(_tables(examination, kernel)),
        processor=wanted.processor or PROCESSORS[architecture],
        cpus=wanted.cpus,
        memory=wanted.memory,
        append=command_line(wanted),
        until=text,
        seconds=seconds,
        silence=wanted.silence,
        console=wanted.console,
        initrd=_initrd(architecture, wanted),
        plugin=plugin,
        callers=wanted.callers,
        calls=_calls(examination),
    )


def _calls(examination: Examination) -> CallWords:
    """Return where a 64-bit kernel calls."""
    kernel = examination.kernel
    if kernel.architecture is not Architecture.ARM64:
        return CallWords()
    hvc, smc = (hvc_words(kernel, conduit) for conduit in (Conduit.HVC, Conduit.SMC))
    return CallWords(tuple(w.address for w in hvc), tuple(w.address for w in smc))


def _initrd(architecture: Architecture, wanted: Wanted) -> bytes | None:
    if not wanted.drive:
        return None
    return initramfs(architecture, wanted.drive, tuple(map(read_module, wanted.modules)))


def _is_placed(image: Image) -> bool:
    """Tell whether a program is an ELF that QEMU puts where its headers say."""
    start, end = image.segments[0].address, image.segments[-1].end
    return start >= RAM and end <= RAM + MOST_PLACED


def _until(wanted: Wanted) -> tuple[bytes | None, float]:
    if wanted.until is None:
        return None, wanted.seconds
    try:
        return None, float(wanted.until)
    except ValueError:
        return wanted.until.encode("utf-8", "surrogateescape"), wanted.seconds


def _flat(image: Image) -> bytes:
    """Return a program as a boot loader places it."""
    base = image.segments[0].address
    content = bytearray()
    for segment in image.segments:
        content += bytes(segment.address - base - len(content)) + bytes(segment.content)
    return bytes(content)


def _tables(examination: Examination, kernel: bytes) -> Iterator[KnownTable]:
    is_a64 = examination.kernel.architecture is Architecture.ARM64
    size = aarch64.VECTOR_TABLE_SIZE if is_a64 else TABLE_SIZE
    starts = {name: table.address for name, (_, table) in examination.found.items()}
    for role, tables in examination.tables.items():
        image = examination.programs[role].image
        for address in tables:
            try:
                content = image.read(address, size)
            except ImageError:
                continue
            first = address == starts.get("stub") or not is_a64
            boots_at = _boots_at(image, address, kernel) if first else None
            yield KnownTable(address, content, boots_at)


def _boots_at(image: Image, address: int, kernel: bytes) -> int:
    """Return where a table lies before any call: with the MMU off, where QEMU put the program."""
    if _is_placed(image):
        return address
    if image.architecture is Architecture.ARM64:
        offset = int.from_bytes(kernel[8:16], "little")
        offset += KERNEL_STEP if offset < LEAST_OFFSET else 0
        return RAM + offset + address - image.segments[0].address
    if image.role is Role.DECOMPRESSOR:
        return RAM + ZIMAGE_AT + address
    # The decompressor puts a kernel at the start of RAM, where its virtual addresses begin.
    return RAM + (address & 0x0FFF_FFFF)
