"""A64 forms that the overlay takes before SLEIGH, by encoding (Arm ARM DDI 0487, C4.1).

All accesses to system registers, so that each goes by its architectural name; PSTATE fields, so
that ``nzcv`` means the flags; hints, barriers, exceptions and ERET; pointer authentication, which
SLEIGH takes for nothing at all, memory tagging, of which it leaves out the tags, and what it gets
wrong: these have no meaning here rather than a wrong one.
"""

from typing import Final

from hypabi.arch.aarch64_system import SYSTEM_OPERATIONS, SYSTEM_REGISTERS
from hypabi.lifter.instruction import Constant, Label, Op, Opcode, Operand, Register, Temporary

XZR: Final = 31

PSTATE_IMMEDIATE: Final = {
    (0, 3): "UAO",
    (0, 4): "PAN",
    (0, 5): "SPSel",
    (1, 0): "ALLINT",
    (3, 1): "SSBS",
    (3, 2): "DIT",
    (3, 4): "TCO",
    (3, 6): "DAIFSet",
    (3, 7): "DAIFClr",
}
"""MSR (immediate) by (op1, op2), C6.2.230."""

PSTATE_BITS: Final = {
    "SPSel": 0, "SSBS": 12, "ALLINT": 13, "PAN": 22, "UAO": 23, "DIT": 24, "TCO": 25,
}  # fmt: skip
"""Where MRS and MSR (register) have each field (C5.2)."""

HINTS: Final = {
    0: "NOP", 1: "YIELD", 2: "WFE", 3: "WFI", 4: "SEV", 5: "SEVL", 6: "DGH", 16: "ESB", 17: "PSB",
    18: "TSB", 20: "CSDB", 22: "CLRBHB", 32: "BTI", 34: "BTI", 36: "BTI", 38: "BTI",
}  # fmt: skip
SILENT_HINTS: Final = frozenset({"NOP", "YIELD", "DGH", "PSB", "CSDB", "CLRBHB", "BTI"})
"""Hints without an effect that registers, memory or the flow of control can show."""

BARRIERS: Final = {1: "DSB", 2: "CLREX", 4: "DSB", 5: "DMB", 6: "ISB", 7: "SB"}

EXCEPTIONS: Final = {
    0xD4000001: "svc",
    0xD4000002: "hvc",
    0xD4000003: "smc",
    0xD4200000: "brk",
    0xD4400000: "hlt",
}

WITHOUT_MEANING: Final = (
    (0xFFFF0000, 0xDAC10000, "pointer authentication"),  # PACIA to XPACD
    (0xFF200400, 0xF8200400, "pointer authentication"),  # LDRAA, LDRAB
    (0xBFC00000, 0x91800000, "memory tagging"),  # ADDG, SUBG
    (0xFFE0F800, 0x9AC01000, "memory tagging"),  # IRG, GMI
    (0xDFE0FC00, 0x9AC00000, "memory tagging"),  # SUBP, SUBPS
    (0xFF200000, 0xD9200000, "memory tagging"),  # LDG to STZGM
    (0xFE400000, 0x68000000, "memory tagging"),  # STGP
    (0xFFE07C10, 0xBA000400, "rmif"),  # rotates wrongly
    (0xFE400000, 0x68400000, "ldpsw"),  # loads the second word 8 bytes behind the first
    (0xBEC00000, 0x38C00000, "a narrow load into a W register"),  # extends to X, or not at all
    (0xBFE00C00, 0x19C00000, "a narrow load into a W register"),
)
"""Mask, value, name: what SLEIGH takes for less than it is, or gets wrong (held against QEMU)."""

SIGNING: Final = {25: "PACIASP", 27: "PACIBSP", 29: "AUTIASP", 31: "AUTIBSP"}
"""Hints that sign the link register with the stack pointer, as compilers do, by number."""

RETURNS_AUTHENTICATED: Final = {0xD65F0BFF: "AUTIASP", 0xD65F0FFF: "AUTIBSP"}
"""RETAA and RETAB, by what they do before they return (C6.2.281)."""


def decode(word: int) -> tuple[Op, ...] | None:
    """Return the operations of a form that the overlay owns, ``None`` for any other."""
    if word >> 24 == 0xD4:
        return _exception(word)
    if word >> 22 == 0xD5000000 >> 22:
        return _system(word)
    if word >> 25 == 0xD6000000 >> 25:
        return _branch_register(word)
    if word >> 16 == 0:
        return (_user("udf", Constant(word & 0xFFFF, 2)),)
    if word & 0x3FA00000 == 0x08800000:
        return _ordered(word)
    if word & 0x3FA00000 == 0x08000000:
        return _exclusive(word)
    for mask, value, name in WITHOUT_MEANING:
        if word & mask == value:
            return (_user(name),)
    return None


