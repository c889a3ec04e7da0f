"""How a path ends: a closed sum (see the vocabulary: *outcome*)."""

import enum
from typing import Final

from hypabi.records import frozen
from hypabi.smt.terms import Value

ILLEGAL_RETURN: Final = "what an illegal exception return goes to (PSTATE.IL is set)"
"""What faults after an ERET that the architecture refuses (DDI 0487, D1.4.2)."""

ILLEGAL_CHANGE: Final = "what an illegal change of mode goes to (PSTATE.IL is set)"
"""What faults after an MSR or CPS that would leave Hyp mode (DDI 0487, G1.17)."""


class Fault(enum.Enum):
    """Which exception an instruction of EL2 or HYP takes there."""

    UNDEFINED = "undefined instruction"
    SUPERVISOR_CALL = "supervisor call"
    BREAKPOINT = "breakpoint"
    ILLEGAL_RETURN = "illegal exception return"
    NOT_TOLD = "not told"
    """A saved form has the words alone."""


class Cause(enum.Enum):
    """What it is that keeps a path from being followed."""

    NOT_FOLLOWED = "not followed"
    WRITES_CODE = "writes code"
    """A store hits code of the image, so what runs is not what the image holds."""


@frozen
class Returned:
    """An exception return to the preferred return address, with the caller's PSTATE."""


@frozen
class Left:
    """Control leaves the provider for good: to ``target``, in ``mode``.

    ``status`` is the SPSR that an ERET restored, ``None`` for a branch that stays in the mode.
    """

    target: Value
    mode: str
    status: Value | None = None


@frozen
class Stuck:
    """Control never leaves the address: a loop in which nothing changes."""

    address: int


@frozen
class Faulted:
    """The instruction at ``address`` takes an exception within EL2/HYP."""

    address: int
    what: str
    fault: Fault = Fault.NOT_TOLD


@frozen
class Called:
    """Control goes to compiled code behind the dispatch, which is not followed."""

    name: str
    address: int


@frozen
class CalledBack:
    """Control goes, as to a function and in ``mode``, to an address that the caller chose.

    ``target`` is a term over the registers at entry; what is there is the caller's.
    """

    target: Value
    mode: str


@frozen
class Requested:
    """A caller issues ``hvc #immediate`` at ``address``: what it asks for is in the registers."""

    address: int
    immediate: int


@frozen
class Undecided:
    """The path could not be followed to its end, and why."""

    address: int
    reason: str
    cause: Cause = Cause.NOT_FOLLOWED


Outcome = Returned | Left | Stuck | Faulted | Called | CalledBack | Requested | Undecided
