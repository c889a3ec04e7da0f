"""Which unknowns of two behaviours are one, and which only one side has a name for."""

from collections.abc import Iterator

from hypabi.behaviour.case import Behaviour, guard_terms
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import (
    AddressOf,
    Capability,
    General,
    Havoc,
    MemoryWord,
    Named,
    marked,
    unknown_of,
)


def one_sided(home: Behaviour, other: Behaviour) -> frozenset[str]:
    """Return the memory and the addresses that only one side has a name for."""
    names = [{s.name for s in terms.symbols_of(*_values(each))} for each in (home, other)]
    return frozenset(name for name in names[0] ^ names[1] if _needs_the_side(name))


def _needs_the_side(name: str) -> bool:
    """Tell whether nobody knows what an unknown of the other side is called here."""
    match unknown_of(name):
        case MemoryWord() as word:
            return not word.is_of_the_caller
        case AddressOf() | Havoc():
            return True
        case General() | Capability() | Named():
            return False


def _values(behaviour: Behaviour) -> Iterator[Value]:
    yield from behaviour.at_entry.values()
    for case in behaviour.cases:
        yield from guard_terms(case)
        yield from case.registers.values()
        for store in case.stores:
            yield store.value
            yield 0 if store.base is None else store.base


def memory_at(behaviour: Behaviour, moved: set[str], side: str) -> dict[Term, Value]:
    """Tell apart the memory that both sides name by registers which hold different things."""
    return {
        symbol: terms.symbol(marked(symbol.name, side), symbol.width)
        for symbol in terms.symbols_of(*_values(behaviour))
        if _is_read_through(symbol.name, moved)
    }


def _is_read_through(name: str, registers: set[str]) -> bool:
    word = unknown_of(name)
    return isinstance(word, MemoryWord) and not registers.isdisjoint(word.named)
