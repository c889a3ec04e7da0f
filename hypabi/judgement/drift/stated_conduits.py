"""What a document says of how every call is passed, held against a stated contract.

Read are sentences and tables that say what registers hold, the codes and subcodes of an
instruction, and values that all calls share.  A contract may have several conduits, and a part of a
document is held against the one that it fits best.
"""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import StatedConduit
from hypabi.contract.stated.validation import bits_of
from hypabi.judgement.drift.document import Part, Shape
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.registers_said import ARM, Said, registers_in, said_in
from hypabi.judgement.drift.stated_calls import BESIDE
from hypabi.judgement.drift.stated_holding import Holding, expanded
from hypabi.judgement.drift.stated_page import ARCHITECTURES, PageEntry
from hypabi.records import frozen

_CODE: Final = re.compile(r"\b(?:DIAGNOSE|function code|specifies)\s+(?:with function code\s+)?"
                          r"(0x[0-9a-fA-F]{1,4})\b")  # fmt: skip
_SUBCODES: Final = re.compile(r"\bsubcodes?\s+(\d{1,4})(?:\s*-\s*(\d{1,4}))?", re.IGNORECASE)
_SHIFTED: Final = re.compile(r"\(?\b(\d{1,5})\s*<<\s*(\d{1,2})\)?")
_HYPERCALL: Final = re.compile(r"\bhypercall\s+\((0x[0-9a-fA-F]{1,4})\)")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)


