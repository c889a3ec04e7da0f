"""The stub of real kernels: our engine and QEMU end with the same registers."""

from pathlib import Path

import pytest

from hypabi.machine.engine.machine import Engine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.qemu.processors import NEOVERSE_N1
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, Limits, MachineState, fault_vectors
from tests.inputs import Kernel
from tests.machine.placed_kernel import CALLER, READ, TARGET, kernel_at
from tests.machine.programs import there

ENGINE, QEMU = Engine(), Qemu()
HVC = bytes.fromhex("020000d4")
NAMES = {"5.10-arm64", "6.1-arm64", "6.12-arm64", "7.2-arm64"}


def state_of(path: Path, call: int) -> tuple[MachineState, Limits]:
    image, extent, displacement = kernel_at(path)
    (vectors,) = image.symbols.find("__hyp_stub_vectors")
    registers = {f"x{n}": 0x1111_1111_1111_1111 * (n % 15) for n in range(31)}
    registers |= {"x0": call, "x1": TARGET, "SP_EL1": TARGET + 0x800, "SP_EL2": TARGET + 0x1000}
    registers |= {"VBAR_EL2": vectors.address + displacement}
    registers |= dict.fromkeys(READ, 0) | dict(NEOVERSE_N1.identification)
    memory = (extent, Extent(CALLER, HVC), Extent(TARGET, bytes(0x1000)))
    state = start_state(Level.CALLER, CALLER, memory, registers)
    faults = fault_vectors(state.architecture, state.registers)
    return state, Limits(CALLER + 4, (TARGET,), faults)


@pytest.mark.parametrize("call", [0, 1, 2, 3, 4, 5, 0xBAD, 0xFFFF_FFFF_FFFF_FFFF])
@pytest.mark.parametrize("name", sorted(NAMES))
def test_engine_and_qemu_agree_on_every_register(kernel: Kernel, name: str, call: int) -> None:
    state, limits = state_of(kernel(name), call)
    ours = ENGINE.run(state, limits)
    theirs = there(QEMU.run(state, limits))
    assert (ours.ending, ours.pc, ours.mode) == (theirs.ending, theirs.pc, theirs.mode)
    both = ours.registers.keys() & theirs.registers.keys()
    assert both >= {*(f"x{n}" for n in range(31)), "SP_EL1", "SP_EL2", "VBAR_EL2", "ESR_EL2"}
    assert {n: ours.registers[n] for n in both} == {n: theirs.registers[n] for n in both}
