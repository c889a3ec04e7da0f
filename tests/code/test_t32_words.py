"""T32 is read as GNU as writes it: sizes of instructions, and where branches go."""

import pytest

from hypabi.code.t32_words import branch_target, call_target, conditional_target, read_t32
from hypabi.image.load import load_image
from tests.inputs import Assemble

START = 0x40200000
SOURCE = """
    .syntax unified
    .arch armv7-a
    .thumb
    .text
    .thumb_func
before:
    nop
    .org 0x1000
at:
    INSTRUCTION
behind:
    .org 0x1020
near:
    nop
    .org 0x1ff000
far:
    nop
"""


@pytest.mark.parametrize(
    ("reads", "instruction", "places"),
    [
        (call_target, "bl", ("before", "near", "far")),
        (branch_target, "b.w", ("before", "near", "far")),
        (branch_target, "b.n", ("near",)),
        (conditional_target, "bne.w", ("before", "near")),
        (conditional_target, "blt.n", ("near",)),
        (conditional_target, "cbz r3,", ("near",)),
        (conditional_target, "cbnz r7,", ("near",)),
    ],
)
def test_a_branch_goes_where_the_assembler_was_told(
    assemble: Assemble, reads: object, instruction: str, places: tuple[str, ...]
) -> None:
    for place in places:
        source = SOURCE.replace("INSTRUCTION", f"{instruction} {place}")
        image = load_image(assemble(source, "arm", text=START)).images[-1]
        named = {name: image.symbols.find(name)[0].address for name in ("at", "behind", place)}
        read = read_t32(image.segments[0].content, named["at"] - START)
        assert read is not None
        word, size = read
        assert named["at"] + size == named["behind"]
        for each in (call_target, branch_target, conditional_target):
            expected = named[place] if each is reads else None
            assert each(word, named["at"]) == expected


@pytest.mark.parametrize(
    "instruction", ["blx r3", "bx lr", "mov pc, lr", "svc #1", "udf #1", "nop"]
)
def test_what_is_no_branch_of_these_goes_nowhere(assemble: Assemble, instruction: str) -> None:
    source = SOURCE.replace("INSTRUCTION", instruction)
    image = load_image(assemble(source, "arm", text=START)).images[-1]
    read = read_t32(image.segments[0].content, 0x1000)
    assert read is not None
    for each in (call_target, branch_target, conditional_target):
        assert each(read[0], START) is None


def test_an_instruction_that_is_cut_short_is_none() -> None:
    assert read_t32(bytes.fromhex("00bf"), 0) == (0xBF00, 2)
    assert read_t32(bytes.fromhex("00f0 00f8"), 0) == (0xF000F800, 4)
    assert read_t32(bytes.fromhex("00f0 00"), 0) is None
    assert read_t32(b"\x00", 0) is None