def _user(name: str, *operands: Operand, output: Operand | None = None) -> Op:
    return Op(Opcode.USER, output, operands, name)


def _exception(word: int) -> tuple[Op, ...] | None:
    name = EXCEPTIONS.get(word & 0xFFE0001F)
    return None if name is None else (_user(name, Constant(word >> 5 & 0xFFFF, 2)),)


def _branch_register(word: int) -> tuple[Op, ...] | None:
    """Unconditional branch (register): ERET is ours, the authenticated forms have no meaning."""
    if word == 0xD69F03E0:
        return (_user("eret"),)
    if word == 0xD6BF03E0:
        return (_user("drps"),)
    if word in RETURNS_AUTHENTICATED:
        link = _base(30)
        return (_signing(RETURNS_AUTHENTICATED[word]), Op(Opcode.RETURN, None, (link,)))
    if word >> 10 & 0x3F in (2, 3):
        return (_user("pointer authentication"),)
    return None


def _ordered(word: int) -> tuple[Op, ...]:
    """LDAR, STLR and their LO siblings (C6.2.141): SLEIGH takes too many bytes for narrow ones."""
    size = 1 << (word >> 30)
    base = _base(word >> 5 & 0x1F)
    number = word & 0x1F
    if word >> 22 & 1:
        loaded = Temporary(0, size)
        opcode = Opcode.INT_ZEXT if size < 8 else Opcode.COPY
        return (Op(Opcode.LOAD, loaded, (base,)), Op(opcode, _target(number, 1), (loaded,)))
    source = Constant(0, size) if number == XZR else Register(f"x{number}", 0, size)
    return (Op(Opcode.STORE, None, (base, source)),)


def _exclusive(word: int) -> tuple[Op, ...]:
    """LDXR, STXR and their acquiring and releasing siblings, of one register (C6.2.164, C6.2.392).

    The mark and its test are user ops; what is loaded or stored is as of LDAR and STLR.
    """
    size = 1 << (word >> 30)
    place = (_base(word >> 5 & 0x1F), Constant(size, 8))
    access = _ordered(word)
    if word >> 22 & 1:
        return (_user("exclusive load", *place), *access)
    passes, fails, status = Temporary(0, 1), Temporary(1, 1), _target(word >> 16 & 0x1F, 2)
    return (
        _user("exclusive store", *place, output=passes),
        Op(Opcode.BOOL_NEGATE, fails, (passes,)),
        Op(Opcode.INT_ZEXT, status, (fails,)),
        Op(Opcode.CBRANCH, None, (Label(5), fails)),
        *access,
    )


def _target(number: int, temporary: int) -> Operand:
    """Return what takes a result: nothing keeps that of 31, the zero register."""
    return Temporary(temporary, 8) if number == XZR else Register(f"x{number}", 0, 8)


def _base(number: int) -> Register:
    """Return the register that an address is in: 31 is the stack pointer."""
    return Register("sp" if number == XZR else f"x{number}", 0, 8)


def _system(word: int) -> tuple[Op, ...]:
    """Decode the system instruction class: bits 20:19 are op0, bit 21 is L (read)."""
    op0 = word >> 19 & 3
    if op0 >= 2:
        return _register_move(word)
    if op0 == 1:
        return _system_operation(word)
    crn = word >> 12 & 0xF
    if word >> 21 & 1:
        return (_user(f"system instruction {word:#010x}"),)
    if crn == 2 and word & 0xFFFFF01F == 0xD503201F:
        return _hint(word >> 5 & 0x7F)
    if crn == 3 and word & 0xFFFFF01F == 0xD503301F:
        return _barrier(word)
    if crn == 4 and word & 0x1F == XZR:
        return _pstate_immediate(word)
    return (_user(f"system instruction {word:#010x}"),)


def _hint(number: int) -> tuple[Op, ...]:
    name = HINTS.get(number)
    if number in SIGNING:
        return (_signing(SIGNING[number]),)
    if name is None:
        # The rest of the space is pointer authentication or unallocated; the former is not a no-op.
        known = number in (7, 8, 10, 12, 14) or 24 <= number <= 31
        return (_user("pointer authentication" if known else f"hint #{number}"),)
    return () if name in SILENT_HINTS else (_user(name),)


