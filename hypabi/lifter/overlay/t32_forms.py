"""Which T32 instructions the overlay takes before SLEIGH (Arm ARM DDI 0406C.d, A6 and B9.3).

A 32-bit instruction is written with its first halfword in the upper half.
"""

import enum
from typing import Final

from hypabi.lifter.overlay import a32_forms
from hypabi.lifter.overlay.aarch32_transfers import FLOATING_POINT, overlong_list


class Form(enum.Enum):
    """A form that the overlay owns; the value is the mnemonic, or says what it is."""

    IT = "it"
    HINT = "hint"
    CPS_NARROW = "cps"
    SETEND = "setend"
    BKPT = "bkpt"
    HLT = "hlt"
    SVC = "svc"
    UDF_NARROW = "udf"
    LINK_PC = "mov lr, pc"
    BRANCH_PC = "mov pc, or add pc"
    STM_BASE = "stm of its base register"
    LOGICAL_IMMEDIATE = "ands, bics, orrs, orns, eors with a rotated immediate"
    LOGICAL_SHIFTED = "ands, mvns with a shifted register"
    EXTEND = "sxtb, sxth, uxtb, uxth and adding, wide"
    SRS = "srs"
    RFE = "rfe"
    MSR = "msr"
    MSR_BANKED = "msr (banked)"
    HINT_WIDE = "hint.w"
    CPS = "cps.w"
    BARRIER = "barrier"
    SUBS_PC = "eret, or subs pc, lr"
    MRS = "mrs"
    MRS_BANKED = "mrs (banked)"
    HVC = "hvc"
    SMC = "smc"
    UDF = "udf.w"
    BLX = "blx (immediate)"
    STREX = "strex"
    LDREX = "ldrex"
    STORE_EXCLUSIVE = "strexb, stlex"
    LOAD_EXCLUSIVE = "ldrexb, ldaex"
    PRELOAD = "pld, pldw, pli"
    COPROCESSOR = "coprocessor"
    COPROCESSOR_2 = "mcr2, mrc2, mcrr2, mrrc2, cdp2, ldc2, stc2"
    UNALLOCATED = "unallocated"
    OVERLONG_LIST = "vldm, vstm beyond the last register"


NARROW: Final = (
    (0xFFFF, 0x46FE, Form.LINK_PC),
    (0xFD87, 0x4487, Form.BRANCH_PC),
    (0xFFE0, 0xB640, Form.SETEND),
    (0xFFE0, 0xB660, Form.CPS_NARROW),
    (0xFFC0, 0xBA80, Form.HLT),
    (0xFF00, 0xBE00, Form.BKPT),
    (0xFF0F, 0xBF00, Form.HINT),
    (0xFF00, 0xBF00, Form.IT),
    (0xFF00, 0xDE00, Form.UDF_NARROW),
    (0xFF00, 0xDF00, Form.SVC),
)
"""16-bit instructions as (mask, value, form); the first that fits."""

