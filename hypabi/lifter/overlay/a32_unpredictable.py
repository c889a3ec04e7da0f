"""A32 words of SLEIGH's that are UNPREDICTABLE, and which it decodes all the same.

Arm ARM DDI 0406C.d, A8.8, one instruction after the other.

Measured against QEMU's interpreter of A32: for these SLEIGH gives some meaning, often another than
hardware.  Also the unprivileged loads and stores: UNPREDICTABLE in Hyp mode, and SLEIGH forgets
the writeback of STRHT.
"""

from hypabi.lifter.overlay.aarch32_block import PC, bits


def unpredictable(instruction: int) -> str | None:
    """Return why a word is UNPREDICTABLE, ``None`` where it is not known to be."""
    match instruction >> 25 & 0b111:
        case 0b000:
            return _register_form(instruction)
        case 0b001:
            move_wide = instruction & 0x0FB0_0000 == 0x0300_0000
            return _if(move_wide and bits(instruction, 12) == PC, "MOVW or MOVT to the pc")
        case 0b010:
            return _load_store(instruction)
        case 0b011:
            media = instruction >> 4 & 1
            return _media(instruction) if media else _load_store(instruction)
        case 0b100:
            return _multiple(instruction)
        case _:
            return None


def _if(condition: bool, reason: str) -> str | None:  # noqa: FBT001 - a sentence: reason if condition
    return f"UNPREDICTABLE: {reason}" if condition else None


def _register_form(instruction: int) -> str | None:
    if instruction & 0x90 == 0x90:
        if bits(instruction, 5, 2):
            return _extra_load_store(instruction)
        multiply = not instruction >> 24 & 1
        lows = (16, 12, 8, 0) if instruction >> 21 & 0b111 else (16, 8, 0)  # MUL has no 15:12
        pc = PC in (bits(instruction, low) for low in lows)
        return _if(multiply and pc, "multiplication with the pc")
    if instruction & 0x0190_0090 == 0x0100_0080:
        return _if(bits(instruction, 16) == PC, "halfword multiplication to the pc")
    if instruction & 0x90 == 0x10 and instruction & 0x0190_0000 != 0x0100_0000:
        pc = PC in (bits(instruction, low) for low in (16, 12, 8, 0))
        return _if(pc, "register-shifted operand with the pc")
    return None


def _writeback(instruction: int) -> bool:
    return not instruction >> 24 & 1 or bool(instruction >> 21 & 1)


def _load_store(instruction: int) -> str | None:
    """LDR, STR, LDRB, STRB with an immediate or a register."""
    rn, rt = bits(instruction, 16), bits(instruction, 12)
    if not instruction >> 24 & 1 and instruction >> 21 & 1:
        return "an unprivileged access, UNPREDICTABLE in Hyp mode"
    if _writeback(instruction) and rn in (PC, rt):
        return "UNPREDICTABLE: writeback to the pc or to the register transferred"
    if instruction >> 25 & 1 and instruction & 0xF == PC:
        return "UNPREDICTABLE: the pc as an offset"
    return _if(bool(instruction >> 22 & 1) and rt == PC, "the pc as a byte")


def _extra_load_store(instruction: int) -> str | None:
    """LDRH, STRH, LDRSB, LDRSH, LDRD, STRD."""
    rn, rt = bits(instruction, 16), bits(instruction, 12)
    if not instruction >> 24 & 1 and instruction >> 21 & 1:
        return "an unprivileged access, UNPREDICTABLE in Hyp mode"
    double = not instruction >> 20 & 1 and bool(instruction >> 6 & 1)
    moved = (rt, rt + 1) if double else (rt,)
    if PC in moved or (double and rt & 1):
        return "UNPREDICTABLE: the pc as a halfword, or an odd first register"
    if _writeback(instruction) and (rn == PC or rn in moved):
        return "UNPREDICTABLE: writeback to the pc or to a register transferred"
    rm = None if instruction >> 22 & 1 else bits(instruction, 0)
    loads_pair = double and not instruction >> 5 & 1
    twice = rm in moved and (loads_pair or _writeback(instruction))
    return _if(rm == PC or twice, "register offset of a load or store")


def _media(instruction: int) -> str | None:
    operation, high, low = bits(instruction, 20, 5), bits(instruction, 16), bits(instruction, 12)
    if operation & 0b11000 == 0b10000:  # multiplications, SDIV, UDIV: Rd is in 19:16
        return _if(high == PC, "multiplication or division to the pc")
    if operation == 0b11000:  # USAD8, USADA8
        return _if(high == PC, "USAD8 to the pc")
    if operation in (0b11010, 0b11011, 0b11110, 0b11111):  # SBFX, UBFX
        width, lowest = high_five(instruction), bits(instruction, 7, 5)
        return _if(low == PC or lowest + width > 31, "bit field")
    if operation in (0b11100, 0b11101):  # BFC, BFI
        return _if(low == PC or high_five(instruction) < bits(instruction, 7, 5), "bit field")
    return _if(low == PC, "media instruction to the pc")


def high_five(instruction: int) -> int:
    """Return bits 20:16: the width or the highest bit of a bit field."""
    return bits(instruction, 16, 5)


def _multiple(instruction: int) -> str | None:
    rn, registers, writeback = bits(instruction, 16), instruction & 0xFFFF, instruction >> 21 & 1
    if rn == PC or registers == 0:
        return "UNPREDICTABLE: load or store multiple with base pc or without registers"
    if not writeback or not registers >> rn & 1:
        return None
    if instruction >> 20 & 1:
        return "UNPREDICTABLE: LDM with writeback to a register that it loads"
    first = registers & (1 << rn) - 1 == 0
    return _if(not first, "STM of a base register that is written back and not the lowest")
