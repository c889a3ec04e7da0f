"""The GDB stub of a QEMU that boots a kernel watches every crossing into EL2 or HYP and back.

A breakpoint stands at the slot of each live vector base that an ``hvc`` enters, one at each return
that is due.  It compares the program counter alone, on every CPU; whoever meets one that is not
meant for it goes over it.  Nothing is stepped that can be done for the CPU: each stop flushes
translated code.
"""

import select
from collections.abc import Iterator
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET, TABLE_SIZE
from hypabi.arch.names import Architecture
from hypabi.machine.crossing import (
    Back,
    Callers,
    Ended,
    EndKind,
    Entered,
    Event,
    Instruction,
    Lost,
    Recognised,
)
from hypabi.machine.qemu.boot_plan import GLANCE, MOST_CROSSINGS, START, BootPlan, recognised_table
from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.watched_console import WatchedConsole
from hypabi.machine.qemu.watched_registers import EXCEPTION_CLASSES, Registers, registers_of
from hypabi.records import frozen

MOST_STEPS: Final = 32
"""Instructions of a 32-bit stub until it returns."""


@frozen
class _Pending:
    """A crossing that has not come back."""

    to: int
    """Where it is expected."""


class StubWatch:
    """One boot on a QEMU that stands still."""

    def __init__(self, plan: BootPlan, stub: Stub, console: WatchedConsole) -> None:
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
        self._cpu = 0
        self._crossings = 0

    def events(self) -> Iterator[Event]:
        """Yield what is seen, the end last."""
        try:
            for table in self._plan.tables:
                if table.boots_at is not None:
                    self._watch(table.boots_at)
            self._stub.go()
            while (end := self._wait()) is None:
                yield from self._console.told()
                yield from self._stop()
                if self._crossings > MOST_CROSSINGS:
                    what = f"more than {MOST_CROSSINGS} crossings"
                    yield Ended(self._now(), EndKind.FULL, what)
                    return
                self._stub.go()
            yield from self._console.told()
            yield end
        except StubError as gone:
            yield from self._console.told()
            yield Ended(self._now(), EndKind.GONE, f"QEMU ended: {gone}")

    def _now(self) -> int:
        return self._console.now()

    def _wait(self) -> Ended | None:
        """Wait until a CPU stops, ``None``; or until the run is over."""
        while True:
            self._console.read(0.0)
            if end := self._console.end(self._crossings):
                return end
            answer = self._stub.stopped(0.0)
            if answer is None:
                ready = select.select([self._stub.source, self._console.source], [], [], GLANCE)[0]
                if self._stub.source in ready:
                    answer = self._stub.stopped(GLANCE)
            if answer is not None:
                if answer[:1] in ("W", "X"):
                    return self._console.gone(self._crossings)
                self._cpu = _thread_of(answer)
                self._console.stir()
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
            if self._plan.callers:
                yield Callers(self._now(), self._cpu, tuple(self._registers.callers()))
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
        # Whoever serves an smc that is trapped goes on behind it (DDI 0487, D1.3.5).
        to = link if instruction is Instruction.HVC else link + 4
        self._pending[self._cpu] = _Pending(to)
        self._returns[to] = self._returns.get(to, 0) + 1
        if self._returns[to] == 1:
            self._stub.set_breakpoint(to)
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
        table = recognised_table(content, self._plan.tables)
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


def _thread_of(answer: str) -> int:
    """Return which CPU has stopped: QEMU's thread is the CPU and one (``T05thread:01;``)."""
    _, found, rest = answer.partition("thread:")
    digits = rest.partition(";")[0].rpartition(".")[2]
    try:
        return int(digits, 16) - 1 if found else 0
    except ValueError:
        raise StubError(f"a stop is told as {answer[:40]}") from None
