"""Which general registers an instruction reads and surely writes, as bit masks.

Bit n of a mask is ``xn`` (A64) or ``rn`` (A32, T32; r13 and r15 are left out).  ``reads`` may hold
too much, ``writes`` never does: a register in it has a new value behind the instruction, whatever
the flags say.  Calls say what the instruction itself does, not the function called.

A64 is decoded by the classes of DDI 0487, C4.1, because lifting a word takes fifty times longer;
tests hold it against SLEIGH.
"""

from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.lifter.instruction import Instruction, Label, Opcode, Operand, Register
from hypabi.records import frozen

LINK: Final = 1 << 30
EVERY: Final = (1 << 31) - 1


@frozen
class Uses:
    """What an instruction reads, and what it surely writes."""

    reads: int
    writes: int


NOTHING: Final = Uses(0, 0)
CANCELLING: Final = frozenset({Opcode.INT_XOR, Opcode.INT_SUB})
"""Of one value and itself these are zero, whatever it is."""


def numbers(mask: int) -> list[int]:
    """Return the registers of a bit mask."""
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def _bit(number: int) -> int:
    """Return the mask of a register; 31 is the zero register or sp, which nobody asks for."""
    return 1 << number & EVERY


def a64(word: int) -> Uses | None:
    """Return what an A64 instruction uses, ``None`` for a word of a class not decoded here."""
    group = word >> 25 & 0xF
    if group in (0b1000, 0b1001):
        return _immediate(word)
    if group in (0b1010, 0b1011):
        return _branch_or_system(word)
    if group in (0b0101, 0b1101):
        return _register(word)
    if group in (0b0111, 0b1111):
        return _floating_point(word)
    if group & 0b0101 == 0b0100:
        return _load_or_store(word)
    return None


def _immediate(word: int) -> Uses | None:
    rd, rn, rm = _bit(word & 31), _bit(word >> 5 & 31), _bit(word >> 16 & 31)
    match word >> 23 & 7:
        case 0b000 | 0b001:  # ADR, ADRP
            return Uses(0, rd)
        case 0b010 | 0b011 | 0b100:  # add, subtract, with tags, logical
            return Uses(rn, rd)
        case 0b101:  # MOVN, MOVZ, MOVK
            keeps = word >> 29 & 3 == 3
            return Uses(rd if keeps else 0, rd)
        case 0b110:  # SBFM, BFM, UBFM
            return Uses(rn | (rd if word >> 29 & 3 == 1 else 0), rd)
        case _:  # EXTR
            return Uses(rn | rm, rd) if word >> 29 & 3 == 0 else None


def _branch_or_system(word: int) -> Uses | None:
    rt = _bit(word & 31)
    if word & 0x7C000000 == 0x14000000:  # B, BL
        return Uses(0, LINK if word >> 31 else 0)
    if word & 0x7C000000 == 0x34000000:  # CBZ, CBNZ, TBZ, TBNZ
        return Uses(rt, 0)
    if word & 0xFE000000 == 0x54000000:  # B.cond
        return NOTHING
    if word & 0xFE000000 == 0xD6000000:
        return _branch_to_register(word)
    if word & 0xFF000000 == 0xD4000000:  # SVC, HVC, SMC, BRK, HLT
        return NOTHING
    if word & 0xFFC00000 == 0xD5000000:
        return _system(word)
    return None


def _branch_to_register(word: int) -> Uses:
    authenticated = word >> 11 & 1
    reads = _bit(word >> 5 & 31) | (_bit(word & 31) if authenticated else 0)
    returns = word >> 21 & 0xF == 2
    if authenticated and returns:
        reads |= LINK
    return Uses(reads, LINK if word >> 21 & 7 == 1 else 0)


def _system(word: int) -> Uses | None:
    rt = _bit(word & 31)
    if word & 0xFFFFF01F == 0xD503201F:
        return _hint(word >> 5 & 0x7F)
    if word & 0xFFFFF000 == 0xD5033000 or word & 0xFFF8F01F == 0xD500401F:
        return NOTHING  # barriers; MSR (immediate)
    if word & 0xFFFFF000 == 0xD5031000:  # WFET, WFIT
        return Uses(rt, 0)
    if word & 0xFFF80000 == 0xD5080000 or word & 0xFFF00000 == 0xD5100000:  # SYS, MSR
        return Uses(rt, 0)
    if word & 0xFFF80000 == 0xD5280000 or word & 0xFFF00000 == 0xD5300000:  # SYSL, MRS
        return Uses(0, rt)
    return None


