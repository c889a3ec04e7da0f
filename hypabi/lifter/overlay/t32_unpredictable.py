"""32-bit T32 instructions of SLEIGH's that are UNPREDICTABLE (DDI 0406C.d, A6.3 and A8.8).

As :mod:`hypabi.lifter.overlay.a32_unpredictable`: SLEIGH gives them some meaning.  The first
halfword is in the upper half.
"""

from hypabi.lifter.overlay.aarch32_block import PC, bits

LONG = (0b000, 0b010, 0b100, 0b101, 0b110)
"""SMULL, UMULL, SMLAL, SMLSLD, UMLAL: the low half of the result goes to 15:12."""

COMPARISONS = (0b0000, 0b0100, 0b1000, 0b1101)
"""TST, TEQ, CMN, CMP: AND, EOR, ADD, SUB with S and Rd = pc."""


def unpredictable(instruction: int) -> str | None:
    """Return why an instruction is UNPREDICTABLE, ``None`` where it is not known to be."""
    top = instruction >> 25
    if top == 0b1110101 or (top >> 2 == 0b11110 and not instruction >> 15 & 1):
        return _data_processing(instruction)
    if top == 0b1111101:
        return _register(instruction)
    if top == 0b1110100 and instruction >> 22 & 1:
        return _double(instruction)
    if top == 0b1110100:
        return _multiple(instruction)
    return _load_store(instruction) if top == 0b1111100 else None


def _data_processing(instruction: int) -> str | None:
    """Shifted register, modified immediate, plain immediate: Rd is in 11:8."""
    if bits(instruction, 8) != PC:
        return None
    plain = instruction >> 28 == 0xF and instruction >> 25 & 1
    if not plain and instruction >> 20 & 1 and bits(instruction, 21) in COMPARISONS:
        return None
    return "UNPREDICTABLE: data processing to the pc"


def _register(instruction: int) -> str | None:
    """Shifts, extensions, multiplications and divisions."""
    if bits(instruction, 8) == PC or bits(instruction, 0) == PC:
        return "UNPREDICTABLE: register operation with the pc"
    if instruction >> 23 == 0b111110111 and bits(instruction, 20, 3) in LONG:
        return None if bits(instruction, 12) != PC else "UNPREDICTABLE: long result to the pc"
    twice = instruction >> 23 & 0b11 == 0b01 and instruction & 0xF080 == 0xF080
    if twice and instruction >> 20 & 1 and bits(instruction, 16) != bits(instruction, 0):
        return "UNPREDICTABLE: Rm differs from itself"  # CLZ, REV, RBIT hold it twice
    return None


def _double(instruction: int) -> str | None:
    """LDRD and STRD; with P = W = 0 these are the exclusive and table branch forms."""
    before, writeback = instruction >> 24 & 1, instruction >> 21 & 1
    if not before and not writeback:
        return None
    rn, moved = bits(instruction, 16), (bits(instruction, 12), bits(instruction, 8))
    loads = instruction >> 20 & 1
    if PC in moved or (loads and moved[0] == moved[1]):
        return "UNPREDICTABLE: LDRD or STRD of the pc, or to one register twice"
    if rn == PC and (writeback or not loads):
        return "UNPREDICTABLE: writeback or STRD to the pc"
    if writeback and rn in moved:
        return "UNPREDICTABLE: writeback to a register transferred"
    return None


def _multiple(instruction: int) -> str | None:
    rn, registers, loads = bits(instruction, 16), instruction & 0xFFFF, instruction >> 20 & 1
    forbidden = 1 << 13 | (0 if loads else 1 << 15)
    if rn == PC or registers & forbidden or registers.bit_count() < 2:
        return "UNPREDICTABLE: load or store multiple of sp or pc, or of one register"
    if instruction >> 21 & 1 and registers >> rn & 1:
        return "UNPREDICTABLE: writeback to a register transferred"
    return None


def _load_store(instruction: int) -> str | None:
    """Judge loads and stores of one word, halfword or byte with an 8-bit offset."""
    if instruction >> 23 & 1 or not instruction >> 11 & 1 or bits(instruction, 16) == PC:
        return None
    before, up, writeback = (instruction >> low & 1 for low in (10, 9, 8))
    if before and up and not writeback:
        return "an unprivileged access, UNPREDICTABLE in Hyp mode"
    if writeback and bits(instruction, 16) == bits(instruction, 12):
        return "UNPREDICTABLE: writeback to the register transferred"
    return None
