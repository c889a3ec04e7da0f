"""Operations of the A32 and T32 forms that move several words, or words to coprocessors.

SRS, RFE, LDM and STM with ``^``, MCR and its relatives, STREX: decoded fields in, operations out.
``Refusal`` and the manuals cited as in :mod:`hypabi.lifter.overlay.aarch32_forms`.
"""

from hypabi.arch.aarch32 import (
    ALL_MODES,
    GENERAL,
    PRIVILEGED,
    Mode,
    bank_of,
    mode_of,
)
from hypabi.arch.aarch32_registers import Encoding, WideEncoding
from hypabi.arch.aarch32_system import (
    Direction,
    Nature,
    System,
    SystemRegister,
    find_coprocessor_register,
    find_wide,
)
from hypabi.lifter.instruction import Constant, Opcode, Operand, Register
from hypabi.lifter.overlay.aarch32_block import PC, Block, Refusal, bits, cell, flag, word
from hypabi.lifter.overlay.aarch32_forms import EXCEPTION_RETURN, NOT_HYP, exception_return
from hypabi.records import frozen

FLOATING_POINT = (10, 11)
"""Coprocessors whose instructions are VFP and Advanced SIMD: not ours."""


def call_other_set(block: Block, link: int, target: int, thumb: int) -> None:
    """Append BLX (immediate): a call to the other instruction set."""
    block.copy(cell("lr"), word(link))
    block.copy(flag("CPSR.T"), Constant(thumb, 1))
    block.call(target & 0xFFFF_FFFF)


LONGEST_LIST = 16
"""Doubleword registers in one list (DDI 0406C, A8.8, VLDM); for single ones it is our limit."""


def overlong_list(instruction: int) -> bool:
    """Return whether a VFP load or store multiple names no register, too many, or a missing one.

    Most of these are UNPREDICTABLE.  On long ones, also on valid ones of more than 19 registers,
    pypcode 3.3.3 overruns its parser and ends the process, so they must not reach it.
    """
    if not instruction >> 21 & 0b1101 or instruction >> 25 & 0b111 != 0b110:
        return False  # MCRR and MRRC, where P, U and W are 0; not a load or store
    if bits(instruction, 24, 1) and not bits(instruction, 21, 1):
        return False  # of one register
    count, upper, lower = instruction & 0xFF, bits(instruction, 22, 1), bits(instruction, 12)
    first = lower << 1 | upper
    if instruction & 0x100:  # CP11: doubleword registers
        count, first = count // 2, upper << 4 | lower
    return count == 0 or count > LONGEST_LIST or first + count > 32


@frozen
class Addressing:
    """Bits P, U and W of a load or store multiple."""

    before: int
    up: int
    writeback: int

    def lowest(self, block: Block, base: Operand, words: int) -> Operand:
        """Return the address of the lowest word."""
        if self.up:
            return block.plus(base, 4 * self.before)
        return block.plus(base, -4 * words + 4 * (1 - self.before))

    def after(self, block: Block, base: Operand, words: int) -> Operand:
        """Return what the base register becomes."""
        return block.plus(base, 4 * words if self.up else -4 * words)


def save_return_state(block: Block, mode_value: int, addressing: Addressing) -> None:
    """Append SRS: lr and SPSR of the current mode to the stack of another."""
    mode = mode_of(mode_value)
    if mode in (None, Mode.HYP, Mode.MON):
        raise Refusal(f"UNPREDICTABLE: SRS to the stack of mode {mode_value:#07b}")
    assert mode is not None
    block.require(EXCEPTION_RETURN)
    stack = cell(bank_of("sp", mode) or "")
    low = addressing.lowest(block, stack, 2)
    block.store(low, cell("lr"))
    block.store(block.plus(low, 4), cell("SPSR"))
    if addressing.writeback:
        block.copy(stack, addressing.after(block, stack, 2))


def return_from_exception(block: Block, rn: int, addressing: Addressing) -> None:
    """Append RFE: pc and CPSR from memory."""
    if rn == PC:
        raise Refusal("UNPREDICTABLE: RFE from the pc")
    block.require(PRIVILEGED & NOT_HYP)
    base = cell(GENERAL[rn])
    low = addressing.lowest(block, base, 2)
    target = block.compute(Opcode.LOAD, low)
    status = block.compute(Opcode.LOAD, block.plus(low, 4))
    if addressing.writeback:
        block.copy(base, addressing.after(block, base, 2))
    block.user("return from exception", target, status)


