"""Whose part of a document is whose: the entries of calls, and the parts that are about a conduit.

A stated contract may give a call a name of its own, so an entry is found by each name that the
contract knows, by the code or subcode in its heading (``Subcode 3``), or by the section that the
contract names as its source.
"""

import bisect
import re
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import StatedCall, StatedContract
from hypabi.judgement.drift.document import NAME, Document, Part, Shape
from hypabi.records import frozen

NUMBER: Final = r"(?:0[xX][0-9a-fA-F]{1,16}|\d{1,19})"
NEAR: Final = 40
"""Lines in which a text is looked for that a part has somewhere."""

_ENUMERATED: Final = re.compile(r"\s*\(?\d{1,3}[.)]\s+")
_HEADING: Final = re.compile(rf"({NAME})\b(?:\s*(?:=|:|\()?\s*({NUMBER})\)?)?\s*(?::|\(|-|$)")
NAMED: Final = re.compile(NAME)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*_\w+")
_LISTED: Final = re.compile(rf"({NAME})\s*(?::|=|\(|is)\s*({NUMBER})\)?\W*")
_CODE: Final = re.compile(
    r"\b(?:DIAGNOSE|DIAG|function code)\b\D{0,20}?'?X'?([0-9A-Fa-f]{1,4})\b|"
    r"\b(?:DIAGNOSE|DIAG|function code)\b\D{0,20}?0x([0-9A-Fa-f]{1,4})\b"
)
_SUBCODE: Final = re.compile(r"Subcode\s+(\d{1,5}|0x[0-9a-fA-F]{1,4})\b", re.IGNORECASE)
_CALL_FIELDS: Final = ("architecture", "architectures", "status", "number", "served by")
_CALL_LINES: Final = re.compile(
    r"\W*(?:Input|Out|Return Values?|Function ID|Arguments)\s*:", re.IGNORECASE
)

ARCHITECTURES: Final[Mapping[str, ArchitectureName | None]] = {
    "x86": ArchitectureName.X86, "s390": ArchitectureName.S390, "s390x": ArchitectureName.S390,
    "ppc": ArchitectureName.POWERPC, "powerpc": ArchitectureName.POWERPC,
    "arm": ArchitectureName.ARM, "arm64": ArchitectureName.ARM64, "mips": None, "loongarch": None,
    "riscv": None,
}  # fmt: skip
"""What documents call an architecture; ``None`` is one that no contract can speak of."""


@frozen
class PageEntry:
    """What a document says of one call, or of what it takes for one."""

    name: str
    """As the document spells it."""
    line: int
    first: int
    until: int
    """Its parts, without the heading."""
    call: str | None
    """The contract's name, where it has the call."""
    number: int | None = None
    """That its heading gives, after the name."""
    conduit: str | None = None
    """Where it is about a conduit and not about a call."""

    @property
    def bare(self) -> bool:
        """Tell whether it is a name and nothing more, as in a list of names."""
        return self.first == self.until


@frozen
class Page:
    """A document, a stated contract, and which part is about what."""

    document: Document
    contract: StatedContract
    numbers: Mapping[str, tuple[int, ...]]
    """Of the calls that the kernel has: what selects each."""
    entries: tuple[PageEntry, ...]
    of: tuple[PageEntry | None, ...]
    """Of each part the innermost entry that has it, its heading included."""
    headings: tuple[tuple[int, ...], ...]
    """Of each part the headings that it stands under, the innermost last."""

    def inside(self, entry: PageEntry) -> Iterator[Part]:
        """Yield the parts of an entry that are of no entry within it."""
        for at in range(entry.first, entry.until):
            if self.of[at] is entry:
                yield self.document.parts[at]

    def at(self, line: int) -> PageEntry | None:
        """Return the innermost entry that has a line."""
        place = bisect.bisect_right(self.document.parts, line, key=lambda part: part.line)
        return self.of[place - 1] if place else None

    def line_of(self, text: str, start: int) -> int:
        """Return the first line from one on that has a text, not far behind it, else that one."""
        lines = self.document.lines
        later = range(max(start, 1), min(start + NEAR, len(lines)) + 1)
        return next((n for n in later if text.lower() in lines[n - 1].lower()), start)


def read_page(
    document: Document, contract: StatedContract, numbers: Mapping[str, tuple[int, ...]]
) -> Page:
    """Find the entries of a document."""
    known = names_of(contract)
    found: list[PageEntry] = []
    for at, part in enumerate(document.parts):
        entry = _entry(part, at, contract, known, found)
        if entry is not None:
            found.append(entry)
    of, headings = _nested(document.parts, {each.first - 1: each for each in found})
    return Page(document, contract, numbers, tuple(found), of, headings)


