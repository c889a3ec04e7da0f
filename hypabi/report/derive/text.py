"""A derivation as text: for each provider and call number, what it does and how it ends."""

import enum
from collections.abc import Iterator, Mapping
from itertools import groupby

from hypabi.analysis.results.derivation import Answer, Derivation, Derived, Does, grouped
from hypabi.analysis.results.vector_table import HOW
from hypabi.behaviour.outcome import Effect, Returned, Store, address_text
from hypabi.image.symbolizer import Places
from hypabi.report.shared.counterexample import with_capabilities
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.outcome_text import ending
from hypabi.report.shared.register_sets import kept_in_words, ranges
from hypabi.report.shared.text_layout import COLUMNS, cut, filled, titled
from hypabi.smt import terms
from hypabi.smt.evaluate import signed
from hypabi.smt.terms import Value

MOST_PASSED = 8
"""General registers printed of a case that does not return; the rest is named."""

MOST_LINES = 3
"""Lines printed of one condition; JSON has all of it."""

LABEL = 10


class Cases(enum.Enum):
    """How the cases of one call are printed."""

    AGREEING_TOGETHER = "agreeing together"
    ONE_BY_ONE = "one by one"


def write(derivation: Derivation, cases: Cases = Cases.AGREEING_TOGETHER) -> str:
    """Return a derivation as text."""
    return "\n".join(_lines(derivation, cases)) + "\n"


def _lines(derivation: Derivation, cases: Cases) -> Iterator[str]:
    kernel = derivation.loaded.images[-1]
    version = kernel.version or "a kernel that does not say its version"
    entries = len(derivation.derived)
    where = "1 entry" if entries == 1 else f"{entries} entries"
    yield from filled(f"{version} ({derivation.architecture.value}): hvc at {where}")
    places = Places(derivation.loaded)
    for each in derivation.derived:
        yield from _Writer(derivation, each, places, cases).lines()
    inputs = [("image", derivation.loaded.sha256)]
    if derivation.contract is not None:
        inputs.append(("contract", derivation.contract.sha256))
    yield from repeat(derivation.provenance, tuple(inputs))


