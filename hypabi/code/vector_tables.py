"""Candidate vector tables of EL2 and HYP, by symbol and by shape.

A table found by symbol must have the shape too, or it is not one.  A table found by shape alone
belongs to EL2/HYP if the code behind its slots touches what only EL2/HYP may touch; the kernel's
own EL1 and SVC tables have the same shape and are told apart by that.
"""

import enum
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch32_exceptions import (
    HYP_CALL_OFFSET,
    HYP_TRAP_OFFSET,
    TABLE_ALIGNMENT,
    TABLE_SIZE,
    VECTOR_COUNT,
)
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.control_flow import Lift, successors
from hypabi.code.installed_tables import installed_bases
from hypabi.image.model import Access, Image, ImageError, Segment
from hypabi.lifter.instruction import Instruction, Op, Register, Undecodable
from hypabi.records import frozen

PADDING: Final = (b"\x1f\x20\x03\xd5", bytes(4))
"""What fills a slot up: ``nop``, or zero."""
LEAST_PADDED: Final = 12
"""Of 16 slots, so many end in padding in every table that a ventry macro makes."""

LEAVES_A64: Final = ((0xFC000000, 0x14000000), (0xFFFFFFFF, 0xD69F03E0), (0xFFFFFC1F, 0xD61F0000))
"""``b``, ``eret`` and ``br``, as mask and value."""
SELF_BRANCHES: Final[Mapping[InstructionSet, bytes]] = {
    InstructionSet.A32: bytes.fromhex("feffffea"),
    InstructionSet.T32: bytes.fromhex("fff7febf"),
}
"""``b .`` of 4 bytes, little-endian as all instructions are."""

COUNTING: Final[Mapping[InstructionSet, tuple[bytes, tuple[str, ...]]]] = {
    InstructionSet.A32: (bytes.fromhex("01d08de2"), ("00f020e3", "0000a0e1")),
    InstructionSet.T32: (bytes.fromhex("0df1010d"), ("aff30080",)),
}
"""``add sp, sp, #1``, and what does nothing: ``nop`` or ``mov r0, r0``, of 4 bytes each."""

FOLLOWED: Final = 192
"""Instructions looked at behind one slot to tell whose table it is."""


class Kind(enum.Enum):
    """Which exception level or mode takes exceptions through a table."""

    EL2 = "EL2"
    HYP = "HYP"


class How(enum.Enum):
    """How a table was found."""

    SYMBOL = "symbol"
    SHAPE = "shape"
    INSTALLER = "installer"
    """Code of the program, of another party or not, writes the address into the vector base."""
    CONDUCT = "conduct"
    """It ends each call as one party promises, and as no other table does."""


@frozen
class VectorTable:
    """A table of vectors: where, of what kind, how it was found, and what names it."""

    address: int
    kind: Kind
    how: How
    name: str
    """The symbol, or empty."""
    state: InstructionSet = InstructionSet.A32
    """In which the slots of a HYP table are written, and so what HSCTLR.TE has to say."""

    @property
    def hvc_entry(self) -> int:
        """Address of the slot that an ``hvc`` from the kernel enters."""
        if self.kind is Kind.EL2:
            return self.address + aarch64.Slot.LOWER_AARCH64
        return self.address + HYP_TRAP_OFFSET


def only_state(tables: Iterable[VectorTable]) -> InstructionSet | None:
    """Return the instruction set of the slots of HYP tables, ``None`` where they have not one."""
    states = {table.state for table in tables}
    return states.pop() if len(states) == 1 else None


def find_vector_tables(image: Image, names: Iterable[str], lift: Lift) -> tuple[VectorTable, ...]:
    """Return the tables of an image that EL2 or HYP can take exceptions through, by address.

    :param names: symbols known to be tables; a table without one of them is found by shape
    """
    tables: dict[int, VectorTable] = {}
    for table in _by_symbol(image, names):
        tables.setdefault(table.address, table)
    for address in _by_shape(image):
        if address not in tables and _is_privileged(image, address, lift):
            tables[address] = VectorTable(address, _kind(image), How.SHAPE, _named(image, address))
    for address in _looping_t32(image):
        tables.setdefault(
            address, VectorTable(address, Kind.HYP, How.SHAPE, "", InstructionSet.T32)
        )
    for address in installed_bases(image):
        if address not in tables and _can_be_table(image, address):
            tables[address] = VectorTable(
                address, _kind(image), How.INSTALLER, _named(image, address)
            )
    return tuple(tables[address] for address in sorted(tables))


def _named(image: Image, address: int) -> str:
    symbol = image.symbols.around(address)
    return symbol.name if symbol and symbol.address == address else ""


def _can_be_table(image: Image, address: int) -> bool:
    """Tell whether a table is code that is aligned as one, whose ``hvc`` slot is not empty."""
    segment = image.segment(address)
    if segment is None or segment.access is not Access.CODE:
        return False
    entry = VectorTable(address, _kind(image), How.INSTALLER, "").hvc_entry - segment.address
    slot = bytes(segment.content[entry : entry + 4])
    return address % alignment_of(image.architecture) == 0 and any(slot)


