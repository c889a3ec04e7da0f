"""Our end of a run: ``hypabi.semantics`` over integers, by the rules of our engine."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from evidence.trials.board import PROGRAM, RAM, RAM_SIZE
from evidence.trials.start import End, Refusal, Start
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.machine import observation
from hypabi.machine.engine.core import Core
from hypabi.machine.engine.machine import Lifters, Session, rules_for
from hypabi.machine.engine.memory import Memory
from hypabi.machine.engine.rules import Rules
from hypabi.machine.observation import Ending
from hypabi.machine.state import Extent, Limits, data_order

STEPS: Final = 6
"""Most instructions: IT, the word, one where control went, and one at a vector of EL1."""


Lifted = dict[tuple[int, bytes, InstructionSet, int], Instruction | Undecodable]
"""What was lifted, for one byte order."""


LIMITS: Final = Limits()


class BoardMemory(Memory):
    """RAM of the board: zero but for some extents, the later of which hold."""

    def __init__(self, extents: Iterable[Extent]) -> None:
        super().__init__(())
        self._pieces = tuple(extents)

    def _initial(self, address: int, size: int) -> bytes | None:
        if not RAM <= address <= RAM + RAM_SIZE - size:
            return None
        content = bytearray(size)
        for piece in self._pieces:
            first, last = max(address, piece.address), min(address + size, piece.end)
            if first < last:
                part = piece.content[first - piece.address : last - piece.address]
                content[first - address : last - address] = part
        return bytes(content)


class Openly(Core):
    """A processor where what nobody can know has a value that is given beforehand."""

    unknown = 0
    asked = False

    def havoc(self, reason: str, width: int) -> int:
        """Return the given value, and remember that it was asked for."""
        self.asked = True
        return self.unknown & (1 << width) - 1


class Run(Session):
    """One run on the board's memory."""

    core: Openly

    def __init__(
        self,
        rules: Rules,
        start: Start,
        extents: Iterable[Extent],
        lifters: tuple[Lifters, Lifted],
        unknown: int,
    ) -> None:
        self.rules = rules
        self.limits = LIMITS
        self.lifters, self.lifted = lifters
        architecture = rules.architecture

        def order(registers: Mapping[str, int]) -> ByteOrder:
            return data_order(architecture, registers)

        registers = {**self.rules.defaults, **start.registers, "pc": start.place}
        self.core = Openly(registers, BoardMemory(extents), order, self.rules.masks)
        self.core.unknown = unknown
        self.jumped_back = {}


class Program(Protocol):
    """What must be known here of the program on QEMU."""

    @property
    def architecture(self) -> Architecture:
        """Return whose program it is."""
        ...

    @property
    def vectors(self) -> int:
        """Return where the hypervisor's vectors are."""
        ...

    @property
    def lower(self) -> range:
        """Return where the vectors of EL1 or PL1 are."""
        ...

    @property
    def content(self) -> bytes:
        """Return its bytes."""
        ...


class Ours:
    """Run starts; words are lifted once."""

    def __init__(self, program: Program, lifters: Lifters) -> None:
        self.program = program
        self._lifters = lifters
        self._rules = rules_for(program.architecture)
        self._lifted: dict[ByteOrder, Lifted] = {order: {} for order in ByteOrder}
        lower, content = program.lower, program.content
        self._lower = Extent(lower.start, content[lower.start - PROGRAM : lower.stop - PROGRAM])
        self._vectors = range(program.vectors, program.vectors + 0x800)

    def session(self, start: Start, unknown: int = 0) -> Run:
        """Return a run that has not begun."""
        extents = [self._lower, Extent(start.window, start.content)]
        extents += [start.poke] if start.poke else []
        extents.append(Extent(start.place, start.code))
        lifted = self._lifted[start.order]
        return Run(self._rules, start, extents, (self._lifters, lifted), unknown)

    def first(self, start: Start) -> tuple[Run, Ending | None]:
        """Return what has run the word and nothing behind it, and whether it ended there."""
        run = self.session(start)
        ending = None
        for _ in range(2 if start.prefixed else 1):
            ending = ending or run.step()
        return run, ending

    def end(self, start: Start) -> End | Refusal:
        """Return the end; bits that nobody can know are left out of its registers."""
        run = self.session(start)
        end = self._end(run, start)
        if isinstance(end, Refusal) or not run.core.asked:
            return end
        other = self._end(self.session(start, -1), start)
        if isinstance(other, Refusal):
            return other
        known = {name: v for name, v in end.registers.items() if other.registers[name] == v}
        return End(end.where, known, end.content)

    def _end(self, run: Run, start: Start) -> End | Refusal:
        for _ in range(STEPS):
            ending = run.step()
            pc = run.core.registers["pc"]
            if isinstance(ending, observation.Unmodelled):
                return Refusal(ending.reason)
            if ending is not None:
                return Refusal(str(ending))
            if pc in self._vectors or (pc == start.landing and not start.lower):
                content = run.core.memory.fetch(start.window, len(start.content))
                assert content is not None
                return End(pc, run.core.registers, content)
        return Refusal("it goes on")
