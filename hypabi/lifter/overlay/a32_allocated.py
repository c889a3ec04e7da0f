"""Which A32 words of SLEIGH's are allocated, with every (0) and (1) bit as it is printed.

Arm ARM DDI 0406C.d, A5, and DDI 0487 G, F4.1.  A word is one of the rows below, or it has no
meaning; :mod:`hypabi.lifter.overlay.a32_unpredictable` judges the registers that it names.  Words
of CP10, CP11 and of Advanced SIMD are not judged: SLEIGH's registers for them are refused.
"""

from typing import Final

from hypabi.lifter.overlay.aarch32_block import PC, bits

UNALLOCATED: Final = "UNDEFINED: an encoding that is not allocated"
SHOULD_BE: Final = "UNPREDICTABLE: a bit that should be zero or one is not"

Rows = tuple[tuple[int, int], ...]

MULTIPLICATIONS: Final[Rows] = (
    (0x0FE0_F0F0, 0x0000_0090),  # MUL
    (0x0FE0_00F0, 0x0020_0090),  # MLA
    (0x0FF0_00F0, 0x0040_0090),  # UMAAL
    (0x0FF0_00F0, 0x0060_0090),  # MLS
    (0x0F80_00F0, 0x0080_0090),  # UMULL, UMLAL, SMULL, SMLAL
    *((0x0FF0_0FFF, top | 0x0C9F) for top in (0x0190_0000, 0x01D0_0000, 0x01F0_0000)),  # LDA
    *((0x0FF0_FFF0, top | 0xFC90) for top in (0x0180_0000, 0x01C0_0000, 0x01E0_0000)),  # STL
)
MISCELLANEOUS: Final[Rows] = (
    (0x0FFF_FFF0, 0x012F_FF10),  # BX
    (0x0FFF_FFF0, 0x012F_FF30),  # BLX
    (0x0FFF_0FF0, 0x016F_0F10),  # CLZ
    (0xFFF0_0DF0, 0xE100_0040),  # CRC32B, CRC32CB
    (0xFFF0_0DF0, 0xE120_0040),  # CRC32H, CRC32CH
    (0xFFF0_0DF0, 0xE140_0040),  # CRC32W, CRC32CW
    (0x0F90_0FF0, 0x0100_0050),  # QADD, QSUB, QDADD, QDSUB
    (0x0FF0_0090, 0x0100_0080),  # SMLABB to SMLATT
    (0x0FF0_00B0, 0x0120_0080),  # SMLAWB, SMLAWT
    (0x0FF0_F0B0, 0x0120_00A0),  # SMULWB, SMULWT
    (0x0FF0_0090, 0x0140_0080),  # SMLALBB to SMLALTT
    (0x0FF0_F090, 0x0160_0080),  # SMULBB to SMULTT
)
DATA: Final[Rows] = (
    (0x0D90_F000, 0x0110_0000),  # TST, TEQ, CMP, CMN
    (0x0DEF_0000, 0x01A0_0000),  # MOV and shifts
    (0x0DEF_0000, 0x01E0_0000),  # MVN
    (0x0D80_0000, 0x0000_0000),  # AND, EOR, SUB, RSB
    (0x0D80_0000, 0x0080_0000),  # ADD, ADC, SBC, RSC
    (0x0DE0_0000, 0x0180_0000),  # ORR
    (0x0DE0_0000, 0x01C0_0000),  # BIC
    (0x0FB0_0000, 0x0300_0000),  # MOVW, MOVT
)
PARALLEL: Final = ((1, 2, 3, 5, 6, 7), (0, 1, 2, 3, 4, 7))
"""Bits 22:20 and 7:5 of parallel additions and subtractions (A5.4.1, A5.4.2)."""
MEDIA: Final[Rows] = (
    *((0x0FF0_0FF0, 0x0600_0F10 | a << 20 | b << 5) for a in PARALLEL[0] for b in PARALLEL[1]),
    (0x0FB0_03F0, 0x0680_0070),  # SXTB16, UXTB16 and adding
    (0x0FF0_0FF0, 0x0680_0FB0),  # SEL
    (0x0FB0_0FF0, 0x06A0_0F30),  # SSAT16, USAT16
    (0x0FF0_00F0, 0x0780_0010),  # USAD8, USADA8
    (0x0FF0_0030, 0x0680_0010),  # PKHBT, PKHTB
    (0x0FA0_0030, 0x06A0_0010),  # SSAT, USAT
    (0x0FFF_0FF0, 0x06BF_0F30),  # REV
    (0x0FFF_0FF0, 0x06BF_0FB0),  # REV16
    (0x0FFF_0FF0, 0x06FF_0F30),  # RBIT
    (0x0FFF_0FF0, 0x06FF_0FB0),  # REVSH
    (0x0FF0_0090, 0x0700_0010),  # SMLAD, SMLSD, SMUAD, SMUSD
    (0x0FF0_F0F0, 0x0710_F010),  # SDIV
    (0x0FF0_F0F0, 0x0730_F010),  # UDIV
    (0x0FF0_0090, 0x0740_0010),  # SMLALD, SMLSLD
    (0x0FF0_00D0, 0x0750_0010),  # SMMLA, SMMUL
    (0x0FF0_00D0, 0x0750_00D0),  # SMMLS
    (0x0FE0_0070, 0x07A0_0050),  # SBFX
    (0x0FE0_0070, 0x07C0_0010),  # BFC, BFI
    (0x0FE0_0070, 0x07E0_0050),  # UBFX
)
EXTRA_TRANSFERS: Final[Rows] = (
    (0x0E40_0F90, 0x0000_0090),  # LDRH to STRD with a register
    (0x0E40_0090, 0x0040_0090),  # and with an immediate
)


