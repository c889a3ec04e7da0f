"""A little A32 machine for tests: registers and memory in dictionaries, over integers or terms."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction
from hypabi.lifter.sleigh import Lifter
from hypabi.semantics.aarch32 import AArch32
from hypabi.semantics.domain import Domain
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import Transfer
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from tests.lifter.overlay.gnu_arm import assemble

ADDRESS = 0x8000


@functools.cache
def lifter_of(state: InstructionSet) -> Lifter:
    """Return the little-endian lifter of an instruction set."""
    return Lifter(state, ByteOrder.LITTLE)


@dataclass
class Machine:
    """A context whose registers are symbols of their own names until they are written."""

    mode: int = 0b11010
    registers: dict[str, Value] = field(default_factory=dict)
    memory: dict[int, int] = field(default_factory=dict)
    effects: list[tuple[str, tuple[Value, ...]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    marked: tuple[Value | None, int] = (None, 0)

    def __post_init__(self) -> None:
        self.registers["CPSR.M"] = self.mode
        self.profile: AArch32[Term] = AArch32()

    @property
    def domain(self) -> Domain[Term]:
        return cast(Domain[Term], terms)

    def read(self, name: str) -> Value:
        if name not in self.registers:
            self.registers[name] = terms.symbol(name, self.profile.width(name))
        return self.registers[name]

    def write(self, name: str, value: Value) -> None:
        self.registers[name] = value

    def load(self, address: Value, size: int) -> Value:
        assert isinstance(address, int)
        bytes_ = bytes(self.memory.get(address + index, 0) for index in range(size))
        return int.from_bytes(bytes_, "little")

    def store(self, address: Value, size: int, value: Value) -> None:
        assert isinstance(address, int) and isinstance(value, int)
        for index, byte in enumerate(value.to_bytes(size, "little")):
            self.memory[address + index] = byte

    def decide(self, condition: Value) -> bool:
        assert isinstance(condition, int), "the test leaves a decision open"
        return bool(condition)

    def havoc(self, reason: str, width: int) -> Value:
        self.unknown.append(reason)
        return terms.symbol(f"unknown{len(self.unknown)}", width)

    def sign(self, pointer: Value, with_: Sequence[Value]) -> Value:
        raise AssertionError("the test signs no pointer")

    authenticate = sign

    def mark(self, address: Value | None, size: int) -> None:
        self.marked = (address, size)

    def exclusive(self, address: Value, size: int) -> Value:
        return int(self.marked == (address, size))

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        self.effects.append((name, tuple(operands)))

    def set_word(self, address: int, value: int) -> None:
        self.store(address, 4, value)

    def words(self, address: int, count: int) -> list[Value]:
        return [self.load(address + 4 * index, 4) for index in range(count)]

    def run(self, line: str, state: InstructionSet = InstructionSet.A32) -> Transfer[Term]:
        """Assemble a line, lift it and run it."""
        code = assemble(line, "thumb" if state is InstructionSet.T32 else "arm")
        instruction = lifter_of(state).lift(ADDRESS, code)
        assert isinstance(instruction, Instruction), f"{line}: {instruction}"
        assert len(code) == instruction.size, line
        return run_instruction(instruction, self, self.profile)


def machine(mode: int = 0b11010, **registers: int) -> Machine:
    """Return a machine in a mode, with some registers set."""
    made = Machine(mode)
    made.registers.update(registers)
    return made
