"""The value that an A32 data-processing instruction computes for the pc (DDI 0406C.d, A5.2, A8.4).

Only for Rd = pc.  With S the value is where an exception returns to, and the flags come from SPSR;
without S control goes to the value and bit 0 selects the instruction set (ALUWritePC()).  Neither
computes a flag.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.lifter.instruction import Opcode, Operand
from hypabi.lifter.overlay.aarch32_block import Block, Refusal, bits, expand_immediate, flag, word
from hypabi.lifter.overlay.aarch32_forms import exception_return
from hypabi.lifter.overlay.aarch32_shift import shifted

PLAIN: Final[Mapping[int, Opcode]] = {
    0: Opcode.INT_AND,
    1: Opcode.INT_XOR,
    2: Opcode.INT_SUB,
    4: Opcode.INT_ADD,
    12: Opcode.INT_OR,
}
"""AND, EOR, SUB, ADD, ORR."""
RSB, ADC, SBC, RSC, MOV, BIC, MVN = 3, 5, 6, 7, 13, 14, 15


MOV_PC_LR: Final = 0x01A0_F00E


def append_return(block: Block, instruction: int) -> None:
    """Append the operations of ``<op>S pc, ...``."""
    exception_return(block, _result(block, instruction))


def append_branch(block: Block, instruction: int) -> None:
    """Append the operations of ``<op> pc, ...``; ``mov pc, lr`` is a return."""
    value = _result(block, instruction)
    thumb = block.compute(Opcode.INT_AND, value, word(1))
    block.emit(Opcode.SUBPIECE, flag("CPSR.T"), thumb, word(0))
    target = block.compute(Opcode.INT_AND, value, word(~1))
    if instruction & 0x0FFF_FFFF == MOV_PC_LR:
        block.go(Opcode.RETURN, target)
    else:
        block.go(Opcode.BRANCHIND, target)


def _result(block: Block, instruction: int) -> Operand:
    immediate = instruction >> 25 & 1
    if not immediate and instruction & 0x10:
        raise Refusal("UNPREDICTABLE: register-shifted operand with Rd = pc")
    operand: Operand = word(expand_immediate(instruction))
    if not immediate:
        kind, amount = bits(instruction, 5, 2), bits(instruction, 7, 5)
        operand = shifted(block, block.source(bits(instruction, 0)), kind, amount)
    operation = instruction >> 21 & 0xF
    if operation in (MOV, MVN) and instruction >> 16 & 0xF:
        raise Refusal("UNPREDICTABLE: MOV or MVN with a first operand")
    first = block.source(instruction >> 16 & 0xF)
    return _value(block, operation, first, operand)


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