def _user_copy(number: int) -> Register:
    """Return User mode's copy of R<number>."""
    return cell(bank_of(GENERAL[number], Mode.USR) or GENERAL[number])


def _listed(rn: int, registers: int) -> list[int]:
    if rn == PC or registers == 0:
        raise Refusal("UNPREDICTABLE: load or store multiple with base pc or without registers")
    return [number for number in range(16) if registers >> number & 1]


def multiple_user(
    block: Block, direction: Direction, rn: int, registers: int, addressing: Addressing
) -> None:
    """Append LDM or STM of User mode's registers."""
    listed = _listed(rn, registers)
    if addressing.writeback:
        raise Refusal("UNPREDICTABLE: LDM or STM of user registers with writeback")
    block.require(EXCEPTION_RETURN)
    low = addressing.lowest(block, cell(GENERAL[rn]), len(listed))
    where = [(number, block.plus(low, 4 * position)) for position, number in enumerate(listed)]
    if direction is Direction.WRITE:
        for number, address in where:
            block.store(address, word(block.pc) if number == PC else _user_copy(number))
        return
    loaded = [(number, block.compute(Opcode.LOAD, address)) for number, address in where]
    for number, value in loaded:
        block.copy(_user_copy(number), value)


def multiple_return(block: Block, rn: int, registers: int, addressing: Addressing) -> None:
    """Append LDM (exception return): registers of the current mode, then pc, and CPSR from SPSR."""
    listed = _listed(rn, registers)
    if addressing.writeback and rn in listed:
        raise Refusal("UNPREDICTABLE: LDM with writeback to a register that it loads")
    block.require(EXCEPTION_RETURN)
    base = cell(GENERAL[rn])
    low = addressing.lowest(block, base, len(listed))
    loaded = [
        (number, block.compute(Opcode.LOAD, block.plus(low, 4 * position)))
        for position, number in enumerate(listed)
    ]
    if addressing.writeback:
        block.copy(base, addressing.after(block, base, len(listed)))
    for number, value in loaded[:-1]:
        block.copy(cell(GENERAL[number]), value)
    exception_return(block, loaded[-1][1])


def _described(coprocessor: int, encoding: tuple[int, ...]) -> str:
    match encoding:
        case (opc1, crn, crm, opc2):
            return f"p{coprocessor}, {opc1}, c{crn}, c{crm}, {opc2}"
        case _:
            return f"p{coprocessor}, {encoding[0]}, c{encoding[1]}"


def _require(block: Block, found: System) -> None:
    if found.modes != ALL_MODES:
        block.require(found.modes)


def _found(
    found: System | None, coprocessor: int, encoding: tuple[int, ...], direction: Direction
) -> System:
    if found is None:
        where = _described(coprocessor, encoding)
        raise Refusal(f"no register or operation of the Arm ARM to {direction.value} at {where}")
    return found


def move_from_coprocessor(block: Block, coprocessor: int, encoding: Encoding, rt: int) -> None:
    """Append MRC."""
    found = find_coprocessor_register(coprocessor, encoding, Direction.READ)
    found = _found(found, coprocessor, encoding, Direction.READ)
    _require(block, found)
    if rt == PC:
        _flags_from(block, found)
    elif isinstance(found, SystemRegister) and found.nature.repeatable:
        block.copy(block.target(rt), Register(found.name, 0, 4))
    elif isinstance(found, SystemRegister):
        block.user(f"read {found.name}", output=block.target(rt))
    else:
        block.user(found.name, output=block.target(rt))


def _flags_from(block: Block, found: System) -> None:
    """MRC to APSR_nzcv is defined for DBGDSCRint alone (DDI 0406C, A8.8, MRC)."""
    if found.name != "DBGDSCRint":
        raise Refusal("UNPREDICTABLE: MRC to APSR_nzcv")
    value = block.temporary(4)
    block.user("read DBGDSCRint", output=value)
    for position, name in enumerate("VCZN"):
        shifted = block.compute(Opcode.INT_RIGHT, value, word(28 + position))
        bit = block.compute(Opcode.INT_AND, shifted, word(1))
        block.copy(flag(name), block.compute(Opcode.SUBPIECE, bit, word(0), size=1))


def move_to_coprocessor(block: Block, coprocessor: int, encoding: Encoding, rt: int) -> None:
    """Append MCR."""
    found = find_coprocessor_register(coprocessor, encoding, Direction.WRITE)
    found = _found(found, coprocessor, encoding, Direction.WRITE)
    if rt == PC:
        raise Refusal("UNPREDICTABLE: MCR from the pc")
    _require(block, found)
    if isinstance(found, SystemRegister):
        block.copy(Register(found.name, 0, 4), block.source(rt))
    else:
        block.user(found.name, *([block.source(rt)] if found.uses_value else []))


