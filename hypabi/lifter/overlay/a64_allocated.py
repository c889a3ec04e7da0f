"""Which A64 words outside floating point are allocated (Arm ARM DDI 0487, C4.1).

A word is one of the rows of :data:`CLASSES` and passes its rule, or it has no meaning here: it is
UNDEFINED, reserved, or of an extension that SLEIGH does not know.  What the pseudocode of an
instruction calls CONSTRAINED UNPREDICTABLE is refused too, because hardware may choose.
"""

from collections.abc import Callable
from typing import Final

from hypabi.lifter.overlay.a64_system_allocated import refused_system

SP: Final = 31
"""Number 31 as a base register: the stack pointer, which is no target of a load."""
UNALLOCATED: Final = "UNDEFINED: an encoding that is not allocated"


def refused(word: int) -> str | None:
    """Return why a word has no meaning, ``None`` where it may have one.

    Of floating point and vectors nothing is said: SLEIGH's registers for them are refused.
    """
    if word >> 24 == 0xD5:
        return refused_system(word)
    if word >> 16 == 0 or word >> 25 & 7 == 7 or _vector_transfer(word):
        return None
    for mask, value, rule in _classes(word):
        if word & mask == value:
            return None if rule is None else rule(word)
    return UNALLOCATED


def _vector_transfer(word: int) -> bool:
    """Recognise loads and stores with V = 1; what has V = 1 and is none (0x1D) is not allocated."""
    return word >> 25 & 7 == 6 and word & 0x3F00_0000 != 0x1D00_0000


def _bits(word: int, low: int, width: int) -> int:
    return word >> low & (1 << width) - 1


def _wide(word: int) -> int:
    return word >> 31


def _unless(holds: bool, reason: str = UNALLOCATED) -> str | None:  # noqa: FBT001 - reads as a sentence
    return None if holds else reason


# Data processing with an immediate, C4.1.86.


def _logical_immediate(word: int) -> str | None:
    """DecodeBitMasks(), with immediate = TRUE (J1.3): an element that is all ones is reserved."""
    n, levels = _bits(word, 22, 1), _bits(word, 10, 6)
    if n and not _wide(word):
        return UNALLOCATED
    length = (n << 6 | ~levels & 0x3F).bit_length() - 1
    if length < 1:
        return UNALLOCATED
    ones = (1 << length) - 1
    return _unless(levels & ones != ones, "UNDEFINED: a reserved logical immediate")


def _move_wide(word: int) -> str | None:
    return _unless(_bits(word, 29, 2) != 1 and (_wide(word) == 1 or _bits(word, 22, 1) == 0))


def _bit_field(word: int) -> str | None:
    """SBFM, BFM, UBFM: N is sf, and both positions lie in the register."""
    if _bits(word, 29, 2) == 3 or _bits(word, 22, 1) != _wide(word):
        return UNALLOCATED
    return _unless(_wide(word) == 1 or not word & (1 << 21 | 1 << 15))


def _extract(word: int) -> str | None:
    if _bits(word, 29, 2) or _bits(word, 21, 1) or _bits(word, 22, 1) != _wide(word):
        return UNALLOCATED
    return _unless(_wide(word) == 1 or not word & 1 << 15)


# Data processing with registers, C4.1.89.


def _shifted(word: int) -> str | None:
    return _unless(_wide(word) == 1 or not word & 1 << 15)


def _add_shifted(word: int) -> str | None:
    return UNALLOCATED if _bits(word, 22, 2) == 3 else _shifted(word)


def _add_extended(word: int) -> str | None:
    return _unless(_bits(word, 10, 3) <= 4)


TWO_SOURCES: Final = {
    **dict.fromkeys((2, 3, 8, 9, 10, 11), (0, 1)),  # UDIV, SDIV, LSLV, LSRV, ASRV, RORV
    **dict.fromkeys((16, 17, 18, 20, 21, 22), (0,)),  # CRC32 of a byte to a word
    **dict.fromkeys((19, 23), (1,)),  # CRC32 of a doubleword
    **dict.fromkeys((0, 4, 5, 12), (1,)),  # SUBP, IRG, GMI, PACGA: the overlay refuses them
}
"""By opcode, the values of sf with which it is allocated."""
ONE_SOURCE: Final = {0: (0, 1), 1: (0, 1), 2: (0, 1), 3: (1,), 4: (0, 1), 5: (0, 1)}
"""RBIT, REV16, REV (32), REV, CLZ, CLS."""


