"""What a watched machine tells of its crossings into EL2 or HYP and back: a closed sum of events.

Whoever watches (a machine of ours, the reader of somebody's log) says only what it saw: what it
could not see is ``None`` or absent, never zero.
"""

import enum
from collections.abc import Mapping
from typing import Final

from hypabi.records import frozen


class Instruction(enum.Enum):
    """What crosses."""

    HVC = "hvc"
    SMC = "smc"
    """Where EL2 traps it; or, in a log, on its way to EL3."""


class Side(enum.Enum):
    """On which side of KVM a caller is."""

    HOST = "host"
    GUEST = "guest"


class EndKind(enum.Enum):
    """Why nothing more was seen."""

    REACHED = "reached"
    """What was waited for came about."""
    TIME = "time"
    """The seconds that were given are over."""
    PANIC = "panic"
    HANG = "hang"
    """Nothing was printed and nothing crossed for as long as was given."""
    GONE = "machine ended"
    """The machine ended by itself."""
    NOT_BOOTED = "not booted"
    """There was no machine, or none that boots this."""
    INTERRUPTED = "interrupted"
    FULL = "limit"
    """More was seen than is kept."""
    LOG = "end of log"


@frozen
class Entered:
    """A CPU was taken to EL2 or HYP (or, by ``smc``, to EL3)."""

    time: int | None
    """Microseconds since the start."""
    cpu: int
    instruction: Instruction
    caller: int | None
    """Address of the instruction, as the program counter had it."""
    mode: str | None
    """Of the caller, as ``EL1h`` or ``svc``."""
    immediate: int | None
    entry: int | None
    """Address at which EL2 or HYP begins."""
    vectors: int | None
    """The vector base that was live."""
    registers: Mapping[str, int]
    """At entry, by the architecture's names."""
    side: Side | None = None
    """Who calls."""


@frozen
class Back:
    """A CPU that was there has left."""

    time: int | None
    cpu: int
    to: int | None
    """Where control went."""
    mode: str | None
    vectors: int | None
    """The vector base that is live now."""
    registers: Mapping[str, int]


@frozen
class Lost:
    """The crossing of a CPU that is not back left otherwise: the CPU was seen elsewhere."""

    time: int | None
    cpu: int


@frozen
class VectorsSet:
    """EL2 has written its vector base."""

    time: int | None
    cpu: int
    vectors: int


@frozen
class Callers:
    """The functions on the stack of the crossing that is the last of a CPU not to be back."""

    time: int | None
    cpu: int
    returns: tuple[int, ...]
    """Where each of them goes on, the innermost first."""


@frozen
class Recognised:
    """The bytes at an address are those of a vector table of the image."""

    address: int
    link: int
    """Address of that table in the image."""


MOST_TEXT: Final = 200
"""Characters of what is kept of a step."""


class StepWord(enum.Enum):
    """What the first process of a driven kernel says of a step."""

    BEGINS = "begins"
    DONE = "done"
    FAILS = "fails"
    LACKS = "lacks"
    """The kernel has not what it takes."""


@frozen
class Step:
    """What was printed of something that the kernel was made to do."""

    time: int | None
    name: str
    word: StepWord
    text: str


@frozen
class Ended:
    """The last event of a run or a log."""

    time: int | None
    kind: EndKind
    text: str


Event = Entered | Back | Lost | VectorsSet | Callers | Recognised | Step | Ended
