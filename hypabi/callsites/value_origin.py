"""Where a value that a path did not make itself comes from.

A path that ends at a call site starts at the function's entry, or in its midst.  Whatever it finds
there, and whatever a call on the way leaves behind, is a symbol; a :class:`Source` says which one.
"""

import enum

from hypabi.records import frozen


class Origin(enum.Enum):
    """Who set a register, as the procedure-call standards say it (AAPCS64 6.1.1, AAPCS32 6.1.1)."""

    ARGUMENT = "argument"
    """The function's own caller: a register that passes arguments, at the function's entry."""
    KEPT = "kept"
    """The function's own caller, for itself: a callee-saved register, lr or sp at entry."""
    UNINITIALISED = "uninitialised"
    """Nobody: a scratch register at entry, or one that a call leaves as it likes."""
    RESULT = "result"
    """A function that was called: a register that returns results."""
    MEMORY = "memory"
    """Memory that the running kernel may write."""
    EARLIER = "earlier"
    """Code of the same function before the path starts, which was not looked at."""
    UNDEFINED = "undefined"
    """A linker: the address of a symbol that no file defines."""
    UNMODELLED = "unmodelled"
    """An instruction without semantics here."""


@frozen
class Source:
    """What a symbol of a path stands for."""

    symbol: str
    """Its name in terms: ``x1`` at the function's entry, ``x0 from 0x...`` behind a call there."""
    origin: Origin
    register: str
    """The register that held it, empty for memory."""
    address: int
    """Of the entry, of the call, of the path's start, or of the instruction."""
