"""The code that a CPU starts with is judged as far as it installs and drops, and no further.

Programs are assembled by GNU as; addresses are those of their labels.
"""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.code.openings import (
    Opening,
    enters_t32,
    find_looks_at_hyp,
    mode_read_in,
    opening_at,
    switch_to_t32,
)
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import Assemble

A32, T32 = InstructionSet.A32, InstructionSet.T32
BOTH = pytest.mark.parametrize("state", [A32, T32])
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


def image(assemble: Assemble, code: str, state: InstructionSet = A32) -> Image:
    source = SOURCE.replace("CODE", code)
    if state is T32:
        source = source.replace("    .arm\n", "    .thumb\n    .thumb_func\n_start:\n", 1)
    return load_image(assemble(source, "arm", flags=["-march=armv7ve"], text=START)).images[-1]


def ends_at(assemble: Assemble, code: str, state: InstructionSet) -> tuple[int | None, int]:
    """Return where the opening of code ends, and where its label ``ended`` is."""
    program = image(assemble, code, state)
    found = opening_at(program, START, state, frozenset({INSTALLER}))
    (ended,) = program.symbols.find("ended")
    return None if found is None else found.end, ended.address


def belongs(assemble: Assemble, code: str, state: InstructionSet) -> bool:
    """Tell whether an opening goes on behind code, up to where memory is used."""
    found, ended = ends_at(assemble, f"{code}\n ended: ldr r0, [r1]", state)
    return found == ended


def stops(assemble: Assemble, code: str, state: InstructionSet) -> bool:
    """Tell whether an opening ends in front of code."""
    found, ended = ends_at(assemble, f"mrs r9, cpsr\n mov r7, r1\n ended: {code}", state)
    return found == ended


@BOTH
def test_what_installs_and_drops_belongs_to_an_opening(
    assemble: Assemble, state: InstructionSet
) -> None:
    code = f"bl installs\n{DROP}\n ended: mrc p15, 0, r9, c0, c0, 0"
    found, ended = ends_at(assemble, code, state)
    assert found == ended


@BOTH
@pytest.mark.parametrize(
    "other",
    [
        "mrc p15, 0, r0, c0, c0, 5",
        "ldr r0, [r1]",
        "ldrd r4, r5, [r1]",
        "ldr r0, =0x12345678",
        "ldmia r2, {r3-r6}",
        "push {r0}",
        "bl other",
        "b installs - 0x40",
        "hvc #0",
        "mul r0, r1",
        "clz r0, r1",
        "ubfx r0, r1, #0, #4",
        "udf #0",
    ],
)
def test_what_does_anything_else_does_not(
    assemble: Assemble, other: str, state: InstructionSet
) -> None:
    assert stops(assemble, other, state)


@BOTH
@pytest.mark.parametrize(
    "same",
    [
        "mrc p15, 4, r1, c1, c0, 0",
        "mrc p15, 0, r1, c1, c0, 0",
        "isb",
        "setend le",
        "svc #0xab",
        "cpsid if",
        "nop",
        "movw r0, #1",
        "movt r0, #1",
        "adr r0, further",
        "lsl r0, r1, r2",
        "lsl r8, r1, r2",
        "mov r8, r0",
        "add r0, pc",
        "tst r9, #0x1f",
        "cmp r0, #0x1a",
        "orr r9, r9, r1",
        "msr spsr_cxsf, r9",
        "mrs r0, spsr",
        "bne ended",
        "bne 1f\n b 1f\n 1:",
    ],
)
def test_what_computes_or_looks_at_the_mode_or_its_control_does(
    assemble: Assemble, same: str, state: InstructionSet
) -> None:
    assert belongs(assemble, same, state)


@pytest.mark.parametrize(
    ("block", "whole"),
    [
        ("itt eq\n moveq r0, #1\n beq.w ended", True),
        ("it ne\n blne installs", True),
        ("cbz r0, ended", True),
        ("it ne\n blne other", False),
        ("itt cc\n movcc r0, r1\n ldrcc r0, [r1]", False),
        ("itt cc\n movcc r0, r1\n bxcc r9", False),
        ("itt eq\n moveq r0, #1\n beq.w _start", False),
    ],
)
def test_an_it_block_belongs_whole_or_not_at_all(
    assemble: Assemble, block: str, whole: object
) -> None:
    assert (belongs if whole else stops)(assemble, block, T32)


