"""Which A32 words the overlay takes before SLEIGH (Arm ARM DDI 0406C.d, A5 and B9.3)."""

import enum
from typing import Final

from hypabi.lifter.overlay.aarch32_block import PC
from hypabi.lifter.overlay.aarch32_transfers import FLOATING_POINT, overlong_list


class Form(enum.Enum):
    """A form that the overlay owns; the value is the mnemonic, or a mnemonic it starts with."""

    MRS = "mrs"
    MRS_BANKED = "mrs (banked)"
    MSR = "msr"
    MSR_BANKED = "msr (banked)"
    MSR_IMMEDIATE = "msr (immediate)"
    HINT = "hint"
    ERET = "eret"
    HVC = "hvc"
    SMC = "smc"
    SVC = "svc"
    BKPT = "bkpt"
    HLT = "hlt"
    UDF = "udf"
    CPS = "cps"
    SETEND = "setend"
    SRS = "srs"
    RFE = "rfe"
    LDM = "ldm ^"
    STM = "stm ^"
    COMPARE_P = "cmp, cmn, tst, teq with Rd = pc"
    SUBS_PC = "subs pc and related"
    DATA_TO_PC = "data processing to the pc"
    MCR = "mcr"
    MRC = "mrc"
    MCRR = "mcrr"
    MRRC = "mrrc"
    COPROCESSOR = "cdp, ldc, stc"
    COPROCESSOR_2 = "mcr2, mrc2, mcrr2, mrrc2, cdp2, ldc2, stc2"
    BARRIER = "barrier"
    PRELOAD = "pld, pldw, pli"
    LOAD_EXCLUSIVE = "ldrex, ldaex"
    STORE_EXCLUSIVE = "strex, stlex"
    MISCELLANEOUS = "miscellaneous"
    EXTEND = "sxtb, sxth, uxtb, uxth and adding"
    BLX = "blx (immediate)"
    LINK_PC = "mov lr, pc"
    UNALLOCATED = "unallocated"
    OVERLONG_LIST = "vldm, vstm beyond the last register"


UNCONDITIONAL: Final = (
    (0xFFF1_0020, 0xF100_0000, Form.CPS),
    (0xFFF1_00F0, 0xF101_0000, Form.SETEND),
    (0xFFF0_0000, 0xF570_0000, Form.BARRIER),
    (0xFD30_0000, 0xF510_0000, Form.PRELOAD),  # pld, pldw
    (0xFD70_0000, 0xF450_0000, Form.PRELOAD),  # pli
    (0xFE50_0000, 0xF840_0000, Form.SRS),
    (0xFE50_0000, 0xF810_0000, Form.RFE),
    (0xFE00_0000, 0xFA00_0000, Form.BLX),
    (0xFF00_0000, 0xFF00_0000, Form.UNALLOCATED),
    (0xFC00_0000, 0xFC00_0000, Form.COPROCESSOR_2),
    (0xFE00_0000, 0xF200_0000, None),  # Advanced SIMD: data processing
    (0xFF10_0000, 0xF400_0000, None),  # Advanced SIMD: loads and stores
    (0xF000_0000, 0xF000_0000, Form.UNALLOCATED),
)
"""Words with condition 0b1111, as (mask, value, form); the first that fits."""

