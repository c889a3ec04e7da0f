"""One word with the state that it is run from, and the state that it leaves."""

from collections.abc import Mapping
from typing import Final

from evidence.trials.words import Word
from hypabi.arch.names import ByteOrder
from hypabi.machine.state import Extent
from hypabi.records import frozen

DIRECT: Final = 0x80
"""What a program says instead of a slot where control fell through to the landing."""


@frozen
class Start:
    """Everything that a run of one word depends on."""

    word: Word
    place: int
    code: bytes
    """At ``place``: the word, with IT before it in T32, and the landing behind it."""
    landing: int
    """Where control goes on behind the word."""
    registers: Mapping[str, int]
    window: int
    content: bytes
    """Memory at ``window``; everything else is zero."""
    order: ByteOrder
    lower: bool
    """Whether it starts below the hypervisor's level, at EL1 or PL1."""
    prefixed: bool = False
    """Whether IT stands before the word."""
    poke: Extent | None = None
    """An instruction that ends the run, where control is expected to go."""


@frozen
class End:
    """Where a run ended, and with what."""

    where: int
    """The landing, or a vector."""
    registers: Mapping[str, int]
    content: bytes
    """Memory at the window."""


@frozen
class Refusal:
    """Why our semantics give no end."""

    reason: str


@frozen
class Reach:
    """What a processor does with a system register, at EL2 or in Hyp mode."""

    readable: bool
    writable: bool
    ones: int
    """What it reads after as many ones as are allowed were written."""
    zeros: int
    """What it reads after as many zeros as are allowed were written."""