class _Writer:
    def __init__(
        self, derivation: Derivation, derived: Derived, places: Places, cases: Cases
    ) -> None:
        self.architecture = derivation.architecture
        self.identifier = derivation.identifier
        self.capabilities = with_capabilities(derivation.capabilities)
        self.derived = derived
        self.places = places
        self.cases = cases

    def lines(self) -> Iterator[str]:
        yield from self.title()
        for answer in self.derived.answers:
            yield ""
            yield from self.answer(answer)
        rests_on = dict.fromkeys(
            text
            for answer in self.derived.answers
            for does in answer.does
            for text in does.assumptions
        )
        if rests_on:
            yield ""
            yield "assumed"
        for text in rests_on:
            yield from filled(self.named(text), "  * ", "    ")

    def title(self) -> Iterator[str]:
        table, entry = self.derived.table, self.derived.entry
        if table is None:
            yield from titled(cut(self.places.name(entry), COLUMNS))
            yield f"hvc enters at {entry:#x}"
            return
        who = ", ".join(table.parties) or "no party of the contract"
        yield from titled(cut(who, COLUMNS))
        name = table.name or "a table without a symbol"
        yield from filled(
            f"{name} at {table.address:#x} ({table.role.value}, {table.kind}, found "
            f"{HOW[table.how]}); hvc enters at {entry:#x}"
        )

    def answer(self, answer: Answer) -> Iterator[str]:
        title = f"any other {self.identifier}"
        if answer.number is not None:
            number = terms.text(answer.number, self.architecture.bits)
            title = f"{self.identifier} = {number}"
        title = f"{title}  {answer.call}" if answer.call else title
        groups = self.groups(answer)
        if len(groups) == 1:
            yield title
            yield from self.group(groups[0], answer, "  ")
            return
        yield f"{title}  ({len(groups)} cases)"
        for index, group in enumerate(groups, 1):
            yield f"  case {index}"
            yield from self.group(group, answer, "    ")

    def groups(self, answer: Answer) -> tuple[tuple[Does, ...], ...]:
        if self.cases is Cases.ONE_BY_ONE:
            return tuple((does,) for does in answer.does)
        return grouped(answer.does)

    def group(self, group: tuple[Does, ...], answer: Answer, indent: str) -> Iterator[str]:
        ways = [terms.land(*does.where) for does in group]
        if terms.lor(*ways) != 1:
            for index, way in enumerate(ways):
                label = "or" if index else "where"
                lines = list(filled(self.said(way, 1), f"{indent}{label:<{LABEL}}"))
                yield from lines[:MOST_LINES]
                if len(lines) > MOST_LINES:
                    yield f"{indent}{'':<{LABEL}}..."
        yield from self.does(group[0], answer, indent)

    def does(self, does: Does, answer: Answer, indent: str) -> Iterator[str]:
        if isinstance(does.outcome, Returned):
            yield from self.returned(does, answer, indent)
        else:
            yield from self.values(indent, "passes", does.general, MOST_PASSED)
        yield from self.values(indent, "sets", does.system, len(does.system))
        for index, text in enumerate(self.written(does.stores)):
            yield self.line(indent, "" if index else "writes", text)
        if does.effects:
            yield from filled(effects(does.effects), f"{indent}{'does':<{LABEL}}")
        label, text = ending(does.outcome, does.last, self.places)
        yield from filled(self.named(text), f"{indent}{label:<{LABEL}}")

    def returned(self, does: Does, answer: Answer, indent: str) -> Iterator[str]:
        bits = self.architecture.bits
        result = does.general.get(self.identifier, answer.number)
        text = "unchanged" if result is None else self.said(result, bits)
        yield self.line(indent, "result", f"{self.identifier} = {text}")
        lost = [name for name in does.general if name != self.identifier]
        yield from filled(ranges(lost) or "nothing else", f"{indent}{'loses':<{LABEL}}")
        keeps = kept_in_words(self.architecture, {self.identifier, *does.general})
        yield from filled(keeps, f"{indent}{'keeps':<{LABEL}}")

    def values(
        self, indent: str, label: str, values: Mapping[str, Value], most: int
    ) -> Iterator[str]:
        for index, (name, value) in enumerate(values.items()):
            if index == most:
                rest = ranges(list(values)[index:])
                yield self.line(indent, "", f"and {len(values) - most} more: {rest}")
                return
            text = self.said(value, self.derived.behaviour.widths[name])
            yield self.line(indent, "" if index else label, f"{name} = {text}")

    def written(self, stores: tuple[Store, ...]) -> Iterator[str]:
        """Yield the regions that stores cover; a single store shows its value."""
        bits = self.architecture.bits
        for base, of_base in groupby(stores, key=lambda store: store.base):
            region = list(of_base)
            if len(region) == 1:
                only = region[0]
                where = address_text(base, only.offset, bits)
                value = self.said(only.value, 8 * only.size)
                yield f"{only.size} bytes at {self.named(where)}: {value}"
                continue
            starts = [signed(store.offset, bits) for store in region]
            ends = [at + store.size for at, store in zip(starts, region, strict=True)]
            where = address_text(base, min(starts) & (1 << bits) - 1, bits)
            yield f"{len(region)} times in {max(ends) - min(starts)} bytes at {self.named(where)}"

    def said(self, value: Value, width: int) -> str:
        return self.named(terms.text(value, width))

    def named(self, text: str) -> str:
        return self.capabilities(self.places.inside(text))

    def line(self, indent: str, label: str, text: str) -> str:
        return cut(f"{indent}{label:<{LABEL}}{text}", COLUMNS)


def effects(performed: tuple[Effect, ...]) -> str:
    """Name effects in program order; a repetition is counted."""
    names = [
        effect.name if effect.guard == 1 else f"{effect.name} (at times)" for effect in performed
    ]
    runs = [(name, len(list(same))) for name, same in groupby(names)]
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)
