"""A constant read off a way is what running the way says."""

import random
from itertools import product

import pytest

from hypabi.callsites.constants import bitmask, constant
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble, Kernel

SIZES = (2, 4, 8, 16, 32, 64)


def masks(width: int) -> list[int]:
    """Return every bitmask of a width, made as the manual describes them."""
    found = set()
    for size in (size for size in SIZES if size <= width):
        for ones, rotation in product(range(1, size), range(size)):
            run = (1 << ones) - 1
            element = (run >> rotation | run << size - rotation) & (1 << size) - 1
            found.add(sum(element << at for at in range(0, width, size)))
    return sorted(found)


@pytest.mark.parametrize(("register", "width"), [("w5", 32), ("x5", 64)])
def test_a_bitmask_is_what_the_assembler_makes_of_it(
    assemble: Assemble, register: str, width: int
) -> None:
    every = masks(width)
    assert len(every) == {32: 1302, 64: 5334}[width]
    chosen = random.Random(width).sample(every, 400)
    zero = register[0] + "zr"
    lines = [f"    orr {register}, {zero}, #{value:#x}" for value in chosen]
    image = load_image(assemble("\n".join(["    .text", *lines]), "arm64", text=0x10000)).images[-1]
    words = [int.from_bytes(image.read(0x10000 + 4 * at, 4), "little") for at in range(len(lines))]
    assert [bitmask(word) for word in words] == chosen


def test_reserved_bitmasks_are_none() -> None:
    assert bitmask(0x320003E0 | 63 << 10) is None  # all ones
    assert bitmask(0x32400000) is None  # N without a wide register


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
def test_every_constant_of_a_real_kernel_is_what_the_way_brings(kernel: Kernel, name: str) -> None:
    sites = CallSites(explorer_for(load_image(kernel(name)).images[-1]))
    read = 0
    for draft in sites._drafts(None):
        register = sites.ways.identifier(draft.word.immediate)
        for chain in draft.chains:
            found = constant(draft.body, chain.steps, int(register[1:]))  # type: ignore[arg-type]
            if found is not None:
                (way,) = sites.ways.run(draft.body, [chain], draft.word)
                assert way.request.registers[register] == found, hex(draft.word.address)
                read += 1
    assert read > 60
