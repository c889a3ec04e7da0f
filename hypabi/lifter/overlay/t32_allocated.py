"""Which T32 instructions of SLEIGH's are allocated, and name registers that they may.

Arm ARM DDI 0406C.d, A6.2, A6.3 and A8.8.  As :mod:`hypabi.lifter.overlay.a32_allocated`.  R13 is an
operand like any other, as ARMv8 has it (DDI 0487 G, F1.4); of what IT blocks must not hold ITSTATE
tells.
"""

from typing import Final

from hypabi.lifter.overlay.aarch32_block import PC, bits

SP: Final = 13
UNALLOCATED: Final = "UNDEFINED: an encoding that is not allocated"
BAD_REGISTER: Final = "UNPREDICTABLE: the pc as an operand"
SHOULD_BE: Final = "UNPREDICTABLE: a bit that should be zero or one is not"


def unallocated_narrow(instruction: int) -> str | None:
    """Return why a 16-bit instruction has no meaning, ``None`` where it may have one."""
    match instruction >> 8:
        case 0x45:
            return _compare_high(instruction)
        case 0x47:
            links, rm = bits(instruction, 7, 1), bits(instruction, 3)
            return SHOULD_BE if instruction & 7 or (links and rm == PC) else None
        case top if top in (0xB4, 0xBC) or top >> 4 == 0xC:
            empty = not instruction & 0xFF
            return "UNPREDICTABLE: a load or store multiple of nothing" if empty else None
        case 0xB6 | 0xB7 | 0xB8:
            return UNALLOCATED
        case 0xBA if bits(instruction, 6, 2) == 2:
            return UNALLOCATED
        case _:
            return None


def _compare_high(instruction: int) -> str | None:
    rn, rm = bits(instruction, 7, 1) << 3 | instruction & 7, bits(instruction, 3)
    if (rn < 8 and rm < 8) or PC in (rn, rm):
        return "UNPREDICTABLE: CMP of two low registers, or of the pc"
    return None


def unallocated_wide(instruction: int) -> str | None:
    """Return why a 32-bit instruction has no meaning, ``None`` where it may have one.

    :param instruction: the first halfword in the upper half
    """
    match instruction >> 25:
        case 0b1110100:
            return _multiple_or_dual(instruction)
        case 0b1110101:
            return _shifted_register(instruction)
        case 0b1111000 | 0b1111010 if not instruction >> 15 & 1:
            return _modified_immediate(instruction)
        case 0b1111001 | 0b1111011 if not instruction >> 15 & 1:
            return _plain_immediate(instruction)
        case 0b1111100:
            return _single_transfer(instruction)
        case 0b1111101:
            long = instruction >> 24 & 1
            return _multiplication(instruction) if long else _register(instruction)
        case _:
            return None


def _multiple_or_dual(instruction: int) -> str | None:
    """LDM and STM; LDRD and STRD; TBB, TBH, and LDA and STL without exclusivity."""
    if not instruction >> 22 & 1:
        return None if bits(instruction, 23, 2) in (1, 2) else UNALLOCATED
    if instruction >> 24 & 1 or instruction >> 21 & 1:
        loads, moved = instruction >> 20 & 1, (bits(instruction, 12), bits(instruction, 8))
        return BAD_REGISTER if not loads and PC in moved else None
    rn, rt, rm = bits(instruction, 16), bits(instruction, 12), bits(instruction, 0)
    if instruction & 0xFFF0_FFE0 == 0xE8D0_F000:  # TBB, TBH
        return BAD_REGISTER if rm == PC else None
    acquires = instruction & 0xFFE0_0FCF == 0xE8C0_0F8F and bits(instruction, 4, 2) != 3
    if acquires:  # LDA, STL and their narrow siblings
        return BAD_REGISTER if PC in (rn, rt) else None
    return UNALLOCATED


LOGICAL: Final = (0b0000, 0b0001, 0b0010, 0b0011, 0b0100)
"""AND and TST, BIC, ORR and MOV, ORN and MVN, EOR and TEQ."""
ARITHMETIC: Final = (0b1000, 0b1010, 0b1011, 0b1101, 0b1110)
"""ADD and CMN, ADC, SBC, SUB and CMP, RSB."""
COMPARES: Final = (0b0000, 0b0100, 0b1000, 0b1101)
MOVES: Final = (0b0010, 0b0011)
OF_THE_STACK: Final = (0b1000, 0b1101)
PACK: Final = 0b0110


