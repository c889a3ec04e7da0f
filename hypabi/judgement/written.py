"""What a case leaves in memory, outside of where its row lets it write."""

from itertools import combinations

from hypabi.behaviour.outcome import Store, address_text
from hypabi.judgement.lower import NotKnown
from hypabi.judgement.provided import Provided
from hypabi.judgement.visible import Frame
from hypabi.judgement.weighing import Scale
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

Piece = tuple[Term | None, int, int]
"""Base, offset and size of memory that is written at once."""


def written(side: Provided, frame: Frame, scale: Scale, bits: int) -> dict[Piece, Value]:
    """Return what is written last to each piece of memory that a caller may see."""
    return {
        (store.base, store.offset, store.size): store.value
        for store in side.case.stores
        if not _permitted(side, store, frame, scale, bits)
    }


def _permitted(side: Provided, store: Store, frame: Frame, scale: Scale, bits: int) -> bool:
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
    if any(_meet(*pair, bits) for pair in combinations({**home, **other}, 2)):
        return "the same memory is written in other pieces"
    only = [
        {base for base, _, _ in one.keys() - two.keys()}
        for one, two in ((home, other), (other, home))
    ]
    if all(only) and only[0] != only[1]:
        return "whether both write the same memory"
    return ""


def _meet(one: Piece, other: Piece, bits: int) -> bool:
    if one[0] is not other[0]:
        return False
    mask = (1 << bits) - 1
    return (other[1] - one[1] & mask) < one[2] or (one[1] - other[1] & mask) < other[2]


def place(piece: Piece, bits: int) -> str:
    """Return a piece of memory as a reader knows it."""
    return f"memory at {address_text(piece[0], piece[1], bits)}"
