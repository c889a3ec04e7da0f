"""Assembly text of the AArch32 forms that SLEIGH cannot print, or prints without a name.

ERET, banked MRS and MSR, SRS, and coprocessor moves with the register or operation that they reach,
as the GNU assembler would take them.  Everything else is SLEIGH's to print.
"""

from typing import Final

from hypabi.arch.aarch32 import GENERAL, banked_register
from hypabi.arch.aarch32_system import Direction, find_coprocessor_register, find_wide
from hypabi.lifter.overlay import a32_forms, t32_forms
from hypabi.lifter.overlay.a32_forms import Form
from hypabi.lifter.overlay.aarch32_block import bits

CONDITIONS: Final = (
    "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "",
)  # fmt: skip
MODES_OF_SRS: Final = ("da", "ia", "db", "ib")


def a32_text(instruction: int) -> str | None:
    """Return the text of an A32 word that the overlay owns, ``None`` where SLEIGH prints it."""
    form = a32_forms.classify(instruction)
    condition = CONDITIONS[instruction >> 28] if instruction >> 28 < len(CONDITIONS) else ""
    match form:
        case Form.ERET:
            return f"eret{condition}"
        case Form.MRS_BANKED | Form.MSR_BANKED:
            system_mode = bits(instruction, 8, 1) << 4 | bits(instruction, 16)
            reads = form is Form.MRS_BANKED
            register = bits(instruction, 12 if reads else 0)
            spsr = bits(instruction, 22, 1)
            return _banked(f"{'mrs' if reads else 'msr'}{condition}", spsr, system_mode, register)
        case Form.SRS:
            suffix = MODES_OF_SRS[bits(instruction, 23, 2)]
            writeback = "!" if instruction >> 21 & 1 else ""
            return f"srs{suffix} sp{writeback}, #{bits(instruction, 0, 5)}"
        case Form.MCR | Form.MRC:
            return _move(instruction, condition)
        case Form.MCRR | Form.MRRC:
            return _move_pair(instruction, condition)
        case _:
            return None


def t32_text(instruction: int, size: int) -> str | None:
    """Return the text of a T32 instruction (first halfword low), ``None`` for SLEIGH's."""
    if size == 2:
        return None
    instruction = (instruction & 0xFFFF) << 16 | instruction >> 16
    form = t32_forms.classify_wide(instruction)
    match form:
        case t32_forms.Form.SUBS_PC if instruction & 0xFF == 0:
            return "eret"
        case t32_forms.Form.MRS_BANKED:
            system_mode = bits(instruction, 4, 1) << 4 | bits(instruction, 16)
            return _banked("mrs", bits(instruction, 20, 1), system_mode, bits(instruction, 8))
        case t32_forms.Form.MSR_BANKED:
            system_mode = bits(instruction, 4, 1) << 4 | bits(instruction, 8)
            return _banked("msr", bits(instruction, 20, 1), system_mode, bits(instruction, 16))
        case t32_forms.Form.SRS:
            suffix = "ia" if instruction >> 23 & 1 else "db"
            writeback = "!" if instruction >> 21 & 1 else ""
            return f"srs{suffix} sp{writeback}, #{bits(instruction, 0, 5)}"
        case t32_forms.Form.COPROCESSOR:
            return a32_text(instruction)
        case _:
            return None


def _banked(mnemonic: str, spsr: int, system_mode: int, register: int) -> str | None:
    banked = banked_register(spsr, system_mode)
    if banked is None:
        return None
    name = banked.register if "_" in banked.register else f"{banked.register}_usr"
    general = GENERAL[register]
    if mnemonic.startswith("mrs"):
        return f"{mnemonic} {general}, {name}"
    return f"{mnemonic} {name}, {general}"


def _move(instruction: int, condition: str) -> str:
    coprocessor, rt = bits(instruction, 8), GENERAL[bits(instruction, 12)]
    encoding = (
        bits(instruction, 21, 3),
        bits(instruction, 16),
        bits(instruction, 0),
        bits(instruction, 5, 3),
    )
    direction = Direction.READ if instruction >> 20 & 1 else Direction.WRITE
    mnemonic = "mrc" if direction is Direction.READ else "mcr"
    opc1, crn, crm, opc2 = encoding
    found = find_coprocessor_register(coprocessor, encoding, direction)
    text = f"{mnemonic}{condition} p{coprocessor}, {opc1}, {rt}, c{crn}, c{crm}, {opc2}"
    return f"{text}  @ {found.name}" if found else text


def _move_pair(instruction: int, condition: str) -> str:
    coprocessor = bits(instruction, 8)
    rt, rt2 = GENERAL[bits(instruction, 12)], GENERAL[bits(instruction, 16)]
    encoding = (bits(instruction, 4), bits(instruction, 0))
    direction = Direction.READ if instruction >> 20 & 1 else Direction.WRITE
    mnemonic = "mrrc" if direction is Direction.READ else "mcrr"
    found = find_wide(coprocessor, encoding, direction)
    text = f"{mnemonic}{condition} p{coprocessor}, {encoding[0]}, {rt}, {rt2}, c{encoding[1]}"
    return f"{text}  @ {found.name}" if found else text