def _signing(name: str) -> Op:
    """Return what signs or authenticates x30 with the stack pointer (C6.2.252, C6.2.27)."""
    return _user(name, _base(30), _base(XZR), output=_base(30))


def _barrier(word: int) -> tuple[Op, ...]:
    name = BARRIERS.get(word >> 5 & 7)
    return (_user(name or f"system instruction {word:#010x}"),)


def _pstate_immediate(word: int) -> tuple[Op, ...]:
    name = PSTATE_IMMEDIATE.get((word >> 16 & 7, word >> 5 & 7))
    immediate = word >> 8 & 0xF
    daif = Register("DAIF", 0, 8)
    match name:
        case None:
            return (_user(f"system instruction {word:#010x}"),)
        case "DAIFSet":
            return (Op(Opcode.INT_OR, daif, (daif, Constant(immediate << 6, 8))),)
        case "DAIFClr":
            keep = Constant(~(immediate << 6) & (1 << 64) - 1, 8)
            return (Op(Opcode.INT_AND, daif, (daif, keep)),)
        case "ALLINT" if immediate > 1:
            # CRm 0b001x is PSTATE.PM (FEAT_EBEP).
            return (_user(f"system instruction {word:#010x}"),)
        case _:
            value = Constant((immediate & 1) << PSTATE_BITS[name], 8)
            return (Op(Opcode.COPY, Register(name, 0, 8), (value,)),)


def _system_operation(word: int) -> tuple[Op, ...]:
    """SYS and SYSL: cache, TLB and address-translation operations by name."""
    name = SYSTEM_OPERATIONS.get(word >> 5 & 0xFFFF)
    if name is None or word >> 21 & 1:
        return (_user(f"system instruction {word:#010x}"),)
    register = word & 0x1F
    operand = Constant(0, 8) if register == XZR else Register(f"x{register}", 0, 8)
    return (_user(name, operand),)


def system_register(word: int) -> str:
    """Return the name of the register that an MRS or MSR (register) names."""
    key = word >> 5 & 0xFFFF
    name = SYSTEM_REGISTERS.get(key)
    if name is None:
        op0, op1, crn = key >> 14, key >> 11 & 7, key >> 7 & 0xF
        return f"S{op0}_{op1}_C{crn}_C{key >> 3 & 0xF}_{key & 7}"
    return "SPSel" if name == "SPSEL" else name


def _register_move(word: int) -> tuple[Op, ...]:
    name, register = system_register(word), word & 0x1F
    if word >> 21 & 1:
        if register == XZR:
            return (Op(Opcode.COPY, Temporary(0, 8), (Register(name, 0, 8),)),)
        target = Register(f"x{register}", 0, 8)
        return _read_flags(target) if name == "NZCV" else (_copy(target, Register(name, 0, 8)),)
    source: Operand = Constant(0, 8) if register == XZR else Register(f"x{register}", 0, 8)
    return _write_flags(source) if name == "NZCV" else (_copy(Register(name, 0, 8), source),)


def _copy(target: Operand, source: Operand) -> Op:
    return Op(Opcode.COPY, target, (source,))


def _read_flags(target: Operand) -> tuple[Op, ...]:
    """NZCV: the flags stand in bits 31 to 28 (C5.2.10)."""
    ops = [_copy(Temporary(0, 8), Constant(0, 8))]
    for flag, bit in zip("NZCV", (31, 30, 29, 28), strict=True):
        wide, placed = Temporary(1, 8), Temporary(2, 8)
        ops.append(Op(Opcode.INT_ZEXT, wide, (Register(flag, 0, 1),)))
        ops.append(Op(Opcode.INT_LEFT, placed, (wide, Constant(bit, 8))))
        ops.append(Op(Opcode.INT_OR, Temporary(0, 8), (Temporary(0, 8), placed)))
    ops.append(_copy(target, Temporary(0, 8)))
    return tuple(ops)


def _write_flags(source: Operand) -> tuple[Op, ...]:
    ops = []
    for flag, bit in zip("NZCV", (31, 30, 29, 28), strict=True):
        moved, one = Temporary(0, 8), Temporary(1, 8)
        ops.append(Op(Opcode.INT_RIGHT, moved, (source, Constant(bit, 8))))
        ops.append(Op(Opcode.INT_AND, one, (moved, Constant(1, 8))))
        ops.append(Op(Opcode.SUBPIECE, Register(flag, 0, 1), (one, Constant(0, 4))))
    return tuple(ops)
