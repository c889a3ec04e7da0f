"""Operations of the A32 forms that the overlay owns, from the fields of the word.

:data:`APPEND` has one function for each form; they append to a block and raise ``Refusal`` for a
word that is UNDEFINED or UNPREDICTABLE.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.arch.aarch32_system import Direction
from hypabi.lifter.overlay import aarch32_forms as forms
from hypabi.lifter.overlay import aarch32_transfers as transfers
from hypabi.lifter.overlay.a32_data import append_branch, append_return
from hypabi.lifter.overlay.a32_forms import Form
from hypabi.lifter.overlay.aarch32_block import (
    PC,
    Block,
    Refusal,
    bits,
    expand_immediate,
    should_be,
    word,
)
from hypabi.lifter.overlay.aarch32_extend import Extend, extend
from hypabi.lifter.overlay.aarch32_forms import ChangeState, Processor
from hypabi.lifter.overlay.aarch32_transfers import Addressing, Exclusive


def _processor(instruction: int) -> Processor:
    return Processor(bits(instruction, 22, 1))


def _mrs(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_0D0F, 0x000F_0000)
    forms.read_status(block, _processor(instruction), bits(instruction, 12))


def _system_mode(instruction: int) -> int:
    return bits(instruction, 8, 1) << 4 | bits(instruction, 16)


def _mrs_banked(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_0C0F, 0)
    spsr = bits(instruction, 22, 1)
    forms.read_banked(block, spsr, _system_mode(instruction), bits(instruction, 12))


def _msr_banked(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FC00, 0x0000_F000)
    spsr = bits(instruction, 22, 1)
    forms.write_banked(block, spsr, _system_mode(instruction), bits(instruction, 0))


def _msr(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FD00, 0x0000_F000)
    rn = bits(instruction, 0)
    if rn == PC:
        raise Refusal("UNPREDICTABLE: MSR from the pc")
    fields = bits(instruction, 16)
    forms.write_status(block, _processor(instruction), fields, block.source(rn))


def _msr_immediate(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_F000, 0x0000_F000)
    fields = bits(instruction, 16)
    forms.write_status(block, _processor(instruction), fields, word(expand_immediate(instruction)))


def _hint(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FF00, 0x0000_F000)
    forms.hint(block, instruction & 0xFF)


def _eret(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_FF0F, 0x0000_000E)
    forms.eret(block)


def _call(form: Form) -> Callable[[Block, int], None]:
    def append(block: Block, instruction: int) -> None:
        if form is Form.SVC:
            immediate = instruction & 0xFF_FFFF
        elif form is Form.SMC:
            should_be(instruction, 0x000F_FF00, 0)
            immediate = instruction & 0xF
        else:
            immediate = bits(instruction, 8, 12) << 4 | instruction & 0xF
        forms.call(block, form.value, immediate)

    return append


def _cps(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FE00, 0)
    imod, changes_mode = bits(instruction, 18, 2), bits(instruction, 17, 1)
    masks, mode = bits(instruction, 6, 3), bits(instruction, 0, 5)
    forms.change_state(block, ChangeState(imod, changes_mode, masks, mode))


def _setend(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000E_FD0F, 0)
    forms.set_endianness(block, bits(instruction, 9, 1))


def _addressing(instruction: int) -> Addressing:
    before, up, writeback = (bits(instruction, low, 1) for low in (24, 23, 21))
    return Addressing(before, up, writeback)


def _srs(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_FFE0, 0x000D_0500)
    transfers.save_return_state(block, bits(instruction, 0, 5), _addressing(instruction))


def _rfe(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FFFF, 0x0000_0A00)
    transfers.return_from_exception(block, bits(instruction, 16), _addressing(instruction))


def _multiple(direction: Direction) -> Callable[[Block, int], None]:
    def append(block: Block, instruction: int) -> None:
        rn, registers = bits(instruction, 16), instruction & 0xFFFF
        addressing = _addressing(instruction)
        if direction is Direction.READ and registers >> PC & 1:
            transfers.multiple_return(block, rn, registers, addressing)
        else:
            transfers.multiple_user(block, direction, rn, registers, addressing)

    return append


def _coprocessor(direction: Direction) -> Callable[[Block, int], None]:
    move = (
        transfers.move_from_coprocessor
        if direction is Direction.READ
        else transfers.move_to_coprocessor
    )

    def append(block: Block, instruction: int) -> None:
        crn, crm = bits(instruction, 16), bits(instruction, 0)
        encoding = (bits(instruction, 21, 3), crn, crm, bits(instruction, 5, 3))
        move(block, bits(instruction, 8), encoding, bits(instruction, 12))

    return append


def _coprocessor_pair(direction: Direction) -> Callable[[Block, int], None]:
    move = (
        transfers.move_pair_from_coprocessor
        if direction is Direction.READ
        else transfers.move_pair_to_coprocessor
    )

    def append(block: Block, instruction: int) -> None:
        encoding = (bits(instruction, 4), bits(instruction, 0))
        rt, rt2 = bits(instruction, 12), bits(instruction, 16)
        move(block, bits(instruction, 8), encoding, rt, rt2)

    return append


def _branch_exchange(block: Block, instruction: int) -> None:
    """BLX (immediate): to T32 code, whose halfword bit H selects."""
    offset = bits(instruction, 0, 24) << 2 | bits(instruction, 24, 1) << 1
    transfers.call_other_set(block, block.pc - 4, block.pc + offset - (offset >> 25 << 26), 1)


def _extend(block: Block, instruction: int) -> None:
    unsigned, size = bits(instruction, 22, 1), 1 + bits(instruction, 20, 1)
    rotation, rm = bits(instruction, 10, 2), bits(instruction, 0)
    rn, rd = bits(instruction, 16), bits(instruction, 12)
    extend(block, Extend(unsigned, size, rotation, rd, rn, rm))


BARRIERS: Final[Mapping[int, str]] = {1: "CLREX", 4: "DSB", 5: "DMB", 6: "ISB", 7: "SB"}
"""By bits 7:4."""
FIXED_OPTIONS: Final[Mapping[str | None, int]] = {"CLREX": 0xF, "SB": 0}


def _barrier(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_FF00, 0x000F_F000)
    name, option = BARRIERS.get(bits(instruction, 4)), instruction & 0xF
    if option != FIXED_OPTIONS.get(name, option):
        raise Refusal("UNPREDICTABLE: a bit that should be zero or one is not")
    forms.barrier(block, name, option)


def _preload(_block: Block, instruction: int) -> None:
    """Preload hints change nothing that we can see; only their encoding can be wrong."""
    should_be(instruction, 0x0000_F000, 0x0000_F000)
    if instruction >> 25 & 1 and (instruction & 0x10 or instruction & 0xF == PC):
        raise Refusal("UNDEFINED or UNPREDICTABLE: register form of a preload hint")


SIZES: Final[Mapping[int, int]] = {0: 4, 1: 8, 2: 1, 3: 2}
"""Bytes of an exclusive access by bits 22:21."""


def _exclusive(instruction: int, rt: int) -> Exclusive:
    size = SIZES[bits(instruction, 21, 2)]
    if size == 8 and rt & 1:
        raise Refusal("UNPREDICTABLE: doubleword access with an odd register")
    return Exclusive(size, bits(instruction, 16), rt, rt2=min(rt + 1, PC))


def _load_exclusive(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_000F, 0x0000_000F)
    transfers.load_exclusive(block, _exclusive(instruction, bits(instruction, 12)))


def _store_exclusive(block: Block, instruction: int) -> None:
    rd = bits(instruction, 12)
    transfers.store_exclusive(block, rd, _exclusive(instruction, bits(instruction, 0)))


APPEND: Final[Mapping[Form, Callable[[Block, int], None]]] = {
    Form.MRS: _mrs,
    Form.MRS_BANKED: _mrs_banked,
    Form.MSR: _msr,
    Form.MSR_BANKED: _msr_banked,
    Form.MSR_IMMEDIATE: _msr_immediate,
    Form.HINT: _hint,
    Form.ERET: _eret,
    Form.HVC: _call(Form.HVC),
    Form.SMC: _call(Form.SMC),
    Form.SVC: _call(Form.SVC),
    Form.BKPT: _call(Form.BKPT),
    Form.HLT: _call(Form.HLT),
    Form.UDF: _call(Form.UDF),
    Form.CPS: _cps,
    Form.SETEND: _setend,
    Form.SRS: _srs,
    Form.RFE: _rfe,
    Form.LDM: _multiple(Direction.READ),
    Form.STM: _multiple(Direction.WRITE),
    Form.COMPARE_P: forms.refuse("UNPREDICTABLE: comparison with Rd = pc"),
    Form.SUBS_PC: append_return,
    Form.DATA_TO_PC: append_branch,
    Form.MCR: _coprocessor(Direction.WRITE),
    Form.MRC: _coprocessor(Direction.READ),
    Form.MCRR: _coprocessor_pair(Direction.WRITE),
    Form.MRRC: _coprocessor_pair(Direction.READ),
    Form.COPROCESSOR: forms.refuse("no coprocessor but CP10, CP11, CP14 and CP15 has a meaning"),
    Form.COPROCESSOR_2: forms.refuse("UNDEFINED: no coprocessor has a second instruction space"),
    Form.BARRIER: _barrier,
    Form.PRELOAD: _preload,
    Form.LOAD_EXCLUSIVE: _load_exclusive,
    Form.STORE_EXCLUSIVE: _store_exclusive,
    Form.EXTEND: _extend,
    Form.BLX: _branch_exchange,
    Form.LINK_PC: forms.link_pc,
    Form.OVERLONG_LIST: forms.refuse(forms.OVERLONG_LIST),
    Form.UNALLOCATED: forms.refuse("UNDEFINED: unallocated in the unconditional space"),
    Form.MISCELLANEOUS: forms.refuse("UNDEFINED, or BXJ: unallocated miscellaneous instruction"),
}
"""The operations of each form."""