def _nested(
    parts: tuple[Part, ...], entries: Mapping[int, PageEntry]
) -> tuple[tuple[PageEntry | None, ...], tuple[tuple[int, ...], ...]]:
    """Return the innermost entry of each part, and the headings around it.

    :param entries: by the part that is an entry's heading
    """
    of, around = list[PageEntry | None](), list[tuple[int, ...]]()
    open_ones = list[int]()
    for at, part in enumerate(parts):
        while open_ones and parts[open_ones[-1]].until <= at:
            open_ones.pop()
        around.append(tuple(open_ones))
        if part.shape is Shape.HEADING:
            open_ones.append(at)
        inner = (entries[each] for each in reversed(open_ones) if each in entries)
        of.append(entries.get(at) or next(inner, None))
    return tuple(of), tuple(around)


def names_of(contract: StatedContract) -> dict[str, str]:
    """Return the contract's name of a call by each name that it has."""
    return {also: name for name, call in contract.calls.items() for also in (name, *call.also)}


def _entry(
    part: Part, at: int, contract: StatedContract, known: Mapping[str, str],
    before: list[PageEntry],
) -> PageEntry | None:  # fmt: skip
    text = _ENUMERATED.sub("", part.text, count=1)
    if part.shape is Shape.TEXT:
        listed = _LISTED.fullmatch(text)
        if listed is None:
            return None
        name = listed[1]
        return PageEntry(name, part.line, at + 1, at + 1, known.get(name), int(listed[2], 0))
    if part.shape is not Shape.HEADING:
        return None
    alone = _IDENTIFIER.fullmatch(text)
    if alone is not None and (text in known or NAMED.fullmatch(text) is None):
        return PageEntry(text, part.line, at + 1, part.until, known.get(text))
    named = _HEADING.match(text)
    if named is not None:
        number = int(named[2], 0) if named[2] else None
        return PageEntry(named[1], part.line, at + 1, part.until, known.get(named[1]), number)
    if text in contract.conduits:
        return PageEntry(text, part.line, at + 1, part.until, None, conduit=text)
    return _by_code(part, text, at, contract, before) or _by_section(part, text, at, contract)


def _by_code(
    part: Part, text: str, at: int, contract: StatedContract, before: list[PageEntry]
) -> PageEntry | None:
    """Return the entry of a heading that names a code of an instruction, or a subcode of one."""
    coded = [name for name, each in contract.conduits.items() if each.instruction == "diag"]
    code, subcode = _CODE.match(text), _SUBCODE.match(text)
    if not coded or (code is None and subcode is None):
        return None
    if code is not None:
        value = int(code[1] or code[2], 16)
        for name in coded:
            if contract.conduits[name].immediate == value:
                return PageEntry(text, part.line, at + 1, part.until, None, conduit=name)
        call = next((n for n, c in contract.calls.items() if c.immediate == value), None)
        return PageEntry(f"code {value:#x}", part.line, at + 1, part.until, call)
    assert subcode is not None
    value = int(subcode[1], 0)
    around = [each for each in before if each.first <= at < each.until and each.conduit]
    by = around[-1].conduit if around else None
    call = next(
        (n for n, c in contract.calls.items()
         if c.by is not None and by in c.by and value in values_of(c)),
        None,
    )  # fmt: skip
    return PageEntry(f"subcode {value}", part.line, at + 1, part.until, call)


def _by_section(part: Part, text: str, at: int, contract: StatedContract) -> PageEntry | None:
    """Return the entry of a heading that one call alone names as its source."""
    calls = [
        name
        for name, call in contract.calls.items()
        if any(text.lower() == (each.section or "").lower() for each in call.source)
    ]
    if len(calls) != 1:
        return None
    return PageEntry(text, part.line, at + 1, part.until, calls[0])


def values_of(call: StatedCall) -> tuple[int, ...]:
    """Return what selects a call in any kernel: its numbers, or the instruction's immediate."""
    only = call.immediate if call.number is None else call.number
    return (*(() if only is None else (only,)), *(each.value for each in call.numbers))


def takes_for_call(page: Page, entry: PageEntry) -> bool:
    """Tell whether a document says what it says of calls: a number, a field, a line of one."""
    if entry.number is not None or entry.name.startswith(("code ", "subcode ")):
        return True
    for part in page.inside(entry):
        if part.shape is Shape.FIELD and part.cells[0].lower() in _CALL_FIELDS:
            return True
        if _CALL_LINES.match(part.text):
            return True
    return False


def architectures_said(page: Page, entry: PageEntry) -> tuple[str, ...] | None:
    """Return the architectures that an entry's field names, ``None`` where there is none."""
    for part in page.inside(entry):
        if part.shape is Shape.FIELD and part.cells[0].lower() in ("architecture", "architectures"):
            return tuple(re.findall(r"\w+", part.cells[1]))
    return None
