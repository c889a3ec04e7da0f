import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.machine.observation import NotRun, Observation, Outside
from hypabi.machine.protocol import Machine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.qemu.processors import PROCESSORS, Processor, processor_of
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, Limits, MachineState
from tests.inputs import ROOT
from tests.machine.conformance import Conformance32, Conformance64
from tests.machine.programs import BASE, there

NOP = {
    Architecture.ARM64: bytes.fromhex("1f2003d5"),
    Architecture.ARM: bytes.fromhex("00f020e3"),
}


def nop(architecture: Architecture, **registers: int) -> MachineState:
    """Return a state that runs off its memory after one instruction."""
    state = InstructionSet.A64 if architecture is Architecture.ARM64 else InstructionSet.A32
    return start_state(Level.CALLER, BASE, (Extent(BASE, NOP[architecture]),), registers, state)


STATE = nop(Architecture.ARM64)
NO_LIMITS = Limits()


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Qemu()


class TestConformance64(Conformance64):
    pass


class TestConformance32(Conformance32):
    pass


def observed(machine: Qemu, state: MachineState) -> Observation:
    seen = there(machine.run(state, NO_LIMITS))
    assert seen.ending == Outside(BASE + 4)
    return seen


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda processor: processor.name)
def test_a_processor_reads_what_our_table_says(processor: Processor) -> None:
    observed(Qemu(processor.name), _state_of(processor))


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda processor: processor.name)
def test_a_state_runs_on_the_processor_that_it_is_of(processor: Processor) -> None:
    state = _state_of(processor)
    assert processor_of(state) is processor
    assert observed(Qemu(), state).machine.endswith(f" {processor.name}")


def test_a_processor_that_reads_something_else_does_not_run_the_state() -> None:
    observed(Qemu(), STATE)
    seen = Qemu("cortex-a57").run(nop(Architecture.ARM64, MIDR_EL1=0x1234), NO_LIMITS)
    assert isinstance(seen, NotRun)
    assert "its MIDR_EL1 is 0x411fd070, and the state gives 0x1234" in seen.reason


def _state_of(processor: Processor) -> MachineState:
    return nop(processor.architecture, **processor.identification)


def test_memory_that_virt_does_not_have_is_not_run() -> None:
    observed(Qemu(), STATE)
    low = start_state(Level.CALLER, 0x900_0000, (Extent(0x900_0000, bytes(8)),), {})
    seen = Qemu().run(low, NO_LIMITS)
    assert isinstance(seen, NotRun)
    assert "no RAM at 0x9000000" in seen.reason


def test_a_register_that_the_processor_lacks_is_named() -> None:
    observed(Qemu(), STATE)
    seen = Qemu("cortex-a57").run(nop(Architecture.ARM64, ZCR_EL2=0), NO_LIMITS)
    assert isinstance(seen, NotRun)
    assert seen.reason == "the processor has no ZCR_EL2"


VERSION = "QEMU emulator version 7.2.0"
ANSWERS = f"[ $1 = --version ] && echo {VERSION} ||"
STUBS = {
    "missing": (None, "is not installed"),
    "old": ("echo QEMU emulator version 4.2.1", "QEMU 4.2.1 is too old"),
    "strange": ("echo hello", "does not say which version"),
    "dying": (
        f"{ANSWERS} {{ echo no memory >&2; exit 1; }}",
        "no mem",
    ),
    "silent": (f"{ANSWERS} sleep 60", "no answer"),
    "hanging": ("sleep 60", "--version hangs"),
    "babbling": (f"{ANSWERS} yes '$garbage#00'", ""),
    "flooding": (f"{ANSWERS} yes", ""),
}


@pytest.mark.parametrize("name", STUBS)
def test_a_qemu_that_is_of_no_use_is_not_run_and_gone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, reason = STUBS[name]
    path = os.environ["PATH"]
    if script is not None:
        fake = tmp_path / "qemu-system-aarch64"
        fake.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\n{script}\n", encoding="ascii")
        fake.chmod(0o755)
    else:
        path = ""
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    began = time.monotonic()
    seen = Qemu(patience=0.5).run(STATE, NO_LIMITS)
    assert isinstance(seen, NotRun)
    assert reason in seen.reason
    assert time.monotonic() - began < 10
    if script is not None:
        assert not [pid for pid in (tmp_path / "pids").read_text().split() if _lives(int(pid))]


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2]
    except FileNotFoundError:
        return False


def test_qemu_dies_with_us() -> None:
    observed(Qemu(), STATE)
    program = (
        "from hypabi.machine.qemu.machine import Qemu\n"
        "from hypabi.machine.start import Level, start_state\n"
        "from hypabi.machine.state import Extent, Limits\n"
        "from tests.machine.programs import BASE\n"
        "loop = bytes.fromhex('00040091ffffff17')  # add x0, x0, #1; b .-4\n"
        "state = start_state(Level.CALLER, BASE, (Extent(BASE, loop),), {})\n"
        "Qemu().run(state, Limits(seconds=60))"
    )
    root = ROOT
    with subprocess.Popen([sys.executable, "-c", program], cwd=root) as process:
        deadline = time.monotonic() + 20
        while not (children := _children(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        children = _children(process.pid)
        process.send_signal(signal.SIGKILL)
    assert children, "QEMU was not seen"
    deadline = time.monotonic() + 5
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, children))


def _children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text(encoding="ascii").split()]
