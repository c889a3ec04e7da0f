"""How a case ends and what a register becomes, in words, in one state at entry."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.contract.revision import Revision
from hypabi.judgement.difference.case_view import Provided
from hypabi.judgement.verification.observables import at_exit
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value

MOST_SHOWN: Final = 90
"""Characters of a term that are printed; the rest can be derived."""

Model = Mapping[str, int]


def ending(side: Provided, revision: Revision, model: Model) -> str:
    """Say how a call ends."""
    bits = revision.architecture.bits
    match side.case.outcome:
        case Returned():
            name = revision.result
            value = at_exit(side.behaviour, side.case, name, bits)
            return f"it returns to the caller, {name} is {valued(value, bits, model)}"
        case Left(target, mode, status):
            at = mode if status is None else f"{mode}, PSTATE {evaluate(status, model):#x}"
            return f"control goes to {valued(target, bits, model)} at {at}"
        case CalledBack(target, mode):
            where = valued(target, bits, model)
            return f"control goes to {where} at {mode}, as to a function"
        case Stuck():
            return "it is stuck"
        case Faulted(_, what):
            return f"it faults: {what}"
        case Called(name):
            return f"control goes to {function(name)}"
        case Requested():
            return "it issues a call itself"
        case Undecided(_, reason):
            return f"not followed {reason}"
        case _:
            assert_never(side.case.outcome)


def valued(value: Value, width: int, model: Model) -> str:
    """Return a value as a term, if that is short, and as what it is under a model."""
    if isinstance(value, int):
        return terms.text(value, width)
    text, number = terms.text(value, width), terms.text(evaluate(value, model), width)
    return number if len(text) > MOST_SHOWN else f"{text} ({number})"


def becomes(name: str, value: Value, width: int, model: Model) -> str:
    """Say what a register or a piece of memory becomes."""
    if isinstance(value, Term) and value.op == "symbol" and value.name == name:
        return f"{name} is kept"
    return f"{name} is {valued(value, width, model)}"


def roughly(name: str, value: Value, width: int) -> str:
    """Say what a register becomes as a term, whatever the state at entry."""
    text = terms.text(value, width)
    return f"{name} is {text if len(text) <= MOST_SHOWN else 'another value'}"


def function(name: str) -> str:
    """Return compiled code by its name, which may be missing."""
    return f"the C function {name}" if name else "a C function without a symbol"


def counted(names: Counter[str]) -> str:
    """Return effects by name and number."""
    listed = (name if n == 1 else f"{name} x{n}" for name, n in sorted(names.items()))
    return ", ".join(listed) or "none"
