"""Merge two paths that meet: one state whose values depend on which path was taken."""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.symbolic.memory import Memory, Store
from hypabi.symbolic.state import Condition, Effect, Join, JumpedBack, State, depth

NEVER_MERGED: Final = frozenset(
    {"SPSel", "CURRENTEL", "CPSR.M", "CPSR.T", "CPSR.E", "CPSR.IT", "x30", "LR_usr"}
)
"""Registers that must agree, because they say what an instruction means or where control
returns."""


def merge(a: State, b: State, identifier: str, width_of: Callable[[str], int]) -> State | None:
    """Return one state for two at the same address, ``None`` where they are better kept apart.

    :param identifier: paths whose conditions differ in this register serve different calls
    """
    common = _common_prefix(a.conditions, b.conditions)
    guard = _guard(a.conditions[common:])
    other = _guard(b.conditions[common:])
    if _mentions(guard, identifier) or _mentions(other, identifier):
        return None
    memory = _merge_memory(a.memory, b.memory, guard)
    registers = _merge_registers(a, b, guard, width_of)
    if memory is None or registers is None:
        return None
    union = terms.lor(guard, other)
    known = {term: truth for term, truth in a.known.items() if b.known.get(term) is truth}
    conditions = a.conditions[:common]
    if not isinstance(union, int):
        conditions = (*conditions, Condition(a.conditions[common].address, union))
        known[union] = True
    return State(
        a.pc,
        registers,
        memory,
        known,
        conditions,
        _merge_effects(a.effects, b.effects, guard, other),
        _union(a.assumptions, b.assumptions),
        Join(guard, a.trail, b.trail, max(depth(a.trail), depth(b.trail))),
        _jumped_back(a, b),
        max(a.fresh, b.fresh),
        a.marked if a.marked == b.marked else None,
    )


def _jumped_back(a: State, b: State) -> Mapping[int, JumpedBack]:
    """Keep what both were; where they differ, only how often control jumped back is kept."""
    if a.jumped_back == b.jumped_back:
        return a.jumped_back
    rounds: dict[int, int] = {}
    for target, was in (*a.jumped_back.items(), *b.jumped_back.items()):
        rounds[target] = max(rounds.get(target, 0), was.rounds)
    return {target: JumpedBack({}, -1, 0, number) for target, number in rounds.items()}


def common_conditions(a: State, b: State) -> int:
    """Return how many decisions two paths share from the entry on."""
    return _common_prefix(a.conditions, b.conditions)


def _common_prefix(a: tuple[Condition, ...], b: tuple[Condition, ...]) -> int:
    length = 0
    for one, other in zip(a, b, strict=False):
        if one.term is not other.term:
            break
        length += 1
    return length


def _guard(conditions: tuple[Condition, ...]) -> Value:
    return terms.land(*(condition.term for condition in conditions))


def _mentions(value: Value, name: str) -> bool:
    return any(symbol.name == name for symbol in terms.symbols_of(value))


def _merge_registers(
    a: State, b: State, guard: Value, width_of: Callable[[str], int]
) -> dict[str, Value] | None:
    merged: dict[str, Value] = {}
    for name in {**a.registers, **b.registers}:
        width = width_of(name)
        one = a.registers.get(name)
        other = b.registers.get(name)
        one = terms.symbol(name, width) if one is None else one
        other = terms.symbol(name, width) if other is None else other
        if one is other or one == other:
            merged[name] = one
        elif name in NEVER_MERGED:
            return None
        else:
            merged[name] = terms.ite(guard, one, other, width)
    return merged


def _merge_memory(a: Memory, b: Memory, guard: Value) -> Memory | None:
    """Merge where both paths wrote the same places in the same order."""
    memory = a.copy()
    memory.assumptions = _union(a.assumptions, b.assumptions)
    if a.stores == b.stores:
        return memory
    if len(a.stores) != len(b.stores):
        return None
    stores = []
    for one, other in zip(a.stores, b.stores, strict=True):
        if (one.base, one.offset, one.size) != (other.base, other.offset, other.size):
            return None
        value = terms.ite(guard, one.value, other.value, 8 * one.size)
        stores.append(Store(one.base, one.offset, one.size, value))
    memory.stores = tuple(stores)
    return memory


def _merge_effects(
    a: tuple[Effect, ...], b: tuple[Effect, ...], guard: Value, other: Value
) -> tuple[Effect, ...]:
    """Keep what both did; put the rest of each under its guard."""
    length = 0
    for mine, yours in zip(a, b, strict=False):
        if mine != yours:
            break
        length += 1
    return (
        *a[:length],
        *(_under(effect, guard) for effect in a[length:]),
        *(_under(effect, other) for effect in b[length:]),
    )


def _under(effect: Effect, guard: Value) -> Effect:
    return Effect(effect.address, effect.name, effect.operands, terms.land(guard, effect.guard))


def _union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return a if a == b else (*a, *(text for text in b if text not in a))
