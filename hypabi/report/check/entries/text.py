"""Unintended entries as a section of a check: those found first, then what was ruled out."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.entries import EntryFinding, EntryWord, ExceptionReason, HandledCall
from hypabi.arch.vector_entries import Origin, Resumes, spell_classes
from hypabi.image.symbolizer import Names
from hypabi.judgement.entries.findings import Extent
from hypabi.report.shared.calls import call_with_number
from hypabi.report.shared.text_layout import filled, labelled, titled

MOST_CHANGES: Final = 6


def entries_section(
    findings: tuple[EntryFinding, ...], check: CheckResult, names: Names
) -> Iterator[str]:
    """Yield the section."""
    yield from titled("Unintended entries")
    yield from filled(
        "What else than a hypercall reaches the code that answers hypercalls. No clause speaks of "
        "it, so no verdict above depends on it."
    )
    hidden = [each for each in findings if each.found is EntryWord.UNINTENDED]
    for group in _alike(hidden, check, names).values():
        yield from _hidden(group, check, names)
    if not hidden:
        yield ""
        yield "None found."
    yield from _routes(hidden)
    yield from _others(findings, names)
    yield from _assumed(findings, check, names)


def _alike(
    hidden: list[EntryFinding], check: CheckResult, names: Names
) -> Mapping[tuple[str, ...], list[EntryFinding]]:
    """Group what enters one slot of one party and is handled as the same calls."""
    groups: dict[tuple[str, ...], list[EntryFinding]] = {}
    for finding in hidden:
        said = tuple(_handled(finding, check, names))
        groups.setdefault((finding.party, slot(finding), *said), []).append(finding)
    return groups


def _hidden(group: list[EntryFinding], check: CheckResult, names: Names) -> Iterator[str]:
    finding = group[0]
    yield ""
    yield from filled(f"{finding.party}, {slot(finding)}", "* ", "  ")
    for each in group:
        yield from _labelled("entered by", each.entered_by)
    yield from _handled(finding, check, names)
    for text in dict.fromkeys(afterwards(each, check.contract.identifier) for each in group):
        yield from _labelled("then", text)
    if any(call.by_programs for each in group for call in each.handled_as):
        yield from _labelled("by", "the kernel, and programs at EL0 or PL0 too")


def _handled(finding: EntryFinding, check: CheckResult, names: Names) -> Iterator[str]:
    """Yield what the exceptions are handled as, calls with one end together."""
    contract = check.contract
    looked = dict.fromkeys(each.syndrome.value for each in finding.handled_as)
    yield from _labelled("syndrome", f"{', '.join(looked)} before that")
    ends: dict[str, list[str]] = {}
    for each in finding.handled_as:
        ends.setdefault(happens(each, contract.result), []).append(call(each, contract.identifier))
    for end, calls in ends.items():
        yield from _labelled("handled as", "; ".join(calls))
        yield from _labelled("", f"-> {names.inside(end)}")
    for why in finding.not_followed:
        yield from _labelled("open", names.beside(why))


def _labelled(label: str, text: str) -> Iterator[str]:
    if text:
        yield from labelled(label, text)


def _routes(hidden: list[EntryFinding]) -> Iterator[str]:
    """Yield under which control each exception from below comes through an unintended entry."""
    found: dict[ExceptionReason, None] = {}
    for finding in hidden:
        if finding.origin not in (Origin.EL2H, Origin.EL2T, Origin.HYP):
            found |= dict.fromkeys(reason for reason in finding.exceptions if reason.where)
    if not found:
        return
    yield ""
    yield from filled(
        "Premises: what the kernel leaves in the trap controls was not derived, so each exception "
        "comes where its control is set:"
    )
    for reason in found:
        code = "" if reason.ec is None else f"{reason.ec} "
        yield from filled(f"{code}{reason.name}: {reason.where}", "  ", "      ")


def _others(findings: tuple[EntryFinding, ...], names: Names) -> Iterator[str]:
    """Yield what is no unintended entry, findings that say the same together."""
    groups: dict[str, dict[str, dict[str, None]]] = {}
    for finding in findings:
        said = _said(finding, names)
        if said:
            slots = groups.setdefault(said, {}).setdefault(finding.party, {})
            slots[f"+{finding.slot}{_some(finding, findings)}"] = None
    for said, parties in groups.items():
        yield ""
        yield from filled(said, "* ", "  ")
        for party, slots in parties.items():
            yield from filled(f"{party}: {', '.join(slots)}", "    ", "      ")


def _some(finding: EntryFinding, findings: tuple[EntryFinding, ...]) -> str:
    """Say which exceptions of a slot a finding is about, where it is not about all that come."""
    if finding.found is EntryWord.NOT_REACHABLE:
        codes = (int(each.ec, 16) for each in finding.exceptions if each.ec is not None)
        return f" EC {spell_classes(codes)}"
    others = [
        each
        for each in findings
        if (each.party, each.slot, each.origin) == (finding.party, finding.slot, finding.origin)
        and each.found not in (EntryWord.NOT_REACHABLE, finding.found)
    ]
    return f" ({finding.entered_by})" if others else ""


def _said(finding: EntryFinding, names: Names) -> str:
    syndrome = "" if finding.syndrome is None else finding.syndrome.value
    match finding.found:
        case EntryWord.UNINTENDED:
            return ""
        case EntryWord.GUARDED:
            return f"Guarded, syndrome {syndrome}: {', '.join(finding.instead)}"
        case EntryWord.HANDED_OVER:
            functions = ", ".join(map(names.inside, finding.instead))
            return f"Handed over, syndrome {syndrome}: to {functions}, which is not followed"
        case EntryWord.NOT_REACHABLE:
            return f"Not reachable: {finding.reason}"
        case EntryWord.UNDECIDED:
            return f"Undecided: {names.beside(finding.reason or '')}"
        case _:
            assert_never(finding.found)


def _assumed(findings: tuple[EntryFinding, ...], check: CheckResult, names: Names) -> Iterator[str]:
    """Yield what only these findings rest on."""
    known = {each.text for each in check.assumptions}
    texts = sorted({text for each in findings for text in each.assumptions} - known)
    others = [text for text in texts if not text.startswith("entered by")]
    if others:
        yield ""
        yield "Assumed here besides:"
    for text in others:
        yield from filled(names.inside(text), "* ", "  ")


def slot(finding: EntryFinding) -> str:
    """Name a slot: ``+0x400 (synchronous, from AArch64 EL1, or EL0 below it)``."""
    return f"+{finding.slot} ({finding.name}, from {finding.origin.value})"


def happens(handled: HandledCall, result: str) -> str:
    """Say what an exception does that is handled as a call, in the state that was found."""
    every = [f"{name} {value}" for name, value in handled.changed.items()]
    changes = every[:MOST_CHANGES]
    if len(every) > MOST_CHANGES:
        changes.append(f"{len(every) - MOST_CHANGES} more system registers change")
    if handled.returns:
        changes.insert(0, f"returns with {result} = {handled.answer}")
    else:
        changes.append(handled.ends)
    return ", ".join(changes)


def call(handled: HandledCall, identifier: str) -> str:
    """Name the call that an exception is taken for, and how much of it is done."""
    part = ""
    if handled.extent is Extent.PART:
        part = f", in part ({', '.join(handled.shared)})"
    return f"{call_with_number(handled.call, handled.number, identifier)}{part}"


def afterwards(finding: EntryFinding, identifier: str) -> str:
    """Say what becomes of the code that the exception was taken from; empty if nothing special."""
    again = any(reason.resumes is Resumes.AGAIN for reason in finding.exceptions)
    if not again or not any(each.returns for each in finding.handled_as):
        return ""
    return (
        f"where it returns, the instruction that caused the exception runs again, {identifier} "
        "changed: it is caught again and answered again, until the cause is gone"
    )
