"""Where an address lies, as far as its term tells: which object it is in, and how far it may stray.

Objects are what the environment keeps apart before any code here runs: the stack of the
hypervisor, its data of each CPU, and fixed addresses of the image.  That they are apart is a
premise about registers that no caller can set (SP_EL2, TPIDR_EL2: DDI 0487, D1.2.2 and D19.2; on
HYP SP_hyp and HTPIDR: DDI 0406C, B9.3.9 and B4.1.67); that an access stays in its object is shown.
"""

import re
from collections.abc import Sequence
from typing import Final

from hypabi.records import frozen, replace
from hypabi.smt.term import part_widths
from hypabi.smt.terms import Term, Value, symbols_of
from hypabi.unknowns import MemoryWord, unknown_of

OWN_POINTERS: Final = frozenset({"SP_EL2", "TPIDR_EL2", "SP_hyp", "HTPIDR"})
"""Registers that only EL2 or HYP can set, and that point to memory of its own."""
IDENTIFYING: Final = frozenset({"MPIDR_EL1", "MPIDR"})
"""Registers that say which CPU it is: no code chooses what they hold."""
REACH: Final = 0x4000
"""Bytes on either side of such a pointer that are taken for the object it points to."""
_BEHIND: Final = re.compile(r"(\w+)(?: [-+] 0x([0-9a-f]+))?")
MOST_DEPTH: Final = 24
"""Operations of an address that are looked at."""


@frozen
class Span:
    """Addresses ``lowest`` to ``highest`` behind a pointer, or fixed where ``pointer`` is none."""

    pointer: str
    lowest: int
    highest: int
    selected: str = ""
    """The register that says which CPU it is, where only that moves a fixed address: of what the
    image has there, it selects the part of that CPU."""


def is_own_pointer(name: str) -> bool:
    """Tell whether a symbol points to memory of EL2 or HYP: a register, or a word behind one.

    Hypervisors keep in the data of each CPU where the state of its guest lies.
    """
    if name in OWN_POINTERS:
        return True
    word = unknown_of(name)
    if not isinstance(word, MemoryWord) or word.mark:
        return False
    found = _BEHIND.fullmatch(word.address)
    return found is not None and found[1] in OWN_POINTERS and int(found[2] or "0", 16) <= REACH


def based(address: Value) -> tuple[Term | None, int]:
    """Return an address as base, ``None`` where it is fixed, and constant offset."""
    if isinstance(address, int):
        return None, address
    if address.op == "add" and isinstance(address.args[1], int):
        assert isinstance(address.args[0], Term)
        return address.args[0], address.args[1]
    return address, 0


def span_of(base: Term | None, offset: int, size: int, bits: int) -> Span | None:
    """Return where ``size`` bytes lie, ``None`` where the term does not tell.

    :param offset: modulo ``2**bits``; of a pointer it counts down from its middle
    """
    if base is None:
        return None if offset + size > 1 << bits else Span("", offset, offset + size)
    found = _anchored(base, bits, MOST_DEPTH) or _selected(base)
    if found is None:
        return None
    if not found.pointer:
        start = found.lowest + offset
        around = start >> bits << bits
        end = found.highest + offset - around + size
        return None if end > 1 << bits else replace(found, lowest=start - around, highest=end)
    start = offset - (1 << bits) if offset >> (bits - 1) else offset
    low, high = found.lowest + start, found.highest + start + size
    farthest = 1 << (bits - 2)
    return Span(found.pointer, low, high) if -farthest < low and high < farthest else None


def within(span: Span, image: Sequence[tuple[int, int]], bits: int) -> bool:
    """Tell whether a span stays in the object of its pointer.

    The data of a CPU lies at the link address of its template plus TPIDR_EL2.

    :param image: where the image's segments start and end
    """
    if span.selected:
        return any(start <= span.lowest < end for start, end in image)
    if not span.pointer:
        return span.lowest >= 0 and span.highest - span.lowest <= REACH
    if span.lowest >= -REACH and span.highest <= REACH:
        return True
    if span.pointer not in ("TPIDR_EL2", "HTPIDR"):
        return False
    low, high = span.lowest % (1 << bits), span.highest % (1 << bits)
    return any(start <= low < high <= end for start, end in image)