def _pair(rt: int, rt2: int) -> None:
    if PC in (rt, rt2):
        raise Refusal("UNPREDICTABLE: MRRC or MCRR with the pc")


def move_pair_from_coprocessor(
    block: Block, coprocessor: int, encoding: WideEncoding, rt: int, rt2: int
) -> None:
    """Append MRRC: the low half to Rt, the high half to Rt2."""
    found = find_wide(coprocessor, encoding, Direction.READ)
    found = _found(found, coprocessor, encoding, Direction.READ)
    _pair(rt, rt2)
    if rt == rt2:
        raise Refusal("UNPREDICTABLE: MRRC to one register twice")
    _require(block, found)
    assert isinstance(found, SystemRegister)
    value: Operand = Register(found.name, 0, 8)
    if found.nature in (Nature.VOLATILE, Nature.STATUS):
        value = block.temporary(8)
        block.user(f"read {found.name}", output=value)
    for index, number in enumerate((rt, rt2)):
        block.emit(Opcode.SUBPIECE, block.target(number), value, word(4 * index))


def move_pair_to_coprocessor(
    block: Block, coprocessor: int, encoding: WideEncoding, rt: int, rt2: int
) -> None:
    """Append MCRR: Rt is the low half, Rt2 the high half."""
    found = find_wide(coprocessor, encoding, Direction.WRITE)
    found = _found(found, coprocessor, encoding, Direction.WRITE)
    _pair(rt, rt2)
    _require(block, found)
    if isinstance(found, SystemRegister):
        value = block.compute(Opcode.PIECE, block.source(rt2), block.source(rt), size=8)
        block.copy(Register(found.name, 0, 8), value)
    else:
        block.user(found.name, block.source(rt), block.source(rt2))


@frozen
class Exclusive:
    """The fields of an exclusive load or store; ``size`` is 1, 2, 4 or 8 bytes."""

    size: int
    rn: int
    rt: int
    offset: int = 0
    rt2: int = PC
    """Second register of a doubleword access."""


def load_exclusive(block: Block, fields: Exclusive) -> None:
    """Append LDREX and its relatives, also the acquiring ones."""
    address = _exclusive_address(block, fields)
    block.user("exclusive load", address, word(fields.size))
    targets = _exclusive_registers(block, fields)
    values = [
        block.compute(Opcode.LOAD, block.plus(address, 4 * index), size=min(fields.size, 4))
        for index in range(len(targets))
    ]
    for target, value in zip(targets, values, strict=True):
        narrow = fields.size < 4
        block.copy(target, block.compute(Opcode.INT_ZEXT, value) if narrow else value)


def store_exclusive(block: Block, rd: int, fields: Exclusive) -> None:
    """Append STREX and its relatives: Rd is 0 if the store happened, 1 if not."""
    sources = _exclusive_registers(block, fields)
    status = block.target(rd)
    if rd in (fields.rn, fields.rt) or (fields.size == 8 and rd == fields.rt2):
        raise Refusal("UNPREDICTABLE: STREX whose status overwrites an operand")
    address = _exclusive_address(block, fields)
    passes = block.temporary(1)
    block.user("exclusive store", address, word(fields.size), output=passes)
    fails = block.compute(Opcode.BOOL_NEGATE, passes, size=1)
    block.copy(status, block.compute(Opcode.INT_ZEXT, fails))
    block.skip_if(fails)
    for index, source in enumerate(sources):
        value: Operand = source
        if fields.size < 4:
            value = block.compute(Opcode.SUBPIECE, source, word(0), size=fields.size)
        block.store(block.plus(address, 4 * index), value)
    block.land()


def _exclusive_address(block: Block, fields: Exclusive) -> Operand:
    """Return the address in a temporary, because Rn may be overwritten by what is loaded."""
    if fields.rn == PC:
        raise Refusal("UNPREDICTABLE: exclusive access relative to the pc")
    return block.compute(Opcode.INT_ADD, cell(GENERAL[fields.rn]), word(fields.offset))


def _exclusive_registers(block: Block, fields: Exclusive) -> list[Register]:
    if fields.size < 8:
        return [block.target(fields.rt)]
    return [block.target(fields.rt), block.target(fields.rt2)]