def unallocated(instruction: int) -> str | None:
    """Return why a conditional word of SLEIGH's is no instruction, ``None`` where it is one."""
    match bits(instruction, 25, 3):
        case 0b000 if instruction & 0x90 == 0x90:
            rows = EXTRA_TRANSFERS if bits(instruction, 5, 2) else MULTIPLICATIONS
        case 0b000 if instruction & 0x0190_0000 == 0x0100_0000:
            rows = MISCELLANEOUS
        case 0b000 | 0b001:
            rows = DATA
        case 0b011 if instruction & 0x10:
            rows = MEDIA
        case _:
            return None
    if any(instruction & mask == value for mask, value in rows):
        return _registers(instruction)
    return UNALLOCATED if rows is MEDIA else SHOULD_BE


def _registers(instruction: int) -> str | None:
    """Judge which registers the long multiplications, packing and saturation name (A8.8)."""
    if instruction & 0x0F80_00F0 == 0x0180_0090:  # LDA and STL: SLEIGH's Rt is in 15:12 or in 3:0
        rt = bits(instruction, 12 if instruction >> 20 & 1 else 0)
        return "UNPREDICTABLE: the pc as an operand" if PC in (bits(instruction, 16), rt) else None
    high, low, rm = bits(instruction, 16), bits(instruction, 12), bits(instruction, 0)
    if _long_result(instruction) and high == low:
        return "UNPREDICTABLE: RdLo is RdHi"
    miscellaneous = instruction & 0x0F90_0000 == 0x0100_0000
    if miscellaneous and instruction & 0xF0 in (0x10, 0x40, 0x50):  # BX, CLZ, CRC32, QADD
        exchanges = instruction & 0x0FFF_FFF0 == 0x012F_FF10
        names_pc = PC in (rm, low) or (instruction & 0xF0 != 0x10 and high == PC)
        return "UNPREDICTABLE: the pc as an operand" if names_pc and not exchanges else None
    if instruction & 0x0FFF_FFF0 == 0x012F_FF30 and rm == PC:
        return "UNPREDICTABLE: BLX to the pc"
    if instruction & 0x0F90_0090 == 0x0100_0080:
        return _halfwords(instruction)
    if instruction & 0x0E00_0010 == 0x0600_0010:
        return _media(instruction)
    return None


def _long_result(instruction: int) -> bool:
    """UMAAL, UMULL to SMLAL, SMLALxy, SMLALD, SMLSLD (A8.8: if dHi == dLo then UNPREDICTABLE)."""
    return (
        instruction & 0x0FF0_00F0 == 0x0040_0090
        or instruction & 0x0F80_00F0 == 0x0080_0090
        or instruction & 0x0FF0_0090 == 0x0140_0080
        or instruction & 0x0FF0_0090 == 0x0740_0010
    )


def _halfwords(instruction: int) -> str | None:
    names = [bits(instruction, low) for low in (16, 8, 0)]
    accumulates = instruction & 0x0060_0020 != 0x0020_0020 and bits(instruction, 21, 2) != 3
    if PC in names or (accumulates and bits(instruction, 12) == PC):
        return "UNPREDICTABLE: halfword multiplication with the pc"
    return None


def _media(instruction: int) -> str | None:
    """Refuse the pc for every operand but Ra, BFC's Rn and the Rn of an extension."""
    operation = bits(instruction, 23, 5)
    names = [bits(instruction, 0)]
    parallel = instruction & 0x0F80_0010 == 0x0600_0010
    if (
        parallel
        or instruction & 0x0FF0_0030 == 0x0680_0010
        or instruction & 0x0FF0_0FF0 == 0x0680_0FB0
    ):
        names.append(bits(instruction, 16))
    elif operation == 0b01110 or instruction & 0x0FF0_00F0 == 0x0780_0010:
        names += [bits(instruction, 16), bits(instruction, 8)]
    elif instruction & 0x0FE0_0070 == 0x07C0_0010:  # BFI; with Rn = pc it is BFC
        return None
    return "UNPREDICTABLE: the pc as an operand" if PC in names else None