@frozen
class ConduitFacts(Holding):
    """The facts that all calls share."""

    def codes(self, ours: tuple[PageEntry, ...]) -> Iterator[Fact]:
        """Yield the codes and subcodes of an instruction that sentences name."""
        coded = {n: c for n, c in self.contract.conduits.items() if c.immediate is not None}
        subcodes = {
            number
            for name, numbers in self.page.numbers.items()
            if set(self.contract.calls[name].by or ()) & coded.keys()
            for number in numbers
        }
        diag = any(each.instruction == "diag" for each in self.contract.conduits.values())
        for at, sentence in enumerate(self.page.document.sentences if diag else ()):
            entry = self.page.at(sentence.line)
            if entry is None or BESIDE.match(sentence.text):
                continue
            for match in _CODE.finditer(sentence.text):
                here = self.code_of(entry)
                if entry in ours and here is not None:
                    line = self.page.line_of(match[1], sentence.line)
                    said = int(match[1], 16)
                    what = f"the code of {entry.call or entry.conduit}"
                    yield Fact(what, None, line, at, f"{said:#x}", f"{here:#x}", None)
            of_code = entry.conduit is None and self.code_of(entry) is not None
            for match in () if of_code else _SUBCODES.finditer(sentence.text):
                said_range = range(int(match[1]), int(match[2] or match[1]) + 1)
                wrong = [n for n in said_range if n not in subcodes]
                there = ", ".join(map(str, sorted(subcodes)))
                if subcodes:
                    text = f"{wrong[0]}" if wrong else there
                    line = self.page.line_of(match[0].split()[-1], sentence.line)
                    yield Fact("the subcodes", None, line, at, text, there, None)

    def conduits(self, ours: tuple[PageEntry, ...]) -> Iterator[Fact]:
        """Yield how every call is passed, block for block, by the conduit that fits each best."""
        found = [
            {name: tuple(self.block(conduit, name, block))
             for name, conduit in self.contract.conduits.items()
             if heading.conduit in (None, name)}
            for heading, block in self.blocks(ours).items()
        ]  # fmt: skip
        fits = {
            name: sum(_fits(each.get(name, ())) for each in found)
            for name in self.contract.conduits
        }
        for each in found:
            yield from max(each.items(), key=lambda of: (_fits(of[1]), fits[of[0]]))[1]

    def blocks(self, ours: tuple[PageEntry, ...]) -> dict["Block", list[Part]]:
        """Return the parts that are of no call, by the innermost heading they stand under."""
        found = dict[Block, list[Part]]()
        for at, part in enumerate(self.page.document.parts):
            of = self.page.of[at]
            if part.shape is Shape.HEADING or (of is not None and of.conduit is None):
                continue
            around = self.page.headings[at]
            if self.is_foreign(around):
                continue
            conduit = None if of is None or of not in ours else of.conduit
            found.setdefault(Block(around[-1] if around else -1, conduit), []).append(part)
        return found

    def is_foreign(self, headings: tuple[int, ...]) -> bool:
        """Tell whether what stands under headings is of other architectures, by their titles."""
        titles = (self.page.document.parts[at].text.rstrip(":").lower() for at in headings)
        spoken = {ARCHITECTURES[each] for each in titles if each in ARCHITECTURES}
        return bool(spoken) and not spoken & set(self.architectures)

    def block(self, conduit: StatedConduit, name: str, parts: list[Part]) -> Iterator[Fact]:
        """Yield what a block says, held against one conduit."""
        for on in self.architectures:
            head: tuple[str, ...] = ()
            rows: list[Part] = []
            for part in parts:
                if part.shape is Shape.HEAD:
                    head = part.cells
                elif part.shape is Shape.ROW and head and head[0].lower().startswith("register"):
                    rows.append(part)
                elif part.shape is Shape.ROW and head and head[0].lower() == "code":
                    yield from self.return_code(part)
                elif part.shape is Shape.FIELD:
                    yield from self.conduit_field(conduit, name, part, on)
                elif part.shape is Shape.TEXT:
                    yield from self.prose(conduit, name, part, on)
            yield from self.register_rows(conduit, name, rows, on)

    def return_code(self, part: Part) -> Iterator[Fact]:
        """Yield a row of a table of return codes."""
        if re.fullmatch(r"-?\d{1,9}", part.cells[0]) and int(part.cells[0]):
            values = [each.value for each in self.contract.errors.values()]
            if values:
                said = int(part.cells[0])
                ours = str(said) if said in values else "no error of this value"
                yield self.fact("a return code", part.line, str(said), ours)

    def conduit_field(
        self, conduit: StatedConduit, name: str, part: Part, on: ArchitectureName
    ) -> Iterator[Fact]:
        """Yield a field of a conduit, as our own pages have them."""
        identifier = conduit.identifier
        groups = {
            "identifier in": None if identifier is None else (identifier.on(on) or "",),
            "arguments in": expanded(conduit.arguments, on),
            "results in": expanded(conduit.results, on),
            "may be lost": expanded(conduit.may_change, on),
        }
        ours = groups.get(part.cells[0].lower())
        said = registers_in(part.cells[1], on)
        if ours is not None and said and len(self.architectures) == 1:
            label = part.cells[0].split(" ", maxsplit=1)[0].lower()
            yield from self.same(f"the {label} registers of {name}", part.line, list(said), ours)

    def prose(
        self, conduit: StatedConduit, name: str, part: Part, on: ArchitectureName
    ) -> Iterator[Fact]:
        """Yield what sentences say of registers, and of values that every call shares."""
        ours, text = _roles(conduit, on), "\n".join(part.cells)
        for role, said, at in said_in(text, on) if conduit.identifier is not None else ():
            wanted = ours.get(role)
            if wanted is not None and not (on in ARM and role is Said.RETURNED):
                line = part.line + text.count("\n", 0, at)
                yield from self.same(f"{role.value} of {name}", line, list(said), wanted)
        for match in _HYPERCALL.finditer(part.text):
            value = conduit.immediate
            wanted_text = "none" if value is None else f"{value:#x}"
            yield self.fact(
                f"the immediate of {name}", part.line, match[1].lower(), wanted_text, match[1]
            )
        for match in _SHIFTED.finditer(part.text):
            parts = [f for f in conduit.fields.values() if bits_of(f)[1] == int(match[2])]
            values = [v for field in parts for v in field.values.values()]
            if values:
                said_value, listed = int(match[1]), ", ".join(map(str, values))
                text = listed if said_value in values else str(said_value)
                yield self.fact(f"the vendor of {name}", part.line, text, listed, match[0])
        ids = {u.lower() for call in self.contract.calls.values()
               for p in call.results.values() for u in _UUID.findall(p.means)}  # fmt: skip
        for match in _UUID.finditer(part.text):
            listed = ", ".join(sorted(ids))
            if ids:
                said_id = listed if match[0].lower() in ids else match[0].lower()
                yield self.fact("the UID", part.line, said_id, listed, match[0])

    def register_rows(
        self, conduit: StatedConduit, name: str, rows: list[Part], on: ArchitectureName
    ) -> Iterator[Fact]:
        """Yield what a table says of registers: which hold the number, arguments and answers."""
        held: dict[Said, list[tuple[str, Part]]] = {}
        for part in rows:
            for register in registers_in(part.cells[0], on):
                for role in _said_of_row(" ".join(part.cells[1:])):
                    held.setdefault(role, []).append((register, part))
        for role, wanted in _roles(conduit, on).items():
            named = held.get(role, [])
            if named:
                wrong = next((p for r, p in named if r not in wanted), named[0][1])
                said = [register for register, _ in named]
                yield from self.same(
                    f"{role.value} of {name}, in the table", wrong.line, said, wanted
                )


@frozen
class Block:
    """A heading, and the conduit that it is about."""

    heading: int
    conduit: str | None


def _said_of_row(text: str) -> Iterator[Said]:
    for role, pattern in (
        (Said.ARGUMENTS, r"\d(?:st|nd|rd|th) parameter|\bin and out values|\bargument"),
        (Said.NUMBER, r"hypercall number|op-?code"),
        (Said.RETURNED, r"return (?:code|value)"),
        (Said.OUTPUT, r"output value|\bout values"),
    ):
        if re.search(pattern, text, re.IGNORECASE):
            yield role


def _roles(conduit: StatedConduit, on: ArchitectureName) -> dict[Said, tuple[str, ...]]:
    """Return the registers of a conduit by what they hold."""
    found: dict[Said, tuple[str, ...]] = {}
    identifier = None if conduit.identifier is None else conduit.identifier.on(on)
    if identifier is not None:
        found[Said.NUMBER] = (identifier,)
    arguments, results = expanded(conduit.arguments, on), expanded(conduit.results, on)
    if arguments is not None:
        found[Said.ARGUMENTS] = arguments
    if results is not None:
        found[Said.RETURNED] = results[:1]
        found[Said.OUTPUT] = results[1:]
    return found


def _fits(facts: tuple[Fact, ...]) -> int:
    """Return how many facts agree."""
    return sum(not each.differs for each in facts)
