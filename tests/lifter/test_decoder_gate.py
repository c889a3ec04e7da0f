"""What is given a meaning is an allocated instruction: GNU objdump says so, for thousands of words.

objdump is no oracle for everything: it knows names of registers up to its own year, and calls
moves with a shift to the pc UNPREDICTABLE, which DDI 0406C does not (A8.8.94, LSL (immediate)).
A run takes 16,000 random words of each instruction set, one that explores forty times as many, and
of T32 every 16-bit instruction there is.
"""

import itertools
import random
import re
from collections.abc import Iterator

import pytest

from hypabi.arch.aarch64_access import IMPLEMENTATION_DEFINED
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.overlay.a64 import WITHOUT_MEANING, system_register
from hypabi.lifter.sleigh import Lifter
from tests.inputs import exploring
from tests.lifter.overlay import gnu_arm
from tests.lifter.overlay.gnu_aarch64 import disassemble

SEEDS = 32 if exploring() else 2
WORDS = 20_000 if exploring() else 8_000
NO_INSTRUCTION = re.compile(r"\.inst|undefined|unpredictable|<illegal|invalid", re.IGNORECASE)
SHIFT_TO_PC = re.compile(r"(lsl|lsr|asr|ror)s?(\w\w)?\tpc, \w+, #")
REFUSED_WHEN_RUN = {name for _, _, name in WITHOUT_MEANING} | {"drps", "hlt"}
REFUSED_BY_NAME = ("system instruction", "hint #", "pointer authentication")


@pytest.fixture(scope="module")
def lifters() -> dict[InstructionSet, Lifter]:
    return {each: Lifter(each, ByteOrder.LITTLE) for each in InstructionSet}


def has_meaning(lifter: Lifter, word: int, size: int = 4, it: int = 0) -> bool:
    """Return whether a word is lifted, and not to an act that the engine refuses."""
    lifted = lifter.lift(0x1000, word.to_bytes(size, "little"), it)
    if isinstance(lifted, Undecodable):
        return False
    users = {op.user for op in lifted.ops}
    return not users & REFUSED_WHEN_RUN and not any(u.startswith(REFUSED_BY_NAME) for u in users)


def skewed(source: random.Random, word: int, fields: tuple[int, ...], width: int) -> int:
    """Set some register fields to all ones, to zero or to each other: where the rules are."""
    ones = (1 << width) - 1
    for low in fields:
        chance = source.random()
        if chance < 0.4:
            other = (ones, 0, word >> source.choice(fields) & ones)[int(chance * 7.5)]
            word = word & ~(ones << low) | other << low
    return word


