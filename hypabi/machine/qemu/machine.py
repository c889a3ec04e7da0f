"""QEMU as a machine: the referee, whose reading of Arm is not ours.

QEMU stands still until its GDB stub, on standard input and output, has been told the whole state;
a run ends at breakpoints, which are no memory, or at its deadline.
"""

from dataclasses import dataclass
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.machine import observation
from hypabi.machine.observation import Ending, NotRun, Observation
from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.process import PATIENCE, LoadedFile, started, version
from hypabi.machine.qemu.processors import processor_of
from hypabi.machine.qemu.target import PAGE_SIZE, Refused, Target
from hypabi.machine.state import (
    Extent,
    Limits,
    MachineState,
    Request,
    placed,
    without_reserved_bits,
)

RAM: Final = 0x4000_0000
"""Where RAM of ``virt`` starts; below are flash, up to FLASH_END, and devices."""
FLASH_END: Final = 0x0800_0000
RAM_STEP: Final = 64 << 20
MOST_RAM: Final = {Architecture.ARM: 2 << 30, Architecture.ARM64: 8 << 30}
SMALL: Final = 256 << 10
"""Bytes up to which an extent goes through the stub; a longer one goes through a file."""

GLANCE: Final = 0.2
"""Seconds after which we look whether the code goes round in a loop."""
STEP_PATIENCE: Final = 0.5
"""Seconds that one instruction may take; WFI may take forever."""
STEPPED: Final = 512
"""Instructions that run one by one, each followed by a look at where control is."""
LONGEST_LOOP: Final = 64
"""Instructions of the longest loop that we look for."""

LOW: Final = 0x40
"""Small numbers that a broken caller may have control go to: function identifiers."""

ANY_CPU: Final = "max"
"""QEMU's processor with everything it can do; what that is depends on QEMU's version."""


Seen = tuple[Ending, int, str, dict[str, int], tuple[Extent, ...]]
"""What an observation holds besides the machine's name."""


class Qemu:
    """Run states on ``qemu-system-arm`` or ``qemu-system-aarch64``.

    :param cpu: QEMU's name of the processor; by default the first of
        :data:`~hypabi.machine.qemu.processors.PROCESSORS` that the state can be of
    :param patience: seconds that QEMU may take to answer
    """

    name = "qemu"

    def __init__(self, cpu: str | None = None, patience: float = PATIENCE) -> None:
        self._cpu = cpu
        self._patience = patience
        self._versions: dict[str, str] = {}

    def run(
        self, state: MachineState, limits: Limits, request: Request | None = None
    ) -> Observation | NotRun:
        """Run until an end of ``limits``; see :class:`~hypabi.machine.protocol.Machine`."""
        state.check()
        target = target_for(state.architecture)
        cpu = self._cpu or processor_name(state)
        try:
            label = f"QEMU {self._version(target.executable)} {cpu}"
            seen = self._observe(target, state, limits, request or Request(), cpu)
        except (Refused, StubError) as error:
            return NotRun(f"{target.executable} {cpu}", str(error))
        return Observation(label, *seen)

    def _version(self, executable: str) -> str:
        if executable not in self._versions:
            self._versions[executable] = version(executable, self._patience)
        return self._versions[executable]

    def _observe(
        self, target: Target, state: MachineState, limits: Limits, request: Request, cpu: str
    ) -> Seen:
        """Start QEMU, run, and read what is to be seen."""
        extents = placed(state.memory)
        ram = ram_for(state.architecture, extents)
        files = [LoadedFile(e.address, e.content) for e in extents if len(e.content) > SMALL]
        arguments = ("-M", target.machine, "-cpu", cpu, "-m", str(ram >> 20))
        with started(target.executable, arguments, files, self._patience) as stub:
            run = Run(stub, target, state, RAM + ram - PAGE_SIZE)
            run.prepare(tuple(e for e in extents if len(e.content) <= SMALL))
            return run.seen(run.to_end(limits), request)


def processor_name(state: MachineState) -> str:
    """Return QEMU's name of a processor that a state can be of."""
    processor = processor_of(state)
    return processor.name if processor else ANY_CPU


def target_for(architecture: Architecture) -> Target:
    """Return what QEMU needs to know of an architecture."""
    if architecture is Architecture.ARM64:
        from hypabi.machine.qemu.target_a64 import TargetA64  # noqa: PLC0415 - one of two is needed

        return TargetA64()
    from hypabi.machine.qemu.target_a32 import TargetA32  # noqa: PLC0415

    return TargetA32()


