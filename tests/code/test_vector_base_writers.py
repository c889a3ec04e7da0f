"""The function that makes a table live is told in a program without symbols, or nobody is."""

import pytest

from hypabi.code.vector_base_writers import find_base_writer
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import Assemble

START = 0x40200000
SOURCE = """
    .syntax unified
    .arch_extension virt
    .arm
    .text
entry:
    CALLED
    b .
    .org 0x40
installs:
    nop
    TAKEN
    mcr p15, 4, r7, c12, c0, 0
    bx lr
    .org 0x100
table:
    .rept 8
    b .
    .endr
"""
TABLE = START + 0x100


def image(assemble: Assemble, called: str = "bl installs", taken: str = "adr r7, table") -> Image:
    source = SOURCE.replace("CALLED", called).replace("TAKEN", taken)
    return load_image(assemble(source, "arm", flags=["-march=armv7ve"], text=START)).images[-1]


def test_the_function_that_sets_the_vector_base_to_the_table_is_found(assemble: Assemble) -> None:
    assert find_base_writer(image(assemble), TABLE) == START + 0x40


@pytest.mark.parametrize(
    ("called", "taken"),
    [("b installs", "adr r7, table"), ("bl installs", "nop"), ("bl installs", "adr r7, entry")],
)
def test_code_that_nobody_calls_or_that_sets_another_base_is_not(
    assemble: Assemble, called: str, taken: str
) -> None:
    assert find_base_writer(image(assemble, called, taken), TABLE) is None


def test_two_functions_that_set_it_leave_it_untold(assemble: Assemble) -> None:
    two = "bl installs\n    bl other\nother:\n    adr r7, table\n    mcr p15, 4, r7, c12, c0, 0"
    assert find_base_writer(image(assemble, called=two), TABLE) is None
