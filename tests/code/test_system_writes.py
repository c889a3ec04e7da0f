"""Words that write system registers, and words of EL2 and HYP, as GNU as makes them."""

from typing import Literal

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.code.system_writes import SystemWrite, instruction_word, is_of_el2, system_write
from hypabi.image.load import load_image
from tests.inputs import Assemble


def word(assemble: Assemble, text: str, state: InstructionSet) -> int:
    """Return a word of code."""
    target: Literal["arm", "arm64"] = "arm64" if state is InstructionSet.A64 else "arm"
    head = {InstructionSet.T32: ".syntax unified; .thumb;", InstructionSet.A32: ".arm;"}.get(
        state, ""
    )
    cpu = "" if target == "arm64" else ".arch armv7-a; .arch_extension virt;"
    image = load_image(
        assemble(f"{cpu} {head} .text; {text}; nop; nop", target, text=0x8000)
    ).images[-1]
    return instruction_word(image, 0x8000, state)


A64, A32, T32 = InstructionSet.A64, InstructionSet.A32, InstructionSet.T32


@pytest.mark.parametrize(
    ("state", "text", "write", "of_el2"),
    [
        (A64, "msr sctlr_el1, x12", SystemWrite("SCTLR_EL1", 12), False),
        (A64, "msr vbar_el2, x1", SystemWrite("VBAR_EL2", 1), True),
        (A64, "mrs x1, vbar_el2", None, True),
        (A64, "mrs x1, sctlr_el1", None, False),
        (A64, "msr s3_5_c2_c0_0, x2", SystemWrite("TTBR0_EL12", 2), True),
        (A64, "add x1, x2, x3", None, False),
        (A32, "mcr p15, 0, r2, c1, c0, 0", SystemWrite("SCTLR", 2), False),
        (A32, "mcr p15, 4, r7, c12, c0, 0", SystemWrite("HVBAR", 7), True),
        (A32, "mrc p15, 4, r7, c12, c0, 0", None, True),
        (A32, "mrc p15, 0, r2, c1, c0, 0", None, False),
        (T32, "mcr p15, 0, r2, c1, c0, 0", SystemWrite("SCTLR", 2), False),
        (T32, "mcr p15, 4, r7, c12, c0, 0", SystemWrite("HVBAR", 7), True),
        (T32, "add.w r1, r2, r3", None, False),
    ],
)
def test_what_a_word_writes_and_whose_it_is(
    assemble: Assemble, state: InstructionSet, text: str, write: SystemWrite | None, *, of_el2: bool
) -> None:
    found = word(assemble, text, state)
    assert system_write(found, state) == write
    assert is_of_el2(found, state) is of_el2
