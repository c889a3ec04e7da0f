"""Random 32-bit handlers, A32 and T32: a concrete run takes the one path whose guard it meets."""

import random

import pytest

from hypabi.arch.aarch32 import Mode
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.derive import derive_behaviour
from hypabi.behaviour.outcome import Left, Returned
from hypabi.image.load import load_image
from hypabi.lifter.instruction import Instruction
from hypabi.lifter.sleigh import Lifter
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import ExceptionReturn, Goto, Next
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.semantics.a32_machine import Machine, lifter_of
from tests.symbolic.handler import Bytes

TEXT = 0x8000
BASE, STACK = 0x1000, 0x4000
REGISTERS = [f"r{n}" for n in range(8)]
CONDITIONS = ("eq", "ne", "hs", "lo", "mi", "hi", "lt", "gt")


def handler(source: random.Random) -> str:
    blocks = source.randrange(2, 5)
    lines = []
    for block in range(blocks):
        lines.append(f"{block + 1}:" if block else "")
        lines += [line(source) for _ in range(source.randrange(1, 5))]
        if block + 1 < blocks:
            target = source.randrange(block + 1, blocks) + 1
            lines.append(f"cmp {source.choice(REGISTERS)}, #{source.randrange(3)}")
            lines.append(f"b{source.choice(CONDITIONS)} {target}f")
    return "\n".join([*lines, "eret"])


def line(source: random.Random) -> str:
    a, b, c = (source.choice(REGISTERS) for _ in range(3))
    number, place = source.randrange(5), f"[r10, #{source.choice((0, 4, 8, 12))}]"
    if_ = source.choice(CONDITIONS)
    forms = [
        f"add {a}, {b}, {c}",
        f"subs {a}, {b}, {c}",
        f"mov {a}, #{number}",
        f"eor {a}, {b}, #{1 << number}",
        f"tst {a}, {b}",
        f"cmp {a}, {b}",
        f"ubfx {a}, {b}, #{number}, #4",
        f"lsls {a}, {b}, #{number + 1}",
        f"ldr {a}, {place}",
        f"str {a}, {place}",
        f"strb {a}, {place}",
        f"ldrh {a}, {place}",
        "push {r1, r2}\npop {r3, r4}",
        f"it {if_}\nmov{if_} {a}, {b}",
        f"itt {if_}\nadd{if_} {a}, {b}, #1\nstr{if_} {a}, {place}",
        f"mrc p15, 4, {a}, c12, c0, 0",
        f"it {if_}\nmcr{if_} p15, 4, {a}, c13, c0, 2",
    ]
    return source.choice(forms)


class Model(dict[str, int]):
    """Registers by name, words of memory by theirs."""

    def __init__(self, source: random.Random) -> None:
        super().__init__({"r10": BASE, "SP_hyp": STACK})
        self.source = source
        self.memory = Bytes(source.getrandbits(8))

    def __missing__(self, name: str) -> int:
        if name.startswith("mem["):
            base, _, offset = name[4:-1].partition(" + ")
            low = name.removeprefix("mem[SP_hyp - ").removesuffix("]")
            start = STACK - int(low, 0) if "-" in name else self[base] + int(offset or "0", 0)
            return int.from_bytes(bytes(self.memory.initial(start + n) for n in range(4)), "little")
        self[name] = self.drawn(name)
        return self[name]

    def drawn(self, name: str) -> int:
        if name in "NZCVQ":
            return self.source.getrandbits(1)
        return self.source.choice((0, 1, 2, self.source.getrandbits(32)))


class Concrete(Machine):
    """The machine of the A32 tests, every register of which has the model's value."""

    model: Model

    def read(self, name: str) -> terms.Value:
        if name not in self.registers:
            self.registers[name] = self.model[name] & (1 << self.profile.width(name)) - 1
        return self.registers[name]


def concretely(code: bytes, state: InstructionSet, model: Model) -> Concrete:
    """Run a handler to its ERET."""
    machine = Concrete(int(Mode.HYP))
    machine.model, machine.memory = model, model.memory
    thumb = state is InstructionSet.T32
    machine.registers |= {"CPSR.T": int(thumb), "CPSR.IT": 0}
    lifter: Lifter = lifter_of(state)
    pc = TEXT
    while True:
        it = machine.registers["CPSR.IT"]
        assert isinstance(it, int)
        found = lifter.lift(pc, code[pc - TEXT :][:4], it)
        assert isinstance(found, Instruction), found
        match run_instruction(found, machine, machine.profile):
            case Next():
                pc += found.size
            case Goto(int(target)):
                pc = target
            case ExceptionReturn():
                return machine
            case transfer:
                raise AssertionError(transfer)


@pytest.mark.parametrize("state", [InstructionSet.A32, InstructionSet.T32])
@pytest.mark.parametrize("seed", range(20))
def test_a_concrete_run_takes_the_one_path_whose_guard_it_meets(
    seed: int, state: InstructionSet, assemble: Assemble
) -> None:
    source = random.Random(seed)
    kind = "thumb" if state is InstructionSet.T32 else "arm"
    head = f".syntax unified\n.arch armv7ve\n.{kind}\n.globl _start\n.type _start, %function\n"
    program = assemble(f"{head}_start:\n{handler(source)}", "arm", text=TEXT)
    image = load_image(program).images[0]
    code = bytes(image.segments[0].content)
    found = derive_behaviour(explorer_for(image), TEXT, state=state)
    for _ in range(6):
        model = Model(source)
        (case,) = (c for c in found.cases if all(evaluate(each.term, model) for each in c.guard))
        assert isinstance(case.outcome, Returned | Left), case.outcome
        machine = concretely(code, state, model)
        for name, value in case.registers.items():
            assert evaluate(value, model) == machine.read(name), name
        for name, value in machine.registers.items():
            if name not in case.registers and not name.startswith(("CPSR", "SPSR", "pc")):
                assert value == model[name] & (1 << machine.profile.width(name)) - 1, name
        table: dict[int, int] = {}
        for store in case.stores:
            start = (0 if store.base is None else evaluate(store.base, model)) + store.offset
            content = evaluate(store.value, model).to_bytes(store.size, "little")
            table |= {(start + n) & 0xFFFFFFFF: byte for n, byte in enumerate(content)}
        assert {a: b for a, b in table.items() if b != model.memory.initial(a)} == {
            a: b for a, b in machine.memory.items() if b != model.memory.initial(a)
        }
