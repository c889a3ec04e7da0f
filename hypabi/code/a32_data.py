"""The value that an A32 data-processing instruction computes for the pc (DDI 0406C.d, A5.2, A8.4).

Only for the S forms with Rd = pc: the value is where an exception returns to, and the flags come
from SPSR, so no flag is computed here.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.code.aarch32_block import Block, Refusal, expand_immediate, flag, word
from hypabi.code.aarch32_forms import exception_return
from hypabi.code.instruction import Opcode, Operand

PLAIN: Final[Mapping[int, Opcode]] = {
    0: Opcode.INT_AND,
    1: Opcode.INT_XOR,
    2: Opcode.INT_SUB,
    4: Opcode.INT_ADD,
    12: Opcode.INT_OR,
}
"""AND, EOR, SUB, ADD, ORR."""
RSB, ADC, SBC, RSC, MOV, BIC, MVN = 3, 5, 6, 7, 13, 14, 15

LSL, LSR, ASR, ROR = range(4)


def append_result(block: Block, instruction: int) -> None:
    """Append the operations of ``<op>S pc, ...``."""
    immediate = instruction >> 25 & 1
    if not immediate and instruction & 0x10:
        raise Refusal("UNPREDICTABLE: register-shifted operand with Rd = pc")
    operand: Operand = word(expand_immediate(instruction))
    if not immediate:
        operand = _shifted(block, instruction)
    operation = instruction >> 21 & 0xF
    if operation in (MOV, MVN) and instruction >> 16 & 0xF:
        raise Refusal("UNPREDICTABLE: MOV or MVN with a first operand")
    first = block.source(instruction >> 16 & 0xF)
    exception_return(block, _value(block, operation, first, operand))


def _shifted(block: Block, instruction: int) -> Operand:
    """Return Rm shifted by an immediate: DecodeImmShift() and Shift_C()."""
    value = block.source(instruction & 0xF)
    kind, amount = instruction >> 5 & 3, instruction >> 7 & 0x1F
    if kind == LSL:
        return value if amount == 0 else block.compute(Opcode.INT_LEFT, value, word(amount))
    if kind == LSR:  # 0 means 32
        return word(0) if amount == 0 else block.compute(Opcode.INT_RIGHT, value, word(amount))
    if kind == ASR:
        return block.compute(Opcode.INT_SRIGHT, value, word(amount or 31))
    low = block.compute(Opcode.INT_RIGHT, value, word(amount or 1))
    if amount == 0:  # RRX
        carry = block.compute(Opcode.INT_ZEXT, flag("C"))
        high = block.compute(Opcode.INT_LEFT, carry, word(31))
    else:
        high = block.compute(Opcode.INT_LEFT, value, word(32 - amount))
    return block.compute(Opcode.INT_OR, high, low)


def _value(block: Block, operation: int, first: Operand, second: Operand) -> Operand:
    if operation in PLAIN:
        return block.compute(PLAIN[operation], first, second)
    match operation:
        case _ if operation == RSB:
            return block.compute(Opcode.INT_SUB, second, first)
        case _ if operation == MOV:
            return second
        case _ if operation == MVN:
            return block.compute(Opcode.INT_NEGATE, second)
        case _ if operation == BIC:
            inverted = block.compute(Opcode.INT_NEGATE, second)
            return block.compute(Opcode.INT_AND, first, inverted)
        case _:
            return _with_carry(block, operation, first, second)


def _with_carry(block: Block, operation: int, first: Operand, second: Operand) -> Operand:
    """ADC, SBC, RSC are AddWithCarry() with one operand inverted in the last two."""
    if operation == SBC:
        second = block.compute(Opcode.INT_NEGATE, second)
    elif operation == RSC:
        first = block.compute(Opcode.INT_NEGATE, first)
    carry = block.compute(Opcode.INT_ZEXT, flag("C"))
    return block.compute(Opcode.INT_ADD, block.compute(Opcode.INT_ADD, first, second), carry)
