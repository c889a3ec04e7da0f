"""Our own machine: the meanings of ``semantics`` over integers, one processor, no translation."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from hypabi.arch.aarch32 import IT_REGISTER
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.home import VERSION
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.machine import observation
from hypabi.machine.engine.core import Core
from hypabi.machine.engine.memory import Memory
from hypabi.machine.engine.rules import Rules
from hypabi.machine.observation import Ending, Observation
from hypabi.machine.state import (
    Extent,
    Limits,
    MachineState,
    Request,
    data_order,
    without_reserved_bits,
)
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import ExceptionReturn, Goto, Next, SynchronousException, Transfer


class Engine:
    """Run states by interpreting p-code; needs nothing that is not installed with hypabi."""

    name = "engine"

    def __init__(self) -> None:
        self._lifter = cache(Lifter)

    def run(
        self, state: MachineState, limits: Limits, request: Request | None = None
    ) -> Observation:
        """Run until an end of ``limits``; see :class:`~hypabi.machine.protocol.Machine`."""
        asked = request or Request()
        session = self.session(state, limits)
        ending = session.run()
        core = session.core
        cells = ((c.address, core.memory.fetch(c.address, c.size)) for c in asked.memory)
        return Observation(
            f"hypabi {VERSION} engine",
            ending,
            core.registers["pc"],
            session.rules.mode(core),
            without_reserved_bits(core.registers),
            tuple(Extent(address, content) for address, content in cells if content is not None),
        )

    def session(self, state: MachineState, limits: Limits) -> "Session":
        """Return a run that has not begun, for those who want to watch it.

        :raises StateError: the state is not complete
        """
        state.check()
        return Session(state, limits, self._lifter)


def rules_for(architecture: Architecture) -> Rules:
    """Return the rules of an architecture."""
    if architecture is Architecture.ARM64:
        from hypabi.machine.engine.rules_a64 import RulesA64  # noqa: PLC0415 - one of two is needed

        return RulesA64()
    from hypabi.machine.engine.rules_a32 import RulesA32  # noqa: PLC0415

    return RulesA32()


class Lifters(Protocol):
    """Gives the lifter of an instruction set state and byte order."""

    def __call__(self, state: InstructionSet, byte_order: ByteOrder, /) -> Lifter:
        """Return it, the same one each time."""
        ...


class Session:
    """One run."""

    def __init__(self, state: MachineState, limits: Limits, lifters: Lifters) -> None:
        architecture = state.architecture
        self.rules = rules_for(architecture)
        self.limits = limits
        self.lifters = lifters

        def order(registers: Mapping[str, int]) -> ByteOrder:
            return data_order(architecture, registers)

        self.core = Core(
            self.rules.defaults | dict(state.registers),
            Memory(state.memory),
            order,
            self.rules.masks,
        )
        self.start_mode = self.rules.mode(self.core)
        self.lifted: dict[tuple[int, bytes, InstructionSet, int], Instruction | Undecodable] = {}
        self.jumped_back: dict[int, tuple[dict[str, int], dict[int, int]]] = {}

    def run(self) -> Ending:
        """Run to the end."""
        for count in range(self.limits.instructions):
            ending = self.arrived() if count else None
            if ending is None:
                ending = self.step()
            if isinstance(ending, observation.Stuck):
                return self.lowest()
            if ending is not None:
                return ending
        return observation.LimitReached(f"{self.limits.instructions} instructions")

    def lowest(self) -> Ending:
        """Go once round a loop that changes nothing, and on to its lowest address."""
        places = [self.core.registers["pc"]]
        self.jumped_back = {places[0]: self.now()}
        while self.step() is None:
            places.append(self.core.registers["pc"])
        self.jumped_back.clear()
        while self.core.registers["pc"] != min(places):
            self.step()
        return observation.Stuck(min(places))

    def now(self) -> tuple[dict[str, int], dict[int, int]]:
        """Return registers and written memory."""
        return dict(self.core.registers), self.core.memory.written()

    def arrived(self) -> Ending | None:
        """Return the ending that the present ``pc`` is, if it is one."""
        pc = self.core.registers["pc"]
        if pc == self.limits.back and self.rules.mode(self.core) == self.start_mode:
            return observation.Returned()
        if pc in self.limits.faults:
            return observation.Faulted(pc)
        if pc in self.limits.stops or pc == self.limits.back:
            return observation.Reached(pc)
        return None

    def step(self) -> Ending | None:
        """Run one instruction."""
        core = self.core
        pc = core.registers["pc"]
        core.begin()
        try:
            vector = self.rules.before_fetch(core, pc)
            if vector is not None:
                return self.go(vector)
            instruction = self.fetch(pc)
            if instruction is None:
                return observation.Outside(pc)
            if isinstance(instruction, Undecodable):
                return observation.Unmodelled(instruction.reason)
            return self.perform(instruction)
        except Unmodelled as unmodelled:
            core.take_back()
            return observation.Unmodelled(unmodelled.reason)

    def fetch(self, pc: int) -> Instruction | Undecodable | None:
        """Return the instruction at ``pc``, ``None`` where there is no memory."""
        core = self.core
        content = core.memory.fetch(pc, 4)
        state = self.rules.instruction_set(core)
        if content is None and state is InstructionSet.T32:
            content = core.memory.fetch(pc, 2)
        if content is None:
            return None
        it = core.registers.get(IT_REGISTER, 0)
        found = self.lifted.get((pc, content, state, it))
        if found is None:
            lifter = self.lifters(state, data_order(self.rules.architecture, core.registers))
            found = self.lifted[pc, content, state, it] = lifter.lift(pc, content, it)
        return found

    def perform(self, instruction: Instruction) -> Ending | None:
        """Run an instruction and go where it sends control."""
        core = self.core
        vector = self.rules.before(core, instruction)
        if vector is not None:
            return self.go(vector)
        transfer: Transfer[int] = run_instruction(instruction, core, self.rules.profile)
        self.rules.after(core, instruction)
        following = instruction.address + instruction.size
        match transfer:
            case Next():
                return self.go(following)
            case Goto(target, _):
                return self.go(self.rules.target(core, target))
            case ExceptionReturn(target, status):
                return self.go(self.rules.exception_return(core, target, status))
            case SynchronousException(call, immediate):
                return self.go(self.rules.call(core, call, immediate, following))

    def go(self, target: int) -> Ending | None:
        """Set ``pc``; say so if the state is exactly what it was when control last came here."""
        registers = self.core.registers
        target &= (1 << self.rules.architecture.bits) - 1
        backward = target <= registers["pc"]
        registers["pc"] = target
        if not backward:
            return None
        now = self.now()
        if self.jumped_back.get(target) == now:
            return observation.Stuck(target)
        self.jumped_back[target] = now
        return None