def _hint(number: int) -> Uses:
    """Return what a hint uses: pointer authentication is one where it is not implemented (C6.2)."""
    if number == 7 or 24 <= number <= 31:  # XPACLRI; PACIAZ to AUTIBSP, on x30
        return Uses(LINK, LINK)
    if number in (8, 10, 12, 14):  # PACIA1716, PACIB1716, AUTIA1716, AUTIB1716
        return Uses(1 << 16 | 1 << 17, 1 << 17)
    if number == 40:  # CHKFEAT
        return Uses(1 << 16, 1 << 16)
    return NOTHING


def _register(word: int) -> Uses | None:
    rd, rn, rm = _bit(word & 31), _bit(word >> 5 & 31), _bit(word >> 16 & 31)
    if not word >> 28 & 1:  # logical, add and subtract
        return Uses(0 if _cancels(word) else rn | rm, rd)
    if word >> 24 & 1:  # three sources
        return Uses(rn | rm | _bit(word >> 10 & 31), rd)
    match word >> 21 & 7:
        case 0b000:  # with carry; RMIF, SETF8, SETF16
            return Uses(rn | rm, 0 if word >> 10 & 0x3F else rd)
        case 0b010:  # conditional compare, with register or immediate
            return Uses(rn | (0 if word >> 11 & 1 else rm), 0)
        case 0b100:  # conditional select
            return Uses(rn | rm, rd)
        case 0b110 if word >> 30 & 1:  # one source; PAC and AUT change it
            return Uses(rn | rd, rd)
        case 0b110:
            return Uses(rn | rm, rd)
        case _:
            return None


def _cancels(word: int) -> bool:
    """Return whether the result is the same whatever the one register held that is read twice.

    ``eor``, ``eon``, ``bic``, ``orn`` and ``sub`` of a register and itself, not shifted.
    """
    if word >> 5 & 31 != word >> 16 & 31 or word >> 10 & 0x3F:
        return False
    kind, inverted = word >> 29 & 3, word >> 21 & 1
    if (
        word >> 24 & 1
    ):  # add, subtract; bit 21 is an extended register, whose bits 15:10 are 0: UXTB
        return kind & 2 == 2 and not inverted
    return kind == 2 or (inverted == 1 and kind in (0, 1, 3))


def _floating_point(word: int) -> Uses:
    """Return what SIMD and floating point use: the few that move to or from general registers."""
    rd, rn = _bit(word & 31), _bit(word >> 5 & 31)
    if word & 0x5F20FC00 == 0x1E200000:  # between floating point and integer
        # SCVTF, UCVTF and FMOV to a vector register read; FCVT* and FMOV from one write.
        return Uses(rn, 0) if word >> 16 & 7 in (2, 3, 7) else Uses(0, rd)
    if word & 0x5F200000 == 0x1E000000:  # fixed point: SCVTF and UCVTF read, FCVTZ writes
        return Uses(0, rd) if word >> 18 & 1 == 0 and word >> 16 & 7 in (0, 1) else Uses(rn, 0)
    if word & 0x9FE08400 == 0x0E000400:  # copy: SMOV and UMOV write, DUP and INS may read
        kind = word >> 11 & 0xF
        return Uses(0, rd) if kind in (0b0101, 0b0111) else Uses(rn, 0)
    return NOTHING


def _load_or_store(word: int) -> Uses | None:
    vector = word >> 26 & 1
    match word >> 28 & 3:
        case 0b00:
            return _structures(word) if vector else _exclusive(word)
        case 0b01:
            return _literal(word)
        case 0b10:
            return _pair(word)
        case _:
            return _single(word)


def _exclusive(word: int) -> Uses | None:
    if word & 0xFF000000 not in (0x08000000, 0x48000000, 0x88000000, 0xC8000000):
        return None
    rt, rn = _bit(word & 31), _bit(word >> 5 & 31)
    rt2, rs = _bit(word >> 10 & 31), _bit(word >> 16 & 31)
    load, o2, o1 = word >> 22 & 1, word >> 23 & 1, word >> 21 & 1
    if o1 and o2:  # CAS
        return Uses(rn | rs | rt, rs)
    if o1 and not word >> 31:  # CASP
        return None
    if o2:  # LDAR, STLR, LDLAR, STLLR
        return Uses(rn, rt) if load else Uses(rn | rt, 0)
    pair = rt2 if o1 else 0
    if load:
        return Uses(rn, rt | pair)
    return Uses(rn | rt | pair, rs)


