"""Each instruction belongs to an opening, ends it, or loses it; words are those of GNU as."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.code.opening_forms import Ends, Lost, Onward, Place, step
from hypabi.image.load import load_image
from tests.inputs import Assemble

START = 0x40200000
A32, T32 = InstructionSet.A32, InstructionSet.T32


@pytest.mark.parametrize(
    ("code", "state", "expected"),
    [
        ("mrs r0, cpsr", A32, Onward(Place(START + 4, A32))),
        ("mrs r0, cpsr", T32, Onward(Place(START + 4, T32))),
        ("movs r0, r1", T32, Onward(Place(START + 2, T32))),
        ("b ahead", A32, Onward(Place(START + 0x40, A32))),
        ("b ahead", T32, Onward(Place(START + 0x40, T32))),
        ("bl ahead", A32, Onward(Place(START + 4, A32))),
        ("bl ahead", T32, Onward(Place(START + 4, T32))),
        ("bl further", A32, Ends()),
        ("bl further", T32, Ends()),
        ("b start", A32, Ends()),
        ("b start", T32, Ends()),
        ("sub pc, pc, #3", A32, Onward(Place(START + 4, T32))),
        ("sub pc, pc, #4", A32, Onward(Place(START + 4, A32))),
        ("sub pc, pc, #8", A32, Lost()),
        ("ldr r0, [r1]", A32, Ends()),
        ("ldr r0, [r1]", T32, Ends()),
        ("bx r0", A32, Lost()),
        ("bx r0", T32, Lost()),
        ("blx r0", T32, Lost()),
        ("add pc, r0", T32, Lost()),
        ("subs pc, lr, #4", T32, Lost()),
        ("eret", T32, Onward(Place(START + 4, T32))),
    ],
)
def test_an_instruction_goes_on_ends_or_is_lost(
    assemble: Assemble, code: str, state: InstructionSet, expected: Onward | Ends | Lost
) -> None:
    source = f"""
    .syntax unified
    .arch_extension virt
    .{"thumb" if state is T32 else "arm"}
start:
    {code}
    .org 0x40
ahead:
    nop
    .org 0x60
further:
    nop
"""
    path = assemble(source, "arm", flags=["-march=armv7ve"], text=START)
    image = load_image(path).images[-1]
    assert step(image, Place(START, state), frozenset({START + 0x40})) == expected


@pytest.mark.parametrize(("address", "state"), [(START + 2, A32), (START + 1, T32), (0, A32)])
def test_where_no_instruction_can_be_nothing_goes_on(
    assemble: Assemble, address: int, state: InstructionSet
) -> None:
    image = load_image(assemble(".arm\nnop\nnop", "arm", text=START)).images[-1]
    assert step(image, Place(address, state), frozenset()) == Lost()
