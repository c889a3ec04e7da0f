"""The SLEIGH adapter: names instead of cells, and no operation that we would misread."""

import random
from typing import get_args

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import (
    Constant,
    Instruction,
    Label,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
    Undecodable,
)
from hypabi.lifter.sleigh import Lifter, _check_temporaries, _Refused
from tests.semantics.a64_machine import lift

BOTH = [Lifter(InstructionSet.A64, order) for order in ByteOrder]


def lifted(count: int) -> list[Instruction]:
    source = random.Random(5)
    words = [source.getrandbits(32) for _ in range(count)]
    found = [lift(word) for word in words]
    return [each for each in found if isinstance(each, Instruction)]


def test_no_operation_reads_a_part_of_a_temporary_or_one_that_is_not_written() -> None:
    for instruction in lifted(20_000):
        sizes: dict[int, int] = {}
        for op in instruction.ops:
            for operand in op.inputs:
                if isinstance(operand, Temporary):
                    assert sizes[operand.index] == operand.size
            if isinstance(op.output, Temporary):
                sizes[op.output.index] = op.output.size


@pytest.mark.parametrize(
    "ops",
    [
        (Op(Opcode.COPY, Register("x0", 0, 8), (Temporary(1, 8),)),),
        (
            Op(Opcode.COPY, Temporary(1, 8), (Constant(1, 8),)),
            Op(Opcode.COPY, Register("x0", 0, 4), (Temporary(1, 4),)),
        ),
    ],
)
def test_such_operations_are_refused(ops: tuple[Op, ...]) -> None:
    with pytest.raises(_Refused):
        _check_temporaries(ops)


def test_registers_have_architectural_names_and_stay_within_their_width() -> None:
    kinds = get_args(Operand)
    for instruction in lifted(20_000):
        for op in instruction.ops:
            for operand in (op.output, *op.inputs):
                assert operand is None or isinstance(operand, kinds)
                if isinstance(operand, Register) and operand.name[0] == "x":
                    assert int(operand.name[1:]) < 31
                    assert operand.low >= 0 and operand.low + 8 * operand.size <= 64


def test_branches_inside_stay_inside() -> None:
    for instruction in lifted(20_000):
        for index, op in enumerate(instruction.ops):
            for operand in op.inputs:
                if isinstance(operand, Label):
                    assert index < operand.index <= len(instruction.ops)


def test_both_byte_orders_read_instructions_alike() -> None:
    """Instructions are little-endian always; only the places of narrow registers differ."""
    source = random.Random(6)
    compared = 0
    for _ in range(5000):
        content = source.getrandbits(32).to_bytes(4, "little")
        little, big = (lifter.lift(0x1000, content) for lifter in BOTH)
        assert isinstance(little, Undecodable) is isinstance(big, Undecodable)
        if isinstance(little, Instruction) and isinstance(big, Instruction):
            registers = [
                [(o.name, o.low, o.size) for op in each.ops for o in (op.output, *op.inputs)
                 if isinstance(o, Register)]
                for each in (little, big)
            ]  # fmt: skip
            assert registers[0] == registers[1], content.hex()
            compared += 1
    assert compared > 1000


def test_a_branch_to_the_next_instruction_is_the_end_of_this_one() -> None:
    instruction = lift(0xB4000020)  # cbz x0, .+4
    assert isinstance(instruction, Instruction)
    targets = [op.inputs[0] for op in instruction.ops if op.opcode is Opcode.CBRANCH]
    assert targets == [Label(len(instruction.ops))]


def test_a_literal_is_at_its_address() -> None:
    instruction = lift(0x58000040, 0x8000)  # ldr x0, .+8
    assert isinstance(instruction, Instruction)
    assert instruction.ops[0].opcode is Opcode.LOAD
    assert instruction.ops[0].inputs == (Constant(0x8008, 8),)


@pytest.mark.parametrize("word", [0x1E604000, 0x4E284800, 0x04E0E3E0 ^ 0xFFFF, 0xFFFFFFFF])
def test_what_has_no_meaning_here_is_undecodable_with_a_reason(word: int) -> None:
    found = lift(word)
    assert isinstance(found, Undecodable) and found.reason


def test_text_never_fails() -> None:
    source = random.Random(7)
    for _ in range(3000):
        content = source.getrandbits(32).to_bytes(4, "little")
        assert BOTH[0].text(0x1000, content)


def test_an_unknown_word_prints_its_bytes() -> None:
    assert BOTH[0].text(0x1000, b"\xff\xff\xff\xff") == ".inst 0xffffffff"
