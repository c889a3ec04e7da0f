"""Random straight-line code: our engine and QEMU end with the same registers and memory.

The code runs at the hypervisor's level and ends at a stop address, so that only instructions are
compared, and no exception.
"""

import random

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Reached
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Cell, Extent, Limits, MachineState, Request
from tests.machine.programs import BASE, SCRATCH, difference, machine_code, there
from tests.machine.random_code import BASE_REGISTER_32, BASE_REGISTER_64, MEMORY, program

LENGTH = 120
CASES = [
    (InstructionSet.A64, ByteOrder.LITTLE, 4),
    (InstructionSet.A64, ByteOrder.BIG, 2),
    (InstructionSet.A32, ByteOrder.LITTLE, 4),
    (InstructionSet.A32, ByteOrder.BIG, 2),
    (InstructionSet.T32, ByteOrder.LITTLE, 4),
    (InstructionSet.T32, ByteOrder.BIG, 2),
]


def state_of(code: bytes, state: InstructionSet, order: ByteOrder, seed: int) -> MachineState:
    """Return a state with random registers and random scratch memory."""
    source = random.Random(seed)
    wide = state is InstructionSet.A64
    bits = 64 if wide else 32
    names = [f"x{n}" for n in range(16)] if wide else [f"r{n}" for n in range(8)]
    interesting = (0, 1, (1 << bits) - 1, 1 << bits - 1, (1 << bits - 1) - 1)
    registers = {
        name: source.choice((source.getrandbits(bits), *interesting[: source.randrange(6)]))
        for name in names
    }
    registers |= {flag: source.getrandbits(1) for flag in "NZCV"}
    registers[BASE_REGISTER_64 if wide else BASE_REGISTER_32] = SCRATCH
    memory = (
        Extent(BASE, code.ljust(0x1000, b"\0")),
        Extent(SCRATCH, source.randbytes(MEMORY + 0x100)),
    )
    made = start_state(Level.HYPERVISOR, BASE, memory, registers, state, order)
    big = {"CPSR.E": 1} if order is ByteOrder.BIG and not wide else {}
    return MachineState(made.architecture, {**made.registers, **big}, made.memory)


@pytest.mark.parametrize(
    ("state", "order", "seed"),
    [(state, order, seed) for state, order, count in CASES for seed in range(count)],
)
def test_engine_and_qemu_agree(state: InstructionSet, order: ByteOrder, seed: int) -> None:
    text = program(state, seed, LENGTH)
    code = machine_code(text, state)
    given = state_of(code, state, order, seed)
    limits = Limits(stops=(BASE + len(code),), seconds=1.0)
    request = Request((Cell(SCRATCH, MEMORY),))
    ours = Engine().run(given, limits, request)
    assert ours.ending == Reached(BASE + len(code)), text
    theirs = there(Qemu().run(given, limits, request))
    assert difference(ours, theirs) == {}, text
    assert ours.memory == theirs.memory, text