def ram_for(architecture: Architecture, extents: tuple[Extent, ...]) -> int:
    """Return how much RAM the state needs, the set-up program's page after it.

    :raises Refused: ``virt`` has no such RAM
    """
    for extent in extents:
        flash = extent.end <= FLASH_END
        if not flash and extent.address < RAM:
            raise Refused(f"there is no RAM at {extent.address:#x} on virt; it starts at {RAM:#x}")
    end = max((extent.end for extent in extents), default=0)
    size = -(-(max(end, RAM) + PAGE_SIZE - RAM) // RAM_STEP) * RAM_STEP
    if size > MOST_RAM[architecture]:
        raise Refused(f"memory up to {end:#x} needs {size >> 20} MiB of RAM")
    return size


@dataclass(slots=True)
class Run:
    """One run on a QEMU that stands still."""

    stub: Stub
    target: Target
    state: MachineState
    page: int

    def prepare(self, extents: tuple[Extent, ...]) -> None:
        """Bring QEMU into the start of the state.

        :raises Refused: it does not get there, or holds another value
        """
        stub, target = self.stub, self.target
        stub.demand("Qqemu.PhyMemMode:1")
        setup = target.setup(self.state, self.page)
        for extent in (*extents, Extent(self.page, setup.content)):
            stub.write(extent.address, extent.content)
        ends = {setup.done, *setup.failed}
        target.jump(stub, setup.entry)
        self._until(ends, 2.0)
        pc = target.pc(stub)
        if pc in setup.failed and pc != setup.done:
            raise Refused(target.reason(stub))
        if pc != setup.done:
            raise Refused(f"the start of the state is not reached; control is at {pc:#x}")
        content = stub.read(self.page, PAGE_SIZE)
        if content is None:
            raise StubError(f"the memory at {self.page:#x} is gone")
        target.verify(self.state, content)
        stub.write(self.page, bytes(PAGE_SIZE))
        target.start(stub, self.state)
        if target.mode(stub) != target.mode_of(self.state):
            raise Refused(f"it starts in {target.mode(stub)}")

    def to_end(self, limits: Limits) -> Ending:
        """Run until a limit ends it: some instructions one by one, the others freely."""
        extents = placed(self.state.memory)
        last: dict[int, bytes] = {}
        pc = self.state.pc
        for count in range(min(STEPPED, limits.instructions)):
            if count and (ending := self._arrived(pc, limits, extents)):
                return ending
            if not self.stub.step(STEP_PATIENCE):
                return observation.LimitReached("an instruction does not end")
            before, pc = pc, self.target.pc(self.stub)
            if pc <= before:
                registers = self.stub.registers()
                if last.get(pc) == registers:
                    break
                last[pc] = registers
        if limits.instructions <= STEPPED:
            return observation.LimitReached(f"{limits.instructions} instructions")
        return self._run_freely(limits, extents)

    def _run_freely(self, limits: Limits, extents: tuple[Extent, ...]) -> Ending:
        """Run to a breakpoint; what is outside is watched only where control is likely to go."""
        ends = {*limits.stops, *limits.faults, *_edges(extents)}
        if limits.back is not None:
            ends.add(limits.back)
        glance = min(GLANCE, limits.seconds)
        stopped = self.target.pc(self.stub) in ends or self._until(ends, glance)
        if not stopped:
            loop = self._loop()
            if loop is not None:
                return loop
            stopped = self._until(ends, limits.seconds - glance)
        if not stopped:
            return self._loop() or observation.LimitReached(f"{limits.seconds} s")
        pc = self.target.pc(self.stub)
        return self._arrived(pc, limits, extents) or observation.Outside(pc)

    def seen(self, ending: Ending, request: Request) -> Seen:
        """Read what an observation shows; this ends the run."""
        stub, target = self.stub, self.target
        pc, mode = target.pc(stub), target.mode(stub)
        cells = ((cell.address, stub.read(cell.address, cell.size)) for cell in request.memory)
        memory = tuple(Extent(address, found) for address, found in cells if found is not None)
        names = tuple(dict.fromkeys((*request.system, *self.state.registers)))
        registers = target.registers(stub, self.state, names, self.page)
        return ending, pc, mode, without_reserved_bits(registers), memory

    def _until(self, ends: set[int], seconds: float) -> bool:
        """Run to one of ``ends``, and say whether one was reached in time."""
        for address in sorted(ends):
            self.stub.set_breakpoint(address)
        stopped = self.stub.resume(seconds)
        for address in sorted(ends):
            self.stub.clear_breakpoint(address)
        return stopped

    def _arrived(self, pc: int, limits: Limits, extents: tuple[Extent, ...]) -> Ending | None:
        if pc == limits.back and self.target.mode(self.stub) == self.target.mode_of(self.state):
            return observation.Returned()
        if pc in limits.faults:
            return observation.Faulted(pc)
        if pc in limits.stops or pc == limits.back:
            return observation.Reached(pc)
        # DDI 0487, D1.3.2: an A64 address that is misaligned faults before it is fetched.
        aligned = self.state.architecture is Architecture.ARM or pc % 4 == 0
        return observation.Outside(pc) if aligned and not _holds(extents, pc) else None

    def _loop(self) -> Ending | None:
        """Return ``Stuck`` where stepping shows the same registers twice, else nothing."""
        first = self.stub.registers()
        places = [self.target.pc(self.stub)]
        for _ in range(LONGEST_LOOP):
            if not self.stub.step(STEP_PATIENCE):
                return observation.LimitReached("an instruction does not end")
            if self.stub.registers() == first:
                return self._lowest(min(places))
            places.append(self.target.pc(self.stub))
        return None

    def _lowest(self, address: int) -> Ending:
        for _ in range(LONGEST_LOOP):
            if self.target.pc(self.stub) == address:
                break
            self.stub.step(STEP_PATIENCE)
        return observation.Stuck(address)


def _holds(extents: tuple[Extent, ...], address: int) -> bool:
    return any(extent.address <= address < extent.end for extent in extents)


def _edges(extents: tuple[Extent, ...]) -> set[int]:
    """Return addresses just outside the memory of a state, and small numbers."""
    edges = {extent.end for extent in extents} | set(range(0, LOW, 2))
    return {address for address in edges if not _holds(extents, address)}
