"""Symbols that an object refers to and that no file defines: their addresses are unknown.

Each has a stand-in, an address of its own behind the sections, so that a direct branch to it is
told from every other.  What computes with the address instead has the stand-in's value in its
instruction; a :class:`Reference` says which part of the unknown address is meant, and the lifter
puts that in its place.
"""

from typing import Final

from hypabi.records import frozen

NO_STAND_IN: Final = -1
"""Of an instruction whose distance to a symbol cannot be told: it has no meaning then."""


@frozen
class Reference:
    """An instruction, or a word of data, that has part of an unknown address in it.

    It stands for ``(S + addend) & mask``, where S is the address of ``symbol``, with bit 0 set
    where that is a function in T32.
    """

    symbol: str
    addend: int
    mask: int
    stand_in: int
    """What the instruction computes as it stands: the same of the stand-in."""
    shift: int = 0
    """By how much the instruction may have its part shifted down."""
