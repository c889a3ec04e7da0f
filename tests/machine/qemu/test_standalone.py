import os
import subprocess
import sys
from pathlib import Path

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.qemu.standalone import end_text, script
from hypabi.machine.state import Cell, Limits, MachineState, Request
from tests.machine.programs import BASE, CALLER, SCRATCH, Bench, there
from tests.machine.vectors_caller import RETURN, ask_for_vectors


def run(text: str, folder: Path, path: str | None = None) -> tuple[int, str]:
    """Run a script where nothing of ours can be imported."""
    file = folder / "witness.py"
    file.write_text(text, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"] if path is None else path}
    command = [sys.executable, "-I", "-S", str(file)]
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.fixture
def qemu() -> Qemu:
    machine = Qemu()
    state = Bench(machine).state(".org 0x400\n eret")
    there(machine.run(state, Limits(CALLER + 4)))
    return machine


@pytest.mark.usefixtures("qemu")
@pytest.mark.parametrize("form", ["a32", "t32be"])
def test_the_break_runs_as_a_script(form: str, tmp_path: Path) -> None:
    state, live = ask_for_vectors("arm-break-2016-12", form, "__kvm_hyp_vector")
    limits = Limits(RETURN, (0,))
    expected: dict[str, int | str] = {
        "end": end_text("stop address", 0),
        "HVBAR": live,
        "r4": 0x4444_4444,
    }
    status, text = run(script(state, limits, expected=expected), tmp_path)
    assert status == 0, text
    assert "stop address: 0  as expected" in text


def test_what_is_not_as_expected_is_told(qemu: Qemu, tmp_path: Path) -> None:
    bench = Bench(qemu)
    state = bench.state(".org 0x400\n str x0, [x1]\n eret", x0=0x11223344, x1=SCRATCH)
    limits, request = Limits(CALLER + 4), Request((Cell(SCRATCH, 8),))
    right: dict[str, int | str] = {"end": end_text("returned", CALLER + 4)}
    right[f"[{SCRATCH:x}]"] = "4433221100000000"
    assert run(script(state, limits, request, right), tmp_path)[0] == 0
    for name, value in (("x0", 5), ("end", "elsewhere"), (f"[{SCRATCH:x}]", "00"), ("x99", 0)):
        status, text = run(script(state, limits, request, right | {name: value}), tmp_path)
        assert status == 4
        assert f"expected {value}" in text


def test_what_cannot_run_is_told_and_is_not_confirmed(qemu: Qemu, tmp_path: Path) -> None:
    state = Bench(qemu).state(".org 0x400\n eret")
    status, text = run(script(state, Limits(CALLER + 4)), tmp_path, path="/nonexistent")
    assert status == 1
    assert text.startswith("not run: qemu-system-aarch64")
    strange = MachineState(state.architecture, {**state.registers, "ZCR_EL2": 0}, state.memory)
    status, text = run(script(strange, Limits(CALLER + 4)), tmp_path)
    assert status == 1
    assert "cannot hold the start" in text


def test_a_script_is_the_same_each_time(qemu: Qemu) -> None:
    state = Bench(qemu, InstructionSet.A32).state(".org 0x14\n eret")
    assert script(state, Limits(BASE)) == script(state, Limits(BASE))
