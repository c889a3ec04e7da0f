"""What the machine code of one image does, as a part of a page: derived, and marked as derived.

The registers, answers and endings are those of ``hypabi derive``, the verdicts those of ``hypabi
check``; nothing here is the contract's word.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Final

from hypabi.analysis.findings.check import Check, count_verdicts, verdict_word
from hypabi.analysis.results.derivation import DerivedCall, DerivedCase, DeriveResult, Ending
from hypabi.analysis.results.values import constant_in
from hypabi.analysis.results.vector_table import HOW
from hypabi.analysis.summaries.assumptions import assumptions
from hypabi.documents.interface.clause_prose import number
from hypabi.documents.interface.page import Evidence
from hypabi.documents.interface.reading import plain_list
from hypabi.documents.markup.tree import (
    Block,
    Blocks,
    Bullets,
    Code,
    Fields,
    Paragraph,
    Section,
    Table,
    Words,
    anchor,
    codes,
    joined,
    paragraph,
    prose,
    words,
)
from hypabi.image.symbolizer import Places
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.register_sets import ranges
from hypabi.report.shared.text_layout import printable

OTHER: Final = "any other identifier"

MOST_ADDRESSES: Final = 3
"""Addresses that are named one by one."""

ENDS: Final[Mapping[Ending, str]] = {
    Ending.LEAVES: "goes on elsewhere",
    Ending.CALLS: "calls compiled code",
    Ending.UNDECIDED: "was not followed to its end",
}
"""What the words for an ending are in a sentence, where they are others."""


def evidence(check: Check, derived: DeriveResult) -> Evidence:
    """Return what an image adds to a page."""
    names = {call.name for call in check.revision.calls}
    calls = {name: tuple(_of_call(check, derived, name)) for name in sorted(names)}
    blocks: list[Block] = [
        paragraph(
            "Derived from the machine code of this image, not from the contract. Registers, "
            "answers and endings are those of all paths, as they are when control leaves the "
            "handler, that an ",
            Code(check.revision.instruction),
            " can take; a verdict is about every path and every state at entry.",
        ),
        Fields(tuple(_facts(check))),
        paragraph("Parties:"),
        _parties(check),
        paragraph("What each party does with ", OTHER, ":"),
        *_of_call(check, derived, None),
        *_refuted(check),
        *_assumed(check),
    ]
    title = words("In the image ", Code(label(check)))
    section = Section(title, anchor("image", label(check), check.loaded.sha256[:12]), tuple(blocks))
    return Evidence(section, calls)


def label(check: Check) -> str:
    """Return what a page calls an image."""
    return printable(check.kernel.version or PurePath(check.loaded.path).name)


def _facts(check: Check) -> Iterator[tuple[str, Words]]:
    yield "Image", words(Code(printable(PurePath(check.loaded.path).name)))
    yield "SHA-256", words(Code(check.loaded.sha256))
    yield "Architecture", words(check.kernel.architecture.value)
    yield "Held against", words(f"{check.revision.contract} at {check.revision.version}")
    number = count_verdicts(check.judgement.findings)
    tally = f"{number.proved} proved, {number.refuted} refuted"
    yield "Verdicts", words(f"{tally}, {number.undecided} undecided, {number.vacuous} vacuous")


def _parties(check: Check) -> Table:
    rows = []
    for party in check.revision.parties:
        table = check.table_of(party.name)
        if table is None:
            rows.append((words(party.name), words("not in this image"), words("-")))
        else:
            where = words(Code(f"{table.address:#x}"), f" ({table.name or 'no symbol'})")
            rows.append((words(party.name), where, words(HOW[table.how])))
    return Table((words("Party"), words("Vectors"), words("Found")), tuple(rows))


def _of_call(check: Check, derived: DeriveResult, call: str | None) -> Iterator[Block]:
    """Yield what the image does with a call, one item for each vector table."""
    found = _answers(check, derived, call)
    items = tuple(_item(check, parties, answer, call) for parties, answer in found)
    if not items:
        return
    if call is not None:
        made, short = Code(label(check)), Code(check.loaded.sha256[:12])
        yield paragraph("Derived from the image ", made, ", SHA-256 ", short, ":")
    yield Bullets(items)


def _item(check: Check, parties: tuple[str, ...], answer: DerivedCall, call: str | None) -> Blocks:
    """Return what a table's code does with a call, for each way in which it ends."""
    kinds: dict[Ending, list[DerivedCase]] = {}
    for each in answer.cases:
        kinds.setdefault(each.ends, []).append(each)
    said = [_does(check, answer.number, kind, cases) for kind, cases in kinds.items()]
    verdicts = _verdicts(check, parties, call)
    if len(said) == 1:
        return (Paragraph(words(plain_list(parties), ": ", said[0], "; ", verdicts, ".")),)
    ways = Bullets(tuple((Paragraph(words(each, ".")),) for each in said))
    return (Paragraph(words(plain_list(parties), ": ", verdicts, ".")), ways)


