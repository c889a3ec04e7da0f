"""What is said of a program, and what two of them do differently, each question answered once."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hypabi.analysis.comparison import compare
from hypabi.analysis.difference import Opened
from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.difference import (
    ChangeKind,
    ComparedCall,
    ComparedPromise,
    DiffResult,
)
from hypabi.analysis.results.review import (
    FindingWord,
    ReviewChange,
    ReviewDrift,
    ReviewFinding,
)
from hypabi.analysis.results.shared import Evidence
from hypabi.analysis.saved_form import check_and_save
from hypabi.analysis.session import open_image
from hypabi.analysis.summaries.check import summarize_check
from hypabi.analysis.summaries.difference import summarize_diff
from hypabi.analysis.tools import TOOLS
from hypabi.arch.names import Architecture
from hypabi.contract.model import Contract
from hypabi.contract.version import Version
from hypabi.judgement.difference.model import Direction
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.judgement.drift.call_table import How, answered
from hypabi.judgement.drift.drift import find_drift
from hypabi.judgement.drift.rst_reader import read_document
from hypabi.judgement.drift.subject import Evidence as DriftEvidence
from hypabi.judgement.drift.subject import Subject
from hypabi.records import field, frozen
from hypabi.review.drifts import drift_of
from hypabi.review.findings import Finding, findings_of
from hypabi.review.kept import Kept
from hypabi.review.numbers import FORMER, Numbered, former, renumbered, with_further
from hypabi.review.progress import Progress
from hypabi.review.tables import Unnamed, unnamed_tables
from hypabi.smt.bitwuzla import BitwuzlaSolver

MOST_OPEN: Final = 4
"""Programs that are open at once: a comparison needs two, of the largest configurations."""
LARGEST_DOCUMENT: Final = 1 << 20
SHOWN: Final = 8
"""Instructions of a path that are shown, its last."""
_TOLD: Final = (PromiseChange.OTHERWISE_KEPT, PromiseChange.GONE, PromiseChange.ADDED)


@frozen
class Built:
    """A program, and what stands in the headers that it was built with."""

    name: str
    """Configuration and program, as ``arm64 kernel``."""
    path: Path
    sha256: str
    numbers: Mapping[str, int]
    """Of calls, by name."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By function, the file of the tree that it is in, as far as that is known."""

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, int], ...]]:
        """Return what tells it from another one."""
        return (self.name, self.sha256, tuple(sorted(self.numbers.items())))


@frozen
class Served:
    """A party that answers a number otherwise than with the error, or may."""

    party: str
    number: int


@frozen
class Asked:
    """A function that asks for a call."""

    function: str
    call: str


@frozen
class Duty:
    """What the document says of a party, by the contract."""

    text: str
    owner: str


@frozen
class Judged:
    """A program, and what is said of it: plain values, which can be kept."""

    name: str
    sha256: str
    architecture: Architecture
    document: str | None
    outside: tuple[str, ...]
    """Users outside the image that the contract names."""
    trusted: tuple[str, ...]
    findings: tuple[ReviewFinding, ...]
    moved: Mapping[str, tuple[int, int]]
    """Calls, and the error's name, that have another number than the contract says: old, new."""
    added: Mapping[str, int]
    """Calls of the headers of which the contract knows nothing."""
    calls: Mapping[str, int]
    """The numbers by which it was judged."""
    error: int | None
    parties: tuple[str, ...]
    """Those that were found."""
    served: tuple[Served, ...]
    asked: tuple[Asked, ...]
    duties: Mapping[str, Duty]
    """By party, the sentence that the contract cites for it."""
    tables: tuple[Unnamed, ...] = ()
    """Vector tables of no party."""


@frozen
class Comparison:
    """What two programs do differently."""

    changes: tuple[ReviewChange, ...]
    harmless: int
    """Calls that differ in nothing that a caller may rely on."""


@frozen
class Drifts:
    """What of a document a program does not bear out."""

    drifts: tuple[ReviewDrift, ...]


@frozen
class _Examined:
    """A program, opened."""

    examination: Examination
    contract: Contract
    check: Check
    numbered: Numbered
    opened: Opened
    served: tuple[Served, ...]


