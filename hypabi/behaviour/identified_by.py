"""By what a provider tells its calls apart, where no contract says it."""

from collections.abc import Iterator
from typing import Final

from hypabi.arch.identifiers import IDENTIFIERS, IMMEDIATE
from hypabi.arch.names import Architecture
from hypabi.behaviour.by_number import compared_numbers, comparisons_in
from hypabi.behaviour.case import Behaviour
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

ARGUMENTS: Final = 18
"""Registers in which a caller may pass a number: x0-x17; on arm r0-r12."""


def identifier_used(behaviour: Behaviour, architecture: Architecture) -> str | None:
    """Return what a provider compares with the most numbers, ``None`` where it compares nothing.

    :param behaviour: of an ``hvc`` with any immediate
    :return: ``x8``; ``w8`` where nothing looks at its upper half; or ``immediate``
    """
    comparisons = tuple(comparisons_in(behaviour))
    bits = architecture.bits
    counted = {
        name: len({n for each in comparisons for n in compared_numbers(each, name, bits)})
        for name in _candidates(architecture)
    }
    usual = IDENTIFIERS[architecture]
    best = max(counted, key=lambda name: (counted[name], name == usual))
    if not counted[best]:
        return None
    if architecture is Architecture.ARM64 and best != IMMEDIATE and _half_used(comparisons, best):
        return f"w{best[1:]}"
    return best


def _candidates(architecture: Architecture) -> Iterator[str]:
    yield IMMEDIATE
    prefix, count = ("r", 13) if architecture is Architecture.ARM else ("x", ARGUMENTS)
    yield from (f"{prefix}{number}" for number in range(count))


def _half_used(comparisons: tuple[Term, ...], register: str) -> bool:
    """Tell whether no comparison depends on the upper half of a register."""
    high, low = terms.symbol("upper half", 32), terms.symbol("lower half", 32)
    halves: dict[Term, Value] = {terms.symbol(register, 64): terms.concat(high, low, 32, 32)}
    return not any(high in terms.symbols_of(terms.substitute(c, halves)) for c in comparisons)