def _does(check: Check, asked: str | None, ends: Ending, cases: list[DerivedCase]) -> Words:
    """Return what the paths that end in one way lose, answer and change."""
    general, changed = lost(cases), system(cases)
    count = f"{len(cases)} {'case' if len(cases) == 1 else 'cases'}"
    said = [words(f"{ENDS.get(ends, ends.value)} in {count}")]
    said.append(words("loses ", Code(ranges(general)) if general else "no general register"))
    answered = _answered(cases, asked, check.revision.result)
    if answered:
        said.append(words("answers ", answered))
    if changed:
        said.append(words("may change ", codes(changed)))
    written = _written(cases)
    if written:
        said.append(words("writes memory at ", written))
    return joined(said, "; ", "; ")


def _written(cases: Iterable[DerivedCase]) -> Words:
    """Return where memory is written: the addresses if they are few, else how many they are."""
    found = dict.fromkeys(write.address for case in cases for write in case.memory)
    if len(found) > MOST_ADDRESSES:
        return words(f"{len(found)} addresses")
    return codes(map(printable, found))


def _answers(
    check: Check, derived: DeriveResult, call: str | None
) -> Iterator[tuple[tuple[str, ...], DerivedCall]]:
    """Yield what each vector table that is a party's does with a call."""
    known = [each for each in check.revision.calls if each.name == call]
    number = known[0].number if known else None
    for entry in derived.entries:
        for answer in entry.calls if entry.parties else ():
            if (None if answer.number is None else int(answer.number, 16)) == number:
                yield entry.parties, answer


def lost(cases: Iterable[DerivedCase]) -> tuple[str, ...]:
    """Return the general registers that some path may leave changed."""
    return tuple(dict.fromkeys(name for each in cases for name in each.registers))


def system(cases: Iterable[DerivedCase]) -> tuple[str, ...]:
    """Return the system registers that some path may leave changed."""
    return tuple(dict.fromkeys(name for each in cases for name in each.system_registers))


def _answered(cases: Iterable[DerivedCase], asked: str | None, register: str) -> Words:
    """Return what is in the result register where the call returns; the number, if it is kept."""
    said: dict[Words, None] = {}
    for each in cases:
        if each.ends is not Ending.RETURNS:
            continue
        value = each.registers.get(register, asked)
        constant = None if value is None else constant_in(value)
        if value is None:
            said[words("the identifier")] = None
        elif constant is None:
            said[words("a computed value")] = None
        else:
            said[words(Code(number(constant)))] = None
    return joined(said, " or ")


def _verdicts(check: Check, parties: tuple[str, ...], call: str | None) -> Words:
    """Return how many clauses are proved, and the names of the others."""
    findings = [
        finding
        for finding in check.judgement.findings
        if finding.party in parties and finding.call == call
    ]
    if not findings:
        return words("nothing is promised")
    proved = sum(isinstance(finding.verdict, Proved) for finding in findings)
    said = [words(f"{proved} of {len(findings)} clauses proved")]
    said += [
        words(f"{verdict_word(each.verdict)}: {each.clause.name}")
        for each in findings
        if not isinstance(each.verdict, Proved)
    ]
    return joined(said, ", ")


def _refuted(check: Check) -> Iterator[Block]:
    found = [each for each in check.judgement.findings if isinstance(each.verdict, Refuted)]
    if found:
        yield paragraph(
            "Refuted, with a state at entry and a path that ", Code("hypabi check"), " shows:"
        )
        yield Bullets(tuple(_refutation(check, each) for each in found))


def _refutation(check: Check, finding: Finding) -> Blocks:
    assert isinstance(finding.verdict, Refuted), "only refuted ones are listed"
    places = Places(check.loaded)
    where = f"{finding.party}, {spelled(finding.call)}: "
    said = prose(printable(places.inside(finding.verdict.instead)))
    return (Paragraph(words(where, Code(finding.clause.name), ": ", said, ".")),)


def _assumed(check: Check) -> Iterator[Block]:
    places = Places(check.loaded)
    items = []
    for each in assumptions(check):
        name, colon, condition = printable(places.inside(each.text)).partition(": ")
        formal = words(f"{name}{colon}", Code(condition) if "==" in condition else prose(condition))
        items.append((Paragraph(words(formal if colon else prose(name), ".")),))
    if items:
        yield paragraph("The verdicts rest on:")
        yield Bullets(tuple(items))