def _shifted_register(instruction: int) -> str | None:
    operation, rm = bits(instruction, 21), bits(instruction, 0)
    shift = bits(instruction, 12, 3) << 2 | bits(instruction, 6, 2)
    if instruction >> 15 & 1:
        return SHOULD_BE
    if operation == PACK:
        names = (bits(instruction, 16), bits(instruction, 8), rm)
        plain = not bits(instruction, 20, 1) and not bits(instruction, 4, 1)
        return (BAD_REGISTER if PC in names else None) if plain else UNALLOCATED
    if rm == PC:
        return BAD_REGISTER
    stack = bits(instruction, 8) == bits(instruction, 16) == SP and operation in OF_THE_STACK
    if stack and (bits(instruction, 4, 2) or shift > 3):
        return "UNPREDICTABLE: the sp moved by a shifted register"
    return _first_and_result(instruction)


def _modified_immediate(instruction: int) -> str | None:
    """ThumbExpandImm_C(): a byte that is repeated is not zero (A6.3.2)."""
    if not instruction & 0xFF and _repeats(instruction):
        return "UNPREDICTABLE: an immediate of repeated zeros"
    return _first_and_result(instruction)


def _repeats(instruction: int) -> bool:
    """imm12<11:10> is 00, and 9:8 say that the byte stands at more places than the lowest."""
    return not bits(instruction, 26, 1) and bits(instruction, 12, 3) in (1, 2, 3)


def _first_and_result(instruction: int) -> str | None:
    """Judge Rn and Rd of data processing, which the operation tells what they may be."""
    operation, flags = bits(instruction, 21), bits(instruction, 20, 1)
    rn, rd = bits(instruction, 16), bits(instruction, 8)
    if operation not in LOGICAL + ARITHMETIC:
        return UNALLOCATED
    compares = operation in COMPARES and flags and rd == PC
    moves = operation in MOVES and rn == PC
    return BAD_REGISTER if (rn == PC and not moves) or (rd == PC and not compares) else None


PLAIN: Final = {
    0b00000: "ADD", 0b00100: "MOVW", 0b01010: "SUB", 0b01100: "MOVT", 0b10000: "SSAT",
    0b10010: "SSAT", 0b10100: "SBFX", 0b10110: "BFI", 0b11000: "USAT", 0b11010: "USAT",
    0b11100: "UBFX",
}  # fmt: skip
"""Plain binary immediates, by bits 24:20 (A6.3.3)."""


def _plain_immediate(instruction: int) -> str | None:
    name = PLAIN.get(bits(instruction, 20, 5))
    rn, rd = bits(instruction, 16), bits(instruction, 8)
    if name is None:
        return UNALLOCATED
    if name in ("ADD", "SUB"):  # Rn = 15 is ADR
        return BAD_REGISTER if rd == PC else None
    if rd == PC:
        return BAD_REGISTER
    if name in ("MOVW", "MOVT"):
        return None
    if instruction & 1 << 26 or instruction & 1 << 5:
        return SHOULD_BE
    if rn == PC and name != "BFI":
        return BAD_REGISTER
    low, last = bits(instruction, 12, 3) << 2 | bits(instruction, 6, 2), bits(instruction, 0, 5)
    if (name == "BFI" and last < low) or (name in ("SBFX", "UBFX") and low + last > 31):
        return "UNPREDICTABLE: bit field"
    halves = name in ("SSAT", "USAT") and bits(instruction, 21, 1) and low == 0
    return UNALLOCATED if halves else None


def _single_transfer(instruction: int) -> str | None:
    """Judge loads and stores of a byte, a halfword or a word (A6.3.7 to A6.3.10)."""
    signed, loads, size = instruction >> 24 & 1, instruction >> 20 & 1, bits(instruction, 21, 2)
    rn, rt = bits(instruction, 16), bits(instruction, 12)
    if signed and not loads:
        return None  # Advanced SIMD: SLEIGH's registers for it are refused
    if size == 3 or (signed and size == 2) or (rn == PC and not loads):
        return UNALLOCATED
    if rt == PC and not (loads and size == 2):
        return BAD_REGISTER
    if instruction >> 23 & 1 or (rn == PC and loads):
        return None
    if instruction >> 11 & 1:
        return None if bits(instruction, 8, 1) or bits(instruction, 10, 1) else UNALLOCATED
    if bits(instruction, 6, 5):
        return UNALLOCATED
    return BAD_REGISTER if bits(instruction, 0) == PC else None


REGISTER_FORMS: Final = (
    (0xFF80_F0F0, 0xFA00_F000),  # LSL, LSR, ASR, ROR
    (0xFFF0_F0C0, 0xFA80_F080),  # QADD, QDADD, QSUB, QDSUB
    (0xFFF0_F0C0, 0xFA90_F080),  # REV, REV16, RBIT, REVSH
    (0xFFF0_F0F0, 0xFAB0_F080),  # CLZ
    (0xFFF0_F0F0, 0xFAA0_F080),  # SEL
    *((0xFFF0_F080, 0xFA80_F000 | op << 20) for op in (0, 1, 2, 4, 5, 6)),  # parallel arithmetic
    *((0xFFF0_F0C0, 0xFA20_F080 | op << 20) for op in (0, 1)),  # SXTB16, UXTB16 and adding
)
CHECKSUMS: Final = (0xFFE0_F0C0, 0xFAC0_F080)
"""CRC32 and CRC32C of a byte, a halfword or a word."""


