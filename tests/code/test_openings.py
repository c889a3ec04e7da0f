"""The code that a CPU starts with is judged as far as it installs and drops, and no further.

Programs are assembled by GNU as; addresses are those of their labels.
"""

import pytest

from hypabi.code.openings import Opening, find_looks_at_hyp, mode_read_in, opening_at
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import Assemble

START = 0x40200000
INSTALLER = START + 0x40
OTHER = START + 0x60
SOURCE = """
    .syntax unified
    .arch_extension virt
    .arm
    .text
    CODE
    .org 0x40
installs:
    bx lr
    .org 0x60
other:
    bx lr
    .org 0x80
further:
    ldr r0, [r1]
"""
DROP = """
    mrs r9, cpsr
    eor r9, r9, #0x1a
    tst r9, #0x1f
    orr r9, r9, #0xd3
    bne 1f
    adr lr, 2f
    msr spsr_cxsf, r9
    msr ELR_hyp, lr
    eret
1:  msr cpsr_c, r9
2:
"""


def image(assemble: Assemble, code: str) -> Image:
    source = SOURCE.replace("CODE", code)
    return load_image(assemble(source, "arm", flags=["-march=armv7ve"], text=START)).images[-1]


def end(assemble: Assemble, code: str) -> int | None:
    found = opening_at(image(assemble, code), START, frozenset({INSTALLER}))
    return None if found is None else found.end - START


def test_what_installs_and_drops_belongs_to_an_opening(assemble: Assemble) -> None:
    assert end(assemble, f"bl installs\n{DROP}\n mrc p15, 0, r9, c0, c0, 0") == 0x2C


@pytest.mark.parametrize(
    "behind",
    [
        "mrc p15, 0, r0, c0, c0, 5",
        "ldr r0, [r1]",
        "ldmia r2, {r3-r6}",
        "bl other",
        "b installs - 0x40",
    ],
)
def test_what_does_anything_else_does_not(assemble: Assemble, behind: str) -> None:
    assert end(assemble, f"mrs r9, cpsr\n mov r7, r1\n {behind}") == 8


@pytest.mark.parametrize(
    "belongs",
    ["mrc p15, 4, r1, c1, c0, 0", "mrc p15, 0, r1, c1, c0, 0", "isb", "setend le", "svc #0x123456"],
)
def test_what_looks_at_the_mode_or_its_control_does(assemble: Assemble, belongs: str) -> None:
    assert end(assemble, f"{belongs}\n ldr r0, [r1]") == 4


def test_a_header_is_jumped_over(assemble: Assemble) -> None:
    assert end(assemble, "nop\n b further\n .word 0x016f2818") == 0x80


@pytest.mark.parametrize("away", ["adr r9, 1f + 1\n bx r9\n1:", "sub pc, pc, #3"])
def test_code_that_goes_on_in_another_instruction_set_has_none(
    assemble: Assemble, away: str
) -> None:
    assert end(assemble, f"nop\n {away}") is None


def test_code_that_looks_at_hyp_is_found_where_it_reads_its_mode(assemble: Assemble) -> None:
    looks = "nop\n mrs r0, cpsr\n and r0, r0, #31\n mrc p15, 4, r1, c1, c0, 0\n ldr r0, [r1]"
    program = image(assemble, looks)
    assert find_looks_at_hyp(program) == {START + 4}
    assert mode_read_in(program, START) == START + 4
    assert opening_at(program, START + 4, frozenset()) == Opening(START + 4, START + 0x10)


@pytest.mark.parametrize(
    "looks",
    [
        "nop\n mrc p15, 4, r1, c1, c0, 0",
        "mrs r0, cpsr\n ldr r0, [r1]\n mrc p15, 4, r1, c1, c0, 0",
        "mrs r0, cpsr\n mrc p15, 0, r1, c1, c0, 0",
    ],
)
def test_code_that_reads_only_one_of_both_does_not(assemble: Assemble, looks: str) -> None:
    assert find_looks_at_hyp(image(assemble, looks)) == frozenset()
