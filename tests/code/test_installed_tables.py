"""A table is known by its address going into the vector base; addresses are those of GNU as."""

from typing import Literal

import pytest

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.installed_tables import MOST, installed_bases
from hypabi.code.vector_tables import How, find_vector_tables
from hypabi.image.load import load_image
from hypabi.image.model import Image
from hypabi.lifter.sleigh import Lifter
from hypabi.symbolic.lifting import image_lifter
from tests.inputs import Assemble

START = 0x40200000
TABLE = START + 0x1000
A64 = """
installs:
    CODE
    ret
    .ltorg
    .org 0x1000
    .globl table
table:
    .org 0x1400
    SLOT
    .org 0x1800
"""
A32 = """
    .syntax unified
    .arch_extension virt
    .arm
installs:
    CODE
    bx lr
    .ltorg
    .org 0x1000
    .globl table
table:
    .word 0
    nop
    nop
    nop
    nop
    SLOT
    nop
    nop
"""
SOURCES = {Architecture.ARM64: A64, Architecture.ARM: A32}
SET_A32 = "mcr p15, 4, r1, c12, c0, 0"


BY_OFFSET_TABLE = f"""
    ldr r5, 2f
1:  add r5, pc, r5
    ldr r3, 3f
    ldr r1, [r5, r3]
    {SET_A32}
    bx lr
2:  .word offsets - 1b - 8
3:  .word 4
    .section .got, "aw"
offsets: .word 0, table
    .text
"""


def image(
    assemble: Assemble, code: str, which: Literal["arm", "arm64"], slot: str = "b installs"
) -> Image:
    source = SOURCES[Architecture(which)].replace("CODE", code).replace("SLOT", slot)
    flags = ["-march=armv7ve"] if which == "arm" else []
    return load_image(assemble(source, which, flags=flags, text=START)).images[-1]


@pytest.mark.parametrize(
    "code",
    [
        "ldr x1, =table\n msr vbar_el2, x1",
        "adr x1, table\n isb\n msr vbar_el2, x1",
        "adrp x2, table\n add x2, x2, :lo12:table\n mov x1, x2\n msr vbar_el2, x1",
        "adr x19, table\n bl further\n further:\n mov x1, x19\n msr vbar_el2, x1",
    ],
)
def test_what_a64_makes_and_writes_into_the_vector_base_is_found(
    assemble: Assemble, code: str
) -> None:
    assert installed_bases(image(assemble, code, "arm64")) == {TABLE}


@pytest.mark.parametrize(
    "code",
    [
        "adr x1, table\n msr vbar_el1, x1",
        "adr x1, table\n mov x1, #0\n msr vbar_el2, x1",
        "adr x1, table\n bl further\n further:\n msr vbar_el2, x1",
        "adr x1, table\n add x1, x1, x2\n msr vbar_el2, x1",
        "adr x1, table\n ldr x1, [x1]\n msr vbar_el2, x1",
        "adr x1, table\n ret\n msr vbar_el2, x1",
        "adr x1, table\n" + "nop\n" * 32 + "msr vbar_el2, x1",
    ],
)
def test_what_a64_may_have_lost_is_not(assemble: Assemble, code: str) -> None:
    assert installed_bases(image(assemble, code, "arm64")) == frozenset()


@pytest.mark.parametrize(
    "code",
    [
        f"ldr r1, =table\n {SET_A32}",
        f"nop\n nop\n adr r2, table\n mov r1, r2\n {SET_A32}",
        f"movw r1, #:lower16:table\n movt r1, #:upper16:table\n isb\n {SET_A32}",
        f"ldr r4, =table\n bl further\n further:\n mov r1, r4\n {SET_A32}",
        BY_OFFSET_TABLE,
    ],
)
def test_what_a32_makes_and_writes_into_the_vector_base_is_found(
    assemble: Assemble, code: str
) -> None:
    assert installed_bases(image(assemble, code, "arm")) == {TABLE}


@pytest.mark.parametrize(
    "code",
    [
        "ldr r1, =table\n mcr p15, 0, r1, c12, c0, 0",
        f"ldr r1, =table\n add r1, r1, r2\n {SET_A32}",
        f"ldr r1, =table\n bl further\n further:\n {SET_A32}",
        f"ldr r1, =table\n ldm r2, {{r1, r3}}\n {SET_A32}",
        f"movt r1, #0x4020\n {SET_A32}",
    ],
)
def test_what_a32_may_have_lost_is_not(assemble: Assemble, code: str) -> None:
    assert installed_bases(image(assemble, code, "arm")) == frozenset()


def test_a_program_of_more_writes_is_looked_at_in_part(assemble: Assemble) -> None:
    one, many = "ldr x1, =table\n msr vbar_el2, x1\n", "msr vbar_el2, x9\n" * MOST
    assert installed_bases(image(assemble, one + many, "arm64")) == {TABLE}
    assert installed_bases(image(assemble, many + one, "arm64")) == frozenset()


@pytest.mark.parametrize(
    ("code", "slot", "found"),
    [
        (f"ldr r1, =table\n {SET_A32}", "b installs", [(How.INSTALLER, "table", TABLE)]),
        (f"ldr r1, =table\n {SET_A32}", ".word 0", []),
        (f"ldr r1, =table + 4\n {SET_A32}", "b installs", []),
        ("nop", "b installs", []),
    ],
)
def test_a_table_with_data_in_its_slots_is_one_by_who_installs_it(
    assemble: Assemble, code: str, slot: str, found: list[tuple[How, str, int]]
) -> None:
    program = image(assemble, code, "arm", slot)
    lifter = Lifter(InstructionSet.A32, program.byte_order)
    tables = find_vector_tables(program, (), image_lifter(program, lifter.lift))
    assert [(each.how, each.name, each.address) for each in tables] == found