def _two_sources(word: int) -> str | None:
    if word >> 29 & 1:
        return _unless(_wide(word) == 1 and _bits(word, 10, 6) == 0)  # SUBPS
    return _unless(_wide(word) in TWO_SOURCES.get(_bits(word, 10, 6), ()))


def _one_source(word: int) -> str | None:
    if _bits(word, 16, 5) == 1:
        return None  # pointer authentication, which the overlay refuses by name
    allocated = _bits(word, 16, 5) == 0 and _wide(word) in ONE_SOURCE.get(_bits(word, 10, 6), ())
    return _unless(allocated)


def _three_sources(word: int) -> str | None:
    operation, subtracts = _bits(word, 21, 3), _bits(word, 15, 1)
    if operation == 0:  # MADD, MSUB
        return None
    if _wide(word) == 0:
        return UNALLOCATED
    if operation in (2, 6):  # SMULH, UMULH: Ra is (1)(1)(1)(1)(1)
        return _unless(not subtracts and _bits(word, 10, 5) == SP)
    return _unless(operation in (1, 5))  # SMADDL to UMSUBL


# Loads and stores, C4.1.88.


def _sized(word: int) -> str | None:
    """LDR and STR of one register: ``size`` and ``opc``."""
    size, opc = _bits(word, 30, 2), _bits(word, 22, 2)
    return _unless((size, opc) not in ((2, 3), (3, 3)))


def _written_back(word: int) -> str | None:
    """Pre- and post-indexed: no prefetch, and the base is not what is transferred."""
    if _bits(word, 30, 2) == 3 and _bits(word, 22, 2) >= 2:
        return UNALLOCATED
    rn = _bits(word, 5, 5)
    if rn == _bits(word, 0, 5) and rn != SP:
        return "CONSTRAINED UNPREDICTABLE: writeback to the register transferred"
    return _sized(word)


def _unprivileged(_word: int) -> str:
    return "an unprivileged access, which PSTATE.UAO and HCR_EL2 give its meaning"


def _register_offset(word: int) -> str | None:
    return _sized(word) if _bits(word, 14, 1) else UNALLOCATED


def _pair(word: int) -> str | None:
    opc, loads = _bits(word, 30, 2), _bits(word, 22, 1)
    if opc == 3 or (opc == 1 and _bits(word, 23, 2) == 0):
        return UNALLOCATED
    rt, rt2, rn = _bits(word, 0, 5), _bits(word, 10, 5), _bits(word, 5, 5)
    if loads and rt == rt2:
        return "CONSTRAINED UNPREDICTABLE: a pair loaded to one register twice"
    if _bits(word, 23, 1) and rn in (rt, rt2) and rn != SP:
        return "CONSTRAINED UNPREDICTABLE: writeback to a register transferred"
    return None


def _ordered_unscaled(word: int) -> str | None:
    """LDAPUR and STLUR: as LDUR and STUR, without prefetches."""
    opc = _bits(word, 22, 2)
    return _unless((_bits(word, 30, 2), opc) not in ((3, 2), (3, 3), (2, 3)))


def _atomic(word: int) -> str | None:
    """Allow LDADD to LDUMIN, SWP; LDAPR has (1)(1)(1)(1)(1) for Rs."""
    if not _bits(word, 15, 1) or _bits(word, 12, 3) == 0:
        return None
    acquires = _bits(word, 12, 3) == 4 and _bits(word, 22, 2) == 2
    return _unless(acquires and _bits(word, 16, 5) == SP)


def _exclusive(word: int) -> str | None:
    """LDXR to STLXP, LDAR, STLR, CAS, CASP: unused register fields are (1)(1)(1)(1)(1)."""
    rs, rt2, rt, rn = (_bits(word, low, 5) for low in (16, 10, 0, 5))
    ordered, loads, pair = (_bits(word, low, 1) for low in (23, 22, 21))
    if ordered:
        return _unless(rt2 == SP and (pair == 1 or rs == SP))
    if pair and not _wide(word):  # CASP
        return _unless(rt2 == SP and not rs & 1 and not rt & 1)
    if not pair and rt2 != SP:
        return "CONSTRAINED UNPREDICTABLE: a bit that should be one is not"
    if loads:
        return _unless(rs == SP and not (pair and rt == rt2), "CONSTRAINED UNPREDICTABLE: LDXR")
    overlap = rs == rt or (rs == rn and rn != SP) or (pair == 1 and rs == rt2)
    return _unless(not overlap, "CONSTRAINED UNPREDICTABLE: STXR overwrites an operand")


