"""Hidden doors as plain values, beside the verdicts of a check."""

from hypabi.arch.vector_entries import Reason
from hypabi.judgement.entries.findings import (
    DoorFinding,
    Guarded,
    HandedOver,
    Handled,
    HiddenDoor,
    Judged,
    NotReachable,
    Undecided,
)
from hypabi.judgement.verification.obligations import describe_outcome
from hypabi.report.check.entries.words import becomes, word
from hypabi.report.shared.counterexample_json import values
from hypabi.report.shared.json_values import Plain


def doors(findings: tuple[DoorFinding, ...]) -> list[Plain]:
    """Return every finding as plain values."""
    return [_finding(each) for each in findings]


def _finding(finding: DoorFinding) -> dict[str, Plain]:
    return {
        "party": finding.party,
        "slot": f"{finding.door.offset:#x}",
        "name": finding.door.name,
        "from": finding.door.origin.value,
        "exceptions": [_reason(each) for each in finding.reasons],
        "found": word(finding.judged),
        "assumptions": list(finding.assumptions),
        **_judged(finding.judged),
    }


def _reason(reason: Reason) -> dict[str, Plain]:
    return {
        "class": None if reason.code is None else f"{int(reason.code):#04x}",
        "name": reason.name,
        "kind": reason.kind.value,
        "where": reason.where or None,
        "resumes": reason.resumes.value,
        "user": reason.user,
    }


def _judged(judged: Judged) -> dict[str, Plain]:
    """Return what depends on what was found: every key is there, ``None`` or empty for others."""
    reason: str | None = None
    syndrome: str | None = None
    ends: list[Plain] = []
    handled: list[Plain] = []
    match judged:
        case HiddenDoor(calls, not_followed):
            handled = [_handled(each) for each in calls]
            reason = "; ".join(not_followed) or None
        case Guarded(looked, outcomes):
            syndrome = looked.value
            ends = [describe_outcome(each) for each in outcomes]
        case HandedOver(looked, functions):
            syndrome = looked.value
            ends = [f"control goes to the C function {each}" for each in functions]
        case NotReachable(why) | Undecided(why):
            reason = why
    return {"reason": reason, "syndrome": syndrome, "ends": ends, "handled_as": handled}


def _handled(handled: Handled) -> dict[str, Plain]:
    return {
        "call": handled.call,
        "number": None if handled.number is None else f"{handled.number:#x}",
        "extent": handled.extent.value,
        "shared": list(handled.shared),
        "syndrome": handled.syndrome.value,
        "ends": describe_outcome(handled.outcome),
        "answer": f"{handled.answer:#x}",
        "changed": {name: becomes(value) for name, value in handled.changed},
        "state": values(handled.model),
        "path": [f"{address:#x}" for address in handled.trail],
        "by_programs": handled.from_user,
    }
