"""SXTB, SXTH, UXTB, UXTH and their adding forms, which SLEIGH writes with parts of temporaries."""

from hypabi.arch.aarch32 import GENERAL
from hypabi.lifter.instruction import Opcode, Operand
from hypabi.lifter.overlay.aarch32_block import PC, Block, Refusal, cell, word
from hypabi.lifter.overlay.aarch32_shift import ROR, shifted
from hypabi.records import frozen


@frozen
class Extend:
    """The fields: ``size`` is 1 or 2 bytes, ``rotation`` counts bytes, ``rn`` = 15 adds nothing."""

    unsigned: int
    size: int
    rotation: int
    rd: int
    rn: int
    rm: int


def extend(block: Block, fields: Extend) -> None:
    """Append the extension of a rotated byte or halfword, and the addition (A8.8, SXTAB)."""
    if fields.rm == PC:
        raise Refusal("UNPREDICTABLE: extension of the pc")
    value: Operand = cell(GENERAL[fields.rm])
    if fields.rotation:
        value = shifted(block, value, ROR, 8 * fields.rotation)
    part = block.compute(Opcode.SUBPIECE, value, word(0), size=fields.size)
    wide = block.compute(Opcode.INT_ZEXT if fields.unsigned else Opcode.INT_SEXT, part)
    if fields.rn == PC:
        block.copy(block.target(fields.rd), wide)
    else:
        block.emit(Opcode.INT_ADD, block.target(fields.rd), cell(GENERAL[fields.rn]), wide)
