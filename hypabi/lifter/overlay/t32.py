"""The T32 overlay: instructions that SLEIGH cannot decode, or decodes wrongly, and IT blocks.

What it takes is what :mod:`hypabi.lifter.overlay.a32` takes, in T32's encodings.  An instruction in
an IT block gets its condition from ITSTATE, which the word does not hold: :func:`decode` takes it
as an argument, and the caller reads it from ``CPSR.IT``.  Every instruction in an IT block begins
by advancing ``CPSR.IT`` (:func:`advance`), so that the state after it is the architecture's.
"""

from hypabi.arch.aarch32 import IT_REGISTER
from hypabi.lifter.instruction import Constant, Label, Op, Opcode
from hypabi.lifter.overlay.aarch32_block import Block, Refusal, flag
from hypabi.lifter.overlay.t32_allocated import (
    leaves_it_block,
    unallocated_narrow,
    unallocated_wide,
)
from hypabi.lifter.overlay.t32_forms import (
    ALWAYS_EXECUTED,
    NOT_IN_IT_BLOCK,
    Form,
    classify_narrow,
    classify_wide,
    conditional_branch,
)
from hypabi.lifter.overlay.t32_operations import APPEND
from hypabi.lifter.overlay.t32_unpredictable import unpredictable

Decoded = tuple[Op, ...] | str | None
"""Operations, the reason why there are none, or ``None`` for a form that is SLEIGH's."""

LAST = 0b1000
"""ITSTATE<3:0> before the last instruction of a block (DDI 0406C, A2.5.2, LastInITBlock())."""
WIDE = 4


def decode(instruction: int, address: int, size: int, it: int = 0) -> Decoded:
    """Return the operations of a form that the overlay owns.

    :param instruction: the bytes as a little-endian integer: a 32-bit instruction has its first
        halfword in the lower half
    :param address: where it is executed
    :param size: 2 or 4
    :param it: ITSTATE before the instruction, 0 outside an IT block
    """
    if size == 4:
        instruction = (instruction & 0xFFFF) << 16 | instruction >> 16
        form = classify_wide(instruction)
    else:
        form = classify_narrow(instruction)
    if it and (form in NOT_IN_IT_BLOCK or (form is None and conditional_branch(instruction))):
        return "UNPREDICTABLE in an IT block"
    if it & 0xF not in (0, LAST) and leaves_it_block(instruction, size):
        return "UNPREDICTABLE in an IT block, but as its last instruction"
    if form is None:
        return _refused(instruction, size, it)
    try:
        return _operations(form, instruction, address + 4, it)
    except Refusal as refusal:
        return refusal.reason


def _refused(instruction: int, size: int, it: int) -> str | None:
    """Return why an instruction of SLEIGH's has no meaning, ``None`` where it may have one."""
    if size == WIDE:
        return unallocated_wide(instruction) or unpredictable(instruction)
    if it and instruction & 0xFFC0 == 0:
        return "UNPREDICTABLE in an IT block: MOVS of a register"
    return unallocated_narrow(instruction)


def _operations(form: Form, instruction: int, pc: int, it: int) -> tuple[Op, ...]:
    block = Block(pc)
    if it:
        block.copy(flag(IT_REGISTER), Constant(advance(it), 1))
        if form not in ALWAYS_EXECUTED:
            block.under(it >> 4)
    APPEND[form](block, instruction)
    return block.finish()


def advance(it: int) -> int:
    """Return ITSTATE after an instruction (Arm ARM DDI 0406C, A2.5.2, ITAdvance())."""
    return 0 if it & 0b111 == 0 else it & 0b1110_0000 | it << 1 & 0b0001_1111


def in_it_block(ops: tuple[Op, ...], it: int) -> tuple[Op, ...]:
    """Return SLEIGH's operations of an instruction in an IT block, with ITSTATE advanced first."""
    step = Op(Opcode.COPY, flag(IT_REGISTER), (Constant(advance(it), 1),))
    return (step, *(_moved(op) for op in ops))


def _moved(op: Op) -> Op:
    """Return an operation whose labels point one further."""
    if not any(isinstance(operand, Label) for operand in op.inputs):
        return op
    inputs = tuple(Label(o.index + 1) if isinstance(o, Label) else o for o in op.inputs)
    return Op(op.opcode, op.output, inputs, op.user)
