"""What ``check --entries`` says of real stubs, seen on QEMU: a trapped smc served as a hypercall.

The traps are what the report names as premises: HCR_EL2.TSC and HCR.TSC for smc.  Our engine does
not trap, so it starts in the vector, in the very state that QEMU has entered it with.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Observation, Reached, Stuck
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.qemu.processors import NEOVERSE_N1
from hypabi.machine.start import SYSTEM_64, Level, start_state
from hypabi.machine.state import Extent, Limits, MachineState
from tests.inputs import Kernel
from tests.machine.placed_kernel import CALLER, READ, TARGET, kernel_at
from tests.machine.programs import machine_code, there

ARM64 = ("5.10-arm64", "6.1-arm64", "6.12-arm64", "7.2-arm64")
ARM = ("5.10-armmp", "6.1-armmp", "6.12-armmp", "7.2-armmp")
QEMU = Qemu()
TSC = 1 << 19
"""HCR_EL2.TSC and HCR.TSC: trap smc (DDI 0487 D19.2.48; DDI 0406C B4.1.65)."""
PSCI_VERSION = 0x8400_0000
HVC_STUB_ERR = 0xBADCA11


def vectors_of(path: Path) -> tuple[int, Extent]:
    image, extent, displacement = kernel_at(path)
    (symbol,) = image.symbols.find("__hyp_stub_vectors")
    return symbol.address + displacement, extent


def arm64_state(path: Path, source: str, level: Level, **registers: int) -> MachineState:
    vectors, extent = vectors_of(path)
    given = {"VBAR_EL2": vectors, "SP_EL1": TARGET + 0x800, "SP_EL2": TARGET + 0x1000}
    given |= {"HCR_EL2": SYSTEM_64["HCR_EL2"] | TSC, **dict.fromkeys(READ, 0)}
    given |= dict(NEOVERSE_N1.identification) | registers
    code = machine_code(source, InstructionSet.A64)
    memory = (extent, Extent(CALLER, code), Extent(TARGET, bytes(0x1000)))
    return start_state(level, CALLER, memory, given)


def arm_state(path: Path, source: str, **registers: int) -> MachineState:
    vectors, extent = vectors_of(path)
    # Debian's armmp kernels are T32 or A32: the vectors' own bytes say which.
    at = vectors - extent.address
    thumb = extent.content[at + 3] != 0xEA
    state = InstructionSet.T32 if thumb else InstructionSet.A32
    given = {"HVBAR": vectors, "HCR": TSC} | registers
    memory = (extent, Extent(CALLER, machine_code(source, state)), Extent(TARGET, bytes(0x1000)))
    return start_state(Level.CALLER, CALLER, memory, given, state, ByteOrder.LITTLE)


def on_qemu(state: MachineState, *stops: int) -> Observation:
    return there(QEMU.run(state, Limits(None, stops, ())))


def on_engine_from(entered: Observation, state: MachineState, *stops: int) -> Observation:
    """Run our engine from the vector, in the state in which QEMU entered it."""
    registers: Mapping[str, int] = {**state.registers, **entered.registers, "pc": entered.pc}
    return Engine().run(
        MachineState(state.architecture, registers, state.memory), Limits(None, stops, ())
    )


def alike(ours: Observation, theirs: Observation) -> bool:
    both = ours.registers.keys() & theirs.registers.keys()
    return (ours.ending, ours.mode) == (theirs.ending, theirs.mode) and all(
        ours.registers[name] == theirs.registers[name] for name in both
    )


@pytest.mark.parametrize("name", ARM64)
def test_a_trapped_smc_sets_the_vectors(kernel: Kernel, name: str) -> None:
    state = arm64_state(kernel(name), "smc #0", Level.CALLER, x0=0, x1=TARGET)
    slot = state.registers["VBAR_EL2"] + 0x400
    entered = on_qemu(state, slot)
    assert (entered.ending, entered.registers["ESR_EL2"] >> 26) == (Reached(slot), 0x17)
    assert entered.registers["ELR_EL2"] == CALLER, "of a trap, not of a call"
    served = on_qemu(state, CALLER)
    assert (served.ending, served.mode) == (Reached(CALLER), "EL1h")
    assert (served.registers["VBAR_EL2"], served.registers["x0"]) == (TARGET, 0)
    assert alike(on_engine_from(entered, state, CALLER), served)


@pytest.mark.parametrize("name", ARM64)
def test_without_the_trap_the_smc_does_not_reach_the_stub(kernel: Kernel, name: str) -> None:
    state = arm64_state(kernel(name), "smc #0", Level.CALLER, x0=0, x1=TARGET)
    registers = {**state.registers, "HCR_EL2": SYSTEM_64["HCR_EL2"]}
    seen = on_qemu(MachineState(state.architecture, registers, state.memory), CALLER + 4)
    assert seen.registers["VBAR_EL2"] == state.registers["VBAR_EL2"]


@pytest.mark.parametrize("name", ARM64)
def test_a_trapped_smc_restarts_at_el2(kernel: Kernel, name: str) -> None:
    state = arm64_state(kernel(name), "smc #0", Level.CALLER, x0=1, x1=TARGET)
    seen = on_qemu(state, TARGET)
    assert (seen.ending, seen.mode) == (Reached(TARGET), "EL2h")


@pytest.mark.parametrize("name", ARM64)
def test_a_trapped_psci_call_never_ends(kernel: Kernel, name: str) -> None:
    state = arm64_state(kernel(name), "smc #0", Level.CALLER, x0=PSCI_VERSION)
    seen = on_qemu(state, CALLER + 4)
    assert isinstance(seen.ending, Stuck), seen.ending
    assert seen.registers["x0"] == HVC_STUB_ERR


@pytest.mark.parametrize("name", ARM64)
@pytest.mark.parametrize("source", ["hvc #0", ".inst 0"])
def test_el2_itself_is_served_from_6_1_on(kernel: Kernel, name: str, source: str) -> None:
    state = arm64_state(kernel(name), source, Level.HYPERVISOR, x0=1, x1=TARGET)
    seen = on_qemu(state, TARGET)
    if name == "5.10-arm64":
        assert isinstance(seen.ending, Stuck), seen.ending
    else:
        assert (seen.ending, seen.mode) == (Reached(TARGET), "EL2h")


@pytest.mark.parametrize("name", ARM)
def test_a_trapped_smc_restarts_at_hyp(kernel: Kernel, name: str) -> None:
    state = arm_state(kernel(name), ".arch_extension sec\n smc #0", r0=1, r1=TARGET)
    slot = state.registers["HVBAR"] + 0x14
    entered = on_qemu(state, slot)
    assert (entered.ending, entered.registers["HSR"] >> 26) == (Reached(slot), 0x13)
    served = on_qemu(state, TARGET)
    assert (served.ending, served.mode) == (Reached(TARGET), "hyp")
    assert alike(on_engine_from(entered, state, TARGET), served)


@pytest.mark.parametrize("name", ARM)
def test_a_trapped_coprocessor_access_is_answered_for_ever(kernel: Kernel, name: str) -> None:
    # HSTR.T9: accesses to CP15 registers with CRn = c9 (B4.1.67); PMCCNTR is one.
    state = arm_state(kernel(name), "mrc p15, 0, r1, c9, c13, 0", r0=7, HSTR=1 << 9)
    seen = on_qemu(state, CALLER + 4)
    assert isinstance(seen.ending, Stuck), seen.ending
    assert seen.registers["r0"] == HVC_STUB_ERR
