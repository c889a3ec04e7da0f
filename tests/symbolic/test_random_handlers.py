"""Random handlers: a concrete run takes the one path whose guard it meets, and ends as it says."""

import random
import re
from collections.abc import Mapping

import pytest

from hypabi.semantics.transfer import ExceptionReturn, Goto, Next
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.explore import Merging
from hypabi.symbolic.memory import Store
from hypabi.symbolic.outcome import Left, Returned
from hypabi.symbolic.path import Path
from tests.inputs import Assemble
from tests.semantics.a64_machine import Machine
from tests.symbolic.handler import TEXT, Bytes, entry_of, explorer, guard, image_of

REGISTERS = [f"x{n}" for n in range(8)]
BASES = {"x10": 0x1000, "sp": 0x8000}
WORD = re.compile(r"mem\[(\w+)(?: ([+-]) (0x[0-9a-f]+|\d+))?\]")
SYSTEM = ("vbar_el2", "tpidr_el2", "sctlr_el2", "sp_el0")


def handler(source: random.Random) -> str:
    """Return a handler of a few blocks; control goes forward only."""
    blocks = source.randrange(2, 6)
    lines = []
    for block in range(blocks):
        lines.append(f"{block + 1}:" if block else "")
        lines += [line(source) for _ in range(source.randrange(1, 5))]
        if block + 1 < blocks:
            target = source.randrange(block + 1, blocks) + 1
            lines.append(branch(source, f"{target}f"))
    lines.append(source.choice(("eret", "eret", "br x1", "msr elr_el2, x2\neret")))
    return "\n".join(lines)


def branch(source: random.Random, target: str) -> str:
    a, bit = source.choice(REGISTERS), source.randrange(4)
    forms = (
        f"cbz {a}, {target}",
        f"cbnz w{a[1:]}, {target}",
        f"tbz {a}, #{bit}, {target}",
        f"b.{source.choice(('eq', 'ne', 'lo', 'hi', 'lt', 'ge'))} {target}",
        f"cmp {a}, #{bit}\nb.{source.choice(('eq', 'ls', 'gt'))} {target}",
    )
    return source.choice(forms)


def line(source: random.Random) -> str:
    a, b, c = (source.choice(REGISTERS) for _ in range(3))
    narrow_a, narrow_b, number = f"w{a[1:]}", f"w{b[1:]}", source.randrange(5)
    place = f"[{source.choice(list(BASES))}, #{source.choice((0, 1, 4, 8, 12, 16, -8))}]"
    either, system = source.choice((a, narrow_a)), source.choice(SYSTEM)
    forms = [
        f"add {a}, {b}, {c}",
        f"subs {a}, {b}, {c}",
        f"mov {narrow_a}, {narrow_b}",
        f"mov {a}, #{number}",
        f"eor {a}, {b}, #{1 << number}",
        f"csel {a}, {b}, {c}, eq",
        f"ccmp {a}, {b}, #{number}, ne",
        f"cinc {a}, {b}, hi",
        f"cmp {a}, {b}",
        f"ubfx {a}, {b}, #{number}, #4",
        f"ldur {either}, {place}",
        f"stur {either}, {place}",
        f"sturb {narrow_a}, {place}",
        f"ldurh {narrow_a}, {place}",
        f"msr {system}, {a}",
        f"mrs {a}, {system}",
        f"stp {a}, {b}, [sp, #-16]!\nldr {c}, [sp], #16",
    ]
    return source.choice(forms)


def model_of(source: random.Random) -> dict[str, int]:
    model = {f"x{n}": source.choice((0, 1, 2, source.getrandbits(64))) for n in range(31)}
    model |= {flag: source.getrandbits(1) for flag in "NZCV"}
    model |= {name.upper(): source.getrandbits(64) for name in SYSTEM}
    model |= {"x10": BASES["x10"], "SP_EL2": BASES["sp"], "ELR_EL2": 0x9000}
    return model | {"SPSR_EL2": 0x3C5, "HCR_EL2": 1 << 31}


class Model(dict[str, int]):
    """A model that knows the words of memory by their names."""

    def __init__(self, registers: dict[str, int], memory: Bytes) -> None:
        super().__init__(registers)
        self.memory = memory

    def __missing__(self, name: str) -> int:
        found = WORD.fullmatch(name)
        assert found is not None, name
        base, sign, offset = found.groups()
        address = self[base] + (int(offset or "0", 0) if sign != "-" else -int(offset, 0))
        content = bytes(self.memory.initial(address + n) for n in range(8))
        return int.from_bytes(content, "little")


def concretely(
    code: bytes, model: dict[str, int], memory: Bytes
) -> tuple[Machine, int, int | None]:
    """Run code; return the machine, where control went, and with which status if by ERET."""
    machine = Machine({**model, "SPSR_EL2": 0x3C5, "CURRENTEL": 8, "SPSel": 1})
    machine.memory = memory
    pc = TEXT
    while pc < TEXT + len(code):
        transfer = machine.step(int.from_bytes(code[pc - TEXT :][:4], "little"), pc)
        match transfer:
            case Next():
                pc += 4
            case Goto(int(target)) if TEXT <= target < TEXT + len(code):
                pc = target
            case Goto(int(target)):
                return machine, target, None
            case ExceptionReturn(int(target), int(status)):
                return machine, target, status
            case _:
                raise AssertionError(transfer)
    raise AssertionError("the handler does not end")


def where(path: Path, model: Model) -> int:
    match path.outcome:
        case Returned():
            return model["ELR_EL2"]
        case Left(target):
            return evaluate(target, model)
        case outcome:
            raise AssertionError(outcome)


def at_exit(path: Path, name: str, entry: Mapping[str, terms.Value]) -> terms.Value:
    width = 1 if name in "NZCV" else 64
    before = entry.get(name, terms.symbol(name, width))
    return path.state.registers.get(name, before)


def stored(stores: tuple[Store, ...], model: Model) -> dict[int, int]:
    """Return the bytes that a path's stores leave, by address."""
    table: dict[int, int] = {}
    for store in stores:
        address = (0 if store.base is None else evaluate(store.base, model)) + store.offset
        value = evaluate(store.value, model)
        for n, byte in enumerate(value.to_bytes(store.size, "little")):
            table[(address + n) % (1 << 64)] = byte
    return table


@pytest.mark.parametrize("merging", list(Merging))
@pytest.mark.parametrize("seed", range(25))
def test_a_concrete_run_takes_the_one_path_whose_guard_it_meets(
    seed: int, merging: Merging, assemble: Assemble
) -> None:
    source = random.Random(seed)
    image = image_of(handler(source), assemble)
    code = bytes(image.segments[0].content)
    found = explorer(image).explore(entry_of(image), merging)
    for _ in range(6):
        memory = Bytes(source.getrandbits(8))
        registers = model_of(source)
        model = Model(registers, memory)
        (path,) = (path for path in found if evaluate(guard(path), model))
        machine, target, _ = concretely(code, registers, memory)
        assert where(path, model) == target
        for name, value in machine.registers.items():
            left = at_exit(path, name, entry_of(image).registers)
            assert evaluate(left, model) == value, name
        assert set(path.state.registers) <= {*machine.registers, *entry_of(image).registers}
        assert stored(path.state.memory.stores, model) == dict(memory)
