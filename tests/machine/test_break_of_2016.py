"""The break of December 2016 on both machines: who asks for the vectors lands at address 0."""

import pytest

from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Ending, Observation, Reached, Returned
from hypabi.machine.protocol import Machine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.state import Limits, MachineState, fault_vectors
from tests.machine.programs import there
from tests.machine.vectors_caller import RETURN, ask_for_vectors

FORMS = ("a32", "t32", "a32be", "t32be")
MACHINES: tuple[Machine, ...] = (Engine(), Qemu())


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
