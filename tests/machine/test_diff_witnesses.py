"""What ``diff`` prints of both sides in its states at entry, seen on our engine.

The engine runs the bytes of each image from the caller's ``hvc`` on and knows nothing of the
comparison.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.judgement.difference.model import Aspect, Cell, Difference, differences_of
from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Observation, Reached, Stuck
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, Limits
from tests.cli.compared import cells, made, reference
from tests.inputs import Assemble
from tests.judgement.difference.changed_stub import kernel, served
from tests.machine.programs import machine_code

CALLER = 0x5000_0000
ELSEWHERE = 0x6000_0000
ANSWER = re.compile(r"it returns to the caller, x0 is (?:.*\()?(0x[0-9a-f]+|\d)\)?")
TARGET = re.compile(r"control goes to .*?\((0x[0-9a-f]+|\d)\) at (EL\d[ht])")


def ran(path: str, difference: Difference, *stops: int) -> Observation:
    """Run the call of a difference's state in an image."""
    program = load_image(path).images[-1]
    (table,) = program.symbols.find("__hyp_stub_vectors")
    given = {f"x{number}": 0 for number in range(31)}
    given |= {"VBAR_EL2": table.address, "SP_EL1": ELSEWHERE, "SP_EL2": ELSEWHERE}
    given["ICH_VTR_EL2"] = 0
    given |= {n: v for n, v in difference.witness.items() if re.fullmatch(r"x\d+", n)}
    extents = [
        Extent(segment.address, bytes(segment.content))
        for segment in program.segments
        if len(segment.content)
    ]
    code = Extent(CALLER, machine_code("hvc #0", InstructionSet.A64))
    memory = tuple(sorted((*extents, code), key=lambda each: each.address))
    return Engine().run(start_state(Level.CALLER, CALLER, memory, given), Limits(None, stops, ()))


def shown(cell: Cell) -> Iterator[Difference]:
    """Yield what differs in how a call ends, where the state is one of registers."""
    for each in differences_of(cell.change):
        registers = all(re.fullmatch(r"x\d+|ID_\w+", name) for name in each.witness)
        if each.aspect in (Aspect.END, Aspect.RESULT) and registers:
            yield each


def confirmed(path: str, difference: Difference, words: str) -> bool:
    """Tell whether a run ends as the words say."""
    target = TARGET.match(words)
    if target is not None:
        seen = ran(path, difference, int(target[1], 0), CALLER + 4)
        return (seen.ending, seen.mode) == (Reached(int(target[1], 0)), target[2])
    seen = ran(path, difference, CALLER + 4)
    if words == "it is stuck":
        return isinstance(seen.ending, Stuck)
    answer = ANSWER.fullmatch(words)
    assert answer is not None, words
    assert seen.ending == Reached(CALLER + 4)
    return seen.registers["x0"] == int(answer[1], 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arm64-stub-b7", "arm64-reset-answers-2"),
        ("arm64-stub-b7", "arm64-stub-b8"),
        ("arm64-stub-b3", "arm64-stub-b8"),
    ],
)
def test_both_ends_that_are_printed_of_references_happen(old: str, new: str) -> None:
    sides = {"old": reference(old, "a64"), "new": reference(new, "a64")}
    tried = 0
    for (callers, _, _), cell in cells(sides["old"], sides["new"]).items():
        home, other = sides[callers], sides["new" if callers == "old" else "old"]
        for each in shown(cell):
            assert confirmed(home.path, each, each.home), (cell, each)
            assert confirmed(other.path, each, each.other), (cell, each)
            assert not confirmed(other.path, each, each.home), (cell, each)
            tried += 1
    assert tried


@pytest.mark.parametrize(
    "change",
    [
        ("mov x0, xzr", "mov x0, #1"),
        ("br x4", "br x2"),
        ("=0xbadca11", "=0xbadca12"),
        served("cmp x3, #7;b.eq 1b"),
    ],
)
def test_both_ends_that_are_printed_of_a_changed_stub_happen(
    assemble: Assemble, change: tuple[str, str]
) -> None:
    files: tuple[Path, Path] = kernel(assemble), kernel(assemble, change)
    version = Version.parse("5.10.0")
    assert version is not None
    contract = shipped_contract("linux-hyp-abi")
    found = cells(*(made(each, contract, version) for each in files))
    tried = 0
    for (callers, _, _), cell in found.items():
        home, other = files if callers == "old" else files[::-1]
        for each in shown(cell):
            assert confirmed(str(home), each, each.home), (cell, each)
            assert confirmed(str(other), each, each.other), (cell, each)
            tried += 1
    assert tried
