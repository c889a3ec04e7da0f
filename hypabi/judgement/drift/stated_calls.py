"""What the entries of a document say of calls, held against a stated contract.

Read are fields, rows of tables, arguments that are counted (``a0``), registers that sentences name,
and errors with their values.
"""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import StatedCall
from hypabi.contract.stated.validation import conduits_of
from hypabi.judgement.drift.document import NAME, Part, Shape
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.registers_said import registers_in
from hypabi.judgement.drift.stated_holding import Holding, expanded
from hypabi.judgement.drift.stated_page import ARCHITECTURES, NUMBER, PageEntry, values_of
from hypabi.records import frozen

_NUMBERS: Final = re.compile(rf"(?<![\w.])({NUMBER})(?![\w.]*\d)")
_NUMBER_LABELS: Final = ("number", "numbers", "immediate", "function id", "opcode", "op-code",
                         "hypercall number", "value", "code")  # fmt: skip
_POSITION: Final = re.compile(r"^\s*a(\d)\s*[:=-]", re.MULTILINE)
_MENTIONED: Final = re.compile(r"\(a(\d)\)")
_VALUED: Final = re.compile(rf"\b({NAME}|SUCCESS|[A-Z]{{4,}})\s*\(\s*(-?{NUMBER})\s*\)")
BESIDE: Final = re.compile(r"(?:Reason|Source|Evidence)\b")
"""What our own pages say besides of a call."""

_ERROR: Final = re.compile(rf"\b[Rr]eturn(?:s|ed)?\s+(?:value[^\w]+)?({NAME})\b")


