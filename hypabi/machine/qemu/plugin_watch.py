"""Our plugin of a QEMU that boots a kernel tells every crossing into EL2 or HYP and back.

It sees each ``hvc`` and ``smc`` that is carried out, wherever that is: those of the kernel, of a
guest while it runs, of EL2 itself.  So crossings nest: a CPU has a stack of those not back.
"""

import os
import select
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET
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
    Side,
    VectorsSet,
)
from hypabi.machine.qemu.boot_plan import GLANCE, MOST_CROSSINGS, BootPlan, recognised_table
from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.plugin import Kind, PluginRecord, RecordReader, wanted_names
from hypabi.machine.qemu.target import Refused
from hypabi.machine.qemu.watched_console import WatchedConsole
from hypabi.machine.qemu.watched_registers import EXCEPTION_CLASSES, mode_a32, mode_a64
from hypabi.records import frozen

MOST_OPEN: Final = 32
"""Crossings of one CPU that are not back."""
HCR_VM: Final = 1 << 0
HCR_TSC: Final = 1 << 19
HCR_E2H: Final = 1 << 34
"""Of HCR_EL2 (DDI 0487, D17.2.48): a guest's translation is on; an smc is trapped; EL2 hosts."""
CALLED_A32: Final = {"r11": "r11", "ESR_EL2": "HSR", "VBAR_EL2": "HVBAR", "HCR": "HCR"}
"""What QEMU calls registers of AArch32 by, and what Arm does."""
NOT_SHOWN: Final = frozenset(("pc", "cpsr", "lr", "sp"))


@frozen
class _Seen:
    """A record of a CPU with its registers."""

    time: int
    where: int
    word: int
    registers: Mapping[str, int]
    """By QEMU's names."""


@frozen
class _Open:
    """A crossing that is not back."""

    to: int
    """Where it is expected."""
    mode: str | None
    """Of the caller."""
    by_firmware: bool
    """Whether nobody of ours serves it: QEMU answers at once, or never."""
    of_guest: bool
    """Whether a guest waits for it, which stays where others come back."""


class _Cpu:
    """What is known of one CPU."""

    def __init__(self) -> None:
        self.call: _Seen | None = None
        """An instruction that has not arrived."""
        self.callers: Callers | None = None
        self.open: list[_Open] = []
        self.runs_guest = False
        """Whether EL2 has left for a guest."""