def _selected(base: Term) -> Span | None:
    """Return how far the number of a CPU moves an address, where nothing else does."""
    symbols = {symbol.name for symbol in symbols_of(base)}
    if len(symbols) != 1 or not symbols <= IDENTIFYING:
        return None
    return Span("", 0, most(base), *symbols)


def _anchored(term: Term, bits: int, depth: int) -> Span | None:
    """Return a term as a pointer, or nothing, plus a number between two bounds."""
    if depth == 0:
        return None
    if term.op == "symbol":
        return Span(term.name, 0, 0) if is_own_pointer(term.name) else _numbers(term, depth)
    if term.op == "add":
        one, other = (_part(each, bits, depth) for each in term.args)
        if one is None or other is None or (one.pointer and other.pointer):
            return None
        low, high = one.lowest + other.lowest, one.highest + other.highest
        return Span(one.pointer or other.pointer, low, high)
    if term.op == "sub":
        one, other = (_part(each, bits, depth) for each in term.args)
        if one is None or other is None or other.pointer or not one.pointer:
            return None
        return Span(one.pointer, one.lowest - other.highest, one.highest - other.lowest)
    return _rounded(term, bits, depth) or _numbers(term, depth)


def _rounded(term: Term, bits: int, depth: int) -> Span | None:
    """Return a pointer whose low bits are cleared or replaced, ``None`` for any other term."""
    if term.op == "and" and term.width == bits and isinstance(term.args[1], int):
        cleared = ~term.args[1] & (1 << bits) - 1
        if cleared & (cleared + 1) == 0:  # the low bits: a pointer is rounded down
            inner = _part(term.args[0], bits, depth)
            if inner is not None and inner.pointer:
                return Span(inner.pointer, inner.lowest - cleared, inner.highest)
    if term.op == "concat" and isinstance(term.args[1], int):
        high, low = term.args[0], part_widths(term)[1]
        whole = isinstance(high, Term) and high.op == "extract" and high.width + low == bits
        if whole and isinstance(high, Term) and high.low == low:
            inner = _part(high.args[0], bits, depth)
            if inner is not None and inner.pointer:
                moved = (1 << low) - 1
                return Span(inner.pointer, inner.lowest - moved, inner.highest + moved)
    return None


def _part(value: Value, bits: int, depth: int) -> Span | None:
    if isinstance(value, int):
        signed = value - (1 << bits) if value >> (bits - 1) else value
        return Span("", signed, signed)
    return _anchored(value, bits, depth - 1)


def _numbers(term: Term, depth: int) -> Span | None:
    highest = most(term, depth)
    return None if highest > REACH else Span("", 0, highest)


def most(value: Value, depth: int = MOST_DEPTH) -> int:
    """Return a number that a value, taken unsigned, never exceeds."""
    if isinstance(value, int):
        return value
    if depth == 0:
        return (1 << value.width) - 1
    below = depth - 1
    match value.op, value.args:
        case "zext", (inner,):
            return most(inner, below)
        case "and", (one, other):
            return min(most(one, below), most(other, below))
        case "ite", (_, one, other):
            return max(most(one, below), most(other, below))
        case "concat", (high, low):
            return most(high, below) << part_widths(value)[1] | most(low, below)
        case _:
            return min((1 << value.width) - 1, _most_of_sum(value, below))


def _most_of_sum(value: Term, depth: int) -> int:
    """Return a number that arithmetic, carried on without end, never exceeds."""
    match value.op, value.args:
        case "shl", (one, int(amount)) if amount < value.width:
            return most(one, depth) << amount
        case "lshr", (one, int(amount)):
            return most(one, depth) >> amount
        case "urem", (_, int(divisor)) if divisor:
            return divisor - 1
        case "add", (one, other):
            return most(one, depth) + most(other, depth)
        case "mul", (one, other):
            return most(one, depth) * most(other, depth)
        case _:
            return 1 << value.width