@frozen
class CallFacts(Holding):
    """The facts of calls."""

    def call(self, entry: PageEntry, call: StatedCall) -> Iterator[Fact]:
        """Yield what an entry says of its call."""
        name = entry.call or ""
        if entry.number is not None:
            yield from self.number(name, call, (entry.number,), entry.line)
        numbers: list[tuple[int, int]] = []
        rows: dict[str, list[tuple[str, Part]]] = {}
        for label, part in self.labelled(entry):
            if label in _NUMBER_LABELS:
                text = " ".join(part.cells[1:] or part.cells)
                numbers += [(int(m[1], 0), part.line) for m in _NUMBERS.finditer(text)]
            elif part.shape is Shape.FIELD:
                yield from self.field(name, call, label, part)
            elif part.shape is Shape.ROW and part.cells[0] in {**call.arguments, **call.results}:
                yield from self.parameter(name, call, label, part)
            elif part.shape is Shape.ROW:
                rows.setdefault(label.rstrip("s"), []).extend((c, part) for c in part.cells)
        if numbers:
            yield from self.number(name, call, tuple(n for n, _ in numbers), numbers[0][1])
        yield from self.tables(name, call, rows)
        yield from self.positions(name, call, entry)
        yield from self.named_registers(name, call, entry)
        yield from self.errors(name, call, entry)

    def labelled(self, entry: PageEntry) -> Iterator[tuple[str, Part]]:
        """Yield the parts of an entry, each with what its column, its row or its line is called."""
        label = ""
        for part in self.page.inside(entry):
            match part.shape:
                case Shape.HEAD:
                    label = part.cells[0].lower()
                case Shape.FIELD:
                    label = part.cells[0].lower()
                case Shape.ROW if part.cells[0].endswith(":"):
                    label = part.cells[0].rstrip(":").lower()
                case Shape.ROW:
                    pass
                case _:
                    label = part.text.partition(":")[0].lower()
            yield label, part

    def number(
        self, name: str, call: StatedCall, said: tuple[int, ...], line: int
    ) -> Iterator[Fact]:
        """Yield each number that is said of a call; one that no kernel has differs."""
        here, every = self.page.numbers.get(name, ()), values_of(call)
        if not every:
            return
        wanted = every if len(set(said)) > 1 or not here else here
        listed = ", ".join(f"{each:#x}" for each in dict.fromkeys(wanted))
        for value in dict.fromkeys(said):
            text = listed if value in wanted else f"{value:#x}"
            spelled = next((s for s in (f"{value:#x}", str(value)) if self.has(s, line)), "")
            yield self.fact(f"the number of {name}", line, text, listed, spelled)

    def has(self, text: str, line: int) -> bool:
        """Tell whether a text stands on a line, or not far behind it."""
        return self.page.line_of(text, line) != line or text.lower() in (
            self.page.document.lines[line - 1].lower() if line else ""
        )

    def field(self, name: str, call: StatedCall, label: str, part: Part) -> Iterator[Fact]:
        """Yield what a field says of a call."""
        value = part.cells[1]
        if label == "status" and value.lower().startswith("active"):
            served = "active" if call.served_by else "nobody serves it"
            yield self.fact(f"the status of {name}", part.line, "active", served)
        if label in ("architecture", "architectures"):
            words = [ARCHITECTURES.get(w.lower(), w) for w in re.findall(r"\w+", value)]
            there = [each.value for each in self.contract.architectures]
            ours = ", ".join(there)
            fits = set(words) & set(self.contract.architectures)
            yield self.fact(f"the architecture of {name}", part.line, ours if fits else value, ours)
        if label == "errors":
            said = list(re.findall(r"[A-Z][A-Z0-9_]{3,}", value))
            yield from self.same(f"the errors of {name}", part.line, said, call.errors)
        if label == "served by":
            title = {each.title for each in self.contract.providers.values()}
            known = [t for t in sorted(title, key=len, reverse=True) if _has_word(value, t)]
            wanted = [self.contract.providers[each].title for each in call.served_by]
            hidden = {t for t in known for o in known if t != o and t in o and t not in wanted}
            yield from self.same(
                f"who serves {name}", part.line, [t for t in known if t not in hidden], wanted
            )

    def tables(
        self, name: str, call: StatedCall, said: dict[str, list[tuple[str, Part]]]
    ) -> Iterator[Fact]:
        """Yield the registers that rows name for arguments and results."""
        for label, table in (
            ("argument", call.arguments), ("result", call.results), ("return value", call.results),
        ):  # fmt: skip
            cells = said.get(label, [])
            for on in (each for each in self.architectures if call.holds(each, None)):
                named = [
                    (r, p) for c, p in cells if _is_register(c, on) for r in registers_in(c, on)
                ]
                ours = [self.register(p.register, on) for p in table.values()]
                known = [each for each in ours if each is not None]
                if not named or len(known) < len(ours) or (not ours and label != "argument"):
                    continue
                extra = (
                    {"x0"} if label == "return value" and on is ArchitectureName.ARM64 else set()
                )
                extra |= {"r0"} if label == "return value" and on is ArchitectureName.ARM else set()
                there = {r for r, _ in named} - (extra - set(known))
                what = f"the registers of {label}s of {name} on {on.value}"
                wrong = next((p for r, p in named if r not in known), named[0][1])
                yield from self.same(what, wrong.line, sorted(there), known)

    def parameter(self, name: str, call: StatedCall, label: str, part: Part) -> Iterator[Fact]:
        """Yield what a row says of the register of one argument or result."""
        table = call.arguments if label.startswith("argument") else call.results
        held = table.get(part.cells[0])
        for on in self.architectures:
            ours = None if held is None else self.register(held.register, on)
            said = registers_in(part.cells[1], on) if len(part.cells) > 1 else ()
            if ours is not None and said and call.holds(on, None):
                what = f"the register of {part.cells[0]} in {name}"
                yield self.fact(what, part.line, ", ".join(said), ours)

    def positions(self, name: str, call: StatedCall, entry: PageEntry) -> Iterator[Fact]:
        """Yield the arguments that are counted from a0 on."""
        parts = [p for p in self.page.inside(entry) if p.shape is Shape.TEXT]
        parts += [p for p in self.page.inside(entry) if p.shape is Shape.FIELD]
        text = [("\n".join(p.cells), p) for p in parts]
        listed = [(int(m[1]), p) for t, p in text for m in _POSITION.finditer(t)]
        found = listed or [(int(m[1]), p) for t, p in text for m in _MENTIONED.finditer(t)]
        arguments = self.passed(call)
        if not found or arguments is None:
            return
        ours = {self.register(p.register, self.architectures[0]) for p in call.arguments.values()}
        places = {f"a{arguments.index(r)}" if r in arguments else str(r) for r in ours}
        there = {f"a{n}" for n, _ in found}
        wrong = next(((f"a{n}", p) for n, p in found if f"a{n}" not in places), None)
        first = f"a{found[0][0]}", found[0][1]
        at, part = first if wrong is None else wrong
        for fact in self.same(f"the arguments of {name}", part.line, list(there), list(places)):
            yield self.fact(fact.what, part.line, fact.document, fact.contract, at)

    def passed(self, call: StatedCall) -> tuple[str, ...] | None:
        """Return the registers of the arguments of a call's first conduit."""
        first = self.contract.conduits[conduits_of(self.contract, call)[0]]
        return expanded(first.arguments, self.architectures[0])

    def named_registers(self, name: str, call: StatedCall, entry: PageEntry) -> Iterator[Fact]:
        """Yield registers that sentences say contain arguments, or the answer when it is done."""
        on = self.architectures[0]
        arguments: list[tuple[str, int]] = []
        results: list[tuple[str, int]] = []
        for part in self.page.inside(entry):
            if part.shape is not Shape.TEXT or not re.search("general register", part.text, re.I):
                continue
            behind = re.search(r"\b(?:completion|return)\b", part.text, re.IGNORECASE)
            for each in registers_in(part.text, on):
                line = self.page.line_of(each.replace("r", "register "), part.line)
                (results if behind else arguments).append((each, line))
        for what, found, table in (
            ("arguments", arguments, call.arguments), ("results", results, call.results),
        ):  # fmt: skip
            ours = [self.register(p.register, on) for p in table.values()]
            if found and call.against is None and None not in ours:
                said = [each for each, _ in found]
                wrong = next((line for r, line in found if r not in ours), found[0][1])
                text = f"the registers of {what} of {name}"
                yield from self.same(text, wrong, said, [each for each in ours if each])

    def errors(self, name: str, call: StatedCall, entry: PageEntry) -> Iterator[Fact]:
        """Yield the errors that an entry names, and the values that it gives them."""
        for part in self.page.inside(entry):
            if part.shape in (Shape.LITERAL, Shape.HEAD):
                continue
            text = part.text
            if BESIDE.match(text) or (part.shape is Shape.FIELD and part.cells[0] == "Errors"):
                continue
            for match in _VALUED.finditer(text):
                error = self.contract.errors.get(match[1])
                if error is not None:
                    said = int(match[2], 0)
                    yield self.fact(
                        f"the value of {match[1]}", part.line, str(said), str(error.value), match[1]
                    )
            named = [w for w in re.findall(rf"\b{NAME}\b", text) if w in self.contract.errors]
            named += [m[1] for m in _ERROR.finditer(text) if m[1] not in self.contract.calls]
            if re.match(r"Return Values?\s*:", text):
                named += [w.upper() for w in re.findall(r"\b[A-Z]_\w+", text)]
            for error_name in dict.fromkeys(named):
                if error_name.endswith("SUCCESS"):
                    continue
                fits = error_name in call.errors
                ours = ", ".join(call.errors) or "none"
                said_text = ours if fits else error_name
                yield self.fact(f"an error of {name}", part.line, said_text, ours, error_name)


def _is_register(cell: str, on: ArchitectureName) -> bool:
    """Tell whether a cell holds registers and nothing else, but for the word "on"."""
    return (
        re.fullmatch(r"[\w,; -]{1,60}", cell) is not None
        and bool(registers_in(cell, on))
        and (
            re.fullmatch(r"[A-Za-z]{1,2}\d{0,2}[a-z]?(?:\s*(?:on \w+|[,;-]|and)\s*\w*)*", cell)
            is not None
            or len(cell) <= 4
        )
    )


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
