"""What happens instead of what a clause demands: a closed sum; ``wording`` has its sentences."""

import enum

from hypabi.behaviour.outcome import Outcome, Store
from hypabi.records import frozen


class Amiss(enum.Enum):
    """What the clause itself says the rest of."""

    NOT_ENSURED = "it does not hold"
    GOES_ELSEWHERE = "control goes elsewhere"
    CALLS_ANOTHER = "another function is called"
    STATUS_CHANGED = "PSTATE is not the caller's"


@frozen
class Lost:
    """A register of a frame is not what it was at entry."""

    register: str


@frozen
class ChangedOtherwise:
    """A register of a frame is changed in a part, or to a value, that is not permitted."""

    register: str


@frozen
class Written:
    """Memory of a frame is written."""

    store: Store
    bits: int
    """Width of an address."""


@frozen
class Ends:
    """The call ends otherwise than promised."""

    outcome: Outcome


@frozen
class HandedElsewhere:
    """Control goes to another compiled function."""

    name: str


class ModeFault(enum.Enum):
    """What has to do with a mode and is not as promised."""

    LEAVES = "leaves"
    IS_CALLED = "is called"
    NOT_RETURNED = "does not return"
    NOT_LEFT = "does not leave"


@frozen
class WrongMode:
    """Control goes on in this mode, or does not go on in this promised one."""

    fault: ModeFault
    mode: str


@frozen
class InTheWay:
    """A field of the status is set with which the next instruction does not simply execute."""

    field: str


class Misread(enum.Enum):
    """How the next instruction is not read as it is meant."""

    INSTRUCTION_SET = "it is read in the other instruction set"
    BYTE_ORDER = "its data is read in the other byte order"


LosesRegister = Lost | ChangedOtherwise
"""What becomes of a register that a frame protects."""

AtNextInstruction = InTheWay | Misread
"""What only the instruction shows to which control goes, and that is not run."""

Breach = Amiss | LosesRegister | Written | Ends | HandedElsewhere | WrongMode | AtNextInstruction


def lost_register(breach: Breach) -> str | None:
    """Return the register of a frame that is lost, ``None`` where it is about anything else."""
    return breach.register if isinstance(breach, LosesRegister) else None
