"""What is said of a program, and what two of them do differently, each program examined once."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hypabi.analysis.check import CheckWanted, check
from hypabi.analysis.comparison import compare
from hypabi.analysis.difference import Opened
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.difference import (
    ChangeKind,
    ComparedCall,
    ComparedPromise,
    DiffResult,
)
from hypabi.analysis.results.review import FindingWord, ReviewChange, ReviewFinding
from hypabi.analysis.results.shared import Evidence
from hypabi.analysis.saved_form import save_image
from hypabi.analysis.session import Session, open_image
from hypabi.analysis.summaries.difference import summarize_diff
from hypabi.analysis.tools import TOOLS
from hypabi.contract.model import Contract
from hypabi.contract.version import Version
from hypabi.judgement.difference.model import Direction
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.records import frozen
from hypabi.review.findings import Finding, findings_of
from hypabi.review.numbers import moved_numbers, with_numbers

SHOWN: Final = 8
"""Instructions of a path that are shown, its last."""
_TOLD: Final = (PromiseChange.OTHERWISE_KEPT, PromiseChange.GONE, PromiseChange.ADDED)


@frozen
class Judged:
    """A program, and what is said of it."""

    name: str
    check: CheckResult
    opened: Opened
    findings: tuple[ReviewFinding, ...]
    moved: Mapping[str, tuple[int, int]]
    """Calls that have another number than the contract says: old and new."""


def judge(
    name: str,
    path: Path,
    contract: Contract | None,
    version: str,
    numbers: Mapping[str, int],
) -> Judged:
    """Hold a program against the contract with the numbers of its headers.

    :param contract: the shipped one that speaks of it where ``None``
    :param version: of the tree, for a program that does not say its own
    :raises HypabiError: the program cannot be read, or no contract speaks of it
    """
    session = open_image(path)
    at = Version.parse(session.kernel.version) or Version.parse(version)
    held, moved = _held(session, contract, at, numbers)
    examination = session.examine(held, at)
    command = ("hypabi", "check", path.name)
    result = check(examination, CheckWanted(), command)
    revision = examination.revision
    opened = Opened(str(path), save_image(examination), held, revision)
    owners = {each.name: each.owner for each in result.parties}
    served = {each.name: each.served_by for each in revision.calls}
    found = [_finding(name, each, owners, served) for each in findings_of(result)]
    return Judged(name, result, opened, tuple(sorted(found, key=_order)), moved)


def _held(
    session: Session, contract: Contract | None, at: Version | None, numbers: Mapping[str, int]
) -> tuple[Contract, Mapping[str, tuple[int, int]]]:
    held = contract or session.contract(at)
    if at is None:
        return held, {}
    moved = moved_numbers(held, at, session.kernel.architecture, numbers)
    if not moved:
        return held, {}
    return with_numbers(held, {name: new for name, (_, new) in moved.items()}), moved


def _order(finding: ReviewFinding) -> tuple[bool, str]:
    return finding.word is not FindingWord.REFUTED, finding.rule


def _finding(
    program: str,
    finding: Finding,
    owners: Mapping[str, str],
    served: Mapping[str, tuple[str, ...]],
) -> ReviewFinding:
    parties = (*finding.parties, *served.get(finding.call or "", ()))
    return ReviewFinding(
        program=program,
        rule=finding.rule,
        word=FindingWord(finding.word.value),
        text=finding.text,
        must_agree=tuple(dict.fromkeys(owners[each] for each in parties if each in owners)),
        shown=() if finding.shown is None else tuple(_shown(finding.shown)),
    )


def _shown(evidence: Evidence) -> Iterator[str]:
    entered = ", ".join(f"{name} = {value}" for name, value in evidence.counterexample.items())
    yield f"entered with {entered}" if entered else "entered in any state"
    for seen in evidence.observed[:2]:
        yield f"{seen.name}: {seen.entry} at entry, {seen.exit} at exit"
    for each in evidence.disassembly[-SHOWN:]:
        yield f"{each.place:32} {each.text}"


def compared(before: Judged, after: Judged) -> DiffResult:
    """Return what two programs do differently, for the callers of either."""
    command = ("hypabi", "diff", before.opened.path, after.opened.path)
    made = compare(before.opened, after.opened, tuple(Direction), None, provenance(command, TOOLS))
    return summarize_diff(made)


def changes_of(program: str, diff: DiffResult) -> tuple[ReviewChange, ...]:
    """Return what a comparison says that is different for those who call."""
    calls = (_of_call(program, each) for each in diff.changes if _is_change(each))
    return (*calls, *_of_promises(program, diff.promises))


def harmless_in(diff: DiffResult) -> int:
    """Return how many calls differ in nothing that a caller may rely on."""
    return sum(e.change is ChangeKind.EQUAL and bool(e.differences) for e in diff.changes)


def _is_change(each: ComparedCall) -> bool:
    return each.change not in (ChangeKind.EQUAL, ChangeKind.VACUOUS, ChangeKind.UNDECIDED)


def _of_call(program: str, each: ComparedCall) -> ReviewChange:
    text = ", ".join(f"{d.subject}: {d.old}, then {d.new}" for d in each.differences[:3])
    if each.renumbered is not None:
        text = f"it is {each.renumbered.call}, number {each.renumbered.number}"
    return ReviewChange(
        program=program,
        party=each.party,
        what=each.call or "any other identifier",
        callers=each.direction.value,
        change=each.change.value,
        text=text,
        asked_by=tuple(dict.fromkeys(a.function for a in each.asked_by if a.function)),
        must_agree=each.must_agree,
    )


def _of_promises(program: str, promises: Iterable[ComparedPromise]) -> Iterator[ReviewChange]:
    for each in promises:
        if each.change in _TOLD:
            yield ReviewChange(
                program=program,
                party=each.who,
                what=", ".join(each.what),
                callers="",
                change=each.change.value,
                text=f"{each.old}, then {each.new}",
                asked_by=(),
                must_agree=(),
            )