Rule = Callable[[int], str | None] | None

IMMEDIATE: Final[tuple[tuple[int, int, Rule], ...]] = (
    (0x1F00_0000, 0x1000_0000, None),  # ADR, ADRP
    (0x1F80_0000, 0x1100_0000, None),  # ADD, SUB
    (0xBFC0_0000, 0x9180_0000, None),  # ADDG, SUBG: the overlay refuses them
    (0x1F80_0000, 0x1200_0000, _logical_immediate),
    (0x1F80_0000, 0x1280_0000, _move_wide),
    (0x1F80_0000, 0x1300_0000, _bit_field),
    (0x1F80_0000, 0x1380_0000, _extract),
)
BRANCHES: Final[tuple[tuple[int, int, Rule], ...]] = (
    (0x7C00_0000, 0x1400_0000, None),  # B, BL
    (0x7E00_0000, 0x3400_0000, None),  # CBZ, CBNZ
    (0x7E00_0000, 0x3600_0000, None),  # TBZ, TBNZ
    (0xFF00_0010, 0x5400_0000, None),  # B.cond
    (0xFFE0_001C, 0xD400_0000, None),  # SVC, HVC, SMC; LL = 0 is no overlay's
    (0xFFE0_001F, 0xD420_0000, None),  # BRK
    (0xFFE0_001F, 0xD440_0000, None),  # HLT
    (0xFFFF_FC1F, 0xD61F_0000, None),  # BR
    (0xFFFF_FC1F, 0xD63F_0000, None),  # BLR
    (0xFFFF_FC1F, 0xD65F_0000, None),  # RET
    (0xFFFF_FFFF, 0xD69F_03E0, None),  # ERET
    (0xFFFF_FFFF, 0xD6BF_03E0, None),  # DRPS
    (0xFE9F_F800, 0xD61F_0800, None),  # BRAA to RETAB: the overlay refuses them
    (0xFFFF_FBFF, 0xD69F_0BFF, None),  # ERETAA, ERETAB
)
TRANSFERS: Final[tuple[tuple[int, int, Rule], ...]] = (
    (0x3F00_0000, 0x0800_0000, _exclusive),
    (0x3F20_0C00, 0x1900_0000, _ordered_unscaled),
    (0xFF20_0000, 0xD920_0000, None),  # memory tagging: the overlay refuses it
    (0x3F00_0000, 0x1800_0000, None),  # LDR (literal), LDRSW, PRFM
    (0x3C00_0000, 0x2800_0000, _pair),
    (0x3F20_0C00, 0x3800_0000, _sized),
    (0x3F20_0400, 0x3800_0400, _written_back),
    (0x3F20_0C00, 0x3800_0800, _unprivileged),
    (0x3F20_0C00, 0x3820_0000, _atomic),
    (0x3F20_0C00, 0x3820_0800, _register_offset),
    (0xFF20_0400, 0xF820_0400, None),  # LDRAA, LDRAB: the overlay refuses them
    (0x3F00_0000, 0x3900_0000, _sized),
)
REGISTERS: Final[tuple[tuple[int, int, Rule], ...]] = (
    (0x1F00_0000, 0x0A00_0000, _shifted),
    (0x1F20_0000, 0x0B00_0000, _add_shifted),
    (0x1FE0_0000, 0x0B20_0000, _add_extended),
    (0x1FE0_FC00, 0x1A00_0000, None),  # ADC, SBC
    (0xFFE0_7C10, 0xBA00_0400, None),  # RMIF: the overlay refuses it
    (0xFFFF_BC1F, 0x3A00_080D, None),  # SETF8, SETF16
    (0x3FE0_0410, 0x3A40_0000, None),  # CCMN, CCMP
    (0x3FE0_0800, 0x1A80_0000, None),  # CSEL to CSNEG
    (0x5FE0_0000, 0x1AC0_0000, _two_sources),
    (0x7FE0_0000, 0x5AC0_0000, _one_source),
    (0x7F00_0000, 0x1B00_0000, _three_sources),
)


def _classes(word: int) -> tuple[tuple[int, int, Rule], ...]:
    """Return the rows of a word's main group (C4.1, op0 in bits 28:25)."""
    match word >> 25 & 0xF:
        case 0b1000 | 0b1001:
            return IMMEDIATE
        case 0b1010 | 0b1011:
            return BRANCHES
        case 0b0100 | 0b1100:
            return TRANSFERS
        case 0b0101 | 0b1101:
            return REGISTERS
        case _:
            return ()