WIDE: Final = (
    # Logical operations with S and a rotated immediate, whose carry SLEIGH forgets.
    (0xFF90_8000, 0xF410_0000, Form.LOGICAL_IMMEDIATE),
    (0xFF90_C000, 0xF010_4000, Form.LOGICAL_IMMEDIATE),
    (0xFFF0_8000, 0xF490_0000, Form.LOGICAL_IMMEDIATE),
    (0xFFF0_C000, 0xF090_4000, Form.LOGICAL_IMMEDIATE),
    (0xFFE0_F0C0, 0xFA00_F080, Form.EXTEND),
    (0xFFE0_F0C0, 0xFA40_F080, Form.EXTEND),
    (0xFFD0_0000, 0xE800_0000, Form.SRS),
    (0xFFD0_0000, 0xE980_0000, Form.SRS),
    (0xFFD0_0000, 0xE810_0000, Form.RFE),
    (0xFFD0_0000, 0xE990_0000, Form.RFE),
    (0xFFF0_0000, 0xE840_0000, Form.STREX),
    (0xFFF0_0000, 0xE850_0000, Form.LDREX),
    (0xFFF0_00C0, 0xE8C0_0040, Form.STORE_EXCLUSIVE),
    (0xFFF0_00C0, 0xE8C0_00C0, Form.STORE_EXCLUSIVE),
    (0xFFF0_00C0, 0xE8D0_0040, Form.LOAD_EXCLUSIVE),
    (0xFFF0_00C0, 0xE8D0_00C0, Form.LOAD_EXCLUSIVE),
    (0xFFE0_D020, 0xF380_8000, Form.MSR),
    (0xFFE0_D020, 0xF380_8020, Form.MSR_BANKED),
    (0xFFF0_D700, 0xF3A0_8000, Form.HINT_WIDE),
    (0xFFF0_D000, 0xF3A0_8000, Form.CPS),
    (0xFFF0_D000, 0xF3B0_8000, Form.BARRIER),
    (0xFFF0_D000, 0xF3D0_8000, Form.SUBS_PC),
    (0xFFE0_D020, 0xF3E0_8000, Form.MRS),
    (0xFFE0_D020, 0xF3E0_8020, Form.MRS_BANKED),
    (0xFFF0_F000, 0xF7E0_8000, Form.HVC),
    (0xFFF0_F000, 0xF7F0_8000, Form.SMC),
    (0xFFF0_F000, 0xF7F0_A000, Form.UDF),
    (0xFB80_D000, 0xF380_8000, Form.UNALLOCATED),  # BXJ, DCPS and what has no name
    (0xF800_D000, 0xF000_C000, Form.BLX),
    (0xFFF0_F000, 0xF890_F000, Form.PRELOAD),  # pld, unsigned offset; then the other offsets
    (0xFFF0_FF00, 0xF810_FC00, Form.PRELOAD),
    (0xFFF0_FFC0, 0xF810_F000, Form.PRELOAD),
    (0xFF7F_F000, 0xF81F_F000, Form.PRELOAD),
    (0xFFF0_F000, 0xF8B0_F000, Form.PRELOAD),  # pldw
    (0xFFF0_FF00, 0xF830_FC00, Form.PRELOAD),
    (0xFFF0_FFC0, 0xF830_F000, Form.PRELOAD),
    (0xFFF0_F000, 0xF990_F000, Form.PRELOAD),  # pli
    (0xFFF0_FF00, 0xF910_FC00, Form.PRELOAD),
    (0xFFF0_FFC0, 0xF910_F000, Form.PRELOAD),
    (0xFF7F_F000, 0xF91F_F000, Form.PRELOAD),
)
"""32-bit instructions as (mask, value, form); the first that fits."""

NOT_IN_IT_BLOCK: Final = frozenset(
    {Form.IT, Form.CPS_NARROW, Form.CPS, Form.SETEND, Form.HVC, Form.HLT}
)
ALWAYS_EXECUTED: Final = frozenset({Form.BKPT})
"""Even where the IT block's condition fails."""

SIMD: Final = 0b11
STM: Final = 0b11000


def classify_narrow(instruction: int) -> Form | None:
    """Return the form of a 16-bit instruction, ``None`` where it is SLEIGH's."""
    if instruction < 0x4400:
        return None  # shifts, arithmetic and comparisons: most instructions of a program
    if instruction >> 11 == STM and instruction >> (instruction >> 8 & 7) & 1:
        return Form.STM_BASE
    for mask, value, form in NARROW:
        if instruction & mask == value:
            return form
    return None


def classify_wide(instruction: int) -> Form | None:
    """Return the form of a 32-bit instruction, ``None`` where it is SLEIGH's."""
    if instruction >> 26 & 0b1011 == 0b1011:
        return _coprocessor(instruction)
    if _shifted_logical(instruction):
        return Form.LOGICAL_SHIFTED
    for mask, value, form in WIDE:
        if instruction & mask == value:
            return form
    return None


def _shifted_logical(instruction: int) -> bool:
    """Recognise ANDS and MVNS with a shift, whose carry SLEIGH forgets."""
    ands = instruction & 0xFFF0_8000 == 0xEA10_0000 and instruction & 0x0F00 != 0x0F00
    mvns = instruction & 0xFFFF_8000 == 0xEA7F_0000
    return (ands or mvns) and instruction & 0x70F0 != 0


def _coprocessor(instruction: int) -> Form | None:
    """Decode 111x 11xx: the A32 encodings with condition AL, and the second space."""
    if instruction >> 24 & SIMD == SIMD:
        return None
    if instruction >> 8 & 0xF in FLOATING_POINT:
        return Form.OVERLONG_LIST if overlong_list(instruction) else None
    return Form.COPROCESSOR_2 if instruction >> 28 & 1 else Form.COPROCESSOR


def conditional_branch(instruction: int) -> bool:
    """Return whether an instruction of SLEIGH's is one that an IT block must not hold."""
    if instruction >> 16:
        return instruction & 0xF800_D000 == 0xF000_8000
    return instruction & 0xF000 == 0xD000 or instruction & 0xF500 == 0xB100


def a32_form(instruction: int) -> a32_forms.Form | None:
    """Return the A32 form of a coprocessor instruction: T32 has the same fields (A6.3.18)."""
    return a32_forms.classify(instruction)
