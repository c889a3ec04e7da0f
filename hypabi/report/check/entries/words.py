"""What was found of doors, in words that text and JSON share."""

from collections.abc import Iterable
from typing import Final, assert_never

from hypabi.analysis.results.check import spelled
from hypabi.arch.vector_entries import Kind, Reason, Resumes
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
)
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.judgement.entries.findings import (
    DoorFinding,
    Extent,
    Guarded,
    HandedOver,
    Handled,
    HiddenDoor,
    Judged,
    NotReachable,
    Undecided,
)
from hypabi.judgement.verification.obligations import describe_outcome
from hypabi.smt import terms
from hypabi.smt.terms import Value

SHORT: Final = 40
"""Characters of a term that a reader takes in at a glance."""
MOST_CHANGES: Final = 6


def word(judged: Judged) -> str:
    """Return the one word, or two, for what was found."""
    match judged:
        case HiddenDoor():
            return "hidden door"
        case Guarded():
            return "guarded"
        case HandedOver():
            return "handed over"
        case NotReachable():
            return "not reachable"
        case Undecided():
            return "undecided"
        case _:
            assert_never(judged)


def classes(reasons: Iterable[Reason]) -> str:
    """Spell the exception classes of reasons, consecutive ones as a range."""
    codes = sorted({int(reason.code) for reason in reasons if reason.code is not None})
    runs: list[list[int]] = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"{a:#04x}" if a == b else f"{a:#04x}-{b:#04x}" for a, b in runs)


def entered_by(finding: DoorFinding, immediate: int) -> str:
    """Say which exceptions a finding is about."""
    reasons = finding.reasons
    match reasons[0].kind:
        case Kind.OTHER_IMMEDIATE:
            return f"hvc #N, N other than {immediate:#x}"
        case Kind.FROM_ITSELF:
            return f"hvc from {finding.door.origin.value}"
        case Kind.NO_HVC if len(reasons) == 1:
            code = "" if reasons[0].code is None else f" (EC {int(reasons[0].code):#04x})"
            return f"{reasons[0].name}{code}"
        case Kind.NO_HVC:
            return f"{len(reasons)} exceptions that are no hvc: EC {classes(reasons)}"
        case kind:
            assert_never(kind)


def slot(finding: DoorFinding) -> str:
    """Name a slot: ``+0x400 (synchronous, from AArch64 EL1, or EL0 below it)``."""
    return f"+{finding.door.offset:#x} ({finding.door.name}, from {finding.door.origin.value})"


def happens(handled: Handled, result: str) -> str:
    """Say what an exception does that is handled as a call, in the state that was found."""
    changes = [f"{name} {becomes(value)}" for name, value in handled.changed[:MOST_CHANGES]]
    if len(handled.changed) > MOST_CHANGES:
        changes.append(f"{len(handled.changed) - MOST_CHANGES} more system registers change")
    if isinstance(handled.outcome, Returned):
        changes.insert(0, f"returns with {result} = {handled.answer:#x}")
    else:
        changes.append(describe_outcome(handled.outcome))
    return ", ".join(changes)


def becomes(value: Value) -> str:
    """Say what a register becomes, over the state at entry where that takes few words."""
    text = terms.text(value, 64)
    return f"becomes {text}" if len(text) <= SHORT else "may change"


def call(handled: Handled, identifier: str) -> str:
    """Name the call that an exception is taken for, and how much of it is done."""
    number = "" if handled.number is None else f" ({identifier} = {handled.number})"
    part = ""
    if handled.extent is Extent.PART:
        part = f", in part ({', '.join(handled.shared)})"
    return f"{spelled(handled.call)}{number}{part}"


def ending(outcome: Outcome) -> str:
    """Say in a few words how an exception ends that is no hidden door."""
    match outcome:
        case Stuck():
            return "it is stuck in a loop"
        case Returned():
            return "it returns, having done nothing that a call does"
        case Left() | CalledBack() | Called() | Requested():
            return "control goes elsewhere than with a call"
        case Faulted():
            return "it faults"
        case PathUndecided():
            return "it was not followed"
        case _:
            assert_never(outcome)


def afterwards(finding: DoorFinding, identifier: str) -> str:
    """Say what becomes of the code that the exception was taken from; empty if nothing special."""
    handled = finding.judged.handled if isinstance(finding.judged, HiddenDoor) else ()
    again = [reason for reason in finding.reasons if reason.resumes is Resumes.AGAIN]
    if not again or not any(isinstance(each.outcome, Returned) for each in handled):
        return ""
    return (
        f"where it returns, the instruction that caused the exception runs again, {identifier} "
        "changed: it is caught again and answered again, until the cause is gone"
    )
