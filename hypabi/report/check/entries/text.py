"""Hidden doors as a section of a check: those found first, then what was ruled out."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from hypabi.analysis.results.check import Check
from hypabi.arch.vector_entries import Origin, Reason
from hypabi.image.symbolizer import Places
from hypabi.judgement.entries.findings import (
    DoorFinding,
    Guarded,
    HandedOver,
    Handled,
    HiddenDoor,
    NotReachable,
    Undecided,
)
from hypabi.report.check.entries.words import (
    afterwards,
    call,
    classes,
    ending,
    entered_by,
    happens,
    slot,
)
from hypabi.report.shared.assumptions import assumptions
from hypabi.report.shared.text_layout import filled, labelled, titled


def doors(findings: tuple[DoorFinding, ...], check: Check, places: Places) -> Iterator[str]:
    """Yield the section."""
    yield from titled("Hidden doors")
    yield from filled(
        "What else than a hypercall reaches the code that answers hypercalls. No clause speaks of "
        "it, so no verdict above depends on it."
    )
    hidden = [each for each in findings if isinstance(each.judged, HiddenDoor)]
    for group in _alike(hidden, check, places).values():
        yield from _hidden(group, check, places)
    if not hidden:
        yield ""
        yield "None found."
    yield from _routes(hidden)
    yield from _others(findings, check, places)
    yield from _assumed(findings, check, places)


def _alike(
    hidden: list[DoorFinding], check: Check, places: Places
) -> Mapping[tuple[str, ...], list[DoorFinding]]:
    """Group what enters one slot of one party and is handled as the same calls."""
    groups: dict[tuple[str, ...], list[DoorFinding]] = {}
    for finding in hidden:
        said = tuple(_handled(finding, check, places))
        groups.setdefault((finding.party, slot(finding), *said), []).append(finding)
    return groups


def _hidden(group: list[DoorFinding], check: Check, places: Places) -> Iterator[str]:
    revision, finding = check.revision, group[0]
    yield ""
    yield from filled(f"{finding.party}, {slot(finding)}", "* ", "  ")
    for each in group:
        yield from _labelled("entered by", entered_by(each, revision.immediate))
    yield from _handled(finding, check, places)
    handled = [(each, call) for each in group for call in _calls(each)]
    for text in dict.fromkeys(afterwards(each, revision.identifier) for each in group):
        yield from _labelled("then", text)
    if any(call.from_user for _, call in handled):
        yield from _labelled("by", "the kernel, and programs at EL0 or PL0 too")


def _calls(finding: DoorFinding) -> tuple[Handled, ...]:
    return finding.judged.handled if isinstance(finding.judged, HiddenDoor) else ()


def _handled(finding: DoorFinding, check: Check, places: Places) -> Iterator[str]:
    """Yield what the exceptions are handled as, calls with one end together."""
    revision = check.revision
    looked = dict.fromkeys(each.syndrome.value for each in _calls(finding))
    yield from _labelled("syndrome", f"{', '.join(looked)} before that")
    ends: dict[str, list[str]] = {}
    for each in _calls(finding):
        ends.setdefault(happens(each, revision.result), []).append(call(each, revision.identifier))
    for end, calls in ends.items():
        yield from _labelled("handled as", "; ".join(calls))
        yield from _labelled("", f"-> {places.inside(end)}")
    if isinstance(finding.judged, HiddenDoor):
        for why in finding.judged.not_followed:
            yield from _labelled("open", places.beside(why))


def _labelled(label: str, text: str) -> Iterator[str]:
    if text:
        yield from labelled(label, text)


def _routes(hidden: list[DoorFinding]) -> Iterator[str]:
    """Yield under which control each exception from below comes through a hidden door."""
    found: dict[Reason, None] = {}
    for finding in hidden:
        if finding.door.origin not in (Origin.EL2H, Origin.EL2T, Origin.HYP):
            found |= dict.fromkeys(reason for reason in finding.reasons if reason.where)
    if not found:
        return
    yield ""
    yield from filled(
        "Premises: what the kernel leaves in the trap controls was not derived, so each exception "
        "comes where its control is set:"
    )
    for reason in found:
        code = "" if reason.code is None else f"{int(reason.code):#04x} "
        yield from filled(f"{code}{reason.name}: {reason.where}", "  ", "      ")


def _others(findings: tuple[DoorFinding, ...], check: Check, places: Places) -> Iterator[str]:
    """Yield what is no hidden door, findings that say the same together."""
    groups: dict[str, dict[str, dict[str, None]]] = {}
    for finding in findings:
        said = _said(finding, places)
        if said:
            slots = groups.setdefault(said, {}).setdefault(finding.party, {})
            slots[f"+{finding.door.offset:#x}{_some(finding, findings, check)}"] = None
    for said, parties in groups.items():
        yield ""
        yield from filled(said, "* ", "  ")
        for party, slots in parties.items():
            yield from filled(f"{party}: {', '.join(slots)}", "    ", "      ")


def _some(finding: DoorFinding, findings: tuple[DoorFinding, ...], check: Check) -> str:
    """Say which exceptions of a slot a finding is about, where it is not about all that come."""
    if isinstance(finding.judged, NotReachable):
        return f" EC {classes(finding.reasons)}"
    others = [
        each
        for each in findings
        if (each.party, each.door) == (finding.party, finding.door)
        and not isinstance(each.judged, NotReachable)
        and type(each.judged) is not type(finding.judged)
    ]
    return f" ({entered_by(finding, check.revision.immediate)})" if others else ""


def _said(finding: DoorFinding, places: Places) -> str:
    match finding.judged:
        case HiddenDoor():
            return ""
        case Guarded(syndrome, ends):
            how = ", ".join(sorted({ending(each) for each in ends}))
            return f"Guarded, syndrome {syndrome.value}: {how}"
        case HandedOver(syndrome, functions):
            names = ", ".join(places.inside(name) for name in functions)
            return f"Handed over, syndrome {syndrome.value}: to {names}, which is not followed"
        case NotReachable(why):
            return f"Not reachable: {why}"
        case Undecided(reason):
            return f"Undecided: {places.beside(reason)}"
        case _:
            assert_never(finding.judged)


def _assumed(findings: tuple[DoorFinding, ...], check: Check, places: Places) -> Iterator[str]:
    """Yield what only these findings rest on."""
    known = {each.text for each in assumptions(check)}
    texts = sorted({text for each in findings for text in each.assumptions} - known)
    others = [text for text in texts if not text.startswith("entered by")]
    if others:
        yield ""
        yield "Assumed here besides:"
    for text in others:
        yield from filled(places.inside(text), "* ", "  ")
