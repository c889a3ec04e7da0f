"""What was found of vector entries, told as plain values."""

from typing import Final, assert_never

from hypabi.analysis.results.entries import EntryFinding, EntryWord, ExceptionReason, HandledCall
from hypabi.analysis.summaries.shared import values_of
from hypabi.arch.vector_entries import Kind, Reason, spell_classes
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
    Guarded,
    HandedOver,
    Handled,
    JudgedEntry,
    NotReachable,
    Syndrome,
    Undecided,
    Unintended,
)
from hypabi.judgement.verification.wording import describe_outcome
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Value

SHORT: Final = 40
"""Characters of a term that a reader takes in at a glance."""


@frozen(kw_only=True)
class _Found:
    """What depends on what was found: empty where it is said of other findings only."""

    word: EntryWord
    reason: str | None = None
    not_followed: tuple[str, ...] = ()
    syndrome: Syndrome | None = None
    ends: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    handled: tuple[HandledCall, ...] = ()


def summarize_entry(finding: JudgedEntry, immediate: int | None) -> EntryFinding:
    """Return what was found of one slot.

    :param immediate: that the hypercalls of the contract have
    """
    found = _found(finding)
    return EntryFinding(
        finding.party,
        f"{finding.entry.offset:#x}",
        finding.entry.name,
        finding.entry.origin,
        tuple(map(_reason, finding.reasons)),
        entered_by(finding, immediate),
        found.word,
        found.reason,
        found.not_followed,
        found.syndrome,
        found.ends,
        found.instead,
        found.handled,
        finding.assumptions,
    )


def _found(finding: JudgedEntry) -> _Found:
    match finding.judged:
        case Unintended(handled, not_followed):
            calls = tuple(map(_handled, handled))
            return _Found(word=EntryWord.UNINTENDED, not_followed=not_followed, handled=calls)
        case Guarded(syndrome, outcomes):
            return _Found(
                word=EntryWord.GUARDED,
                syndrome=syndrome,
                ends=tuple(map(describe_outcome, outcomes)),
                instead=tuple(sorted(set(map(ending, outcomes)))),
            )
        case HandedOver(syndrome, functions):
            return _Found(
                word=EntryWord.HANDED_OVER,
                syndrome=syndrome,
                ends=tuple(f"control goes to the C function {each}" for each in functions),
                instead=functions,
            )
        case NotReachable(why):
            return _Found(word=EntryWord.NOT_REACHABLE, reason=why)
        case Undecided(reason):
            return _Found(word=EntryWord.UNDECIDED, reason=reason)
        case _:
            assert_never(finding.judged)


def _reason(reason: Reason) -> ExceptionReason:
    return ExceptionReason(
        None if reason.code is None else f"{int(reason.code):#04x}",
        reason.name,
        reason.kind,
        reason.where or None,
        reason.resumes,
        reason.user,
    )


def _handled(handled: Handled) -> HandledCall:
    return HandledCall(
        handled.call,
        None if handled.number is None else f"{handled.number:#x}",
        handled.extent,
        handled.shared,
        handled.syndrome,
        isinstance(handled.outcome, Returned),
        describe_outcome(handled.outcome),
        f"{handled.answer:#x}",
        {name: becomes(value) for name, value in handled.changed},
        values_of(handled.model),
        tuple(f"{address:#x}" for address in handled.trail),
        handled.from_user,
    )


def entered_by(finding: JudgedEntry, immediate: int | None) -> str:
    """Say which exceptions a finding is about."""
    reasons = finding.reasons
    match reasons[0].kind:
        case Kind.OTHER_IMMEDIATE:
            assert immediate is not None, "else no slot is judged"
            return f"hvc #N, N other than {immediate:#x}"
        case Kind.FROM_ITSELF:
            return f"hvc from {finding.entry.origin.value}"
        case Kind.NO_HVC if len(reasons) == 1:
            code = "" if reasons[0].code is None else f" (EC {int(reasons[0].code):#04x})"
            return f"{reasons[0].name}{code}"
        case Kind.NO_HVC:
            codes = spell_classes(each.code for each in reasons if each.code is not None)
            return f"{len(reasons)} exceptions that are no hvc: EC {codes}"
        case kind:
            assert_never(kind)


def becomes(value: Value) -> str:
    """Say what a register becomes, over the state at entry where that takes few words."""
    text = terms.text(value, 64)
    return f"becomes {text}" if len(text) <= SHORT else "may change"


def ending(outcome: Outcome) -> str:
    """Say in a few words how an exception ends that is no unintended entry."""
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
