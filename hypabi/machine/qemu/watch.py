"""QEMU boots a kernel, and what crosses into EL2 or HYP and back is told as it happens.

Our plugin tells it where QEMU can load one that reads registers (9.1 on), else the GDB stub.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import Final

from hypabi.machine.crossing import Event
from hypabi.machine.qemu.boot_plan import EXECUTABLES, START, BootPlan
from hypabi.machine.qemu.plugin import plugin_argument
from hypabi.machine.qemu.plugin_watch import PluginWatch
from hypabi.machine.qemu.process import started
from hypabi.machine.qemu.stub_watch import StubWatch
from hypabi.machine.qemu.watched_console import WatchedConsole
from hypabi.records import replace

CONNECTED: Final = 120.0
"""Seconds beside those that the kernel may run."""


def watch_boot(plan: BootPlan, folder: str) -> Generator[Event, None, None]:
    """Boot, and yield what is seen.

    :param folder: an empty one, for the kernel
    :raises Refused: QEMU does not start, with its own words
    """
    executable, _ = EXECUTABLES[plan.architecture]
    with ExitStack() as stack:
        console, console_sink = _pipe(stack)
        records, record_sink = _pipe(stack)
        sinks = (console_sink.fileno(), record_sink.fileno())
        arguments = _arguments(plan, folder, *sinks)
        plan = replace(plan, kernel=b"", initrd=None)  # QEMU has them, and a boot may take long
        lifetime = plan.seconds + CONNECTED
        with started(executable, arguments, (), START, lifetime, sinks) as stub:
            console_sink.close()
            record_sink.close()
            watched = WatchedConsole(plan, console.fileno())
            if plan.plugin is None:
                yield from StubWatch(plan, stub, watched).events()
            else:
                yield from PluginWatch(plan, stub, watched, records.fileno()).events()


def _pipe(stack: ExitStack) -> tuple[FileIO, FileIO]:
    """Return the ends of a pipe, which are closed in the end if they are not before."""
    source, sink = os.pipe()
    return stack.enter_context(FileIO(source, "rb")), stack.enter_context(FileIO(sink, "wb"))


def _arguments(plan: BootPlan, folder: str, console: int, records: int) -> tuple[str, ...]:
    """Return QEMU's arguments, and write the files that they name."""
    kernel = _file(folder, "kernel", plan.kernel)
    _, machine = EXECUTABLES[plan.architecture]
    arguments: tuple[str, ...] = (
        "-M", machine, "-cpu", plan.processor, "-smp", str(plan.cpus), "-m", str(plan.memory),
        "-nic", "none", "-no-reboot", "-kernel", kernel, "-append", plan.append,
        "-add-fd", f"fd={console},set=1",
        "-chardev", "file,id=console,path=/dev/fdset/1,append=on", "-serial", "chardev:console",
    )  # fmt: skip
    if plan.initrd is not None:
        arguments += ("-initrd", _file(folder, "initrd", plan.initrd))
    if plan.plugin is not None:
        told = plugin_argument(plan.plugin, plan.architecture, records, frames=plan.callers)
        arguments += told
    return arguments


def _file(folder: str, name: str, content: bytes) -> str:
    path = Path(folder, name)
    path.write_bytes(content)
    return str(path)
