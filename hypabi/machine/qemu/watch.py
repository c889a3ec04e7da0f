"""QEMU boots a kernel, and its GDB stub watches every crossing into EL2 or HYP and back.

QEMU before 9.1 lets no plugin read registers, so the stub is the source: a breakpoint at the slot
of each live vector base that an ``hvc`` enters, one at each return that is due.  A breakpoint
compares the program counter alone, on every CPU; whoever meets one that is not meant for it goes
over it.  Nothing is stepped that can be done for the CPU: each stop flushes translated code.
"""

import os
import select
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET, TABLE_SIZE
from hypabi.arch.names import Architecture
from hypabi.machine.crossing import (
    Back,
    Ended,
    EndKind,
    Entered,
    Event,
    Instruction,
    Lost,
    Recognised,
    Step,
)
from hypabi.machine.qemu.driven import DrivenConsole
from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.process import LoadedFile, started
from hypabi.machine.qemu.watched_registers import Registers, registers_of
from hypabi.records import frozen, replace

MOST_CROSSINGS: Final = 100_000
MOST_CONSOLE: Final = 64 << 10
"""Bytes of the console that are searched at once."""
MOST_STEPS: Final = 32
"""Instructions of a 32-bit stub until it returns."""
LEAST_ALIKE: Final = 0.9
"""Part of the words of a table, but for padding, that must be those of the image: the kernel
patches some."""
PADDING: Final = frozenset((bytes.fromhex("1f2003d5"), bytes(4)))
"""``nop`` of A64, and zero."""
START: Final = 60.0
"""Seconds that QEMU may take to answer: loading a kernel takes it some."""
CONNECTED: Final = 120.0
"""Seconds beside those that the kernel may run."""
GLANCE: Final = 0.5
PANIC: Final = b"Kernel panic - not syncing"
NOT_AT_EL2: Final = (b"started at EL1", b"HYP mode not available", b"started in SVC mode")
"""What a kernel prints that has no EL2 or HYP."""
EXCEPTION_CLASSES: Final[Mapping[int, Instruction]] = {
    0x12: Instruction.HVC,
    0x13: Instruction.SMC,
    0x16: Instruction.HVC,
    0x17: Instruction.SMC,
}
"""ESR_EL2.EC, HSR.EC (DDI 0487, D17.2.37): HVC and SMC from AArch32 and from AArch64."""


@frozen
class KnownTable:
    """A vector table of the image."""

    link: int
    content: bytes
    boots_at: int | None
    """Address at which it is live before the first call, where it can be."""


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


EXECUTABLES: Final = {
    Architecture.ARM64: ("qemu-system-aarch64", "virt,virtualization=on,gic-version=3"),
    Architecture.ARM: ("qemu-system-arm", "virt,virtualization=on"),
}
"""QEMU, and its machine with EL2."""


def watch_boot(plan: BootPlan, folder: str) -> Generator[Event, None, None]:
    """Boot, and yield what is seen.

    :param folder: an empty one, for the kernel
    :raises Refused: QEMU does not start, with its own words
    """
    kernel = os.path.join(folder, "kernel")  # noqa: PTH118 - an argument of QEMU
    with open(kernel, "wb") as file:  # noqa: PTH123
        file.write(plan.kernel)
    driven: tuple[str, ...] = ()
    if plan.initrd is not None:
        initrd = os.path.join(folder, "initrd")  # noqa: PTH118
        with open(initrd, "wb") as file:  # noqa: PTH123
            file.write(plan.initrd)
        driven = ("-initrd", initrd)
    executable, machine = EXECUTABLES[plan.architecture]
    source, sink = os.pipe()
    arguments = (
        "-M", machine, "-cpu", plan.processor, "-smp", str(plan.cpus), "-m", str(plan.memory),
        "-nic", "none", "-no-reboot", "-kernel", kernel, "-append", plan.append,
        "-add-fd", f"fd={sink},set=1", "-chardev", "file,id=console,path=/dev/fdset/1,append=on",
        "-serial", "chardev:console", *driven,
    )  # fmt: skip
    files: tuple[LoadedFile, ...] = ()
    lifetime = plan.seconds + CONNECTED
    try:
        with started(executable, arguments, files, START, lifetime, (sink,)) as stub:
            os.close(sink)
            sink = -1
            yield from _Watch(plan, stub, source).events()
    finally:
        os.close(source)
        if sink >= 0:
            os.close(sink)


@frozen
class _Pending:
    """A crossing that has not come back."""

    to: int
    """Where it is expected."""