def bits_counted(image: Image, slot: int, state: InstructionSet) -> int:
    """Return in how many low bits of SP the vectors of a HYP slot count; 0 where they do not."""
    table = slot & -TABLE_ALIGNMENT
    segment = image.segment(table)
    counts = segment is not None and state in COUNTING and _counts(segment, table, state)
    return VECTOR_COUNT.bit_length() - 1 if counts else 0


def alignment_of(architecture: Architecture) -> int:
    """Return what a vector base is a multiple of: VBAR_EL2[10:0] and HVBAR[4:0] are RES0."""
    is_arm64 = architecture is Architecture.ARM64
    return aarch64.VECTOR_ALIGNMENT if is_arm64 else TABLE_ALIGNMENT


def _kind(image: Image) -> Kind:
    return Kind.EL2 if image.architecture is Architecture.ARM64 else Kind.HYP


def _by_symbol(image: Image, names: Iterable[str]) -> Iterator[VectorTable]:
    for name in names:
        for symbol in image.symbols.find(name):
            segment = image.segment(symbol.address)
            if segment is None or symbol.address % alignment_of(image.architecture):
                continue
            if _shaped(image, segment, symbol.address):
                yield VectorTable(symbol.address, _kind(image), How.SYMBOL, name)
            elif image.architecture is Architecture.ARM:
                state = _state_of_named(segment, symbol.address)
                if state is not None:
                    yield VectorTable(symbol.address, Kind.HYP, How.SYMBOL, name, state)


