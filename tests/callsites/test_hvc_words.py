"""Words that are an hvc: held against GNU objdump; data and code are told apart by flow."""

import random
import re
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from hypabi.arch.names import Conduit, InstructionSet
from hypabi.callsites.hvc_words import JUMPS, MOST_SITES, direct_calls, hvc_words, replaced_by
from hypabi.code.alternatives import find_alternatives
from hypabi.code.function_bounds import function_extent
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, ImageError
from hypabi.image.symbols import NoSymbols
from hypabi.records import replace
from tests.inputs import Assemble, Kernel

A64 = """
    .globl one, two
    .type one, %function
    .type two, %function
one:
    hvc #0
    smc #0
    svc #0
    bl two
    b one
two:
    hvc #0xea1
    hvc #0xffff
    bl two
    ret
"""

A32 = """
    .arch armv7ve
    .arm
    .globl one
    .type one, %function
one:
    hvc #0
    hvc #0xea1
    bl one
    ldr r0, =0xe1400070
    bx lr
    .ltorg
    .thumb
    .globl three
    .type three, %function
three:
    nop
    hvc #0
    hvc #0xfff
    bx lr
"""

MONITOR = """
    .arch armv7ve
    .arch_extension sec
    .syntax unified
    .arm
    .globl one, two
    .type one, %function
one:
    smc #3
    smcne #0
    hvc #0
    bx lr
    .thumb
    .type two, %function
two:
    hvc #0
    smc #9
    bx lr
"""


def disassembled(path: Path, objdump: str, word: str = "hvc") -> set[int]:
    ran = subprocess.run([objdump, "-d", path], capture_output=True, text=True, check=True)
    found = re.findall(rf"^ *([0-9a-f]+):.*\t{word}(?:ne)?\t", ran.stdout, re.M)
    return {int(each, 16) for each in found}


def test_a64_words_are_those_that_objdump_finds(assemble: Assemble) -> None:
    path = assemble(A64, "arm64", text=0x10000)
    found = hvc_words(load_image(path).images[-1])
    assert {word.address for word in found} == disassembled(path, "aarch64-linux-gnu-objdump")
    assert [word.immediate for word in found] == [0, 0xEA1, 0xFFFF]


@pytest.mark.parametrize(
    ("source", "architecture", "objdump", "immediates"),
    [
        (A64, "arm64", "aarch64-linux-gnu-objdump", [0]),
        (MONITOR, "arm", "arm-linux-gnueabihf-objdump", [3, 0, 9]),
    ],
)
def test_smc_words_are_those_that_objdump_finds(
    assemble: Assemble,
    source: str,
    architecture: Literal["arm", "arm64"],
    objdump: str,
    immediates: list[int],
) -> None:
    path = assemble(source, architecture, text=0x10000)
    found = hvc_words(load_image(path).images[-1], Conduit.SMC)
    assert {word.address for word in found} == disassembled(path, objdump, "smc")
    assert [word.immediate for word in found] == immediates


def test_arm_words_are_those_that_objdump_finds_and_a_literal(assemble: Assemble) -> None:
    path = assemble(A32, "arm", text=0x10000)
    found = hvc_words(load_image(path).images[-1])
    code = disassembled(path, "arm-linux-gnueabihf-objdump")
    literal = {word.address for word in found} - code
    assert code <= {word.address for word in found}
    # A literal that looks like an hvc is not known to be data here; flow has to tell.
    assert literal == {0x10014}
    states = {word.address: word.state for word in found}
    assert states[0x10000] is InstructionSet.A32
    assert states[max(code)] is InstructionSet.T32
    assert [word.immediate for word in found if word.address in code] == [0, 0xEA1, 0, 0xFFF]


def test_a_function_ends_where_the_next_symbol_is(assemble: Assemble) -> None:
    image = load_image(assemble(A64, "arm64", text=0x10000)).images[-1]
    assert function_extent(image, 0x10008, InstructionSet.A64).name == "one"
    around = function_extent(image, 0x10018, InstructionSet.A64)
    assert (around.name, around.start, around.end) == ("two", 0x10014, 0x10024)


def test_calls_are_found_from_before_and_behind_their_target(assemble: Assemble) -> None:
    image = load_image(assemble(A64, "arm64", text=0x10000)).images[-1]
    assert direct_calls(image, [0x10014], 9) == {0x10014: [0x1000C, 0x1001C]}
    assert direct_calls(image, [0x10014], 1) == {0x10014: [0x1000C]}
    # `b` at the end of a function is no call; nobody calls the middle of one.
    assert direct_calls(image, [0x10000, 0x10018], 9) == {0x10000: [], 0x10018: []}
    arm = load_image(assemble(A32, "arm", text=0x10000)).images[-1]
    assert direct_calls(arm, [0x10000], 9) == {0x10000: [0x10008]}