class _Watch:
    """One boot on a QEMU that stands still."""

    def __init__(self, plan: BootPlan, stub: Stub, console: int) -> None:
        self._plan = plan
        self._stub = stub
        self._console = console
        self._registers: Registers = registers_of(plan.architecture, stub)
        is_a64 = plan.architecture is Architecture.ARM64
        self._slot = int(aarch64.Slot.LOWER_AARCH64) if is_a64 else HYP_TRAP_OFFSET
        self._size = aarch64.VECTOR_TABLE_SIZE if is_a64 else TABLE_SIZE
        self._bases: dict[int, bool] = {}
        """Watched vector bases, and whether their bytes have been looked at."""
        self._pending: dict[int, _Pending] = {}
        self._returns: dict[int, int] = {}
        """How many CPUs are expected at a breakpoint."""
        self._begun = time.monotonic()
        self._printed = b""
        self._last = self._begun
        self._cpu = 0
        self._crossings = 0
        self._remark = ""
        self._driven = DrivenConsole()
        self._steps: list[Step] = []

    def events(self) -> Iterator[Event]:
        """Yield what is seen, the end last."""
        try:
            for table in self._plan.tables:
                if table.boots_at is not None:
                    self._watch(table.boots_at)
            self._stub.go()
            while (end := self._wait()) is None:
                yield from self._told()
                yield from self._stop()
                if self._crossings > MOST_CROSSINGS:
                    what = f"more than {MOST_CROSSINGS} crossings"
                    yield Ended(self._now(), EndKind.FULL, what)
                    return
                self._stub.go()
            yield from self._told()
            yield end
        except StubError as gone:
            yield from self._told()
            yield Ended(self._now(), EndKind.GONE, f"QEMU ended: {gone}")

    def _told(self) -> Iterator[Step]:
        """Yield the steps that were printed since."""
        while self._steps:
            yield self._steps.pop(0)

    def _now(self) -> int:
        return int((time.monotonic() - self._begun) * 1_000_000)

    def _wait(self) -> Ended | None:
        """Wait until a CPU stops, ``None``; or until the run is over."""
        while True:
            self._read_console(0.0)
            if end := self._end():
                return end
            answer = self._stub.stopped(0.0)
            if answer is None:
                ready = select.select([self._stub.source, self._console], [], [], GLANCE)[0]
                if self._stub.source in ready:
                    answer = self._stub.stopped(GLANCE)
            if answer is not None:
                if answer[:1] in ("W", "X"):
                    return self._gone()
                self._cpu = _thread_of(answer)
                self._last = time.monotonic()
                return None

    def _gone(self) -> Ended:
        self._read_console(0.1)
        return self._end() or Ended(self._now(), EndKind.GONE, "QEMU ended by itself")

    def _read_console(self, seconds: float) -> None:
        while select.select([self._console], [], [], seconds)[0]:
            piece = os.read(self._console, 65536)
            if not piece:
                return
            self._last = time.monotonic()
            self._printed = (self._printed + piece)[-MOST_CONSOLE:]
            self._steps.extend(self._driven.take(piece, self._now()))
            self._notice()
            if self._plan.console is not None:
                with suppress(OSError):
                    os.write(self._plan.console, piece)

    def _notice(self) -> None:
        """Keep what the kernel says of having no EL2."""
        for line in self._printed.splitlines() if not self._remark else ():
            if any(words in line for words in NOT_AT_EL2):
                self._remark = line.strip().decode("utf-8", "replace")[:200]

    def _end(self) -> Ended | None:
        """Return the end, where it has come, and why nothing was seen where nothing was."""
        end = self._ending()
        if end is None or self._crossings or not self._remark:
            return end
        what = f"{end.text}; the kernel is not at EL2 or HYP: it printed {self._remark!r}"
        return replace(end, text=what)

    def _ending(self) -> Ended | None:
        now, plan = time.monotonic(), self._plan
        if plan.until is not None and plan.until in self._printed:
            shown = plan.until.decode("utf-8", "replace")
            return Ended(self._now(), EndKind.REACHED, f"{shown!r} was printed")
        if self._driven.is_over:
            what = "all that was asked for was driven"
            return Ended(self._now(), EndKind.REACHED, what)
        if PANIC in self._printed:
            said = self._printed[self._printed.index(PANIC) :].splitlines()[0]
            return Ended(self._now(), EndKind.PANIC, said.decode("utf-8", "replace"))
        if now - self._begun > plan.seconds:
            return Ended(self._now(), EndKind.TIME, f"{plan.seconds:g} s are over")
        if now - self._last > plan.silence:
            what = f"nothing was printed and nothing crossed for {plan.silence:g} s"
            return Ended(self._now(), EndKind.HANG, what)
        return None

    def _stop(self) -> Iterator[Event]:
        """Tell what a CPU has stopped for, and bring it on."""
        pc = self._registers.pc()
        if self._registers.is_at_el2() and pc - self._slot in self._bases:
            yield from self._entered(pc)
            return
        due = self._pending.get(self._cpu)
        if due is not None and due.to == pc:
            self._forget(self._cpu)
            yield self._back(pc)
            if pc in self._returns:
                self._step_over(pc)
            return
        if pc in self._returns or pc - self._slot in self._bases:
            self._step_over(pc)

    def _entered(self, pc: int) -> Iterator[Event]:
        base = pc - self._slot
        told = self._registers.syndrome()
        instruction = EXCEPTION_CLASSES.get(told >> 26)
        if instruction is None:  # the slot takes other exceptions, too
            self._go_on(pc)
            return
        if not self._bases[base]:
            yield from self._recognise(base)
        self._crossings += 1
        if self._cpu in self._pending:
            self._forget(self._cpu)
            yield Lost(self._now(), self._cpu)
        seen = self._registers.at_entry()
        link = self._registers.link()
        caller = None if link is None else link - (4 if instruction is Instruction.HVC else 0)
        mode = self._registers.callers_mode()
        yield Entered(
            self._now(), self._cpu, instruction, caller, mode, told & 0xFFFF, pc, base, seen
        )
        if link is None:
            yield from self._follow(pc)
            return
        self._pending[self._cpu] = _Pending(link)
        self._returns[link] = self._returns.get(link, 0) + 1
        if self._returns[link] == 1:
            self._stub.set_breakpoint(link)
        self._go_on(pc)

    def _follow(self, pc: int) -> Iterator[Event]:
        """Step a stub whose return address cannot be seen until it leaves Hyp mode."""
        self._stub.clear_breakpoint(pc)
        for _ in range(MOST_STEPS):
            if not self._stub.step_thread(self._cpu + 1, START):
                break
            if not self._registers.is_at_el2():
                yield self._back(self._registers.pc())
                break
        self._stub.set_breakpoint(pc)

    def _back(self, pc: int) -> Back:
        base = self._registers.vectors()
        mode = self._registers.mode()
        if base is not None and not self._registers.is_at_el2():
            self._watch(base)
        return Back(self._now(), self._cpu, pc, mode, base, self._registers.at_exit())

    def _watch(self, base: int) -> None:
        if base not in self._bases:
            self._bases[base] = False
            self._stub.set_breakpoint(base + self._slot)

    def _forget(self, cpu: int) -> None:
        to = self._pending.pop(cpu).to
        self._returns[to] -= 1
        if not self._returns[to]:
            del self._returns[to]
            self._stub.clear_breakpoint(to)

    def _recognise(self, base: int) -> Iterator[Recognised]:
        """Compare what lies at a vector base, as EL2 sees it, with the tables of the image."""
        self._bases[base] = True
        content = self._stub.read(base, self._size)
        if content is None:
            return
        table = _recognised(content, self._plan.tables)
        if table is not None:
            yield Recognised(base, table.link)

    def _go_on(self, pc: int) -> None:
        """Carry out the instruction under a breakpoint."""
        word = self._stub.read(pc, 4)
        target = None if word is None else self._registers.branch(word, pc)
        if target is not None:
            self._registers.jump(target)
        elif word is None or not self._registers.push(word, pc):
            self._step_over(pc)

    def _step_over(self, pc: int) -> None:
        self._stub.clear_breakpoint(pc)
        self._stub.step_thread(self._cpu + 1, START)
        self._stub.set_breakpoint(pc)


def _recognised(content: bytes, tables: tuple[KnownTable, ...]) -> KnownTable | None:
    """Return the one table of the image that lies there, some words of it patched perhaps."""
    same = [each for each in tables if each.content == content]
    alike = same or [each for each in tables if _are_alike(content, each.content)]
    return alike[0] if len(alike) == 1 else None


def _are_alike(content: bytes, known: bytes) -> bool:
    words = [(content[at : at + 4], known[at : at + 4]) for at in range(0, len(known), 4)]
    telling = [pair for pair in words if not set(pair) <= PADDING]
    same = sum(a == b for a, b in telling)
    return bool(telling) and same >= LEAST_ALIKE * len(telling)


def _thread_of(answer: str) -> int:
    """Return which CPU has stopped: QEMU's thread is the CPU and one (``T05thread:01;``)."""
    _, found, rest = answer.partition("thread:")
    digits = rest.partition(";")[0].rpartition(".")[2]
    try:
        return int(digits, 16) - 1 if found else 0
    except ValueError:
        raise StubError(f"a stop is told as {answer[:40]}") from None
