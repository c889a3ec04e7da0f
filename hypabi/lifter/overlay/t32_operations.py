"""Operations of the T32 forms that the overlay owns, from the fields of the instruction.

Built as :mod:`hypabi.lifter.overlay.a32_operations` is; a 32-bit instruction has its first halfword
in the upper half.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.arch.aarch32 import IT_REGISTER
from hypabi.lifter.instruction import Constant, Opcode
from hypabi.lifter.overlay import a32_operations, t32_data
from hypabi.lifter.overlay import aarch32_forms as forms
from hypabi.lifter.overlay import aarch32_transfers as transfers
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
from hypabi.lifter.overlay.aarch32_extend import Extend, extend
from hypabi.lifter.overlay.aarch32_forms import ChangeState, Processor
from hypabi.lifter.overlay.aarch32_transfers import Addressing, Exclusive
from hypabi.lifter.overlay.t32_forms import Form, a32_form


def _it(block: Block, instruction: int) -> None:
    """ITSTATE becomes firstcond:mask (A8.8, IT)."""
    condition, mask = bits(instruction, 4), bits(instruction, 0)
    if condition == 0b1111 or (condition == 0b1110 and mask.bit_count() != 1):
        raise Refusal("UNPREDICTABLE: IT with this condition and mask")
    block.copy(flag(IT_REGISTER), Constant(instruction & 0xFF, 1))


def _hint(block: Block, instruction: int) -> None:
    forms.hint(block, bits(instruction, 4))


def _hint_wide(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_2800, 0x000F_0000)
    forms.hint(block, instruction & 0xFF)


def _cps_narrow(block: Block, instruction: int) -> None:
    should_be(instruction, 0x8, 0)
    imod = 0b10 | bits(instruction, 4, 1)
    forms.change_state(block, ChangeState(imod, 0, bits(instruction, 0, 3), 0))


def _cps(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_2800, 0x000F_0000)
    imod, changes_mode = bits(instruction, 9, 2), bits(instruction, 8, 1)
    fields = ChangeState(imod, changes_mode, bits(instruction, 5, 3), bits(instruction, 0, 5))
    forms.change_state(block, fields)


def _setend(block: Block, instruction: int) -> None:
    should_be(instruction, 0x17, 0x10)
    forms.set_endianness(block, bits(instruction, 3, 1))


def _call(name: str, width: int) -> Callable[[Block, int], None]:
    """Return the function for a call whose immediate is the low ``width`` bits."""

    def append(block: Block, instruction: int) -> None:
        forms.call(block, name, bits(instruction, 0, width))

    return append


def _call_wide(name: str) -> Callable[[Block, int], None]:
    """Return the function for HVC or UDF: imm4 in the first halfword, imm12 in the second."""

    def append(block: Block, instruction: int) -> None:
        forms.call(block, name, bits(instruction, 16) << 12 | bits(instruction, 0, 12))

    return append


def _smc(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0FFF, 0)
    forms.call(block, "smc", bits(instruction, 16))


def _branch_pc(block: Block, instruction: int) -> None:
    """MOV and ADD to the pc stay in T32 and clear bit 0 (BranchWritePC()); SLEIGH keeps the bit."""
    value = block.source(bits(instruction, 3))
    if not instruction & 0x200:
        value = block.compute(Opcode.INT_ADD, block.source(PC), value)
    block.go(Opcode.BRANCHIND, block.compute(Opcode.INT_AND, value, word(~1)))


def _extend(block: Block, instruction: int) -> None:
    unsigned, size = bits(instruction, 20, 1), 2 - bits(instruction, 22, 1)
    rotation, rm = bits(instruction, 4, 2), bits(instruction, 0)
    rn, rd = bits(instruction, 16), bits(instruction, 8)
    extend(block, Extend(unsigned, size, rotation, rd, rn, rm))


def _addressing(instruction: int) -> Addressing:
    """Bits 24:23 are 00 for DB and 11 for IA."""
    up = bits(instruction, 23, 1)
    return Addressing(1 - up, up, bits(instruction, 21, 1))


def _srs(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_FFE0, 0x000D_C000)
    transfers.save_return_state(block, bits(instruction, 0, 5), _addressing(instruction))


def _rfe(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_FFFF, 0x0000_C000)
    transfers.return_from_exception(block, bits(instruction, 16), _addressing(instruction))


def _processor(instruction: int) -> Processor:
    return Processor(bits(instruction, 20, 1))


def _msr(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_20FF, 0)
    rn = bits(instruction, 16)
    if rn == PC:
        raise Refusal("UNPREDICTABLE: MSR from the pc")
    forms.write_status(block, _processor(instruction), bits(instruction, 8), block.source(rn))


def _msr_banked(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_20EF, 0x0000_0020)
    system_mode = bits(instruction, 4, 1) << 4 | bits(instruction, 8)
    forms.write_banked(block, bits(instruction, 20, 1), system_mode, bits(instruction, 16))


def _mrs(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_20FF, 0x000F_0000)
    forms.read_status(block, _processor(instruction), bits(instruction, 8))


def _mrs_banked(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0000_20EF, 0x0000_0020)
    system_mode = bits(instruction, 4, 1) << 4 | bits(instruction, 16)
    forms.read_banked(block, bits(instruction, 20, 1), system_mode, bits(instruction, 8))


BARRIERS: Final[Mapping[int, str]] = {2: "CLREX", 4: "DSB", 5: "DMB", 6: "ISB", 7: "SB"}


def _barrier(block: Block, instruction: int) -> None:
    should_be(instruction, 0x000F_2F00, 0x000F_0F00)
    name, option = BARRIERS.get(bits(instruction, 4)), instruction & 0xF
    if option != a32_operations.FIXED_OPTIONS.get(name, option):
        raise Refusal("UNPREDICTABLE: a bit that should be zero or one is not")
    forms.barrier(block, name, option)


def _subs_pc(block: Block, instruction: int) -> None:
    """ERET is SUBS PC, LR, #0, and different from it in Hyp mode (B9.3, ERET)."""
    should_be(instruction, 0x000F_2F00, 0x000E_0F00)
    immediate = instruction & 0xFF
    if immediate == 0:
        forms.eret(block)
    else:
        target = block.compute(Opcode.INT_SUB, cell("lr"), word(immediate))
        forms.exception_return(block, target)


