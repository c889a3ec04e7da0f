"""What the plugin tells becomes crossings: nested, of guests, past EL2, and those that are lost."""

import os
import struct
from collections.abc import Mapping

import pytest

from hypabi.arch.names import Architecture
from hypabi.machine.crossing import Back, Entered, Event, Instruction, Lost, Side, VectorsSet
from hypabi.machine.qemu.boot_plan import BootPlan
from hypabi.machine.qemu.gdb import Stub
from hypabi.machine.qemu.plugin import Kind, wanted_names
from hypabi.machine.qemu.plugin_watch import PluginWatch
from hypabi.machine.qemu.target import Refused
from hypabi.machine.qemu.watched_console import WatchedConsole

PLAN = BootPlan(
    Architecture.ARM64, b"", (), "cortex-a57", 1, 512, "", None, 60.0, 60.0, None
)  # fmt: skip
EL0, EL1, EL2 = 0x0, 0x5, 0x9
HVC, SMC, ERET = 0xD4000002, 0xD4000003, 0xD69F03E0
HVC_SYNDROME, SMC_SYNDROME = 0x5A000000, 0x5E000000
BASE, KERNEL, GUEST = 0x4114_6000, 0xFFFF_8000_0000_1000, 0x4000_0000
GUEST_RUNS = {"HCR_EL2": 1}
TRAPS_SMC = {"HCR_EL2": 1 << 19}
HOST_AT_EL2 = {"HCR_EL2": 1 << 34}
Registers = Mapping[str, int]
NAMES = wanted_names(Architecture.ARM64)


def record(kind: int, where: int, word: int, registers: Registers, cpu: int = 0) -> bytes:
    known = {"VBAR_EL2": BASE, **registers}
    words = (where, word, *(known.get(name, 0) for name in NAMES))
    return _record(kind, struct.pack(f"={len(words)}Q", *words), cpu)


def _record(kind: int, content: bytes, cpu: int = 0) -> bytes:
    return struct.pack("=IHHQ", 16 + len(content), kind, cpu, 0) + content


def call(at: int, word: int = HVC, status: int = EL1, **registers: int) -> bytes:
    return record(Kind.CALL, at, word, {"cpsr": status, **registers})


def entry(syndrome: int = HVC_SYNDROME, **registers: int) -> bytes:
    return record(Kind.ENTRY, BASE + 0x400, 0, {"cpsr": EL2, "ESR_EL2": syndrome, **registers})


def eret(to: int, status: int = EL1, **registers: int) -> bytes:
    seen = {"cpsr": EL2, "ELR_EL2": to, "SPSR_EL2": status, **registers}
    return record(Kind.RETURN, BASE + 0x800, ERET, seen)


def landing(at: int, status: int = EL1, **registers: int) -> bytes:
    return record(Kind.LANDING, at, 0, {"cpsr": status, **registers})


def watched(*records: bytes) -> list[Event]:
    """Return what is told of a QEMU that has ended, but for the end."""
    told = _record(Kind.HELLO, " ".join(NAMES).encode()) + b"".join(records)
    source, sink = os.pipe()
    console, printed = os.pipe()
    answers, answer = os.pipe()
    packets, packet = os.pipe()
    os.write(sink, told)
    for end in (sink, printed, answer):
        os.close(end)
    watch = PluginWatch(PLAN, Stub(answers, packet, 1.0), WatchedConsole(PLAN, console), source)
    found = list(watch.events())
    for end in (source, console, answers, packets, packet):
        os.close(end)
    return found[:-1]


def told(events: list[Event]) -> list[str]:
    """Return the crossings by who calls and where, and how each ends."""
    words = []
    for event in events:
        match event:
            case Entered():
                assert event.side is not None and event.caller is not None
                words.append(f"{event.side.value} {event.instruction.value} {event.caller:#x}")
            case Back():
                words.append(f"back {event.to:#x} {event.mode}")
            case Lost():
                words.append("lost")
            case _:
                pass
    return words


def test_a_call_is_what_its_slot_is_entered_for_and_is_back_at_the_eret_to_behind_it() -> None:
    entered, back = watched(call(KERNEL), entry(x0=3), eret(KERNEL + 4, x0=7))
    assert isinstance(entered, Entered)
    assert (entered.instruction, entered.caller, entered.mode) == (Instruction.HVC, KERNEL, "EL1h")
    assert (entered.vectors, entered.registers["x0"], entered.side) == (BASE, 3, Side.HOST)
    assert isinstance(back, Back)
    assert (back.to, back.mode, back.registers["x0"]) == (KERNEL + 4, "EL1h", 7)
    assert back.registers["PSTATE"] == EL1


