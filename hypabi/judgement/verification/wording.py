"""The ends of cases and the breaches of clauses in words: the one place that spells them."""

from typing import assert_never

from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
    address_text,
)
from hypabi.judgement.verification.breach import (
    Amiss,
    Breach,
    ChangedOtherwise,
    Ends,
    HandedElsewhere,
    InTheWay,
    Lost,
    Misread,
    Written,
    WrongMode,
)
from hypabi.smt import terms
from hypabi.smt.terms import Value


def breach_text(breach: Breach) -> str:
    """Return what happens instead, in a line."""
    match breach:
        case Lost(register):
            return f"{register} is lost"
        case ChangedOtherwise(register):
            return f"{register} is not changed as permitted"
        case Written(store, bits):
            where = address_text(store.base, store.offset, bits)
            return f"{store.size} bytes at {where} are written"
        case Ends(outcome):
            return describe_outcome(outcome)
        case HandedElsewhere(name):
            return f"control goes to {name}"
        case WrongMode(fault, mode):
            return f"it {fault.value} at {mode}"
        case InTheWay(field):
            return f"{field} is set where control goes"
        case Amiss() | Misread():
            return str(breach.value)
        case _:
            assert_never(breach)


def unfollowed_text(outcome: Outcome) -> str:
    """Return why nothing is shown by a case that was not followed beyond its end."""
    match outcome:
        case Called(name):
            return f"control goes to the C function {name}, which is not followed"
        case Faulted():
            return f"{describe_outcome(outcome)}; what the vectors do then is not followed"
        case Undecided(address, reason):
            return f"at {address:#x}: {reason}"
        case Returned() | Left() | Stuck() | CalledBack() | Requested():
            return describe_outcome(outcome)
        case _:
            assert_never(outcome)


def describe_outcome(outcome: Outcome) -> str:
    """Return how a case ends, in a line."""
    match outcome:
        case Returned():
            return "it returns to the caller"
        case Left(target, mode):
            return f"control goes to {_place(target)} at {level(mode)}"
        case Stuck(address):
            return f"it is stuck at {address:#x}"
        case Faulted(address, what):
            return f"{what} faults at {address:#x}"
        case Called(name):
            return f"control goes to the C function {name}"
        case CalledBack(target, mode):
            return f"control goes to {_place(target)} at {level(mode)}, as to a function"
        case Requested(address, immediate):
            return f"it issues hvc #{immediate:#x} at {address:#x}"
        case Undecided(address, reason):
            return f"not followed beyond {address:#x}: {reason}"
        case _:
            assert_never(outcome)


def level(mode: str) -> str:
    """Return a mode or exception level as prose spells it."""
    return "HYP" if mode == "hyp" else mode


def _place(target: Value) -> str:
    text = terms.text(target, 64)
    return f"address {text}" if isinstance(target, int) else text
