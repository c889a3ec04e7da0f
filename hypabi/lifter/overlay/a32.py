"""The A32 overlay: words that SLEIGH cannot decode, or decodes wrongly, by encoding.

It takes every system instruction, every coprocessor move, exclusive accesses, barriers and hints,
and the data-processing forms that return from an exception.
:func:`~hypabi.lifter.overlay.a32_forms.classify` says which form a word is; the user ops are those
of :data:`~hypabi.lifter.overlay.aarch32_block.USER_OPS`.

It also takes ``blx`` (immediate) and ``mov lr, pc``: they make SLEIGH decode another address
differently from then on, and what a word means must not depend on what was lifted before.
"""

from collections.abc import Callable
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.lifter.instruction import Op
from hypabi.lifter.overlay.a32_allocated import unallocated
from hypabi.lifter.overlay.a32_forms import Form, classify
from hypabi.lifter.overlay.a32_operations import APPEND
from hypabi.lifter.overlay.a32_unpredictable import unpredictable
from hypabi.lifter.overlay.aarch32_block import ALWAYS, Block, Refusal

Decoded = tuple[Op, ...] | str | None
"""Operations, the reason why there are none, or ``None`` for a form that is SLEIGH's."""

NEVER_CONDITIONAL: Final = frozenset({Form.BKPT, Form.HVC, Form.HLT, Form.UDF})
UNCONDITIONAL: Final = 0b1111
"""What stands in place of the condition in the words that have none."""


def decode(instruction: int, address: int) -> Decoded:
    """Return the operations of a form that the overlay owns.

    :param instruction: the word
    :param address: where it is executed
    """
    form = classify(instruction)
    if form is None:
        if instruction >> 28 == UNCONDITIONAL:
            return None
        return unallocated(instruction) or unpredictable(instruction)
    block = Block(address + 8)
    condition = instruction >> 28
    try:
        if form in NEVER_CONDITIONAL and condition != ALWAYS:
            raise Refusal(f"UNPREDICTABLE or UNDEFINED: {form.value} with a condition")
        block.under(condition)
        APPEND[form](block, instruction)
    except Refusal as refusal:
        return refusal.reason
    return block.finish()


def decode_for(state: InstructionSet) -> Callable[[int, int, int, int], Decoded]:
    """Return the overlay of A32 or T32 as a function of word, address, size and ITSTATE."""
    if state is InstructionSet.A32:
        return lambda instruction, address, _size, _it: decode(instruction, address)
    from hypabi.lifter.overlay import t32  # noqa: PLC0415 - few images hold T32

    return t32.decode
