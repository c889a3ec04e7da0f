"""Derive the behaviour of a provider from the paths of its entry."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from hypabi.arch.aarch64 import VOLATILE
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.arch.vector_entries import Origin
from hypabi.behaviour.case import Behaviour, Case, Guard
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.symbolic.entry import (
    Entry,
    exception_to_el2,
    exception_to_hyp,
    hvc_to_el2,
    hvc_to_hyp,
    installer_entry,
)
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.outcome import Returned, Undecided
from hypabi.symbolic.path import Path
from hypabi.symbolic.places import OWN_POINTERS, span_of, within
from hypabi.symbolic.state import Step
from hypabi.symbolic.words import Ledger


@frozen
class Given:
    """What is known where code is entered."""

    registers: Mapping[str, terms.Value] = MappingProxyType({})
    """Those whose value is known; all others are symbols."""
    every_cpu: bool = False
    """Whether the program runs on every CPU of its architecture, so that it may name only the
    system registers that ID registers say there are; else it is taken to know that it has them."""


NOTHING_GIVEN: Final = Given()


def derive_behaviour(
    explorer: Explorer,
    address: int,
    immediate: int | None = 0,
    state: InstructionSet = InstructionSet.A32,
    identifier: str | None = None,
    given: Given = NOTHING_GIVEN,
) -> Behaviour:
    """Derive what ``hvc #immediate`` does when it enters at ``address``.

    :param address: physical or link address of the vector slot
    :param immediate: ``None`` for any
    :param state: of a HYP vector: in which it is written
    :param identifier: where the number of the call stands; x0 or r0 where ``None``
    """
    order = explorer.image.byte_order
    if explorer.image.architecture is Architecture.ARM64:
        entry = hvc_to_el2(address, immediate, order, identifier or "x0")
    else:
        counts = explorer.bits_counted(address, state)
        entry = hvc_to_hyp(address, immediate, state, order, counts, identifier or "r0")
    registers = {**entry.registers, **given.registers}
    return _derived(explorer, replace(entry, registers=registers, is_bare=given.every_cpu))


def derive_exception(
    explorer: Explorer, address: int, origin: Origin, state: InstructionSet
) -> Behaviour:
    """Derive what any exception does that enters at ``address``, whatever its syndrome says.

    :param address: of the vector slot
    :param origin: where it is taken from
    :param state: of a HYP vector: in which it is written
    """
    if explorer.image.architecture is Architecture.ARM64:
        return _derived(explorer, exception_to_el2(address, origin))
    order = explorer.image.byte_order
    counts = explorer.bits_counted(address, state)
    return _derived(explorer, exception_to_hyp(address, origin, state, order, counts))


def derive_installer(
    explorer: Explorer,
    address: int,
    state: InstructionSet,
    given: Given = NOTHING_GIVEN,
    ends: Mapping[int, str] = MappingProxyType({}),
    entered: Callable[..., Entry] = installer_entry,
) -> Behaviour:
    """Derive what code does that a CPU runs while it starts.

    :param address: of its first instruction, without bit 0
    :param ends: where what is asked of it ends, and what that is called
    :param entered: at EL2 or HYP (:func:`~hypabi.symbolic.entry.installer_entry`), or below
    """
    entry = entered(address, state, explorer.image.byte_order, given.registers, ends)
    return _derived(explorer, replace(entry, is_bare=given.every_cpu))


def _derived(explorer: Explorer, entry: Entry) -> Behaviour:
    paths = explorer.explore(entry)
    ledger = paths[0].state.memory.ledger
    found = tuple(_case(path, entry, explorer) for path in paths)
    cases = tuple(_resting(found, entry.address, ledger))
    names = sorted({name for case in cases for name in case.registers})
    widths = {name: explorer.profile.width(name) for name in names}
    return Behaviour(
        entry.address,
        entry.registers,
        entry.link,
        entry.status,
        cases,
        widths,
        entry.holds,
        ledger.read(),
    )


def _resting(cases: tuple[Case, ...], entry: int, ledger: Ledger) -> Iterator[Case]:
    """Yield cases, but undecided where they rest on a pointer that a call before may have set.

    :param ledger: with the pointers that a premise is about, and the words that were read
    """
    pointers = ledger.pointers
    returning = [case for case in cases if isinstance(case.outcome, Returned)]
    named = frozenset(name for each in pointers.values() for name in each)
    moved = sorted({name for case in returning for name in case.registers} & OWN_POINTERS)
    moved += sorted(
        name for name in named - OWN_POINTERS if any(_writes(c, name, ledger) for c in returning)
    )
    for case in cases:
        premises = [pointers.get(text, ()) for text in case.assumptions]
        rests = next((name for name in moved if any(name in each for each in premises)), None)
        if rests is None or isinstance(case.outcome, Undecided):
            yield case
        else:
            address = case.trail.address if isinstance(case.trail, Step) else entry
            reason = f"memory is told apart by {rests}, which a call through these vectors sets"
            yield replace(case, outcome=Undecided(address, reason))


def _writes(case: Case, name: str, ledger: Ledger) -> bool:
    """Tell whether a case may write the word of memory that a pointer is kept in."""
    if name not in ledger.words:
        return True
    _, base, offset = ledger.words[name]
    size, bits = ledger.bits // 8, ledger.bits
    word = span_of(base, offset, size, bits)
    for store in case.stores:
        span = span_of(store.base, store.offset, store.size, bits)
        if word is None or span is None or not within(span, ledger.segments, bits):
            return True
        if span.pointer == word.pointer and (
            span.lowest < word.highest and word.lowest < span.highest
        ):
            return True
    return False


def _case(path: Path, entry: Entry, explorer: Explorer) -> Case:
    state = path.state
    changed = {
        name: value
        for name, value in sorted(state.registers.items())
        if value is not _at_entry(name, entry, explorer)
        and value != _at_entry(name, entry, explorer)
        and name not in VOLATILE
    }
    return Case(
        Guard(state.conditions),
        changed,
        state.memory.stores,
        state.effects,
        path.outcome,
        state.assumptions,
        state.trail,
    )


def _at_entry(name: str, entry: Entry, explorer: Explorer) -> terms.Value:
    if name in entry.registers:
        return entry.registers[name]
    return terms.symbol(name, explorer.profile.width(name))