def _register(instruction: int) -> str | None:
    mask, value = CHECKSUMS
    checksum = instruction & mask == value and bits(instruction, 4, 2) != 3
    if not checksum and not any(instruction & mask == value for mask, value in REGISTER_FORMS):
        return UNALLOCATED
    parallel = instruction & 0xFF80_F080 == 0xFA80_F000
    if parallel and bits(instruction, 4) & 0b0011 == 0b0011:
        return UNALLOCATED
    adds = instruction & 0xFFE0_F0C0 == 0xFA20_F080
    names = {bits(instruction, low) for low in ((8, 0) if adds else (16, 8, 0))}
    return BAD_REGISTER if PC in names else None


MULTIPLICATIONS: Final = (
    (0xFFF0_00E0, 0xFB00_0000),  # MLA, MUL, MLS
    (0xFFF0_00C0, 0xFB10_0000),  # SMLABB to SMULTT
    (0xFFF0_00E0, 0xFB20_0000),  # SMLAD, SMUAD
    (0xFFF0_00E0, 0xFB30_0000),  # SMLAWB to SMULWT
    (0xFFF0_00E0, 0xFB40_0000),  # SMLSD, SMUSD
    (0xFFF0_00E0, 0xFB50_0000),  # SMMLA, SMMUL
    (0xFFF0_00E0, 0xFB60_0000),  # SMMLS
    (0xFFF0_F0F0, 0xFB90_F0F0),  # SDIV
    (0xFFF0_F0F0, 0xFBB0_F0F0),  # UDIV
)
LONG_MULTIPLICATIONS: Final = (
    (0xFFF0_00F0, 0xFB80_0000),  # SMULL
    (0xFFF0_00F0, 0xFBA0_0000),  # UMULL
    (0xFFF0_00F0, 0xFBC0_0000),  # SMLAL
    (0xFFF0_00C0, 0xFBC0_0080),  # SMLALBB to SMLALTT
    (0xFFE0_00E0, 0xFBC0_00C0),  # SMLALD, SMLSLD
    (0xFFF0_00F0, 0xFBE0_0000),  # UMLAL
    (0xFFF0_00F0, 0xFBE0_0060),  # UMAAL
)


def _multiplication(instruction: int) -> str | None:
    rn, ra, rd, rm = (bits(instruction, low) for low in (16, 12, 8, 0))
    if any(instruction & mask == value for mask, value in LONG_MULTIPLICATIONS):
        if ra == rd:
            return "UNPREDICTABLE: RdLo is RdHi"
        return BAD_REGISTER if PC in (rn, ra, rd, rm) else None
    if not any(instruction & mask == value for mask, value in MULTIPLICATIONS):
        return UNALLOCATED
    subtracts = instruction & 0xFFF0_00F0 in (0xFB00_0010, 0xFB60_0000, 0xFB60_0010)
    if PC in (rn, rd, rm) or (subtracts and ra == PC):
        return BAD_REGISTER
    return None


BRANCHES: Final = (
    (0xF800_0000, 0xE000_0000, 2),  # B
    (0xFF00_0000, 0x4700_0000, 2),  # BX, BLX
    (0xFF00_0000, 0xBD00_0000, 2),  # POP with the pc
    (0xFD87_0000, 0x4487_0000, 2),  # ADD and MOV to the pc
    (0xF800_D000, 0xF000_9000, 4),  # B.W
    (0xF800_C000, 0xF000_C000, 4),  # BL, BLX
    (0xFE50_8000, 0xE810_8000, 4),  # LDM with the pc, RFE
    (0xFFF0_FFE0, 0xE8D0_F000, 4),  # TBB, TBH
    (0xFF70_F000, 0xF850_F000, 4),  # LDR to the pc
    (0xFFF0_D000, 0xF3D0_8000, 4),  # ERET, SUBS PC, LR
    (0xFFF0_F000, 0xF7F0_8000, 4),  # SMC
)
"""What only the last instruction of an IT block may be (A4.3, A8.8), by mask, value and size."""


def leaves_it_block(instruction: int, size: int) -> bool:
    """Return whether an instruction must be the last of an IT block.

    :param instruction: of 16 bits, or of 32 with the first halfword in the upper half
    """
    word = instruction << 16 if size == 2 else instruction
    return any(size == each and word & mask == value for mask, value, each in BRANCHES)
