"""Findings: what a form for machines says of a result, with the rule of each."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Weight
from hypabi.analysis.results.shared import Instruction, Reproduction, SuppressedBy
from hypabi.records import field, frozen
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import NOTHING

PARTY: Final = "party"
CALL: Final = "call"
CLAUSE: Final = "clause"
CALLER: Final = "caller"
QUESTION: Final = "question"
"""Names of what a finding can be about; others stand where these do not say it."""


@frozen
class Line:
    """Something to know of a finding."""

    label: str
    """One word or two, as text reports have it: ``clause``, ``instead``, ``entered at``."""
    text: str


@frozen
class Step:
    """One instruction of a path."""

    address: str
    instruction: Instruction


@frozen
class Spot:
    """Where in a file something is."""

    address: str
    """In hexadecimal."""
    place: str
    """Symbol and offset; the address where no symbol stands before it."""


@frozen
class Input:
    """A file that was judged."""

    what: str
    """``image``, ``old image``, ``document``."""
    path: str
    """As the command names it; empty where it has none of its own."""
    sha256: str


@frozen(kw_only=True)
class Finding:
    """One thing to tell."""

    rule: Rule
    weight: Weight
    """What it does to the exit status."""
    about: Mapping[str, str]
    """What it is about, by name and in the order in which it is named: party, call, clause or
    caller, never an address.  The same finding of another build has the same."""
    where: str
    """The same in words: ``stub, HVC_SET_VECTORS: registers``."""
    text: str
    """What is so, in a line: ``x19 is lost``."""
    lines: tuple[Line, ...] = ()
    path: tuple[Step, ...] = ()
    """The instructions that show it, in order."""
    spot: Spot | None = None
    line: int | None = None
    """Of the document, where the input is one."""
    input: int = 0
    """Number of the input that it is in."""
    agree: tuple[str, ...] = ()
    """Sections of MAINTAINERS, and users outside the image."""
    suppressed: SuppressedBy | None = None

    @property
    def sentence(self) -> str:
        """Return where and what, in a line."""
        return f"{self.where}: {self.text}" if self.text else self.where


@frozen(kw_only=True)
class Item:
    """One thing that was judged, good or not."""

    unit: str
    """As the conclusion counts it: ``clauses``, ``call sites``."""
    word: str
    """What was found, in one word."""
    group: str
    """What it belongs to: a party, or the unit."""
    name: str
    weight: Weight = Weight.GOOD
    """The worst that it does to the exit status."""
    findings: tuple[Finding, ...] = ()


@frozen(kw_only=True)
class Findings:
    """A result, told finding by finding."""

    command: str
    """Which made it: ``check``."""
    subject: str
    """What the verdict is on, as the first line of the report has it."""
    conclusion: Conclusion
    inputs: tuple[Input, ...]
    items: tuple[Item, ...]
    notes: tuple[Finding, ...] = ()
    """What is to be told of nothing that is counted; none of it weighs."""
    document: str | None = None
    """Path, in the kernel's tree, of the document that the contract is of."""
    trusted: tuple[str, ...]
    reproduce: Reproduction = field()

    @property
    def answer(self) -> str:
        """Return the first line of the report."""
        return f"{self.subject}: {self.conclusion.answer}"

    def every(self) -> Iterator[Finding]:
        """Yield the findings, in the order of the items, and then the notes."""
        for item in self.items:
            yield from item.findings
        yield from self.notes


WORST_FIRST: Final = (
    Weight.DEFECT,
    Weight.REFUTED,
    Weight.UNDECIDED,
    Weight.CHANGE,
    Weight.GOOD,
)


def nothing_judged(subject: str, why: str) -> Item:
    """Return what stands for everything, where nothing was judged."""
    finding = Finding(rule=NOTHING, weight=NOTHING.weight, about={}, where=subject, text=why)
    return item_of("result", "undecided", "result", "something was judged", finding)


def item_of(unit: str, word: str, group: str, name: str, *findings: Finding) -> Item:
    """Return an item that weighs what the worst of its findings does."""
    weight = min((each.weight for each in findings), key=WORST_FIRST.index, default=Weight.GOOD)
    return Item(unit=unit, word=word, group=group, name=name, weight=weight, findings=findings)
