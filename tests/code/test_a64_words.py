"""A64 words, told as the assembler laid them out."""

import pytest

from hypabi.code.a64_words import branch_target, formed_address, goes_on, is_adrp, word_at
from hypabi.image.load import load_image
from tests.inputs import Assemble

START = 0x40200000
FAR = 0x4000


def laid_out(assemble: Assemble, code: str, before: int = 0) -> tuple[int, int, int]:
    """Return a word, where it stands, and the address of ``there``, ``FAR`` behind the start."""
    source = f"    .text\n    .org {before}\n    {code}\n    .org {FAR}\nthere: ret\n"
    image = load_image(assemble(source, "arm64", text=START)).images[-1]
    word = word_at(image, START + before)
    assert word is not None
    return word, START + before, START + FAR


@pytest.mark.parametrize(
    "code", ["b", "bl", "b.ne", "cbz x0,", "cbnz w3,", "tbz x0, #3,", "tbnz w9, #1,"]
)
def test_a_branch_goes_where_its_word_says_onward_and_back(assemble: Assemble, code: str) -> None:
    word, place, there = laid_out(assemble, f"{code} there")
    assert branch_target(word, place) == there
    source = f"    .text\nbehind: ret\n    .org 8\n    {code} behind\n"
    word_back = word_at(load_image(assemble(source, "arm64", text=START)).images[-1], START + 8)
    assert word_back is not None and branch_target(word_back, START + 8) == START


@pytest.mark.parametrize("code", ["br x1", "ret", "eret", "adr x0, there", "nop", "ldr x0, there"])
def test_whatever_holds_no_distance_to_a_branch_target_is_none(
    assemble: Assemble, code: str
) -> None:
    word, place, _ = laid_out(assemble, code)
    assert branch_target(word, place) is None


@pytest.mark.parametrize(
    ("code", "onward"),
    [("b there", False), ("br x3", False), ("ret", False), ("eret", False),
     ("bl there", True), ("b.eq there", True), ("blr x3", True), ("svc #0", True)],
)  # fmt: skip
def test_control_comes_to_the_next_word_but_behind_a_branch_that_is_taken(
    assemble: Assemble, code: str, *, onward: bool
) -> None:
    word, _, _ = laid_out(assemble, code)
    assert goes_on(word) is onward


@pytest.mark.parametrize(("code", "is_page"), [("adr x7, there", False), ("adrp x7, there", True)])
def test_an_address_is_formed_as_the_assembler_meant_it(
    assemble: Assemble, code: str, *, is_page: bool
) -> None:
    word, place, there = laid_out(assemble, code, before=12)
    assert formed_address(word, place) == there
    assert is_adrp(word) is is_page
    other, place, _ = laid_out(assemble, "ldr x7, there")
    assert formed_address(other, place) is None and not is_adrp(other)


def test_there_is_no_word_where_the_image_has_nothing(assemble: Assemble) -> None:
    image = load_image(assemble("    .text\n    ret\n", "arm64", text=START)).images[-1]
    assert word_at(image, START) == 0xD65F03C0
    assert word_at(image, START - 4) is None
