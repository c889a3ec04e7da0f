"""Words of memory that a state speaks of, with their addresses: a witness has to place them."""

from collections.abc import Mapping

from hypabi.records import frozen
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import MemoryWord, unknown_of


class Unplaced(Exception):
    """A word of memory whose address the behaviour does not tell."""


@frozen
class Word:
    """A word of memory at entry: its symbol, and the address as a term over other symbols."""

    symbol: Term
    address: Value


def word_of(symbol: Term, addresses: Mapping[str, tuple[Term, Value]]) -> Word | None:
    """Return the word that a symbol stands for, ``None`` if it stands for none.

    :param addresses: symbol and address of each word that a behaviour reads, by the symbol's name
    :raises Unplaced: it is none of them
    """
    if not isinstance(unknown_of(symbol.name), MemoryWord):
        return None
    if symbol.name not in addresses:
        raise Unplaced(f"{symbol.name} does not tell where it is")
    return Word(*addresses[symbol.name])


def base_of(address: Value) -> Term | None:
    """Return an address without its constant offset, ``None`` for a constant."""
    if isinstance(address, int):
        return None
    if address.op == "add" and isinstance(address.args[1], int):
        base = address.args[0]
        assert isinstance(base, Term)
        return base
    return address
