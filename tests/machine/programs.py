"""Machine code for the machines to run, and states around it."""

import functools
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from elftools.elf.elffile import ELFFile

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.machine.observation import NotRun, Observation
from hypabi.machine.protocol import Machine
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Cell, Extent, Limits, MachineState, Request, fault_vectors
from tests.inputs import find_tool, skip_for

BASE = 0x4020_0000
"""Where the vectors are; the caller's code is one page further, scratch memory two."""
CALLER = BASE + 0x1000
SCRATCH = BASE + 0x2000
STACK = SCRATCH + 0x800

HEAD: Mapping[InstructionSet, str] = {
    InstructionSet.A64: ".arch armv8.2-a\n",
    InstructionSet.A32: ".syntax unified\n.arch armv7ve\n.arm\n",
    InstructionSet.T32: ".syntax unified\n.arch armv7ve\n.thumb\n",
}


@functools.cache
def machine_code(source: str, state: InstructionSet) -> bytes:
    """Return the bytes of assembly; instructions are little-endian always."""
    prefix = "aarch64-linux-gnu-" if state is InstructionSet.A64 else "arm-linux-gnueabihf-"
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder, "unit.o")
        command = [find_tool(f"{prefix}as"), "-o", str(unit), "-"]
        subprocess.run(command, input=f"{HEAD[state]}{source}\n", text=True, check=True)
        with unit.open("rb") as file:
            section = ELFFile(file).get_section_by_name(".text")
            assert section is not None
            content: bytes = section.data()
            return content


def there(seen: Observation | NotRun) -> Observation:
    """Return the observation; skip where QEMU is not installed."""
    if isinstance(seen, NotRun) and "is not installed" in seen.reason:
        skip_for("qemu", seen.reason)
    assert isinstance(seen, Observation), seen
    return seen


class Bench:
    """A machine, and the layout of the tests."""

    def __init__(
        self,
        machine: Machine,
        state: InstructionSet = InstructionSet.A64,
        order: ByteOrder = ByteOrder.LITTLE,
    ) -> None:
        self.machine = machine
        self.instruction_set = state
        self.order = order

    def code(self, source: str) -> bytes:
        """Return the machine code of assembly."""
        return machine_code(source, self.instruction_set)

    def state(
        self, vectors: str, caller: str = "hvc #0", level: Level = Level.CALLER, /, **registers: int
    ) -> MachineState:
        """Return a state with the vectors at BASE; the start is the caller, or ``pc``."""
        base = "VBAR_EL2" if self.instruction_set is InstructionSet.A64 else "HVBAR"
        stacks = ("SP_EL1", "SP_EL2") if base == "VBAR_EL2" else ("SP_svc", "SP_hyp")
        values = {base: BASE, stacks[0]: STACK, stacks[1]: STACK + 0x400}
        memory = (
            Extent(BASE, self.code(vectors).ljust(0x1000, b"\0")),
            Extent(CALLER, self.code(caller).ljust(0x100, b"\0")),
            Extent(SCRATCH, bytes(0x1000)),
        )
        return start_state(
            level, CALLER, memory, values | registers, self.instruction_set, self.order
        )

    def run(
        self,
        state: MachineState,
        *,
        stops: tuple[int, ...] = (),
        cells: tuple[Cell, ...] = (),
        instructions: int = 10_000,
    ) -> Observation:
        """Run a state to where the caller goes on; skip where the machine is not there."""
        back = CALLER + len(self.code("hvc #0"))
        faults = fault_vectors(state.architecture, state.registers)
        limits = Limits(back, stops, faults, instructions, seconds=0.5)
        return there(self.machine.run(state, limits, Request(cells)))


def difference(ours: Observation, theirs: Observation) -> dict[str, tuple[int, int]]:
    """Return what differs, of the registers that both machines show."""
    both = ours.registers.keys() & theirs.registers.keys()
    assert {"pc", "N", "Z", "C", "V"} <= both
    pairs = ((name, ours.registers[name], theirs.registers[name]) for name in sorted(both))
    return {name: (one, other) for name, one, other in pairs if one != other}
