"""What a case leaves in memory, outside of where its row lets it write."""

from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Final

from hypabi.behaviour.outcome import Store, address_text, base_text
from hypabi.judgement.difference.case_view import Provided
from hypabi.judgement.difference.difference_query import DifferenceQuery
from hypabi.judgement.verification.lowering import NotKnown
from hypabi.judgement.verification.observables import Frame
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import word_name

Piece = tuple[Term | None, int, int]
"""Base, offset and size of memory that is written at once."""

MOST_BASES: Final = 64
"""Bases of one pair of cases; real kernels have at most five."""


def written(side: Provided, frame: Frame, scale: DifferenceQuery, bits: int) -> dict[Piece, Value]:
    """Return what is written last to each piece of memory that a caller may see.

    They stand in the order in which they are written, without those that are overwritten as a
    whole: where two sides have the same in the same order, their memory is the same.
    """
    found: dict[Piece, Value] = {}
    for store in side.case.stores:
        piece = (store.base, store.offset, store.size)
        if not _permitted(side, store, frame, scale, bits):
            found.pop(piece, None)
            found[piece] = store.value
    return found


def _permitted(
    side: Provided, store: Store, frame: Frame, scale: DifferenceQuery, bits: int
) -> bool:
    """Tell whether a store was proved to lie where the row lets write."""
    address = terms.add(0 if store.base is None else store.base, store.offset, bits)
    for region in frame.memory or ():
        try:
            distance = terms.sub(address, side.lowering.value(region.start), bits)
        except NotKnown:
            continue
        if region.size >= store.size and scale.never(
            terms.ult(region.size - store.size, distance, bits)
        ):
            return True
    return False


def not_comparable(home: dict[Piece, Value], other: dict[Piece, Value], bits: int) -> str:
    """Return why pieces cannot be held against each other one by one, empty where they can.

    Which byte of a value is where depends on the byte order, so pieces have to match as a whole.
    """
    if _any_meet({**home, **other}, bits):
        return "the same memory is written in other pieces"
    bases = _bases({**home, **other})
    if len(bases) > MOST_BASES:
        return f"whether memory at more than {MOST_BASES} addresses is the same"
    for one, two in combinations(bases, 2):
        if one is not None and two is not None and terms.symbols_of(one) & terms.symbols_of(two):
            texts = base_text(one, bits), base_text(two, bits)
            return f"whether memory at {texts[0]} and at {texts[1]} is the same"
    only = [
        {base for base, _, _ in one.keys() - two.keys()}
        for one, two in ((home, other), (other, home))
    ]
    if all(only) and only[0] != only[1]:
        return "whether both write the same memory"
    return ""


def taken_apart(home: dict[Piece, Value], other: dict[Piece, Value], bits: int) -> tuple[str, ...]:
    """Return what has to be assumed where pieces are compared whatever the order of the writes."""
    bases = sorted(base_text(base, bits) for base in _bases({**home, **other}))
    return tuple(
        f"memory at {one} does not overlap memory at {two}" for one, two in combinations(bases, 2)
    )


def before(piece: Piece, bits: int) -> Term:
    """Return a whole word of memory at entry, as reading it names it."""
    return terms.symbol(word_name(address_text(piece[0], piece[1], bits)), bits)


def _bases(pieces: Iterable[Piece]) -> list[Term | None]:
    return list(dict.fromkeys(base for base, _, _ in pieces))


def _any_meet(pieces: Iterable[Piece], bits: int) -> bool:
    """Tell whether two pieces have a byte in common, as far as their bases tell."""
    by_base: dict[Term | None, list[tuple[int, int]]] = {}
    for base, offset, size in pieces:
        by_base.setdefault(base, []).append((offset, offset + size))
    for ranges in by_base.values():
        ranges.sort()
        around = ranges[0][0] + (1 << bits)
        if any(start < end for (_, end), (start, _) in pairwise(ranges)) or ranges[-1][1] > around:
            return True
    return False


def place(piece: Piece, bits: int) -> str:
    """Return a piece of memory as a reader knows it."""
    return f"memory at {address_text(piece[0], piece[1], bits)}"
