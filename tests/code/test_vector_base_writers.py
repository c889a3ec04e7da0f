"""The function that makes a table live is told in a program without symbols, or nobody is."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.code.vector_base_writers import find_base_writer
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import Assemble

START = 0x40200000
SOURCE = """
    .syntax unified
    .arch_extension virt
    .STATE
    .text
entry:
    CALLED
    b .
    .org 0x40
    .thumb_func
installs:
    nop
    TAKEN
    mcr p15, 4, r7, c12, c0, 0
    bx lr
    .org 0x100
table:
    .rept 8
    b.w .
    .endr
"""
TABLE = START + 0x100


STATES = {"arm": InstructionSet.A32, "thumb": InstructionSet.T32}


def image(
    assemble: Assemble,
    called: str = "bl installs",
    taken: str = "adr r7, table",
    state: str = "arm",
) -> Image:
    source = SOURCE.replace("CALLED", called).replace("TAKEN", taken).replace("STATE", state)
    if state == "arm":
        source = source.replace(".thumb_func", "").replace("b.w", "b")
    return load_image(assemble(source, "arm", flags=["-march=armv7ve"], text=START)).images[-1]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("taken", ["adr r7, table", "adr.w r7, table\n    nop"])
def test_the_function_that_sets_the_vector_base_to_the_table_is_found(
    assemble: Assemble, state: str, taken: str
) -> None:
    taken = taken.replace(".w", "") if state == "arm" else taken.replace("adr ", "adr.w ")
    found = find_base_writer(image(assemble, taken=taken, state=state), TABLE, STATES[state])
    assert found == START + 0x40


def test_code_of_one_instruction_set_is_not_read_as_the_other(assemble: Assemble) -> None:
    taken = "adr.w r7, table"
    assert find_base_writer(image(assemble), TABLE, InstructionSet.T32) is None
    thumb = image(assemble, taken=taken, state="thumb")
    assert find_base_writer(thumb, TABLE, InstructionSet.A32) is None


@pytest.mark.parametrize("called", ["b.w installs", "nop"])
def test_code_of_thumb_that_nobody_calls_is_not(assemble: Assemble, called: str) -> None:
    thumb = image(assemble, called, "adr.w r7, table", "thumb")
    assert find_base_writer(thumb, TABLE, InstructionSet.T32) is None


@pytest.mark.parametrize(
    ("called", "taken"),
    [("b installs", "adr r7, table"), ("bl installs", "nop"), ("bl installs", "adr r7, entry")],
)
def test_code_that_nobody_calls_or_that_sets_another_base_is_not(
    assemble: Assemble, called: str, taken: str
) -> None:
    assert find_base_writer(image(assemble, called, taken), TABLE, InstructionSet.A32) is None


def test_two_functions_that_set_it_leave_it_untold(assemble: Assemble) -> None:
    two = "bl installs\n    bl other\nother:\n    adr r7, table\n    mcr p15, 4, r7, c12, c0, 0"
    assert find_base_writer(image(assemble, called=two), TABLE, InstructionSet.A32) is None
