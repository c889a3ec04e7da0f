"""QEMU's log of exceptions: lines as QEMU 7.2 wrote them, and what may be concluded from them."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.decode.place import FileError
from hypabi.machine.crossing import Back, Entered, Instruction
from hypabi.tracing.qemu_log import is_qemu_log, read_qemu_log
from tests.tracing.events import STUB, traced
from tests.tracing.qemu_lines import BACK, HVC, LINK

IRQ = """Taking exception 5 [IRQ] on CPU 2
...from EL1 to EL1
...with ESR 0x15/0x56000000
...with ELR 0xffff800008010a94
...to EL1 PC 0xffff800008011280 PSTATE 0x3c5
Exception return from AArch64 EL1 to AArch64 EL1 PC 0xffff800008010a94
"""
SMC = """Taking exception 13 [Secure Monitor Call] on CPU 0
...from EL1 to EL3
...with ESR 0x17/0x5e000000
...handled as PSCI call
"""
HVC_32 = """Taking exception 11 [Hypervisor Call] on CPU 0
...from EL1 to EL2
...with ESR 0x12/0x4a000000
Exception return from AArch32 hyp to svc PC 0x40014974
"""


def read(text: str, architecture: Architecture = Architecture.ARM64) -> tuple[object, ...]:
    assert is_qemu_log(text.encode())
    return read_qemu_log(text.encode(), "log", architecture)[1][:-1]


def test_a_hypercall_and_its_return_are_read() -> None:
    call = Entered(
        None, 2, Instruction.HVC, LINK - 4, "EL1", 0, STUB + 0x20000400, STUB + 0x20000000, {}
    )
    assert read(HVC + BACK) == (call, Back(None, 2, LINK, "EL1", None, {}))


def test_interrupts_of_el1_are_no_crossings() -> None:
    assert read(IRQ + HVC + IRQ + BACK) == read(HVC + BACK)


def test_an_smc_that_qemu_answers_is_back_at_once() -> None:
    call, answer, *_ = read(SMC + HVC)
    assert isinstance(call, Entered)
    assert (call.instruction, call.caller, call.cpu) == (Instruction.SMC, None, 0)
    assert answer == Back(None, 0, None, None, None, {})


def test_a_32_bit_log_says_where_a_call_comes_back_to() -> None:
    call, answer = read(HVC_32, Architecture.ARM)
    assert isinstance(call, Entered)
    assert call.vectors is None
    assert answer == Back(None, 0, 0x40014974, "svc", None, {})


def test_a_log_without_hypercalls_is_refused() -> None:
    with pytest.raises(FileError, match="no hypercall"):
        read_qemu_log(IRQ.encode(), "log", Architecture.ARM64)


def test_a_call_is_named_where_its_callers_code_can_ask_for_one_only() -> None:
    header, events = read_qemu_log((HVC + BACK).encode(), "log", Architecture.ARM64)
    result = traced(*events[:-1], header=header)
    (found,) = result.crossings
    assert (found.place, found.call) == ("__hyp_set_vectors+0x8", "HVC_SET_VECTORS")
    assert (found.party, found.verdict.value) == ("stub", "undecided")
    assert result.assumed
