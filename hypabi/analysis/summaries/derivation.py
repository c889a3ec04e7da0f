"""What was derived from an image, told as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from hypabi.analysis.findings.derivation import Answer, Derivation, Derived, Does, Served
from hypabi.analysis.results.derivation import (
    AgreeingCases,
    DerivedCall,
    DerivedCase,
    DerivedEntry,
    DeriveReproduction,
    DeriveResult,
    MemoryRegion,
    MemoryWrite,
    ServedNumber,
    SystemEffect,
)
from hypabi.analysis.summaries.outcome_text import ending
from hypabi.analysis.summaries.shared import identify_image, symbols_in, vector_table
from hypabi.analysis.summaries.values import text_of
from hypabi.arch.names import Architecture
from hypabi.behaviour.outcome import Effect, Store, address_text
from hypabi.contract.registers import registers_of
from hypabi.image.symbolizer import Places
from hypabi.smt import terms
from hypabi.smt.evaluate import signed
from hypabi.smt.terms import Value


def summarize_derivation(derivation: Derivation) -> DeriveResult:
    """Return what was derived as plain values."""
    places = Places(derivation.loaded)
    entries = tuple(_entry(derivation, each, places) for each in derivation.derived)
    contract = derivation.contract
    return DeriveResult(
        identify_image(derivation.loaded),
        derivation.identifier,
        derivation.result,
        entries,
        tuple(map(vector_table, derivation.left_out)),
        dict(derivation.capabilities),
        symbols_in(_texts(entries), places),
        DeriveReproduction(
            command=derivation.provenance.command,
            versions=dict(derivation.provenance.versions),
            image_sha256=derivation.loaded.sha256,
            contract_sha256=None if contract is None else contract.sha256,
        ),
    )


def _served(served: Served) -> ServedNumber:
    number = None if served.number is None else f"{served.number:#x}"
    return ServedNumber(number, served.ends)


def _entry(derivation: Derivation, derived: Derived, places: Places) -> DerivedEntry:
    table = derived.table
    summary = _Summary(derivation.architecture, derived.behaviour.widths, places)
    return DerivedEntry(
        f"{derived.entry:#x}",
        places.name(derived.entry),
        () if table is None else table.parties,
        None if table is None else vector_table(table),
        tuple(map(summary.call, derived.answers)),
        tuple(_served(each) for each in derived.served),
    )


class _Summary:
    """Tells what one entry does."""

    def __init__(
        self, architecture: Architecture, widths: Mapping[str, int], places: Places
    ) -> None:
        self.architecture = architecture
        self.bits = architecture.bits
        self.widths = widths
        self.places = places

    def call(self, answer: Answer) -> DerivedCall:
        return DerivedCall(
            None if answer.number is None else f"{answer.number:#x}",
            answer.call,
            tuple(map(self.case, answer.does)),
            tuple(_agreeing(answer.does)),
        )

    def case(self, does: Does) -> DerivedCase:
        ends, how = ending(does.outcome, self.places)
        return DerivedCase(
            tuple(terms.text(condition, 1) for condition in does.where),
            terms.text(terms.land(*does.where), 1),
            self.values(does.general),
            self.values(does.system),
            tuple(_kept(self.architecture, does.general)),
            tuple(map(self.store, does.stores)),
            tuple(self.regions(does.stores)),
            tuple(map(self.effect, does.effects)),
            ends,
            how,
            None if does.last is None else f"{does.last:#x}",
            None if does.last is None else self.places.name(does.last),
            does.assumptions,
        )

    def values(self, values: Mapping[str, Value]) -> Mapping[str, str]:
        return {name: text_of(value, self.widths[name]) for name, value in values.items()}

    def store(self, store: Store) -> MemoryWrite:
        where = address_text(store.base, store.offset, self.bits)
        return MemoryWrite(where, store.size, text_of(store.value, 8 * store.size))

    def regions(self, stores: tuple[Store, ...]) -> Iterator[MemoryRegion]:
        for base, of_base in groupby(stores, key=lambda store: store.base):
            region = list(of_base)
            starts = [signed(store.offset, self.bits) for store in region]
            ends = [at + store.size for at, store in zip(starts, region, strict=True)]
            where = address_text(base, min(starts) & (1 << self.bits) - 1, self.bits)
            yield MemoryRegion(where, max(ends) - min(starts), len(region))

    def effect(self, effect: Effect) -> SystemEffect:
        return SystemEffect(
            f"{effect.address:#x}",
            effect.name,
            tuple(text_of(operand, self.bits) for operand in effect.operands),
            None if effect.guard == 1 else terms.text(effect.guard, 1),
        )


def _kept(architecture: Architecture, changed: Iterable[str]) -> Iterator[str]:
    """Yield the general registers of a caller at EL1 or PL1 that are not in ``changed``."""
    lost = set(changed)
    yield from (name for name in registers_of(architecture).general if name not in lost)


def _agreeing(does: tuple[Does, ...]) -> Iterator[AgreeingCases]:
    """Yield the cases that do the same, in the order of the first of each."""
    groups: dict[object, list[int]] = {}
    for place, each in enumerate(does):
        groups.setdefault(_deeds(each), []).append(place)
    for places in groups.values():
        ways = [terms.land(*does[place].where) for place in places]
        yield AgreeingCases(tuple(places), terms.lor(*ways) == 1)


def _deeds(does: Does) -> object:
    """Return all that a case does, without when."""
    return (
        tuple(does.general.items()),
        tuple(does.system.items()),
        does.stores,
        tuple((effect.name, effect.operands, effect.guard) for effect in does.effects),
        does.outcome,
    )


def _texts(entries: tuple[DerivedEntry, ...]) -> Iterator[str]:
    """Yield what addresses may stand in that a reader wants by their symbols."""
    for entry in entries:
        for call in entry.calls:
            for case in call.cases:
                yield from (case.when, case.how, *case.assumptions)
                yield from case.registers.values()
                yield from case.system_registers.values()
                for write in case.memory:
                    yield from (write.address, write.value)
                yield from (region.address for region in case.regions)
