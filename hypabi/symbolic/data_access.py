"""When an access to data means what it seems to: byte order, translation and alignment.

An access whose meaning the code under judgement may have changed ends the path.  What is taken for
granted is said by :data:`hypabi.symbolic.memory.UNDISTURBED`: the byte order and the translation
are those in which the vector was entered, and a pointer that was handed in is aligned.
"""

import itertools
from typing import Final, Protocol

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Image
from hypabi.lifter.instruction import Instruction, Opcode, Register
from hypabi.semantics.domain import Unmodelled
from hypabi.smt import terms
from hypabi.smt.rewrite import subterms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.entry import Entry
from hypabi.symbolic.places import based
from hypabi.unknowns import is_general

EE: Final = 25
SA: Final = 3
M: Final = 0
"""Bits of SCTLR_ELx and HSCTLR (DDI 0487, D19.2.133; DDI 0406C, B4.1.56)."""
STACK: Final = Register("sp", 0, 8)
KEPT: Final = "TPIDR_EL2"
SIXTEEN: Final = 4
"""Low bits that are zero in a multiple of 16."""
MOST_ASKED: Final = 512
"""Terms of an address whose alignment is asked about: what is loaded where a whole frame may lie is
several times as much, and no aligned pointer."""
"""General registers, which a caller fills."""


class Present(Protocol):
    """What a path is asked about."""

    def peek(self, name: str) -> Value:
        """Return a register."""
        ...

    def told(self, condition: Value) -> bool | None:
        """Return whether a condition holds, ``None`` where the path does not tell."""
        ...

    def decide(self, condition: Value) -> bool:
        """Return whether a condition holds; both are followed where the path does not tell."""
        ...


def check_access(
    present: Present, image: Image, entry: Entry, address: Value, size: int, *, alike: bool
) -> None:
    """Refuse an access that may fault, or be to other bytes than the address and the order say.

    :param alike: the address means the same with translation and without
    :raises Unmodelled: it may
    """
    check_order(present, image, entry, size)
    if not alike:
        check_translation(present, image, entry)
    if size > 1 and not _aligned(present, address, size, image):
        raise Unmodelled(
            f"{size} bytes at an address that may not be aligned: without translation all memory is"
            " of Device type"
        )


def check_stack_pointer(present: Present, instruction: Instruction, bits: int) -> None:
    """Refuse an A64 access by a stack pointer that may not be a multiple of 16.

    DDI 0487, D1.3.10: with SCTLR_ELx.SA = 1 it faults, and else it does not.  The
    pointer that was handed in is a multiple, and so is TPIDR_EL2, where a hypervisor keeps what a
    CPU has of its own, and its stack in that.

    :raises Unmodelled: it may not be
    """
    accesses = any(op.opcode in (Opcode.LOAD, Opcode.STORE) for op in instruction.ops)
    if bits == 32 or not accesses or not any(STACK in op.inputs for op in instruction.ops):
        return
    selected, level = present.peek("SPSel"), present.peek("CURRENTEL")
    if not isinstance(selected, int) or not isinstance(level, int):
        raise Unmodelled("which stack pointer is in use")
    name = f"SP_EL{level >> 2 & 3}" if selected & 1 else "SP_EL0"
    pointer, symbol = present.peek(name), terms.symbol(name, 64)
    kept = terms.symbol(KEPT, 64)
    if any(zero_bits(terms.sub(pointer, s, bits), bits) >= SIXTEEN for s in (symbol, kept)):
        return
    given, low = (terms.extract(each, 0, SIXTEEN, 64) for each in (symbol, pointer))
    if present.told(terms.lor(terms.ne(given, 0, SIXTEEN), terms.eq(low, 0, SIXTEEN))) is True:
        return
    if present.decide(terms.extract(present.peek(f"SCTLR_EL{level >> 2 & 3}"), SA, 1, 64)):
        raise Unmodelled("an access by a stack pointer that may not be a multiple of 16")


def check_order(present: Present, image: Image, entry: Entry, size: int) -> None:
    """Refuse an access in another byte order than at entry."""
    big = int(image.byte_order is ByteOrder.BIG)
    if image.architecture is Architecture.ARM:
        order: Value = terms.eq(present.peek("CPSR.E"), big, 1)
    else:
        order = _unless_written(present, entry, "SCTLR_EL2", EE, 64, big)
    if size > 1 and present.told(order) is not True:
        raise Unmodelled("data in a byte order that the code itself has changed")


def check_translation(present: Present, image: Image, entry: Entry) -> None:
    """Refuse an access under another translation than at entry."""
    arm = image.architecture is Architecture.ARM
    control, width = ("HSCTLR", 32) if arm else ("SCTLR_EL2", 64)
    before = terms.extract(_at_entry(entry, control, width), M, 1, width)
    if (
        present.told(terms.eq(terms.extract(present.peek(control), M, 1, width), before, 1))
        is not True
    ):
        raise Unmodelled(f"memory is used after {control}.M may have changed")


def _at_entry(entry: Entry, name: str, width: int) -> Value:
    found = entry.registers.get(name)
    return terms.symbol(name, width) if found is None else found


def _unless_written(
    present: Present, entry: Entry, name: str, bit: int, width: int, wanted: int
) -> Value:
    """Return whether a bit is as wanted, 1 where the register is as it was at entry."""
    value, before = present.peek(name), _at_entry(entry, name, width)
    if value is before:
        return 1
    now, then = (terms.extract(each, bit, 1, width) for each in (value, before))
    return terms.lor(terms.eq(now, wanted, 1), terms.eq(now, then, 1))


def _aligned(present: Present, address: Value, size: int, image: Image) -> bool:
    bits = image.architecture.bits
    wanted = size.bit_length() - 1
    if isinstance(address, int):
        return address % size == 0
    pointers = [each for each in _summands(address) if each.op == "symbol"]
    _, constant = based(address)
    # What the caller has in a general register and adds to an address of the image is an index;
    # TPIDR_EL2 and words of memory move a CPU's copy, or all of EL2.
    handed_in = len(pointers) == 1 and (
        image.segment(constant) is None or not is_general(pointers[0].name)
    )
    rest = terms.sub(address, pointers[0], bits) if handed_in else address
    if zero_bits(rest, bits) >= wanted:
        return True
    if sum(1 for _ in itertools.islice(subterms((rest,)), MOST_ASKED + 1)) > MOST_ASKED:
        return False
    return present.told(terms.eq(terms.extract(rest, 0, wanted, bits), 0, wanted)) is True


def _summands(address: Value) -> list[Term]:
    """Return the terms of a sum, without its constant."""
    match address:
        case Term(op="add", args=(one, other)):
            return [*_summands(_value(one)), *_summands(_value(other))]
        case Term():
            return [address]
        case _:
            return []


def _value(argument: object) -> Value:
    assert isinstance(argument, int | Term)
    return argument


def zero_bits(value: Value, width: int) -> int:
    """Return how many low bits of a value are zero, whatever its symbols are: at least so many."""
    match value:
        case 0:
            return width
        case int():
            return (value & -value).bit_length() - 1
        case Term(op="add" | "sub" | "or" | "xor", args=(one, other)):
            return min(zero_bits(_value(one), width), zero_bits(_value(other), width))
        case Term(op="and", args=(one, other)):
            return max(zero_bits(_value(one), width), zero_bits(_value(other), width))
        case Term(op="shl", args=(one, int(amount))):
            return min(width, zero_bits(_value(one), width) + amount)
        case Term(op="ite", args=(_, one, other)):
            return min(zero_bits(_value(one), width), zero_bits(_value(other), width))
        case _:
            return 0