def _by_shape(image: Image) -> Iterator[int]:
    alignment = alignment_of(image.architecture)
    for segment in image.segments:
        if segment.access is not Access.CODE:
            continue
        first = -(-segment.address // alignment) * alignment
        if image.architecture is Architecture.ARM64:
            yield from _shaped_a64(segment, first)
        else:
            yield from _shaped_a32(segment, first)
            yield from _loading_a32(segment)


def _looping_t32(image: Image) -> Iterator[int]:
    """Yield 32-byte aligned addresses of eight branches of T32, all but those of ``hvc`` to itself.

    A Thumb-2 kernel's stub is one, and its decompressor, which has no symbols, begins with another.
    """
    alone = SELF_BRANCHES[InstructionSet.T32] * (HYP_CALL_OFFSET // 4)
    for segment in image.segments if image.architecture is Architecture.ARM else ():
        content = bytes(segment.content) if segment.access is Access.CODE else b""
        at = content.find(alone)
        while at >= 0:
            address = segment.address + at
            branches = _state_of_named(segment, address) is InstructionSet.T32
            if branches and _only_hvc(content[at : at + TABLE_SIZE], InstructionSet.T32):
                yield address
            at = content.find(alone, at + 4)


def _shaped(image: Image, segment: Segment, address: int) -> bool:
    shapes = _shaped_a64 if image.architecture is Architecture.ARM64 else _shaped_a32
    return next(shapes(segment, address), None) == address


def _shaped_a64(segment: Segment, first: int) -> Iterator[int]:
    """Yield 2 KiB aligned addresses whose 16 slots hold code and, nearly all, end in padding."""
    size, slot = aarch64.VECTOR_TABLE_SIZE, aarch64.VECTOR_SLOT_SIZE
    start = first - segment.address
    content = memoryview(segment.content)[start:]
    if len(content) % size > size - slot:  # nothing fills the last slot of the segment up
        content = memoryview(bytes(content) + bytes(-len(content) % size))
    content = content[: len(content) // size * size]
    tails = content.cast("I")[slot // 4 - 1 :: slot // 4].tobytes()
    row = 4 * aarch64.VECTOR_SLOTS
    for number in range(len(content) // size):
        ends = tails[row * number : row * (number + 1)]
        if ends.count(PADDING[0]) + ends.count(PADDING[1]) < LEAST_PADDED:
            continue
        table = content[size * number : size * (number + 1)]
        if all(_slot_branches(table[n : n + slot]) for n in range(0, size, slot)):
            yield first + size * number


def _slot_branches(slot: memoryview) -> bool:
    """Return whether a slot holds code that leaves it by an unconditional branch or ERET."""
    words = struct.unpack("<32I", slot)
    return any(word & mask == value for word in words for mask, value in LEAVES_A64)


def _shaped_a32(segment: Segment, first: int) -> Iterator[int]:
    """Yield 32-byte aligned addresses of eight unconditional branches (A32)."""
    content = bytes(segment.content)
    pattern = b"\xea"
    position = content.find(pattern, 3)
    while position >= 0:
        at = position - 3
        if (segment.address + at) % TABLE_ALIGNMENT == 0 and segment.address + at >= first:
            words = content[at : at + TABLE_SIZE]
            if len(words) == TABLE_SIZE and words[3::4] == pattern * VECTOR_COUNT:
                yield segment.address + at
        position = content.find(pattern, position + 1)


def _loading_a32(segment: Segment) -> Iterator[int]:
    """Yield 32-byte aligned addresses of eight ``ldr pc, [pc, #n]`` (A32), as Xvisor has them."""
    content = bytes(segment.content)
    tops, alone = content[3::4], b"\xe5" * VECTOR_COUNT
    number = tops.find(alone)
    while number >= 0:
        table = content[4 * number : 4 * number + TABLE_SIZE]
        words = struct.unpack(f"<{VECTOR_COUNT}I", table)
        address = segment.address + 4 * number
        if address % TABLE_ALIGNMENT == 0 and all(map(_loads_pc, words)):
            yield address
        number = tops.find(alone, number + 1)


def _loads_pc(word: int) -> bool:
    # DDI 0406C, A8.8.64, LDR (literal), encoding A1, with U and Rt 15.
    return word & 0xFFFFF000 == 0xE59FF000


def _state_of_named(segment: Segment, address: int) -> InstructionSet | None:
    """Return in which state a table is written that is found by its symbol only.

    Its slots are branches of T32, 4 bytes each; or they count: seven add 1 to SP and the last does
    nothing, so that SP tells what the code behind them is entered for.  ``None`` where neither is.
    """
    start = address - segment.address
    table = bytes(segment.content[start : start + TABLE_SIZE])
    if address % TABLE_ALIGNMENT or len(table) < TABLE_SIZE:
        return None
    words = [table[at : at + 4] for at in range(0, TABLE_SIZE, 4)]
    if all(map(_is_t32_branch, words)):
        return InstructionSet.T32
    return next((state for state in COUNTING if _counts(segment, address, state)), None)


def _counts(segment: Segment, address: int, state: InstructionSet) -> bool:
    """Return whether seven slots add 1 to SP, and the last does nothing."""
    start = address - segment.address
    table = bytes(segment.content[start : start + TABLE_SIZE])
    add, nothing = COUNTING[state]
    return table[:-4] == add * (VECTOR_COUNT - 1) and table[-4:].hex() in nothing


def _is_t32_branch(word: bytes) -> bool:
    # DDI 0406C, A8.8.18, B, encoding T4: 11110 in the first halfword, 10x1 in the second.
    first, second = (int.from_bytes(word[at : at + 2], "little") for at in (0, 2))
    return first >> 11 == 0b11110 and second >> 12 & 0b1101 == 0b1001


def _is_privileged(image: Image, address: int, lift: Lift) -> bool:
    """Return whether a table is EL2's or HYP's, and not one of EL1 or SVC.

    The code behind its ``hvc`` slot touches EL2's or HYP's own state; or, in A32, every other slot
    loops on itself, which no other mode's table can afford.
    """
    table = VectorTable(address, _kind(image), How.SHAPE, "")
    start = table.hvc_entry
    if table.kind is Kind.HYP:
        slot = int.from_bytes(image.read(start, 4), "little")
        start = _loaded(image, start, slot) if _loads_pc(slot) else start
    if table.kind is Kind.HYP and _only_hvc(image.read(address, TABLE_SIZE), InstructionSet.A32):
        return True
    return any(_touches(instruction) for instruction in _reachable(start, lift))


def _loaded(image: Image, slot: int, word: int) -> int:
    """Return where a slot goes that loads pc; where it stands if the literal is not held."""
    try:
        held = image.read(slot + 8 + (word & 0xFFF), 4)
    except ImageError:
        return slot
    return int.from_bytes(held, image.byte_order.value)


def _only_hvc(table: bytes, state: InstructionSet) -> bool:
    """Return whether only the slots that ``hvc`` enters, from PL1 or Hyp mode, lead anywhere."""
    words = [table[n : n + 4] for n in range(0, len(table), 4)]
    leading = {4 * n for n, word in enumerate(words) if word != SELF_BRANCHES[state]}
    hvc = HYP_TRAP_OFFSET
    return hvc in leading and leading <= {hvc, HYP_CALL_OFFSET}


def _reachable(start: int, lift: Lift) -> Iterator[Instruction]:
    """Yield instructions reached from an address along direct branches, breadth first, bounded."""
    seen, queue = {start}, [start]
    while queue and len(seen) < FOLLOWED:
        instruction = lift(queue.pop(0))
        if isinstance(instruction, Undecodable):
            continue
        yield instruction
        for address in successors(instruction):
            if address not in seen:
                seen.add(address)
                queue.append(address)


def _touches(instruction: Instruction) -> bool:
    """Return whether an instruction accesses a register of EL2 or HYP."""
    return any(_names_el2(op) for op in instruction.ops)


def _names_el2(op: Op) -> bool:
    for operand in (op.output, *op.inputs):
        if isinstance(operand, Register):
            name = operand.name
            if name.endswith(("_EL2", "_hyp")) or name in HYP_REGISTERS:
                return True
    return False


HYP_REGISTERS: Final = frozenset(
    {"HVBAR", "HCR", "HSR", "HSCTLR", "HCPTR", "HSTR", "HDCR", "HTTBR", "VTTBR", "HTCR", "VTCR"}
)