class Judge:
    """Answers what is asked of programs, from what was kept where it can."""

    def __init__(self, contract: Contract | None, version: str, kept: Kept, say: Progress) -> None:
        """Hold what programs are held to.

        :param contract: the shipped one that speaks of a program where ``None``
        :param version: of the tree, for a program that does not say its own
        """
        self.contract, self.version, self.kept, self.say = contract, version, kept, say
        self._open: dict[object, _Examined] = {}
        self._said: dict[object, Judged] = {}
        self.about = ("" if contract is None else contract.sha256, version)

    def judged(self, program: Built) -> Judged:
        """Hold a program against the contract with the numbers of its headers.

        :raises HypabiError: it cannot be read, or no contract speaks of it
        """
        if program.key not in self._said:
            asked = (*self.about, program.key)
            made = self.kept.answer(Judged, lambda: self._judge(program), *asked)
            self._said[program.key] = made
        return self._said[program.key]

    def compared(self, old: Built, new: Built) -> Comparison:
        """Return what two programs do differently, for the callers of either."""

        def find() -> Comparison:
            diff = _diff(self._examined(old).opened, self._examined(new).opened)
            harmless = sum(
                e.change is ChangeKind.EQUAL and bool(e.differences) for e in diff.changes
            )
            return Comparison(tuple(_changes(new.name, diff)), harmless)

        return self.kept.answer(Comparison, find, *self.about, old.key, new.key)

    def drifts(self, program: Built, document: Path) -> tuple[ReviewDrift, ...]:
        """Hold a document against a program; none where it cannot be read.

        :raises HypabiError: the document is refused
        """
        text = document.read_bytes()[:LARGEST_DOCUMENT]

        def find() -> Drifts:
            examined = self._examined(program)
            examination = examined.examination
            evidence = DriftEvidence(
                examination.behaviours,
                examination.surroundings,
                examination.judgement,
                tuple(examination.expected),
            )
            subject = Subject(program.name, examination.revision, evidence)
            read = read_document(str(document))
            found = find_drift(read, examined.contract, (subject,), BitwuzlaSolver)
            return Drifts(tuple(map(drift_of, found.drifts)))

        return self.kept.answer(Drifts, find, *self.about, program.key, text).drifts

    def _judge(self, program: Built) -> Judged:
        self.say(f"{program.name}: judging")
        examined = self._examined(program)
        result = summarize_check(examined.check)
        revision = examined.examination.revision
        owners = {each.name: each.owner for each in result.parties}
        served = {each.name: each.served_by for each in revision.calls}
        found = [_finding(program.name, each, owners, served) for each in findings_of(result)]
        return Judged(
            name=program.name,
            sha256=program.sha256,
            architecture=revision.architecture,
            document=revision.document,
            outside=tuple(examined.contract.users),
            trusted=result.trusted,
            findings=tuple(sorted(found, key=_order)),
            moved=examined.numbered.moved,
            added=examined.numbered.added,
            calls={e.name: e.number for e in revision.calls if e.number is not None},
            error=revision.error,
            parties=tuple(examined.examination.found),
            served=examined.served,
            asked=tuple(
                dict.fromkeys(Asked(e.function, e.call) for e in examined.opened.saved.askers)
            ),
            duties={
                name: Duty(cite, owners[name])
                for name, party in examined.contract.parties.items()
                if name in owners and (cite := party.cite) is not None
            },
            tables=tuple(unnamed_tables(examined.examination)),
        )

    def _examined(self, program: Built) -> _Examined:
        found = self._open.pop(program.key, None)
        if found is None:
            found = self._examine(program)
        self._open[program.key] = found
        while len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return found

    def _examine(self, program: Built) -> _Examined:
        session = open_image(program.path)
        at = Version.parse(session.kernel.version) or Version.parse(self.version)
        contract = self.contract or session.contract(at)
        revision = session.revision(contract, at)
        numbered = renumbered(contract, revision, program.numbers)
        examination = session.examine(numbered.contract, at)
        served = tuple(_served(examination))
        further = {
            name: (number, tuple(e.party for e in served if e.number == number))
            for name, number in (*_former(numbered), *numbered.added.items())
        }
        held = with_further(numbered.contract, examination.revision, further)
        examination = session.examine(held, at)
        command = ("hypabi", "check", program.path.name)
        check, saved = check_and_save(examination, command)
        opened = Opened(str(program.path), saved, held, examination.revision)
        return _Examined(examination, held, check, numbered, opened, served)


def _former(numbered: Numbered) -> Iterator[tuple[str, int]]:
    for name, (old, _) in numbered.moved.items():
        if name in numbered.contract.calls:
            yield former(name), old


def _served(examination: Examination) -> Iterator[Served]:
    """Yield which party serves which number, or may."""
    found = answered(
        examination.revision, examination.behaviours, examination.surroundings, BitwuzlaSolver()
    )
    for each in found:
        if each.how in (How.SERVED, How.UNDECIDED):
            yield Served(each.party, each.number)


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
        parties=finding.parties,
        call=finding.call,
        function=finding.function,
        id=finding.id,
    )


def _shown(evidence: Evidence) -> Iterator[str]:
    entered = ", ".join(f"{name} = {value}" for name, value in evidence.counterexample.items())
    yield f"entered with {entered}" if entered else "entered in any state"
    for seen in evidence.observed[:2]:
        yield f"{seen.name}: {seen.entry} at entry, {seen.exit} at exit"
    for each in evidence.disassembly[-SHOWN:]:
        yield f"{each.place:32} {each.text}"


def _diff(old: Opened, new: Opened) -> DiffResult:
    command = ("hypabi", "diff", old.path, new.path)
    return summarize_diff(compare(old, new, tuple(Direction), None, provenance(command, TOOLS)))


def _changes(program: str, diff: DiffResult) -> Iterator[ReviewChange]:
    """Yield what a comparison says that is different for those who call."""
    for each in diff.changes:
        if _is_change(each) and not (each.call or "").endswith(FORMER):
            yield _of_call(program, each)
    yield from _of_promises(program, diff.promises)


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
