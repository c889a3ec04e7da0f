"""Where control goes after an instruction: a closed sum."""

import enum
from typing import Generic, TypeVar

from hypabi.records import frozen

S = TypeVar("S")


class Jump(enum.Enum):
    """Why control goes somewhere else."""

    BRANCH = "branch"
    CALL = "call"
    RETURN = "return"


class Call(enum.Enum):
    """An instruction that asks a higher (or the same) level for service, or a trap by design."""

    HVC = "hvc"
    SMC = "smc"
    SVC = "svc"
    BREAKPOINT = "brk"
    UNDEFINED = "udf"


@frozen
class Next:
    """Control falls through."""


@frozen
class Goto(Generic[S]):
    """Control goes to ``target``, in the instruction set that CPSR.T says on AArch32."""

    target: int | S
    why: Jump


@frozen
class ExceptionReturn(Generic[S]):
    """ERET: control goes to ``target`` with PSTATE/CPSR taken from ``status``."""

    target: int | S
    status: int | S


@frozen
class SynchronousException(Generic[S]):
    """A synchronous exception: an instruction that calls, or one that the architecture refuses."""

    call: Call
    immediate: int


Transfer = Next | Goto[S] | ExceptionReturn[S] | SynchronousException[S]