def test_an_hvc_that_never_reaches_el2_is_no_crossing() -> None:
    assert watched(call(KERNEL, status=EL0)) == []
    assert watched(call(KERNEL), landing(KERNEL + 4)) == []


def test_an_smc_goes_past_el2_unless_it_traps_it() -> None:
    past = watched(call(KERNEL, SMC), landing(KERNEL + 4))
    assert told(past) == [f"host smc {KERNEL:#x}", f"back {KERNEL + 4:#x} EL1h"]
    assert isinstance(past[0], Entered) and past[0].entry is None
    trapped = watched(call(KERNEL, SMC, **TRAPS_SMC), entry(SMC_SYNDROME), eret(KERNEL + 4))
    assert told(trapped) == told(past)
    assert isinstance(trapped[0], Entered) and trapped[0].entry == BASE + 0x400


def test_the_call_of_a_guest_stands_within_the_one_that_runs_it() -> None:
    events = watched(
        call(KERNEL), entry(), eret(GUEST, **GUEST_RUNS),
        call(GUEST + 8), entry(), eret(GUEST + 12, **GUEST_RUNS),
        eret(KERNEL + 4),
    )  # fmt: skip
    assert told(events) == [
        f"host hvc {KERNEL:#x}", f"guest hvc {GUEST + 8:#x}",
        f"back {GUEST + 12:#x} EL1h", f"back {KERNEL + 4:#x} EL1h",
    ]  # fmt: skip


def test_a_guest_that_the_host_answers_waits_while_the_host_comes_back() -> None:
    events = watched(
        call(KERNEL), entry(), eret(GUEST, **GUEST_RUNS),
        call(GUEST + 8), entry(), eret(KERNEL + 4),
        call(KERNEL), entry(), eret(GUEST + 12, **GUEST_RUNS), eret(KERNEL + 4),
    )  # fmt: skip
    assert told(events)[2:] == [
        f"back {KERNEL + 4:#x} EL1h", f"host hvc {KERNEL:#x}",
        f"back {GUEST + 12:#x} EL1h", f"back {KERNEL + 4:#x} EL1h",
    ]  # fmt: skip


def test_where_the_host_is_at_el2_whoever_calls_from_el1_is_a_guest() -> None:
    (entered,) = watched(call(GUEST + 8), entry(**HOST_AT_EL2))
    assert isinstance(entered, Entered)
    assert entered.side is Side.GUEST


def test_a_cpu_that_was_off_has_lost_what_was_not_back() -> None:
    events = watched(
        call(KERNEL, SMC, **TRAPS_SMC), entry(SMC_SYNDROME),
        call(BASE + 0x900, SMC, EL2), eret(KERNEL + 0x8000), call(KERNEL), entry(),
    )  # fmt: skip
    assert told(events)[2:] == ["lost", "lost", f"host hvc {KERNEL:#x}"]


def test_a_kernel_that_is_entered_anew_has_lost_the_call_that_did_it() -> None:
    assert told(watched(call(KERNEL), entry(), eret(0x4200_0000)))[1:] == ["lost"]


def test_control_that_stays_at_el2_for_good_is_back_there() -> None:
    events = watched(call(KERNEL), entry(), eret(0x4200_0000, EL2))
    assert told(events)[1:] == ["back 0x42000000 EL2h"]


def test_a_host_at_el2_that_returns_to_itself_has_not_answered_its_guest() -> None:
    events = watched(
        call(GUEST + 8), entry(**HOST_AT_EL2), eret(KERNEL, EL2, **HOST_AT_EL2),
        eret(GUEST + 12, **HOST_AT_EL2),
    )  # fmt: skip
    assert told(events)[1:] == [f"back {GUEST + 12:#x} EL1h"]


def test_the_stack_pointer_in_use_is_that_of_its_level() -> None:
    entered, _ = watched(call(KERNEL), entry(sp=0x8000, SP_EL2=1, SP_EL1=2), eret(KERNEL + 4))
    assert isinstance(entered, Entered)
    assert (entered.registers["SP_EL2"], entered.registers["SP_EL1"]) == (0x8000, 2)
    assert "sp" not in entered.registers


def test_vectors_that_el2_writes_meanwhile_are_told() -> None:
    written = _record(Kind.VECTORS, struct.pack("=Q", 0x101))
    _, found = watched(call(KERNEL), entry(), written)
    assert isinstance(found, VectorsSet)
    assert found.vectors == 0x101


def test_a_qemu_that_does_not_describe_what_is_needed_is_refused() -> None:
    with pytest.raises(Refused, match="shows its plugin no VBAR_EL2"):
        watched(_record(Kind.HELLO, b"pc cpsr x0 "))
