"""The break of December 2016 on both machines: who asks for the vectors lands at address 0."""

from importlib.resources import files

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.image.load import load_image
from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Ending, Observation, Reached, Returned
from hypabi.machine.protocol import Machine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, Limits, MachineState, fault_vectors
from tests.machine.programs import there

RETURN = 0x4800_0000
STACKS = 0x4810_0000
FORMS = ("a32", "t32", "a32be", "t32be")
MACHINES: tuple[Machine, ...] = (Engine(), Qemu())


def ask_for_vectors(name: str, form: str, vectors: str) -> tuple[MachineState, int]:
    """Return the state in which the kernel calls ``__hyp_get_vectors``, and the live vectors."""
    path = files("hypabi") / "reference" / f"{name}-{form}.elf"
    (image,) = load_image(str(path)).images
    symbols = {s.name: s.address for s in image.symbols}
    memory = [
        Extent(s.address, bytes(s.content).ljust(s.end - s.address, b"\0")) for s in image.segments
    ]
    memory += [Extent(RETURN, bytes(4)), Extent(STACKS, bytes(0x1000))]
    state = InstructionSet.T32 if form.startswith("t32") else InstructionSet.A32
    order = ByteOrder.BIG if form.endswith("be") else ByteOrder.LITTLE
    registers = {
        "HVBAR": symbols[vectors],
        "VTTBR": 0,
        "LR_svc": RETURN | (state is InstructionSet.T32),
        "SP_svc": STACKS + 0x800,
        "SP_hyp": STACKS + 0x1000,
        "r4": 0x4444_4444,
    }
    pc = symbols["__hyp_get_vectors"]
    return start_state(Level.CALLER, pc, memory, registers, state, order), symbols[vectors]


def end(machine: Machine, state: MachineState) -> Observation:
    faults = fault_vectors(state.architecture, state.registers)
    return there(machine.run(state, Limits(RETURN, (0,), faults)))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "vectors", "ending", "mode"),
    [
        ("arm-break-2016-12", "__kvm_hyp_vector", Reached(0), "hyp"),
        ("arm-break-2016-12", "__hyp_stub_vectors", Returned(), "svc"),
        ("arm-kvm-a4-patchlet", "__kvm_hyp_vector", Returned(), "svc"),
        ("arm-kvm-a4", "__kvm_hyp_vector", Returned(), "svc"),
    ],
)
def test_get_against_kvm_lands_at_0_in_hyp_until_kvm_knows_it(
    machine: Machine, form: str, name: str, vectors: str, ending: Ending, mode: str
) -> None:
    state, live = ask_for_vectors(name, form, vectors)
    seen = end(machine, state)
    assert (seen.ending, seen.mode) == (ending, mode)
    assert seen.registers["r4"] == 0x4444_4444
    if ending == Returned():
        assert seen.registers["r0"] == live
    else:
        assert seen.pc == 0
        assert live - 0x80 < seen.registers["LR_usr"] < live  # kvm-run called it
