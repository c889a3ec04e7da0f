"""Operands shifted by a constant (Arm ARM DDI 0406C.d, A8.4: DecodeImmShift(), Shift_C())."""

from hypabi.lifter.instruction import Opcode, Operand
from hypabi.lifter.overlay.aarch32_block import Block, flag, word

LSL, LSR, ASR, ROR = range(4)


def shifted(block: Block, value: Operand, kind: int, amount: int) -> Operand:
    """Return ``value`` shifted; an amount of 0 means 32 for LSR and ASR, and RRX for ROR."""
    if kind == LSL:
        return value if amount == 0 else block.compute(Opcode.INT_LEFT, value, word(amount))
    if kind == LSR:
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


def carry_out(kind: int, amount: int) -> int | None:
    """Return which bit of the operand becomes the carry, ``None`` where none does."""
    if kind == LSL:
        return None if amount == 0 else 32 - amount
    if amount:
        return amount - 1
    return 0 if kind == ROR else 31
