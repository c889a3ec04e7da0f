"""Words of memory by the names of their symbols: ``mem[SP_EL2 + 0x10]``.

The name is the address as a reader knows it; a witness has to place the word, so it reads the
address back.  A name that does not tell everything (it ends in ``#`` and a number) is refused.
"""

from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

PREFIX = "mem["


class Unplaced(Exception):
    """A word of memory whose address is not told by its name."""


@frozen
class Word:
    """A word of memory at entry: its symbol, and the address as a term over other symbols."""

    symbol: Term
    address: Value


def word_of(symbol: Term) -> Word | None:
    """Return the word that a symbol stands for, ``None`` if it stands for none.

    :raises Unplaced: its name does not tell where it is
    """
    if not symbol.name.startswith(PREFIX):
        return None
    if "#" in symbol.name:
        raise Unplaced(f"{symbol.name} does not tell where it is")
    return Word(symbol, _sum(symbol.name[len(PREFIX) : -1], symbol.width))


def base_of(address: Value) -> Term | None:
    """Return an address without its constant offset, ``None`` for a constant."""
    if isinstance(address, int):
        return None
    if address.op == "add" and isinstance(address.args[1], int):
        base = address.args[0]
        assert isinstance(base, Term)
        return base
    return address


def _sum(text: str, bits: int) -> Value:
    """Read ``A + B - C`` where each is a number or a symbol."""
    total: Value = 0
    sign = "+"
    for part in _parts(text):
        if part in ("+", "-"):
            sign = part
            continue
        value = _atom(part, bits)
        total = (terms.add if sign == "+" else terms.sub)(total, value, bits)
    return total


def _parts(text: str) -> list[str]:
    """Split at spaces that no bracket encloses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == " " and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _atom(text: str, bits: int) -> Value:
    if text[:1].isdigit():
        return int(text, 0) & (1 << bits) - 1
    if text.startswith(PREFIX) and text.endswith("]"):
        return terms.symbol(text, bits)
    if text[:1] == "(" and text[-1:] == ")":
        return _sum(text[1:-1], bits)
    if not text.isidentifier():
        raise Unplaced(f"{text} does not tell which address it is")
    return terms.symbol(text, bits)