def _structures(word: int) -> Uses | None:
    if word >> 31 or word >> 29 & 1:
        return None
    rn, rm = _bit(word >> 5 & 31), _bit(word >> 16 & 31)
    after = word >> 23 & 1
    return Uses(rn | (rm if after else 0), rn if after else 0)


def _literal(word: int) -> Uses | None:
    rt = _bit(word & 31)
    if word >> 24 & 1:  # LDAPUR, STLUR, memory copies, tags: not decoded here
        return None
    if word >> 21 & 1 and not word >> 27 & 1:
        return None
    prefetch = word >> 30 == 3
    return NOTHING if word >> 26 & 1 or prefetch else Uses(0, rt)


def _pair(word: int) -> Uses | None:
    rt, rn, rt2 = _bit(word & 31), _bit(word >> 5 & 31), _bit(word >> 10 & 31)
    back = rn if word >> 23 & 1 else 0
    if word >> 26 & 1:
        return Uses(rn, back)
    if word >> 22 & 1:
        return None if word >> 30 == 3 else Uses(rn, rt | rt2 | back)
    return Uses(rn | rt | rt2, back)


def _single(word: int) -> Uses | None:
    rt, rn, rm = _bit(word & 31), _bit(word >> 5 & 31), _bit(word >> 16 & 31)
    vector, opc, size = word >> 26 & 1, word >> 22 & 3, word >> 30
    back = indexed = 0
    if not word >> 24 & 1:
        match word >> 21 & 1, word >> 10 & 3:
            case 0, 0b01 | 0b11:
                back = rn
            case 0, _:
                pass
            case 1, 0b10:
                indexed = rm
            case 1, 0b00 if not vector and not word >> 12 & 0b1000:  # LDADD, LDCLR... SWP
                return Uses(rn | rm, rt)
            case _:  # LDAPR, pointer authentication: not decoded here
                return None
    reads = rn | indexed
    if vector or (size == 3 and opc == 2):  # SIMD and PRFM
        return Uses(reads, back)
    return Uses(reads | rt, back) if opc == 0 else Uses(reads, rt | back)


def lifted(instruction: Instruction) -> Uses:
    """Return what a lifted instruction uses."""
    reads = writes = 0
    # SLEIGH sets flags from what it has just written, under a condition maybe (``fresh``).
    fresh = 0
    guarded_until = branches = 0
    for index, op in enumerate(instruction.ops):
        if index >= guarded_until:
            fresh = branches = 0
        cancels = op.opcode in CANCELLING and len(set(op.inputs)) == 1
        for operand in () if cancels else op.inputs:
            reads |= _mask(operand, instruction.state) & ~(writes | fresh)
        if op.opcode in (Opcode.CBRANCH, Opcode.BRANCH) and isinstance(op.inputs[0], Label):
            guarded_until = max(guarded_until, op.inputs[0].index)
            branches += 1
        if op.output is not None:
            mask = _mask(op.output, instruction.state)
            if _partly(op.output):
                reads |= mask & ~(writes | fresh)
            elif index >= guarded_until:
                writes |= mask
            elif branches == 1:
                fresh |= mask
    return Uses(reads, writes)


def _partly(operand: Operand) -> bool:
    """Return whether a write leaves a part of the register as it was."""
    if not isinstance(operand, Register):
        return False
    return operand.low != 0 or operand.size < 4


def _mask(operand: Operand, state: InstructionSet) -> int:
    if not isinstance(operand, Register):
        return 0
    name = operand.name
    if state is not InstructionSet.A64 and name == "lr":
        return 1 << 14
    prefix = "x" if state is InstructionSet.A64 else "r"
    if name[0] != prefix or not name[1:].isdigit():
        return 0
    number = int(name[1:])
    return 1 << number if number < (31 if state is InstructionSet.A64 else 13) else 0


def base_of(word: int) -> int | None:
    """Return the register that an A64 load or store takes its address from."""
    if word >> 25 & 0b0101 != 0b0100 or word >> 28 & 3 == 0b01:
        return None
    return word >> 5 & 31


def moved_on(word: int) -> int | None:
    """Return the register that an A64 instruction moves on: by writeback, or adding a constant."""
    if word & 0x1F800000 == 0x11000000:  # ADD, SUB (immediate)
        return word & 31 if word & 31 == word >> 5 & 31 else None
    base = base_of(word)
    if base is None or base == 31:
        return None
    if word >> 28 & 3 == 0b10:  # pairs
        return base if word >> 23 & 1 else None
    indexed = word >> 28 & 3 == 0b11 and not word >> 24 & 1 and not word >> 21 & 1
    return base if indexed and word >> 10 & 1 else None
