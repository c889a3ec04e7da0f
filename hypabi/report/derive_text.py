"""A derivation as text: for each provider and call number, what it does and how it ends."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import assert_never

from hypabi.behaviour.outcome import (
    Called,
    Effect,
    Faulted,
    Left,
    Outcome,
    Returned,
    Store,
    Stuck,
    Undecided,
    address_text,
)
from hypabi.report.derive import Answer, Derivation, Derived, Does, grouped
from hypabi.report.lines import COLUMNS, cut, filled, titled
from hypabi.report.listing import Places
from hypabi.report.registers import kept, ranges
from hypabi.smt import terms
from hypabi.smt.terms import Value

MOST_LISTED = 6
"""Values printed of one kind; the rest is counted, and JSON has them all."""

LABEL = 9


def write(derivation: Derivation) -> str:
    """Return a derivation as text."""
    return "\n".join(_lines(derivation)) + "\n"


def _lines(derivation: Derivation) -> Iterator[str]:
    kernel = derivation.loaded.images[-1]
    version = kernel.version or "a kernel that does not say its version"
    entries = len(derivation.derived)
    yield from filled(
        f"{version} ({derivation.architecture.value}): what an hvc does at "
        f"{entries} {'entry' if entries == 1 else 'entries'}"
    )
    places = Places(derivation.loaded)
    for each in derivation.derived:
        yield from _Writer(derivation, each, places).lines()


class _Writer:
    def __init__(self, derivation: Derivation, derived: Derived, places: Places) -> None:
        self.architecture = derivation.architecture
        self.identifier = derivation.identifier
        self.derived = derived
        self.places = places

    def lines(self) -> Iterator[str]:
        yield from titled(cut(self.title(), COLUMNS))
        for answer in self.derived.answers:
            yield ""
            yield from self.answer(answer)

    def title(self) -> str:
        table = self.derived.table
        entry = self.places.name(self.derived.entry)
        if table is None:
            return f"{entry} ({self.derived.entry:#x})"
        who = ", ".join(table.parties) or "no party of the contract"
        return f"{who}: {table.name or entry} at {table.address:#x}, by {table.how}"

    def answer(self, answer: Answer) -> Iterator[str]:
        what = (
            f"any other {self.identifier}"
            if answer.number is None
            else f"{self.identifier} = {terms.text(answer.number, self.architecture.bits)}"
        )
        title = f"{what}  {answer.call}" if answer.call else what
        groups = grouped(answer.does)
        if len(groups) == 1:
            yield title
            yield from self.group(groups[0], "  ")
            return
        yield f"{title}  ({len(groups)} cases)"
        for index, group in enumerate(groups, 1):
            yield f"  case {index}"
            yield from self.group(group, "    ")

    def group(self, group: tuple[Does, ...], indent: str) -> Iterator[str]:
        for does in group:
            if does.where:
                bits = " && ".join(terms.text(condition, 1) for condition in does.where)
                yield self.line(indent, "where" if does is group[0] else "or", bits)
        yield from self.does(group[0], indent)

    def does(self, does: Does, indent: str) -> Iterator[str]:
        if isinstance(does.outcome, Returned):
            yield from self.returned(does, indent)
        elif does.general:
            yield from self.values(indent, "passes", does.general)
        yield from self.values(indent, "sets", does.system)
        for text in written(does.stores, self.architecture.bits):
            yield self.line(indent, "writes", text)
        if does.effects:
            yield self.line(indent, "does", effects(does.effects))
        yield self.line(indent, *ending(does.outcome, does.last, self.places))

    def returned(self, does: Does, indent: str) -> Iterator[str]:
        result = does.general.get(self.identifier)
        text = self.identifier if result is None else terms.text(result, self.architecture.bits)
        yield self.line(indent, "result", f"{self.identifier} = {text}")
        lost = [name for name in does.general if name != self.identifier]
        yield self.line(indent, "loses", ranges(lost) or "nothing")
        yield self.line(indent, "keeps", ranges(kept(self.architecture, does.general)))

    def values(self, indent: str, label: str, values: Mapping[str, Value]) -> Iterator[str]:
        for index, (name, value) in enumerate(values.items()):
            if index == MOST_LISTED:
                rest = list(values)[index:]
                yield self.line(indent, "", f"and {len(rest)} more: {ranges(rest)}")
                return
            width = self.derived.behaviour.widths[name]
            yield self.line(
                indent, label if index == 0 else "", f"{name} = {terms.text(value, width)}"
            )

    def line(self, indent: str, label: str, text: str) -> str:
        return cut(f"{indent}{label:<{LABEL}}{text}", COLUMNS)


def ending(outcome: Outcome, last: int | None, places: Places) -> tuple[str, str]:
    """Return how a case ends and where, as a label and a text."""
    at = "" if last is None else f", from {places.name(last)}"
    match outcome:
        case Returned():
            return "returns", f"to the caller{at}"
        case Left(target, mode, _):
            where = places.name(target) if isinstance(target, int) else terms.text(target, 64)
            return "leaves", f"to {where} at {mode}{at}"
        case Stuck(address):
            return "stuck", f"at {places.name(address)}"
        case Faulted(address, what):
            return "faults", f"at {places.name(address)}: {what}"
        case Called(name):
            return "calls", f"{name}, which is compiled code and not followed{at}"
        case Undecided(address, reason):
            return "undecided", f"beyond {places.name(address)}: {reason}"
        case _:
            assert_never(outcome)


def effects(performed: tuple[Effect, ...]) -> str:
    """Name effects in program order; a repetition is counted."""
    names = [
        effect.name if effect.guard == 1 else f"{effect.name} (at times)" for effect in performed
    ]
    runs = [(name, len(list(same))) for name, same in groupby(names)]
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)


def written(stores: tuple[Store, ...], bits: int) -> Iterator[str]:
    """Yield the regions that stores cover; a single store shows its value."""
    for base, of_base in groupby(stores, key=lambda store: store.base):
        region = list(of_base)
        if len(region) == 1:
            only = region[0]
            where = address_text(base, only.offset, bits)
            yield f"{only.size} bytes at {where}: {terms.text(only.value, 8 * only.size)}"
            continue
        signed = [_signed(store.offset, bits) for store in region]
        start = min(signed)
        end = max(at + store.size for at, store in zip(signed, region, strict=True))
        where = address_text(base, start & (1 << bits) - 1, bits)
        yield f"{len(region)} times within {end - start} bytes from {where}"


def _signed(offset: int, bits: int) -> int:
    return offset - (1 << bits) if offset >> (bits - 1) else offset