def _blx(block: Block, instruction: int) -> None:
    """BLX (immediate), encoding T2: I1 = NOT(J1 EOR S), I2 = NOT(J2 EOR S)."""
    should_be(instruction, 1, 0)
    sign = bits(instruction, 26, 1)
    first, second = (1 - (bits(instruction, low, 1) ^ sign) for low in (13, 11))
    high = bits(instruction, 16, 10) << 12 | bits(instruction, 1, 10) << 2
    offset = first << 23 | second << 22 | high
    target = (block.pc & ~3) + offset - (sign << 24)
    transfers.call_other_set(block, block.pc | 1, target, 0)


def _strex(block: Block, instruction: int) -> None:
    offset = 4 * bits(instruction, 0, 8)
    fields = Exclusive(4, bits(instruction, 16), bits(instruction, 12), offset)
    transfers.store_exclusive(block, bits(instruction, 8), fields)


def _ldrex(block: Block, instruction: int) -> None:
    should_be(instruction, 0x0F00, 0x0F00)
    offset = 4 * bits(instruction, 0, 8)
    fields = Exclusive(4, bits(instruction, 16), bits(instruction, 12), offset)
    transfers.load_exclusive(block, fields)


def _exclusive(instruction: int) -> Exclusive:
    """Size by bits 5:4; a word only where the access also acquires or releases (bit 7)."""
    size = (1, 2, 4, 8)[bits(instruction, 4, 2)]
    if size == 4 and not instruction & 0x80:
        raise Refusal("UNDEFINED: unallocated exclusive access")
    if size < 8:
        should_be(instruction, 0x0F00, 0x0F00)
    rt, rt2 = bits(instruction, 12), bits(instruction, 8)
    return Exclusive(size, bits(instruction, 16), rt, rt2=rt2)


def _load_exclusive(block: Block, instruction: int) -> None:
    should_be(instruction, 0xF, 0xF)
    fields = _exclusive(instruction)
    if fields.size == 8 and fields.rt == fields.rt2:
        raise Refusal("UNPREDICTABLE: doubleword load to one register twice")
    transfers.load_exclusive(block, fields)


def _store_exclusive(block: Block, instruction: int) -> None:
    transfers.store_exclusive(block, bits(instruction, 0), _exclusive(instruction))


def _preload(_block: Block, _instruction: int) -> None:
    """Preload hints change nothing that we can see."""


def _coprocessor(block: Block, instruction: int) -> None:
    form = a32_form(instruction)
    assert form is not None
    a32_operations.APPEND[form](block, instruction)


APPEND: Final[Mapping[Form, Callable[[Block, int], None]]] = {
    Form.IT: _it,
    Form.HINT: _hint,
    Form.CPS_NARROW: _cps_narrow,
    Form.SETEND: _setend,
    Form.BKPT: _call("bkpt", 8),
    Form.HLT: _call("hlt", 6),
    Form.SVC: _call("svc", 8),
    Form.UDF_NARROW: _call("udf", 8),
    Form.LINK_PC: forms.link_pc,
    Form.BRANCH_PC: _branch_pc,
    Form.STM_BASE: t32_data.store_with_base,
    Form.LOGICAL_IMMEDIATE: t32_data.logical_immediate,
    Form.LOGICAL_SHIFTED: t32_data.logical_shifted,
    Form.EXTEND: _extend,
    Form.SRS: _srs,
    Form.RFE: _rfe,
    Form.MSR: _msr,
    Form.MSR_BANKED: _msr_banked,
    Form.HINT_WIDE: _hint_wide,
    Form.CPS: _cps,
    Form.BARRIER: _barrier,
    Form.SUBS_PC: _subs_pc,
    Form.MRS: _mrs,
    Form.MRS_BANKED: _mrs_banked,
    Form.HVC: _call_wide("hvc"),
    Form.SMC: _smc,
    Form.UDF: _call_wide("udf"),
    Form.BLX: _blx,
    Form.STREX: _strex,
    Form.LDREX: _ldrex,
    Form.STORE_EXCLUSIVE: _store_exclusive,
    Form.LOAD_EXCLUSIVE: _load_exclusive,
    Form.PRELOAD: _preload,
    Form.COPROCESSOR: _coprocessor,
    Form.COPROCESSOR_2: forms.refuse("UNDEFINED: no coprocessor has a second instruction space"),
    Form.OVERLONG_LIST: forms.refuse(forms.OVERLONG_LIST),
    Form.UNALLOCATED: forms.refuse("UNDEFINED, BXJ or DCPS: unallocated control instruction"),
}
"""The operations of each form."""