def a64_words(seed: int, count: int) -> Iterator[int]:
    source = random.Random(seed)
    groups = (4, 5, 8, 9, 10, 11, 12, 13, 4, 12, 6, 7, 14, 15)  # op0 of C4.1: not SVE, not SME
    for _ in range(count):
        word = source.getrandbits(32) & ~(0xF << 25) | source.choice(groups) << 25
        word = skewed(source, word, (0, 5, 10, 16), 5)
        if word >> 24 != 0xD5:
            yield word


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lifted_a64_word_is_an_instruction(
    seed: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    words = list(a64_words(seed, WORDS))
    lifter = lifters[InstructionSet.A64]
    lifted = [has_meaning(lifter, word) for word in words]
    texts = disassemble(words)
    wrong = [
        (hex(word), text)
        for word, text, ours in zip(words, texts, lifted, strict=True)
        if ours and NO_INSTRUCTION.search(text)
    ]
    assert wrong == []
    assert sum(lifted) > len(words) // 4


def test_lifted_a64_logical_immediate_is_one_that_objdump_knows(
    lifters: dict[InstructionSet, Lifter],
) -> None:
    words = [
        wide << 31 | 0x12000000 | fields << 10 | 0xA5
        for wide in (0, 1)
        for fields in range(1 << 13)
    ]
    texts = disassemble(words)
    for word, text in zip(words, texts, strict=True):
        ours = has_meaning(lifters[InstructionSet.A64], word)
        assert ours == (NO_INSTRUCTION.search(text) is None), (hex(word), text)


@pytest.mark.parametrize("reads", [0, 1])
@pytest.mark.parametrize("op0", [0, 1, 2, 3])
def test_lifted_a64_system_word_is_an_instruction(
    op0: int, reads: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    fields = itertools.product(range(8), range(16), range(16), range(8), (1, 31))
    words = [
        0xD5000000 | reads << 21 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | rt
        for op1, crn, crm, op2, rt in fields
    ]
    wrong = []
    for word, text in zip(words, disassemble(words), strict=True):
        generic = re.search(r"\bs\d_\d_c\d+_c\d+_\d|^sys", text)
        if not generic and not NO_INSTRUCTION.search(text):
            continue
        newer = op0 >= 2 and word >> 5 & 0xFFFF in SYSTEM_REGISTERS  # than this objdump
        left_open = op0 == 3 and IMPLEMENTATION_DEFINED.fullmatch(system_register(word))
        if not newer and not left_open and has_meaning(lifters[InstructionSet.A64], word):
            wrong.append((hex(word), text))
    assert wrong == []


@pytest.mark.parametrize(
    "word",
    [
        0x927CFCA5,  # and x5, x5, with N = 1 and all ones
        0xD53C99E5,  # mrs x5, s3_4_c9_c9_7
        0xD5180005,  # msr midr_el1, x5
        0xD5381085,  # mrs x5, s3_0_c1_c0_4
        0xD538CB25,  # mrs x5, icc_dir_el1
        0xD53EC005,  # mrs x5, vbar_el3
        0xD51E4105,  # msr sp_el2, x5
        0xF84084A5,  # ldr x5, [x5], #8
        0xF81F8CA5,  # str x5, [x5, #-8]!
        0xA9C114A5,  # ldp x5, x5, [x5, #16]!
        0xA94014A5,  # ldp x5, x5, [x5]
        0x69C114A6,  # ldpsw
        0xC8057CA6,  # stxr w5, x6, [x5]
        0xC8057CC5,  # stxr w5, x5, [x6]
        0xF84008A5,  # ldtr x5, [x5]
        0x33207CA5,  # bfm with N = 0 and a position beyond 31
        0x52C000A5,  # movz w5, #5, lsl #32
        0x0B408CA5,  # add w5, w5, w0, lsr #35
        0x8B2594A5,  # add x5, x5, w5, sxtb #5
        0x8BC004A5,  # add x5, x5, x0, ror #1
        0xD50F743F,  # a system operation of op1 = 7
        0xD50E871F,  # tlbi alle3
        0xD5087501,  # ic iallu, with an operand
        0xD50044BF,  # msr spsel, #4
    ],
)
def test_a64_word_without_a_meaning_is_refused(
    word: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    assert not has_meaning(lifters[InstructionSet.A64], word)


@pytest.mark.parametrize(
    "word",
    [
        0x927CF8A5,  # and x5, x5, with one bit less
        0xD53C1005,  # mrs x5, sctlr_el2
        0xD53800A5,  # mrs x5, mpidr_el1
        0xF84084A6,  # ldr x6, [x5], #8
        0xF84087E5,  # ldr x5, [sp], #8
        0xF81F8FE6,  # str x6, [sp, #-8]!
        0xA9C118A7,  # ldp x7, x6, [x5, #16]!
        0xA94018A5,  # ldp x5, x6, [x5]
        0x33007CA5,  # bfxil w5, w5, #0, #32
        0x52A000A5,  # movz w5, #5, lsl #16
        0x0B401CA5,  # add w5, w5, w0, lsr #7
        0x8B2590A5,  # add x5, x5, w5, sxtb #4
        0xD50C871F,  # tlbi alle2
        0xD508751F,  # ic iallu
        0xD50041BF,  # msr spsel, #1
        0xD65F03C0,  # ret
        0xD4000002,  # hvc #0
    ],
)
def test_a64_neighbour_keeps_its_meaning(word: int, lifters: dict[InstructionSet, Lifter]) -> None:
    assert has_meaning(lifters[InstructionSet.A64], word)


def a32_words(seed: int, count: int) -> Iterator[int]:
    source = random.Random(seed)
    for _ in range(count):
        condition = source.choice((0xE, 0xE, 0xE, 0xE, 0xF, source.getrandbits(4)))
        word = condition << 28 | source.getrandbits(28)
        word = source.choice((word, word & ~0x0E000000, word & ~0x0E000000 | 0x06000010))
        yield skewed(source, word, (0, 8, 12, 16), 4)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lifted_a32_word_is_an_instruction(
    seed: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    words = list(a32_words(seed, WORDS))
    lifted = [has_meaning(lifters[InstructionSet.A32], word) for word in words]
    texts = gnu_arm.disassemble(words)
    wrong = [
        (hex(word), text)
        for word, text, ours in zip(words, texts, lifted, strict=True)
        if ours and NO_INSTRUCTION.search(text) and not SHIFT_TO_PC.match(text)
    ]
    assert wrong == []
    assert sum(lifted) > len(words) // 8


@pytest.mark.parametrize(
    "word",
    [
        0xE0833291,  # umull r3, r3, r1, r2
        0xE0C22091,  # smull r2, r2, r1, r0
        0xE0A11190,  # umlal r1, r1, r0, r1
        0xE0433391,  # umaal r3, r3, r1, r3
        0xE1433281,  # smlalbb r3, r3, r1, r2
        0xE3A10005,  # mov r0, #5 with a first operand
        0xE3501005,  # cmp r0, #5 with a result
        0xE1A10002,  # mov r0, r2 with a first operand
        0xE0011392,  # mul r1, r2, r3 with bits 15:12 set
        0xE12FFF3F,  # blx pc
        0xE1021093,  # swp r1, r3, [r2], which ARMv8 does not have
        0xE4B11004,  # ldrt
        0xE5B11004,  # ldr r1, [r1, #4]!
        0xE1C110D4,  # ldrd with an odd register
        0xE1C1E0F4,  # strd lr, pc
        0xE7C0129F,  # bfc with the last bit below the first
        0xE16F0F1F,  # clz r0, pc
        0xE6BF0F3F,  # rev r0, pc
        0xE18321F2,  # strd with bits 11:8 set
    ],
)
def test_a32_word_without_a_meaning_is_refused(
    word: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    assert not has_meaning(lifters[InstructionSet.A32], word)


@pytest.mark.parametrize(
    "line",
    [
        "umull r3, r4, r1, r2", "mov r0, #5", "cmp r0, #5", "mul r1, r2, r3", "blx r1", "bx lr",
        "ldr r2, [r1, #4]!", "ldrd r2, r3, [r1]", "bfc r1, #3, #4", "clz r0, r1", "rev r0, r1",
        "mvn r0, r1, lsl #3", "lda r0, [r1]", "stl r0, [r1]", "sdiv r0, r1, r2", "lsl r0, r1, r2",
    ],
)  # fmt: skip
def test_a32_neighbour_keeps_its_meaning(line: str, lifters: dict[InstructionSet, Lifter]) -> None:
    assert has_meaning(lifters[InstructionSet.A32], gnu_arm.word(line))


def t32_instructions(seed: int, count: int) -> Iterator[tuple[int, int]]:
    source = random.Random(seed)
    tops = (0xE800, 0xEA00, 0xF000, 0xF200, 0xF800, 0xFA00, 0xFB00)
    for _ in range(count):
        word = source.choice(tops) << 16 | source.getrandbits(25)
        word = skewed(source, word, (0, 8, 12, 16), 4)
        yield word >> 16 | (word & 0xFFFF) << 16, 4


@pytest.mark.parametrize("seed", range(2))
def test_lifted_t32_instruction_is_one(seed: int, lifters: dict[InstructionSet, Lifter]) -> None:
    narrow = list(range(0xE800)) if seed == 0 else []
    if not exploring():
        narrow = random.Random(seed).sample(narrow, len(narrow) // 8)
    words = [*((word, 2) for word in narrow), *t32_instructions(seed, WORDS)]
    lifted = [has_meaning(lifters[InstructionSet.T32], *each) for each in words]
    wrong = [
        (hex(word), text)
        for (word, _), text, ours in zip(
            words, gnu_arm.disassemble_thumb(words), lifted, strict=True
        )
        if ours and NO_INSTRUCTION.search(text)
    ]
    assert wrong == []
    assert sum(lifted) > len(words) // 8


def t32(line: str) -> tuple[int, int]:
    code = gnu_arm.assemble(line, "thumb")
    return int.from_bytes(code, "little"), len(code)


@pytest.mark.parametrize(
    "word",
    [
        0x3303FBA1,  # umull r3, r3, r1, r3
        0x1100F1A0,  # sub r1, r0 of repeated zeros
        0x0100EAA0,  # data processing with an operation that is none
        0xF020E8DF,  # a table branch with a bit that should be zero
        0x1101F361,  # bfi whose last bit is below its first
        0x0F01EA41,  # orr to the pc
    ],
)
def test_t32_word_without_a_meaning_is_refused(
    word: int, lifters: dict[InstructionSet, Lifter]
) -> None:
    assert not has_meaning(lifters[InstructionSet.T32], word)


NOT_THE_LAST = 0b0000_1100
"""ITSTATE of an instruction under EQ with another behind it; of the last, 0b0000_1000."""
THE_LAST = 0b0000_1000


@pytest.mark.parametrize(
    "line", ["bx lr", "blx r1", "mov pc, r1", "pop {r4, pc}", "b.w .+100", "bl .+100", "eret",
             "ldr.w pc, [r1]", "tbb [r1, r2]", "ldmia.w r1, {r2, pc}"],
)  # fmt: skip
def test_branch_within_an_it_block_is_refused_and_at_its_end_is_not(
    line: str, lifters: dict[InstructionSet, Lifter]
) -> None:
    word, size = t32(line)
    assert not has_meaning(lifters[InstructionSet.T32], word, size, NOT_THE_LAST)
    last = lifters[InstructionSet.T32].lift(0x1000, word.to_bytes(size, "little"), THE_LAST)
    assert isinstance(last, Instruction), last


@pytest.mark.parametrize(
    "line", ["umull r3, r4, r1, r3", "add.w sp, sp, #16", "mov r8, sp", "ldrd r2, r3, [r1]",
             "bfi r1, r2, #3, #4", "cmp r8, r9", "push {r4, lr}", "tbb [pc, r2]", "revsh r1, r2"],
)  # fmt: skip
def test_t32_neighbour_keeps_its_meaning(line: str, lifters: dict[InstructionSet, Lifter]) -> None:
    assert has_meaning(lifters[InstructionSet.T32], *t32(line))