CONDITIONAL: Final = (
    (0x0FB0_02F0, 0x0100_0000, Form.MRS),
    (0x0FB0_02F0, 0x0100_0200, Form.MRS_BANKED),
    (0x0FB0_02F0, 0x0120_0000, Form.MSR),
    (0x0FB0_02F0, 0x0120_0200, Form.MSR_BANKED),
    (0x0FF0_00F0, 0x0160_0060, Form.ERET),
    (0x0FF0_00F0, 0x0100_0070, Form.HLT),
    (0x0FF0_00F0, 0x0120_0070, Form.BKPT),
    (0x0FF0_00F0, 0x0140_0070, Form.HVC),
    (0x0FF0_00F0, 0x0160_0070, Form.SMC),
    (0x0F90_0080, 0x0100_0000, Form.MISCELLANEOUS),
    (0x0FFF_FFFF, 0x01A0_E00F, Form.LINK_PC),
    (0x0FA0_03F0, 0x06A0_0070, Form.EXTEND),
    (0x0FFF_0000, 0x0320_0000, Form.HINT),
    (0x0FB0_0000, 0x0320_0000, Form.MSR_IMMEDIATE),
    (0x0F90_0EF0, 0x0180_0E90, Form.STORE_EXCLUSIVE),
    (0x0F90_0EF0, 0x0190_0E90, Form.LOAD_EXCLUSIVE),
    (0x0FF0_00F0, 0x07F0_00F0, Form.UDF),
    (0x0E50_0000, 0x0840_0000, Form.STM),
    (0x0E50_0000, 0x0850_0000, Form.LDM),
    (0x0F00_0000, 0x0F00_0000, Form.SVC),
    (0x0FF0_0000, 0x0C40_0000, Form.MCRR),
    (0x0FF0_0000, 0x0C50_0000, Form.MRRC),
    (0x0F10_0010, 0x0E00_0010, Form.MCR),
    (0x0F10_0010, 0x0E10_0010, Form.MRC),
    (0x0F00_0010, 0x0E00_0000, Form.COPROCESSOR),
    (0x0E00_0000, 0x0C00_0000, Form.COPROCESSOR),
)
"""Words with any other condition, as (mask, value, form); the first that fits."""

ALLOCATED: Final = (
    (0x0FFF_FFF0, 0x012F_FF10),  # bx
    (0x0FFF_FFF0, 0x012F_FF30),  # blx
    (0x0FFF_0FF0, 0x016F_0F10),  # clz
    (0x0F90_0DF0, 0x0100_0040),  # crc32
    (0x0F90_0FF0, 0x0100_0050),  # qadd and its relatives
)
"""What SLEIGH may have of the miscellaneous instructions; the rest of their space is refused."""

COPROCESSOR_FORMS: Final = frozenset(
    {Form.MCR, Form.MRC, Form.MCRR, Form.MRRC, Form.COPROCESSOR, Form.COPROCESSOR_2}
)


def classify(instruction: int) -> Form | None:
    """Return the form of a word, ``None`` where it is SLEIGH's."""
    table = UNCONDITIONAL if instruction >> 28 == 0xF else CONDITIONAL
    if table is CONDITIONAL and instruction >> 25 & 0b111 in (0b010, 0b101):
        return None  # loads and stores with an offset, and branches: most words of a program
    for mask, value, form in table:
        if instruction & mask == value:
            if form is Form.MISCELLANEOUS and _allocated(instruction):
                return None
            if form in COPROCESSOR_FORMS and instruction >> 8 & 0xF in FLOATING_POINT:
                return floating(instruction)
            return form
    return None if table is UNCONDITIONAL else _data_processing(instruction)


def floating(instruction: int) -> Form | None:
    """Return the form of an instruction of CP10 or CP11: SLEIGH's but for one."""
    return Form.OVERLONG_LIST if overlong_list(instruction) else None


def _allocated(instruction: int) -> bool:
    return any(instruction & mask == value for mask, value in ALLOCATED)


def _data_processing(instruction: int) -> Form | None:
    """Recognise data processing whose Rd is the pc (for the S forms see B9.3, SUBS PC, LR)."""
    if instruction >> 26 & 3 or instruction >> 12 & 0xF != PC:
        return None
    if not instruction >> 25 & 1 and instruction & 0x90 == 0x90:
        return None  # multiplies and extra loads and stores
    flags, compares = instruction >> 20 & 1, instruction >> 23 & 3 == 0b10
    if not flags:
        return None if compares else Form.DATA_TO_PC  # MOVW, MOVT: not these encodings
    return Form.COMPARE_P if compares else Form.SUBS_PC
