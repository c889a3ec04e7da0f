"""Handlers of real kernels: a concrete run of the code takes the one path whose guard it meets."""

import random
import re
from collections.abc import Callable

import pytest

from hypabi.code.vector_tables import find_vector_tables
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image
from hypabi.semantics.transfer import ExceptionReturn, Goto, Next
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.entry import hvc_to_el2
from hypabi.symbolic.outcome import Called, Left, Returned
from hypabi.symbolic.path import Path
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Kernel
from tests.semantics.a64_machine import Machine
from tests.symbolic.handler import guard

TABLES = (
    "__hyp_stub_vectors",
    "trans_pgd_stub_vectors",
    "__kvm_nvhe___kvm_hyp_init",
    "__kvm_nvhe___kvm_hyp_host_vector",
)
CALLS = (0, 1, 2, 3, 4, 5, 0x1000, 0x84000000, 0xC6000001, (1 << 64) - 1)
PLACE = re.compile(r"mem\[(.+?)(?: ([+-]) (0x[0-9a-f]+))?\]")
MOST_STEPS = 3000


class Model(dict[str, int]):
    """Registers by name, and words of memory by theirs; all else is drawn once."""

    def __init__(self, seed: int, number: int) -> None:
        super().__init__({"x0": number, "ELR_EL2": 0xFFFF000000001000})
        self.source = random.Random(seed)
        self.seed = seed

    def __missing__(self, name: str) -> int:
        place = PLACE.fullmatch(name)
        if place is not None:
            base, sign, offset = place.groups()
            start = int(base, 16) if base.startswith("0x") else self[base]
            distance = int(offset or "0", 16) * (-1 if sign == "-" else 1)
            content = bytes(self.initial(start + distance + n) for n in range(8))
            return int.from_bytes(content, "little")
        value = self.drawn(name)
        self[name] = value
        return value

    def drawn(self, name: str) -> int:
        if name.startswith("cpucap."):
            return 0
        if name in "NZCV":
            return self.source.getrandbits(1)
        value = self.source.choice((0, self.source.getrandbits(64), (1 << 64) - 1))
        if name.startswith(("SP_", "TPIDR")):
            return value & 0x0000FFFFFFFFF000 | 0x4000
        return value

    def initial(self, address: int) -> int:
        return (address * 2654435761 >> 9 ^ self.seed) & 0xFF


class Memory(dict[int, int]):
    """What the image holds where the kernel cannot write, and the model's bytes elsewhere."""

    def __init__(self, image: Image, model: Model) -> None:
        super().__init__()
        self.image = image
        self.model = model

    def __contains__(self, address: object) -> bool:
        return True

    def get(self, address: int, default: object = None) -> int:
        if address in self.keys():
            return self[address]
        if self.image.access(address) in (Access.CODE, Access.READ_ONLY):
            return self.image.read(address, 1)[0]
        return self.model.initial(address)


class Registers(dict[str, int]):
    """Registers that are the model's until they are written."""

    def __init__(self, model: Model) -> None:
        super().__init__({"CURRENTEL": 8, "SPSel": 1, "DAIF": 0x3C0, "ESR_EL2": 0x5A000000})
        self.model = model

    def __missing__(self, name: str) -> int:
        entry = hvc_to_el2(0).registers.get(name)
        self[name] = self.model[name] if entry is None else evaluate(entry, self.model)
        return self[name]


def concretely(
    image: Image, entry: int, model: Model, ends: Callable[[int], bool]
) -> tuple[Machine, int]:
    """Run code until it leaves; return the machine and where control went."""
    machine = Machine()
    machine.registers = Registers(model)  # type: ignore[assignment]
    machine.memory = Memory(image, model)
    pc = entry
    for _ in range(MOST_STEPS):
        match machine.step(int.from_bytes(image.read(pc, 4), "little"), pc):
            case Next():
                pc += 4
            case Goto(int(target)):
                if ends(target) or image.access(target) is not Access.CODE:
                    return machine, target
                pc = target
            case ExceptionReturn(int(target), int()):
                return machine, target
            case transfer:
                raise AssertionError(transfer)
    raise AssertionError("the handler does not end")


def where(path: Path, model: Model) -> int | None:
    match path.outcome:
        case Returned():
            return model["ELR_EL2"]
        case Left(target):
            return evaluate(target, model)
        case Called(_, address):
            return address
        case _:
            return None


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
@pytest.mark.parametrize("vectors", TABLES)
def test_a_concrete_run_takes_the_one_path_whose_guard_it_meets(
    name: str, vectors: str, kernel: Kernel
) -> None:
    image = load_image(kernel(name)).images[-1]
    explorer = explorer_for(image)
    (table,) = (
        t for t in find_vector_tables(image, TABLES, explorer.instruction) if t.name == vectors
    )
    paths = explorer.explore(hvc_to_el2(table.hvc_entry))
    ends = {where(path, Model(0, 0)) for path in paths if isinstance(path.outcome, Called)}
    ended, compared = set(), 0
    for seed, number in enumerate(CALLS * 5):
        model = Model(seed, number)
        (path,) = (path for path in paths if evaluate(guard(path), model))
        ended.add(type(path.outcome))
        if any("displaces" in text for text in path.state.assumptions):
            continue
        expected = where(path, model)
        if expected is None:
            continue
        compared += 1
        machine, target = concretely(image, table.hvc_entry, model, ends.__contains__)
        assert target == expected, (seed, number)
        for register, value in path.state.registers.items():
            assert evaluate(value, model) == machine.registers[register], (seed, register)
    assert Returned in ended
    assert compared > 20
