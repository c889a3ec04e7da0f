"""A little A64 machine for tests: registers and memory in dictionaries, over integers only."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.semantics.aarch64 import AArch64
from hypabi.semantics.domain import Domain, Unmodelled
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import Goto, Jump, Next, Transfer
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

EL2 = 2 << 2


@functools.cache
def lifter(order: ByteOrder = ByteOrder.LITTLE) -> Lifter:
    return Lifter(InstructionSet.A64, order)


def lift(word: int, address: int = 0x1000) -> Instruction | Undecodable:
    return lifter().lift(address, word.to_bytes(4, "little"))


class Refused(Exception):
    """The instruction has no meaning here, and why."""


@dataclass
class Machine:
    """A context of integers; a register or memory that was not set is an error."""

    registers: dict[str, Value] = field(default_factory=dict)
    memory: dict[int, int] = field(default_factory=dict)
    order: ByteOrder = ByteOrder.LITTLE
    effects: list[str] = field(default_factory=list)
    code: bytes = b""
    start: int = 0
    marked: tuple[Value | None, int] = (None, 0)

    def __post_init__(self) -> None:
        self.registers = {"CURRENTEL": EL2, "SPSel": 1, **self.registers}
        self.profile: AArch64[Term] = AArch64()

    @property
    def domain(self) -> Domain[Term]:
        return cast(Domain[Term], terms)

    def read(self, name: str) -> Value:
        return self.registers[name]

    def write(self, name: str, value: Value) -> None:
        assert isinstance(value, int) and 0 <= value < 1 << self.profile.width(name)
        self.registers[name] = value

    def load(self, address: Value, size: int) -> Value:
        assert isinstance(address, int)
        content = bytes(self.byte(address + index) for index in range(size))
        return int.from_bytes(content, "little" if self.order is ByteOrder.LITTLE else "big")

    def byte(self, address: int) -> int:
        """Return a byte of memory: one that was set, or one of the code that runs."""
        found = self.memory.get(address)
        return self.code[address - self.start] if found is None else found

    def store(self, address: Value, size: int, value: Value) -> None:
        assert isinstance(address, int) and isinstance(value, int)
        content = value.to_bytes(size, "little" if self.order is ByteOrder.LITTLE else "big")
        for index, byte in enumerate(content):
            assert address + index in self.memory
            self.memory[address + index] = byte

    def decide(self, condition: Value) -> bool:
        assert isinstance(condition, int), "the test leaves a decision open"
        return bool(condition)

    def havoc(self, reason: str, width: int) -> Value:
        raise AssertionError(f"not known to the test: {reason}")

    def sign(self, pointer: Value, with_: Sequence[Value]) -> Value:
        raise AssertionError("the test signs no pointer")

    authenticate = sign

    def mark(self, address: Value | None, size: int) -> None:
        self.marked = (address, size)

    def exclusive(self, address: Value, size: int) -> Value:
        return int(self.marked == (address, size))

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        self.effects.append(name)

    def step(self, word: int, address: int) -> Transfer[Term]:
        """Lift a word and run it.

        :raises Refused: it has no meaning
        """
        instruction = lifter(self.order).lift(address, word.to_bytes(4, "little"))
        if isinstance(instruction, Undecodable):
            raise Refused(instruction.reason)
        try:
            return run_instruction(instruction, self, self.profile)
        except Unmodelled as unmodelled:
            raise Refused(unmodelled.reason) from None

    def run(self, code: bytes, address: int, most: int = 64) -> None:
        """Run code that stands at an address until control falls off its end."""
        self.code, self.start, pc = code, address, address
        for _ in range(most):
            if pc == address + len(code):
                return
            word = int.from_bytes(code[pc - address :][:4], "little")
            match self.step(word, pc):
                case Next():
                    pc += 4
                case Goto(int(target), Jump.BRANCH | Jump.CALL | Jump.RETURN):
                    pc = target
                case transfer:
                    raise AssertionError(transfer)
        raise AssertionError("the code does not end")
