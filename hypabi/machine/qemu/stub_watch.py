"""The GDB stub of a QEMU that boots a kernel watches every crossing into EL2 or HYP and back.

A breakpoint stands at the slot of each live vector base that an ``hvc`` enters, one at each return
that is due.  It compares the program counter alone, on every CPU; whoever meets one that is not
meant for it goes over it.  Nothing is stepped that can be done for the CPU: each stop flushes
translated code.  Where much else enters the slot, as with KVM in protected mode, the breakpoint
goes to where an ``hvc`` alone gets, and each ``smc`` of the kernel gets one of its own.
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
from hypabi.machine.qemu.watched_registers import (
    EXCEPTION_CLASSES,
    Registers,
    entry_of_calls,
    registers_of,
)

MANY: Final = 4
"""Other exceptions in the slot of a vector base after which hypercalls are told apart."""
MOST_SMC: Final = 256
PAGE: Final = 0x1000
"""What a kernel is moved by, at least."""
SMC: Final = 0xD4000003
MOST_STEPS: Final = 32
"""Instructions of a 32-bit stub until it returns."""


class StubWatch:
    """One boot on a QEMU that stands still."""

    def __init__(self, plan: BootPlan, stub: Stub, console: WatchedConsole) -> None:
        self._plan = plan
        self._stub = stub
        self._console = console
        self._registers: Registers = registers_of(plan.architecture, stub)
        self._is_a64 = plan.architecture is Architecture.ARM64
        self._slot = int(aarch64.Slot.LOWER_AARCH64) if self._is_a64 else HYP_TRAP_OFFSET
        self._size = aarch64.VECTOR_TABLE_SIZE if self._is_a64 else TABLE_SIZE
        self._bases: dict[int, bool] = {}
        """Watched vector bases, and whether their bytes have been looked at."""
        self._entries: dict[int, int] = {}
        """The vector base of each breakpoint at which a call is met."""
        self._inner: dict[int, int] = {}
        """By vector base, where an ``hvc`` alone gets."""
        self._others: dict[int, int] = {}
        """How many other exceptions have entered the slot of a vector base."""
        self._outside: dict[int, int] = {}
        """Vector bases of which much else was seen, by where it will be back."""
        self._caller = 0
        """Address of the last ``hvc``."""
        self._smc: set[int] = set()
        """Where the kernel has ``smc``, if that is watched."""
        self._pending: dict[int, int] = {}
        """By CPU, where a crossing that has not come back is expected."""
        self._returns: dict[int, int] = {}
        """How many are expected at a breakpoint: CPUs that come back, and who makes an ``smc``."""
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
                return None

    def _stop(self) -> Iterator[Event]:
        """Tell what a CPU has stopped for, and bring it on."""
        pc = self._registers.pc()
        if self._registers.is_at_el2() and pc in self._entries:
            yield from self._entered(pc, self._entries[pc])
            return
        if pc in self._outside:
            self._release(pc)
            self._tell_apart(self._outside.pop(pc))
        due = self._pending.get(self._cpu)
        if due == pc:
            self._forget(self._cpu)
            if self._plan.callers:
                yield Callers(self._now(), self._cpu, tuple(self._registers.callers()))
            yield self._back(pc)
        if pc in self._smc:
            yield from self._into(pc)
        elif pc in self._returns or pc in self._entries:
            self._carry_out(pc)

    def _into(self, pc: int) -> Iterator[Event]:
        """Step into EL2 where an ``smc`` is trapped."""
        self._step_over(pc)
        base = self._registers.pc() - self._slot
        if self._registers.is_at_el2() and base in self._bases:
            yield from self._entered(base + self._slot, base)

    def _entered(self, pc: int, base: int) -> Iterator[Event]:
        if not self._bases[base]:
            yield from self._recognise(base)
        told = self._registers.syndrome()
        instruction = EXCEPTION_CLASSES.get(told >> 26)
        if instruction is None:  # the slot takes other exceptions, too
            self._count_other(base)
            self._go_on(pc)
            return
        self._console.stir()
        self._crossings += 1
        if self._cpu in self._pending:
            self._forget(self._cpu)
            yield Lost(self._now(), self._cpu)
        is_behind = pc != base + self._slot
        registers = self._registers
        seen = registers.at_entry_behind_push() if is_behind else registers.at_entry()
        link = registers.link()
        caller = None if link is None else link - (4 if instruction is Instruction.HVC else 0)
        mode = self._registers.callers_mode()
        yield Entered(
            self._now(), self._cpu, instruction, caller, mode, told & 0xFFFF, base + self._slot,
            base, seen,
        )  # fmt: skip
        if link is None:
            yield from self._follow(pc)
            return
        # Whoever serves an smc that is trapped goes on behind it (DDI 0487, D1.3.5).
        to = link if instruction is Instruction.HVC else link + 4
        if instruction is Instruction.HVC:
            self._caller = to - 4
        self._pending[self._cpu] = to
        self._expect(to)
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
        self._console.stir()
        base = self._registers.vectors()
        mode = self._registers.mode()
        if base is not None and not self._registers.is_at_el2():
            self._watch(base)
        return Back(self._now(), self._cpu, pc, mode, base, self._registers.at_exit())

    def _watch(self, base: int) -> None:
        if base not in self._bases:
            self._bases[base] = False
            self._entries[base + self._slot] = base
            self._stub.set_breakpoint(base + self._slot)

    def _count_other(self, base: int) -> None:
        """Count what else enters a slot; when it is much, stop once behind it, out of EL2."""
        self._others[base] = self._others.get(base, 0) + 1
        link = self._registers.link()
        if self._others[base] % MANY or base not in self._inner or link is None:
            return
        if link not in self._outside:
            self._outside[link] = base
            self._expect(link)

    def _tell_apart(self, base: int) -> None:
        """Stop for hypercalls alone instead of all that enters a slot, and for each ``smc``.

        The kernel's memory is seen as the CPU that has stopped sees it.
        """
        inner = self._inner.get(base)
        found = self._smc_near(self._caller) if self._registers.traps_smc() else set()
        if inner is None or found is None:
            return
        for address in sorted(found - self._smc):
            self._expect(address)
        self._smc |= found
        slot = base + self._slot
        del self._inner[base]
        del self._entries[slot]
        self._stub.clear_breakpoint(slot)
        self._entries[inner] = base
        self._stub.set_breakpoint(inner)

    def _smc_near(self, hvc: int) -> set[int] | None:
        """Return where the kernel has ``smc`` that runs an ``hvc``, ``None`` if nothing tells."""
        words = self._plan.calls.smc[:MOST_SMC]
        moved = (hvc - each for each in self._plan.calls.hvc)
        for by in (each for each in moved if not each % PAGE):
            seen = {each + by: self._word(each + by) for each in words}
            if SMC in seen.values():  # some are patched, and some are in pages that EL2 has not yet
                return {address for address, word in seen.items() if word in (SMC, None)}
        return None

    def _word(self, address: int) -> int | None:
        content = self._stub.read(address & (1 << 64) - 1, 4)
        return None if content is None else int.from_bytes(content, "little")

    def _expect(self, address: int) -> None:
        self._returns[address] = self._returns.get(address, 0) + 1
        if self._returns[address] == 1:
            self._stub.set_breakpoint(address)

    def _forget(self, cpu: int) -> None:
        self._release(self._pending.pop(cpu))

    def _release(self, address: int) -> None:
        self._returns[address] -= 1
        if not self._returns[address]:
            del self._returns[address]
            self._stub.clear_breakpoint(address)

    def _recognise(self, base: int) -> Iterator[Recognised]:
        """Compare what lies at a vector base, as EL2 sees it, with the tables of the image."""
        self._bases[base] = True
        content = self._stub.read(base, self._size)
        if content is None:
            return
        slot = base + self._slot
        inner = entry_of_calls(content[self._slot :], slot) if self._is_a64 else None
        if inner is not None:
            self._inner[base] = inner
        table = recognised_table(content, self._plan.tables)
        if table is not None:
            yield Recognised(base, table.link)

    def _go_on(self, pc: int) -> None:
        """Go on at the slot of a vector base, where there is a breakpoint perhaps."""
        if pc in self._entries:
            self._carry_out(pc)

    def _carry_out(self, pc: int) -> None:
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
