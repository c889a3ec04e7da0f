"""What A64 instructions read and write: held against SLEIGH, and each class by an example."""

import random
from typing import Final

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.code import register_usage
from hypabi.image.load import load_image
from hypabi.image.model import Access
from hypabi.lifter.instruction import Undecodable
from hypabi.lifter.sleigh import Lifter
from tests.inputs import Kernel

OURS: Final = frozenset(
    {"ldpsw", "stgp", "subg", "addg", "sysl", "ldrsh", "ldrsb", "ldursh", "ldursb", "ldtrsh",
     "ldtrsb", "ldaddb", "pacib", "pacia", "pacda", "pacdb", "autia", "autib", "autda", "autdb",
     "paciza", "pacizb", "pacdza", "pacdzb", "autiza", "autizb", "autdza", "autdzb", "xpaci",
     "xpacd", "xpaclri", "paciasp", "pacibsp", "autiasp", "autibsp", "paciaz", "pacibz", "autiaz",
     "autibz", "pacia1716", "pacib1716", "autia1716", "autib1716", ".inst"}
)  # fmt: skip
"""Forms of which SLEIGH's operations leave a write out or do nothing (facts of docs/limits.md)."""


def x(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter(InstructionSet.A64, ByteOrder.LITTLE)


def differences(lifter: Lifter, word: int) -> str | None:
    content = word.to_bytes(4, "little")
    instruction = lifter.lift(0x1000, content)
    known = register_usage.a64(word)
    if isinstance(instruction, Undecodable) or known is None:
        return None
    theirs = register_usage.lifted(instruction)
    name = lifter.text(0x1000, content).split()[0]
    if name in OURS or name.startswith(("ldsm", "ldum", "ldset", "ldclr", "ldeor", "swp", "ldadd")):
        return None
    if theirs.reads & ~known.reads & ~theirs.writes:
        return f"{word:#010x} {name}: SLEIGH reads more"
    if known.writes != theirs.writes:
        return f"{word:#010x} {name}: writes {known.writes:#x}, by SLEIGH {theirs.writes:#x}"
    return None


def test_random_words_use_what_sleigh_says(lifter: Lifter) -> None:
    chance = random.Random(20)
    found = [differences(lifter, chance.getrandbits(32)) for _ in range(6000)]
    assert [each for each in found if each] == []


def test_words_of_a_real_kernel_use_what_sleigh_says(lifter: Lifter, kernel: Kernel) -> None:
    image = load_image(kernel("6.12-arm64")).images[-1]
    text = next(s for s in image.segments if s.access is Access.CODE and len(s.content) > 1 << 20)
    chance = random.Random(21)
    places = [4 * chance.randrange(len(text.content) // 4) for _ in range(4000)]
    words = {int.from_bytes(text.content[at : at + 4], "little") for at in places}
    undecoded = [word for word in words if register_usage.a64(word) is None and word]
    found = [differences(lifter, word) for word in sorted(words)]
    assert [each for each in found if each] == []
    # What is not decoded is said so; it must be rare, or nothing could be followed.
    assert len(undecoded) * 200 < len(words)


@pytest.mark.parametrize(
    ("word", "reads", "writes"),
    [
        (0xD2800020, 0, x(0)),  # mov x0, #1
        (0xF2A00020, x(0), x(0)),  # movk x0, #1, lsl #16
        (0xAA0103E0, x(1), x(0)),  # mov x0, x1
        (0xF94003E0, 0, x(0)),  # ldr x0, [sp]
        (0xA9BF7BFD, x(29, 30), 0),  # stp x29, x30, [sp, #-16]!
        (0xF8408420, x(1), x(0, 1)),  # ldr x0, [x1], #8
        (0x94000000, 0, x(30)),  # bl
        (0xD65F03C0, x(30), 0),  # ret
        (0xD63F0020, x(1), x(30)),  # blr x1
        (0xB4000041, x(1), 0),  # cbz x1
        (0x9A810000, x(0, 1), x(0)),  # csel x0, x0, x1, eq
        (0xEB01001F, x(0, 1), 0),  # cmp x0, x1
        (0xD503233F, x(30), x(30)),  # paciasp
        (0xC85F7C20, x(1), x(0)),  # ldxr x0, [x1]
        (0xC8027C20, x(0, 1), x(2)),  # stxr w2, x0, [x1]
        (0xC8A07C41, x(0, 1, 2), x(0)),  # cas x0, x1, [x2]
        (0x9E660000, 0, x(0)),  # fmov x0, d0
        (0x4E183C20, 0, x(0)),  # mov x0, v1.d[1]
    ],
)
def test_an_instruction_uses_what_the_manual_says(word: int, reads: int, writes: int) -> None:
    assert register_usage.a64(word) == register_usage.Uses(reads, writes)


@pytest.mark.parametrize("word", [0x00000000, 0x19400020, 0x1D000000])
def test_an_instruction_of_another_class_is_not_guessed(word: int) -> None:
    assert register_usage.a64(word) is None


@pytest.mark.parametrize(
    ("word", "moved"),
    [
        (0x91010000, 0),  # add x0, x0, #64
        (0x91010020, None),  # add x0, x1, #64
        (0xF8408420, 1),  # ldr x0, [x1], #8
        (0xA8C10BE1, None),  # ldp x1, x2, [sp], #16
        (0xA8C10801, 0),  # ldp x1, x2, [x0], #16
        (0xA9400801, None),  # ldp x1, x2, [x0]
        (0xF9400000, None),  # ldr x0, [x0]
    ],
)
def test_a_pointer_is_moved_on_by_writeback_or_a_constant(word: int, moved: int | None) -> None:
    assert register_usage.moved_on(word) == moved


@pytest.mark.parametrize(
    ("word", "reads", "writes"),
    [
        (0xE3A02000, 0, x(2)),  # mov r2, #0
        (0xE0922003, x(2, 3), x(2)),  # adds r2, r2, r3
        (0x03A02000, 0, 0),  # moveq r2, #0
        (0x00922003, x(2, 3), 0),  # addseq r2, r2, r3
    ],
)
def test_an_a32_instruction_does_not_read_what_it_has_just_written(
    word: int, reads: int, writes: int
) -> None:
    lifter = Lifter(InstructionSet.A32, ByteOrder.LITTLE)
    instruction = lifter.lift(0x1000, word.to_bytes(4, "little"))
    assert not isinstance(instruction, Undecodable)
    assert register_usage.lifted(instruction) == register_usage.Uses(reads, writes)
