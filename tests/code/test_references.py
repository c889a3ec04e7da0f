"""What copied code refers to by its distance from itself, told as the assembler laid it out."""

import pytest

from hypabi.code.a64_words import word_at
from hypabi.code.references import is_landing, references_out
from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import Assemble

START = 0x40200000
SIZE = 0x100


def image(assemble: Assemble, code: str) -> Image:
    copied = f"    .text\n    .globl copied\ncopied:\n{code}\n    ret\n    .org {SIZE:#x}\n"
    return load_image(assemble(f"{copied}outside:\n    ret\n", "arm64", text=START)).images[-1]


@pytest.mark.parametrize(
    "code",
    [
        "    bl outside",
        "    b.ne outside",
        "    cbz x0, outside",
        "    tbnz x0, #3, outside",
        "    adr x0, outside",
        "    ldr x0, outside",
        "    ldr w0, outside",
        "    adrp x0, outside + 0x1000",
        "    b 1f\n    .inst 0xd4200000\n1:  bl outside",
    ],
)
def test_code_that_refers_out_of_its_copy_is_told(assemble: Assemble, code: str) -> None:
    program = image(assemble, code)
    out = list(references_out(program, START, START + SIZE))
    assert [target >= START + SIZE for _, target in out] == [True]


@pytest.mark.parametrize(
    "code",
    [
        "    br x0",
        "    cbz x0, 1f\n    adr x1, 1f\n1:  nop",
        "    ldr x0, 1f\n    br x0\n    .align 3\n1:  .quad 0",
        # Data, and a word that is a branch out if it were run.
        "    b 1f\n    .inst 0x14000400\n1:  nop",
        "    bl 1f\n1:  eret\n    bl outside",
    ],
)
def test_code_that_keeps_to_its_copy_is_not(assemble: Assemble, code: str) -> None:
    assert not list(references_out(image(assemble, code), START, START + SIZE))


@pytest.mark.parametrize(
    ("text", "lands"),
    [("bti c", True), ("bti j", True), ("bti jc", True), ("paciasp", True), ("nop", False)],
)
def test_a_landing_word_is_one_that_branches_may_land_at(
    assemble: Assemble, text: str, *, lands: bool
) -> None:
    source = f"    .arch armv8.5-a\n    .text\n    {text}\n    ret\n"
    program = load_image(assemble(source, "arm64", text=START)).images[-1]
    assert is_landing(word_at(program, START) or 0) is lands