@BOTH
def test_a_header_is_jumped_over(assemble: Assemble, state: InstructionSet) -> None:
    program = image(assemble, "nop\n b further\n .word 0x016f2818", state)
    assert opening_at(program, START, state, frozenset()) == Opening(START, START + 0x80)


@pytest.mark.parametrize("away", ["mov pc, lr", "bx r9", "adr r9, 1f\n mov r8, r9\n bx r9\n1:"])
@BOTH
def test_code_that_goes_on_at_a_computed_address_has_none(
    assemble: Assemble, away: str, state: InstructionSet
) -> None:
    program = image(assemble, f"nop\n {away}", state)
    assert opening_at(program, START, state, frozenset()) is None


@pytest.mark.parametrize(
    "over",
    [
        "adr r9, 1f + 1\n bx r9\n .thumb\n 1:",
        "adr r12, 1f + 1\n bx r12\n .word 0x016f2818\n .thumb\n 1:",
        "sub pc, pc, #3\n .thumb",
    ],
)
def test_code_is_followed_where_it_goes_on_in_t32(assemble: Assemble, over: str) -> None:
    code = f"nop\n {over}\n mrs r9, cpsr\n movs r7, #1\n ended: ldr r0, [r1]"
    assert belongs(assemble, f"nop\n {over}\n mrs r9, cpsr\n movs r7, #1", A32)
    assert enters_t32(image(assemble, code))


@pytest.mark.parametrize(
    "code", ["nop\n ldr r0, [r1]", "adr r9, 1f\n bx r9\n 1: nop", "nop\n bx r9"]
)
def test_code_that_stays_in_a32_does_not_enter_t32(assemble: Assemble, code: str) -> None:
    assert not enters_t32(image(assemble, code))


@pytest.mark.parametrize(
    ("code", "behind"),
    [
        ("adr r9, 1f + 1\n bx r9\n 1:", 8),
        ("setend be\n adr r9, 1f + 1\n bx r9\n 1:", 12),
        ("adr r9, 1f + 1\n bx r8\n 1:", None),
        ("adr r9, 1f\n bx r9\n 1:", None),
        ("nop\n adr r9, 1f + 1\n bx r9\n 1:", None),
    ],
)
def test_an_entry_switches_at_once_or_not(
    assemble: Assemble, code: str, behind: int | None
) -> None:
    found = switch_to_t32(image(assemble, code), START)
    assert found == (None if behind is None else START + behind)


@BOTH
def test_code_that_looks_at_hyp_is_found_where_it_reads_its_mode(
    assemble: Assemble, state: InstructionSet
) -> None:
    looks = "mov r1, r1\n read: mrs r0, cpsr\n and r0, r0, #31\n mrc p15, 4, r1, c1, c0, 0\n"
    program = image(assemble, f"{looks} ended: ldr r0, [r1]", state)
    (read,), (ended,) = program.symbols.find("read"), program.symbols.find("ended")
    assert find_looks_at_hyp(program, state) == {read.address}
    assert mode_read_in(program, START, state) == read.address
    opening = opening_at(program, read.address, state, frozenset())
    assert opening == Opening(read.address, ended.address)


@BOTH
@pytest.mark.parametrize(
    "looks",
    [
        "nop\n mrc p15, 4, r1, c1, c0, 0",
        "mrs r0, cpsr\n ldr r0, [r1]\n mrc p15, 4, r1, c1, c0, 0",
        "mrs r0, cpsr\n mrc p15, 0, r1, c1, c0, 0",
    ],
)
def test_code_that_reads_only_one_of_both_does_not(
    assemble: Assemble, looks: str, state: InstructionSet
) -> None:
    assert find_looks_at_hyp(image(assemble, looks, state), state) == frozenset()
