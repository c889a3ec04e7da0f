"""Operations of the system instructions that A32 and T32 share, from their decoded fields.

Each function appends to a :class:`~hypabi.lifter.overlay.aarch32_block.Block` and raises
``Refusal`` for what the Arm ARM (DDI 0406C.d, B9.3 and A8.8; DDI 0487 G, F5) calls UNDEFINED or
UNPREDICTABLE.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Final

from hypabi.arch.aarch32 import (
    ALL_MODES,
    HAS_SPSR,
    PRIVILEGED,
    Mode,
    banked_register,
    mode_of,
    mode_set,
)
from hypabi.lifter.instruction import Constant, Opcode, Operand, Register
from hypabi.lifter.overlay.aarch32_block import PC, Block, Refusal, cell, flag, word
from hypabi.records import frozen

NOT_HYP: Final = ~mode_set(Mode.HYP)
EXCEPTION_RETURN: Final = HAS_SPSR & NOT_HYP
"""Where SUBS PC, LDM (exception return), SRS and the user-bank LDM and STM are defined."""

HINTS: Final[Mapping[int, str]] = {
    2: "WFE",
    3: "WFI",
    4: "SEV",
    5: "SEVL",
    16: "ESB",
    18: "TSB",
}
"""Hints that act.  The others (NOP, YIELD, PSB, CSDB, DBG, reserved) change nothing we can see."""

CALL_MODES: Final[Mapping[str, int]] = {"hvc": PRIVILEGED, "smc": PRIVILEGED}


class Processor(enum.Enum):
    """Where a program status register is: the current one, or the mode's saved one."""

    CPSR = 0
    SPSR = 1


OVERLONG_LIST: Final = "VFP register list that is UNPREDICTABLE, or too long for SLEIGH"


def refuse(reason: str) -> Callable[[Block, int], None]:
    """Return what refuses every instruction of a form."""

    def append(_block: Block, _instruction: int) -> None:
        raise Refusal(reason)

    return append


def link_pc(block: Block, _instruction: int) -> None:
    """Append mov lr, pc."""
    block.copy(cell("lr"), block.source(PC))


def call(block: Block, name: str, immediate: int) -> None:
    """Append hvc, smc, svc, bkpt, hlt or udf."""
    modes = CALL_MODES.get(name, ALL_MODES)
    if modes != ALL_MODES:
        block.require(modes)
    block.user(name, word(immediate))


def eret(block: Block) -> None:
    """Append ERET, which is UNPREDICTABLE in User and System mode."""
    block.require(HAS_SPSR)
    block.user("eret")


def exception_return(block: Block, target: Operand) -> None:
    """Append the end of SUBS PC, LR and related instructions; UNDEFINED in Hyp mode."""
    block.require(EXCEPTION_RETURN)
    block.user("exception return", target)


def hint(block: Block, number: int) -> None:
    """Append a hint."""
    name = HINTS.get(number)
    if name is not None:
        block.user(name)


def barrier(block: Block, name: str | None, option: int) -> None:
    """Append a barrier or CLREX; only DSB, DMB and ISB have an option."""
    if name is None:
        raise Refusal("UNDEFINED: unallocated barrier")
    if name in ("CLREX", "SB"):
        block.user(name)
    else:
        block.user(name, word(option))


def read_status(block: Block, status: Processor, rd: int) -> None:
    """Append MRS: CPSR as MRS shows it, or the current mode's SPSR."""
    target = block.target(rd)
    if status is Processor.CPSR:
        block.user("read cpsr", output=target)
    else:
        block.require(HAS_SPSR)
        block.copy(target, cell("SPSR"))


def byte_mask(fields: int) -> int:
    """Return the bits that the field mask ``c x s f`` (bits 0 to 3) selects."""
    return sum(0xFF << 8 * byte for byte in range(4) if fields >> byte & 1)


def write_status(block: Block, status: Processor, fields: int, value: Operand) -> None:
    """Append MSR."""
    if fields == 0:
        raise Refusal("UNPREDICTABLE: MSR that selects no field")
    mask = byte_mask(fields)
    if status is Processor.CPSR:
        block.user("write cpsr", value, word(mask))
        return
    block.require(HAS_SPSR)
    kept = block.compute(Opcode.INT_AND, cell("SPSR"), word(~mask))
    new = block.compute(Opcode.INT_AND, value, word(mask))
    block.copy(cell("SPSR"), block.compute(Opcode.INT_OR, kept, new))


def _banked(block: Block, spsr: int, system_mode: int) -> Register:
    banked = banked_register(spsr, system_mode)
    if banked is None or banked.modes == 0:
        raise Refusal(f"UNPREDICTABLE: banked register R={spsr}, SYSm={system_mode:#07b}")
    block.require(banked.modes)
    return cell(banked.register)


def read_banked(block: Block, spsr: int, system_mode: int, rd: int) -> None:
    """Append MRS (banked register)."""
    block.copy(block.target(rd), _banked(block, spsr, system_mode))


def write_banked(block: Block, spsr: int, system_mode: int, rn: int) -> None:
    """Append MSR (banked register)."""
    if rn == PC:
        raise Refusal("UNPREDICTABLE: MSR from the pc")
    block.copy(_banked(block, spsr, system_mode), block.source(rn))


@frozen
class ChangeState:
    """The fields of CPS."""

    imod: int
    changes_mode: int
    masks: int
    """A:I:F."""
    mode: int


def change_state(block: Block, fields: ChangeState) -> None:
    """Append CPS: set or clear A, I, F, and perhaps the mode."""
    enables = fields.imod >> 1
    if fields.imod == 0b01 or bool(enables) != bool(fields.masks):
        raise Refusal("UNPREDICTABLE: CPS with inconsistent imod and A:I:F")
    if not fields.changes_mode and (fields.mode or not enables):
        raise Refusal("UNPREDICTABLE: CPS that changes nothing, or has a mode and no M")
    mask = fields.masks << 6 if enables else 0
    value = mask if fields.imod & 1 else 0
    if fields.changes_mode:
        if mode_of(fields.mode) is None:
            raise Refusal(f"UNPREDICTABLE: CPS to the reserved mode {fields.mode:#07b}")
        mask, value = mask | 0x1F, value | fields.mode
    block.user("write cpsr", word(value), word(mask))


def set_endianness(block: Block, big: int) -> None:
    """Append SETEND."""
    block.copy(flag("CPSR.E"), Constant(big, 1))
