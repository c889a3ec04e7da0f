"""Which unknowns of two behaviours are one, and which only one side has a name for."""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.behaviour.case import Behaviour, guard_terms
from hypabi.judgement.difference.difference_query import OF_THE
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

_WORD: Final = re.compile(r"\w+")
_OF_THE_CALLER: Final = re.compile(r"mem\[[rx]\d+( [-+] [0-9a-fx]+)?\]")
"""Memory at a general register of the caller's is the same memory, whoever reads it."""


def one_sided(home: Behaviour, other: Behaviour) -> frozenset[str]:
    """Return the memory and the addresses that only one side has a name for."""
    names = [{s.name for s in terms.symbols_of(*_values(each))} for each in (home, other)]
    return frozenset(
        name
        for name in names[0] ^ names[1]
        if name.startswith(("mem[", "&", "any")) and not _OF_THE_CALLER.fullmatch(name)
    )


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
        symbol: terms.symbol(f"{symbol.name}{OF_THE}{side}", symbol.width)
        for symbol in terms.symbols_of(*_values(behaviour))
        if symbol.name.startswith("mem[") and moved & set(_WORD.findall(symbol.name))
    }
