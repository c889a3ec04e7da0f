"""T32 data processing and stores that SLEIGH gets wrong: a forgotten carry, a forgotten writeback.

Found by running both against QEMU's interpreter; fields as in
:mod:`hypabi.lifter.overlay.t32_operations`.
"""

from hypabi.arch.aarch32 import GENERAL
from hypabi.lifter.instruction import Constant, Opcode, Operand
from hypabi.lifter.overlay.aarch32_block import (
    PC,
    Block,
    Refusal,
    bits,
    cell,
    flag,
    should_be,
    word,
)
from hypabi.lifter.overlay.aarch32_shift import carry_out, shifted

AND, BIC, ORR, ORN, EOR = range(5)


def store_with_base(block: Block, instruction: int) -> None:
    """STM with its base in the list: SLEIGH forgets the writeback, as is right for LDM only."""
    rn, registers = bits(instruction, 8, 3), instruction & 0xFF
    if registers & (1 << rn) - 1:
        raise Refusal("UNPREDICTABLE: STM of a base register that is not the lowest")
    listed = [number for number in range(8) if registers >> number & 1]
    base = cell(GENERAL[rn])
    for position, number in enumerate(listed):
        block.store(block.plus(base, 4 * position), cell(GENERAL[number]))
    block.copy(base, block.plus(base, 4 * len(listed)))


def logical_immediate(block: Block, instruction: int) -> None:
    """Logical operation with S and a rotated immediate, whose bit 31 is the carry."""
    operation = bits(instruction, 21)
    value = _rotated(instruction)
    operand = word(~value if operation in (BIC, ORN) else value)
    result = _logical(block, instruction, operation, operand)
    block.copy(flag("C"), Constant(value >> 31, 1))
    _finish(block, instruction, result)


def logical_shifted(block: Block, instruction: int) -> None:
    """ANDS or MVNS with a shifted register: the carry is the last bit shifted out."""
    should_be(instruction, 1 << 15, 0)
    operation, rm = bits(instruction, 21), bits(instruction, 0)
    kind = bits(instruction, 4, 2)
    amount = bits(instruction, 12, 3) << 2 | bits(instruction, 6, 2)
    if rm == PC:
        raise Refusal("UNPREDICTABLE: logical operation with the pc")
    value = shifted(block, cell(GENERAL[rm]), kind, amount)
    if operation == ORN:
        value = block.compute(Opcode.INT_NEGATE, value)
    position = carry_out(kind, amount)
    assert position is not None, "the table takes shifts only"
    moved = block.compute(Opcode.INT_RIGHT, cell(GENERAL[rm]), word(position))
    carry = block.compute(Opcode.INT_AND, moved, word(1))
    result = _logical(block, instruction, operation, value)
    block.emit(Opcode.SUBPIECE, flag("C"), carry, word(0))
    _finish(block, instruction, result)


def _logical(block: Block, instruction: int, operation: int, operand: Operand) -> Operand:
    rn, rd = bits(instruction, 16), bits(instruction, 8)
    moves = operation in (ORR, ORN) and rn == PC
    if (rn == PC and not moves) or (rd == PC and operation not in (AND, EOR)):
        raise Refusal("UNPREDICTABLE: logical operation with the pc")
    first = word(0) if moves else block.source(rn)
    opcode = {AND: Opcode.INT_AND, BIC: Opcode.INT_AND, EOR: Opcode.INT_XOR}
    return block.compute(opcode.get(operation, Opcode.INT_OR), first, operand)


def _finish(block: Block, instruction: int, result: Operand) -> None:
    block.emit(Opcode.INT_SLESS, flag("N"), result, word(0))
    block.emit(Opcode.INT_EQUAL, flag("Z"), result, word(0))
    rd = bits(instruction, 8)
    if rd != PC:
        block.copy(block.target(rd), result)


def _rotated(instruction: int) -> int:
    """Return ``1:imm12<6:0>`` rotated right by ``imm12<11:7>`` (ThumbExpandImm_C())."""
    amount = bits(instruction, 26, 1) << 4 | bits(instruction, 12, 3) << 1 | bits(instruction, 7, 1)
    value = 0x80 | bits(instruction, 0, 7)
    return (value >> amount | value << 32 - amount) & 0xFFFF_FFFF