class PluginWatch:
    """One boot on a QEMU that stands still."""

    def __init__(self, plan: BootPlan, stub: Stub, console: WatchedConsole, records: int) -> None:
        self._plan = plan
        self._stub = stub
        self._console = console
        self._records = records
        self._reader = RecordReader()
        self._is_a64 = plan.architecture is Architecture.ARM64
        self._names = wanted_names(plan.architecture)
        self._described: frozenset[str] = frozenset()
        self._cpus: dict[int, _Cpu] = {}
        self._crossings = 0
        self._told = 0

    def events(self) -> Iterator[Event]:
        """Yield what is seen, the end last."""
        self._stub.go()
        end = None
        while end is None:
            self._console.read(0.0)
            end = self._console.end(self._crossings)
            yield from self._console.told()
            yield from self._taken()
            if self._crossings > MOST_CROSSINGS:
                what = f"more than {MOST_CROSSINGS} crossings"
                end = Ended(self._console.now(), EndKind.FULL, what)
            if end is None and self._is_gone():
                yield from self._taken()
                end = self._console.gone(self._crossings)
        yield from self._console.told()
        yield end

    def _is_gone(self) -> bool:
        """Wait until something happens; return whether QEMU has ended."""
        sources = [self._stub.source, self._console.source, self._records]
        if self._stub.source not in select.select(sources, [], [], GLANCE)[0]:
            return False
        try:
            answer = self._stub.stopped(0.0)
        except StubError:
            return True
        return answer is not None and answer[:1] in ("W", "X")

    def _taken(self) -> Iterator[Event]:
        """Yield what the plugin has told since."""
        while select.select([self._records], [], [], 0.0)[0]:
            piece = os.read(self._records, 1 << 16)
            if not piece:
                return
            self._console.stir()
            for record in self._reader.take(piece):
                yield from self._event(record)

    def _event(self, record: PluginRecord) -> Iterator[Event]:
        cpu = self._cpus.setdefault(record.cpu, _Cpu())
        time = self._console.at(record.time)
        match record.kind:
            case Kind.HELLO:
                self._described = frozenset(record.content.decode("ascii", "replace").split())
                missing = [name for name in self._names[:3] if name not in self._described]
                if missing:
                    raise Refused(f"QEMU shows its plugin no {missing[0]}")
            case Kind.FRAMES:
                links = tuple(each for each in record.words if each)
                cpu.callers = Callers(time, record.cpu, links)
                if cpu.call is None:
                    yield from self._callers(cpu)
            case Kind.TABLE:
                yield from self._recognised(record)
            case Kind.VECTORS:
                yield from self._firmware_is_left(cpu, record.cpu, time)
                yield VectorsSet(time, record.cpu, record.words[0])
            case Kind.CALL:
                yield from self._called(cpu, record.cpu, self._seen(record, time))
            case Kind.ENTRY:
                yield from self._entered(cpu, record.cpu, self._seen(record, time))
            case Kind.RETURN:
                yield from self._returned(cpu, record.cpu, self._seen(record, time))
            case _:
                yield from self._landed(cpu, record.cpu, self._seen(record, time))

    def _seen(self, record: PluginRecord, time: int) -> _Seen:
        where, word, *values = record.words
        if len(values) != len(self._names):
            raise Refused("the plugin of QEMU tells nonsense")
        found = dict(zip(self._names, values, strict=True))
        return _Seen(time, where, word, {k: v for k, v in found.items() if k in self._described})

    def _recognised(self, record: PluginRecord) -> Iterator[Recognised]:
        base = int.from_bytes(record.content[:8], "little")
        table = recognised_table(record.content[8:], self._plan.tables)
        if table is not None:
            yield Recognised(base, table.link)

    # ------------------------------------------------------------------------- the way in

    def _called(self, cpu: _Cpu, number: int, seen: _Seen) -> Iterator[Event]:
        """Take an ``hvc`` or ``smc`` that is about to be carried out."""
        yield from self._firmware_is_left(cpu, number, seen.time)
        cpu.call, cpu.callers = seen, None
        mode = self._mode(seen.registers["cpsr"])
        if not self._is_a64 and not _is_at_el2(mode):  # nobody of ours runs a guest there
            yield from self._lost(cpu, number, seen.time)
        hcr = seen.registers.get("HCR_EL2", seen.registers.get("HCR", 0))
        is_trapped = hcr & HCR_TSC and not _is_at_el2(mode)
        if self._instruction(seen.word) is not Instruction.SMC or is_trapped or _is_user(mode):
            return
        cpu.call = None
        immediate = seen.word >> 5 & 0xFFFF if self._is_a64 else seen.word & 0xF
        yield Entered(
            seen.time, number, Instruction.SMC, seen.where, mode, immediate, None, None,
            self._shown(seen), _side(cpu.runs_guest),
        )  # fmt: skip
        opened = _Open(seen.where + 4, mode, by_firmware=True, of_guest=cpu.runs_guest)
        yield from self._opened(cpu, number, opened, seen.time)

    def _entered(self, cpu: _Cpu, number: int, seen: _Seen) -> Iterator[Event]:
        """Take the entry of EL2's or HYP's slot."""
        call, cpu.call = cpu.call, None
        told = seen.registers.get("ESR_EL2", 0)
        instruction = EXCEPTION_CLASSES.get(told >> 26 & 0x3F)
        if call is None or instruction is None:
            return
        mode = self._mode(call.registers["cpsr"])
        base = seen.where - (int(aarch64.Slot.LOWER_AARCH64) if self._is_a64 else HYP_TRAP_OFFSET)
        registers = self._shown(seen)
        is_host_at_el2 = registers.get("HCR_EL2", 0) & HCR_E2H and not _is_at_el2(mode)
        guest, cpu.runs_guest = cpu.runs_guest or bool(is_host_at_el2), False
        if not self._is_a64:
            # DDI 0406C, B9.3.4: HVC saves where it goes on, and the status of its caller.
            registers |= {"ELR_hyp": call.where + 4, "SPSR_hyp": call.registers["cpsr"]}
        yield Entered(
            seen.time, number, instruction, call.where, mode, told & 0xFFFF, seen.where, base,
            registers, _side(guest),
        )  # fmt: skip
        opened = _Open(call.where + 4, mode, by_firmware=False, of_guest=guest)
        yield from self._opened(cpu, number, opened, seen.time)

    def _opened(self, cpu: _Cpu, number: int, opened: _Open, time: int) -> Iterator[Event]:
        self._crossings += 1
        cpu.open.append(opened)
        if cpu.callers is not None:
            yield from self._callers(cpu)
        if len(cpu.open) > MOST_OPEN:
            yield from self._lost(cpu, number, time)

    def _callers(self, cpu: _Cpu) -> Iterator[Callers]:
        """Tell the callers of what has just been entered."""
        if cpu.callers is not None and cpu.open:
            yield cpu.callers
        cpu.callers = None

    # ------------------------------------------------------------------------ the way back

    def _returned(self, cpu: _Cpu, number: int, seen: _Seen) -> Iterator[Event]:
        """Take an ``eret`` of EL2: the way back of a crossing, into a guest, or somewhere else."""
        yield from self._firmware_is_left(cpu, number, seen.time)
        to, status = seen.registers.get("ELR_EL2", 0), seen.registers.get("SPSR_EL2", 0)
        hcr, mode = seen.registers.get("HCR_EL2", 0), mode_a64(status)
        places = [n for n, each in enumerate(cpu.open) if each.to == to and _same(each, mode)]
        if places:
            found = cpu.open.pop(places[-1])
            above = cpu.open[places[-1] :]
            if not (found.of_guest or all(each.of_guest for each in above)):
                yield from (Lost(seen.time, number) for _ in above)
                del cpu.open[places[-1] :]
            yield self._back(number, seen, to, status)
            cpu.runs_guest = found.of_guest
        elif cpu.open and _leaves_for_good(cpu.open[-1], mode, hcr):
            cpu.open.pop()
            yield self._back(number, seen, to, status)
        elif cpu.open and hcr & (HCR_VM | HCR_E2H):
            cpu.runs_guest = not mode.startswith("EL2")
        elif cpu.open:
            yield from self._lost(cpu, number, seen.time)

    def _landed(self, cpu: _Cpu, number: int, seen: _Seen) -> Iterator[Event]:
        """Take the instruction behind a call."""
        cpu.call = None
        mode = self._mode(seen.registers["cpsr"])
        if cpu.open and cpu.open[-1].to == seen.where and cpu.open[-1].mode == mode:
            cpu.open.pop()
            yield self._back(number, seen, seen.where, seen.registers["cpsr"])

    def _back(self, number: int, seen: _Seen, to: int, status: int) -> Back:
        """Return the way back to where a CPU goes on with a status."""
        base = seen.registers.get("VBAR_EL2")
        own = {"PSTATE" if self._is_a64 else "CPSR": status}
        registers = {**self._shown(seen), **own}
        return Back(seen.time, number, to, self._mode(status), base, registers)

    def _lost(self, cpu: _Cpu, number: int, time: int) -> Iterator[Lost]:
        for _ in cpu.open:
            yield Lost(time, number)
        cpu.open.clear()

    def _firmware_is_left(self, cpu: _Cpu, number: int, time: int) -> Iterator[Lost]:
        """Give up what is open where firmware was asked and has not come back: the CPU was off."""
        if cpu.open and cpu.open[-1].by_firmware:
            yield from self._lost(cpu, number, time)

    # --------------------------------------------------------------------------- registers

    def _mode(self, status: int) -> str:
        return mode_a64(status) if self._is_a64 else mode_a32(status)

    def _instruction(self, word: int) -> Instruction:
        if self._is_a64:
            return Instruction.SMC if word & 0x1F == 3 else Instruction.HVC
        is_smc = word & 0x0FFFFFF0 == 0x01600070 or word & 0xFFFFFFF0 == 0x8000F7F0
        return Instruction.SMC if is_smc else Instruction.HVC

    def _shown(self, seen: _Seen) -> dict[str, int]:
        """Return the registers by the architecture's names."""
        if self._is_a64:
            found = {k: v for k, v in seen.registers.items() if k not in NOT_SHOWN}
            return {**found, **_stack_pointer(seen.registers)}
        shown = {k: v & 0xFFFFFFFF for k, v in seen.registers.items() if k not in NOT_SHOWN}
        return {CALLED_A32.get(name, name): value for name, value in shown.items()}


def _stack_pointer(registers: Mapping[str, int]) -> dict[str, int]:
    """Return the stack pointer in use by its name: QEMU's own by that name is the one before."""
    if "sp" not in registers:
        return {}
    status = registers["cpsr"]
    return {f"SP_EL{status >> 2 & 3 if status & 1 else 0}": registers["sp"]}


def _same(open_: _Open, mode: str) -> bool:
    """Tell whether a return can be that of a crossing: to its caller, or to EL2 for good."""
    return open_.mode == mode or mode.startswith("EL2")


def _is_at_el2(mode: str | None) -> bool:
    return mode is not None and (mode.startswith("EL2") or mode == "hyp")


def _leaves_for_good(open_: _Open, mode: str, hcr: int) -> bool:
    """Tell whether EL2 goes on at EL2 with who called from below; a host at EL2 always does."""
    return _is_at_el2(mode) and not _is_at_el2(open_.mode) and not hcr & HCR_E2H


def _side(guest: bool) -> Side:  # noqa: FBT001 - what is told is an enum
    return Side.GUEST if guest else Side.HOST


def _is_user(mode: str) -> bool:
    return mode.startswith("EL0") or mode == "usr"