T32 = """
    .syntax unified
    .arch armv7-a
    .thumb
    NAMES
before:
    bl one
    nop.w
    bx lr
one:
    nop
    bl one
    b one
    b.w one
    pop {r4, pc}
other:
    bl one
    bl before
    .inst.n 0x46f7
last:
    movw r0, #0x4770
    nop
"""
NAMES = """
    .type before, %function
    .type one, %function
    .type other, %function
    .type last, %function
"""


@pytest.mark.parametrize("names", [NAMES, ""])
def test_calls_and_jumps_are_found_in_t32_with_symbols_and_without(
    assemble: Assemble, names: str
) -> None:
    path = assemble(T32.replace("NAMES", names), "arm", text=0x10000)
    image = load_image(path).images[-1]
    if not names:
        image = replace(image, symbols=NoSymbols())
    assert direct_calls(image, [0x1000A], 9) == {0x1000A: [0x10000, 0x1000C, 0x10018]}
    assert direct_calls(image, [0x1000A], 9, JUMPS) == {0x1000A: [0x10010, 0x10012]}
    assert direct_calls(image, [0x10000], 9) == {0x10000: [0x1001C]}


def test_a_function_of_t32_without_symbols_begins_behind_the_last_return(
    assemble: Assemble,
) -> None:
    """``movw r0, #0x4770`` holds the halfword of ``bx lr`` in what it loads, and is none."""
    image = load_image(assemble(T32.replace("NAMES", NAMES), "arm", text=0x10000)).images[-1]
    image = replace(image, symbols=NoSymbols())
    starts = {0x10002: 0x10000, 0x10012: 0x1000A, 0x1001C: 0x10018, 0x10026: 0x10022}
    for inside, start in starts.items():
        assert function_extent(image, inside, InstructionSet.T32).start == start


def naive(image: Image) -> set[int]:
    found = set()
    for segment in image.segments:
        if segment.access is Access.CODE:
            words = memoryview(bytes(segment.content[: len(segment.content) & ~3])).cast("I")
            for at, word in enumerate(words):
                if word & 0xFFE0001F == 0xD4000002:
                    found.add(segment.address + 4 * at)
    return found


@pytest.mark.parametrize(
    ("name", "count"), [("6.1-arm64", 69), ("6.12-arm64", 77), ("7.2-arm64", 105)]
)
def test_no_word_of_a_real_kernel_is_missed(kernel: Kernel, name: str, count: int) -> None:
    """The counts are those of GNU objdump over the code segments."""
    image = load_image(kernel(name)).images[-1]
    found = {word.address for word in hvc_words(image) if word.in_code}
    assert found == naive(image)
    assert len(found) == count


def test_text_among_data_is_found_and_names_of_symbols_are_not(kernel: Kernel) -> None:
    """6.1 has its trampolines in .rodata.text, which the loader cannot tell from data."""
    found = hvc_words(load_image(kernel("6.1-arm64")).images[-1])
    assert len([word for word in found if not word.in_code]) == 3


def test_a_replacement_is_found_where_it_is_copied_to(kernel: Kernel) -> None:
    patches = find_alternatives(load_image(kernel("6.1-arm64")).images[-1])
    site = next(s for s in patches if not s.callback and s.size >= 8)
    inside = site.replacement + 4
    assert replaced_by(patches, [inside]) == {inside: site.address + 4}
    assert replaced_by(patches, [site.address + 1]) == {}


def test_random_bytes_are_searched_to_their_end(assemble: Assemble) -> None:
    chance = random.Random(22)
    text = ", ".join(f"0x{0xD4000000 | chance.getrandbits(22) & ~0x1C:08x}" for _ in range(999))
    image = load_image(assemble(f".globl f\nf: .long {text}\n", "arm64", text=0x10000)).images[-1]
    assert {word.address for word in hvc_words(image)} == naive(image) != set()


def test_a_program_made_of_nothing_else_is_refused(assemble: Assemble) -> None:
    source = f".globl f\nf: .rept {MOST_SITES + 1}\nhvc #0\n.endr\nret\n"
    with pytest.raises(ImageError, match=str(MOST_SITES)):
        hvc_words(load_image(assemble(source, "arm64", text=0x10000)).images[-1])
    fewer = load_image(
        assemble(source.replace(str(MOST_SITES + 1), str(MOST_SITES)), "arm64", text=0x10000)
    )
    assert len(hvc_words(fewer.images[-1])) == MOST_SITES
