"""Every party of the reference hypervisors: engine and QEMU see the same end of its calls.

Each QEMU is a process that takes a fifth of a second, so a run asks each party two of the calls,
and party after party another two; one that explores asks each of them all.
"""

from collections import Counter
from dataclasses import dataclass
from importlib.resources import files

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.image.load import load_image
from hypabi.machine.engine.machine import Engine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, Limits, MachineState, fault_vectors
from tests.inputs import exploring
from tests.machine.programs import difference, machine_code, there
from tests.reference.references import read_index

REFERENCE = files("hypabi") / "reference"
CALLER = 0x4802_0000
TARGET = 0x4800_0000
STACKS = 0x4810_0000
CALLS = (-1, 0, 1, 2, 0xBAD)
ENGINE, QEMU = Engine(), Qemu()

READ_64 = dict.fromkeys(("CPACR_EL1", "MDCR_EL2", "TPIDR_EL2"), 0)
READ_32 = dict.fromkeys(("HTTBR", "HTCR", "HMAIR0", "HMAIR1", "VTTBR"), 0)


@dataclass(frozen=True)
class Party:
    file: str
    vectors: str
    state: InstructionSet
    order: ByteOrder


def parties() -> list[Party]:
    """Return the parties of each stub and each KVM, one form after the other."""
    index = read_index()
    images = [image for image in index["images"] if image["kind"] in ("stub", "kvm")]
    found = []
    for number, image in enumerate(images):
        form = image["forms"][number % len(image["forms"])]
        shape = index["forms"][form]
        state, order = InstructionSet(shape["instruction-set"]), ByteOrder(shape["byte-order"])
        found += [
            Party(f"{image['name']}-{form}", party["vectors"], state, order)
            for party in image["parties"].values()
        ]
    return found


def state_of(party: Party, call: int) -> tuple[MachineState, Limits]:
    (image,) = load_image(str(REFERENCE / f"{party.file}.elf")).images
    (vectors,) = image.symbols.find(party.vectors)
    hvc = machine_code("hvc #0", party.state)
    memory = [
        Extent(s.address, bytes(s.content).ljust(s.end - s.address, b"\0")) for s in image.segments
    ]
    memory += [Extent(CALLER, hvc), Extent(TARGET, bytes(64)), Extent(STACKS, bytes(0x2000))]
    if party.state is InstructionSet.A64:
        registers = READ_64 | {"x0": call % (1 << 64), "x1": TARGET, "x30": 0x30}
        registers |= {"VBAR_EL2": vectors.address, "SP_EL2": STACKS + 0x1000}
    else:
        thumb = int(party.state is InstructionSet.T32)
        registers = READ_32 | {"r0": call % (1 << 32), "r1": TARGET | thumb, "LR_svc": 0x30}
        registers |= {"HVBAR": vectors.address, "SP_hyp": STACKS + 0x1000}
    state = start_state(Level.CALLER, CALLER, memory, registers, party.state, party.order)
    faults = fault_vectors(state.architecture, state.registers)
    return state, Limits(CALLER + len(hvc), (TARGET,), faults)


def asked() -> list[tuple[Party, int]]:
    """Return the parties with the calls that are asked of each."""
    return [
        (party, call)
        for number, party in enumerate(parties())
        for place, call in enumerate(CALLS)
        if exploring() or (place - 2 * number) % len(CALLS) < 2
    ]


def test_every_party_is_asked_and_each_call_of_many() -> None:
    found = asked()
    assert {party for party, _ in found} == set(parties())
    counted = Counter(call for _, call in found)
    assert set(counted) == set(CALLS) and min(counted.values()) > 10


@pytest.mark.parametrize(
    ("party", "call"),
    [pytest.param(*each, id=f"{each[0].file}-{each[0].vectors}-{each[1]}") for each in asked()],
)
def test_engine_and_qemu_see_the_same_end_of_a_call(party: Party, call: int) -> None:
    state, limits = state_of(party, call)
    one, other = ENGINE.run(state, limits), there(QEMU.run(state, limits))
    assert (one.ending, one.mode) == (other.ending, other.mode)
    assert difference(one, other) == {}
