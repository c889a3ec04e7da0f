"""What a way puts into the register that selects a call: a constant, one of a few, or nothing."""

from collections.abc import Iterable
from typing import Final

from hypabi.behaviour.outcome import Condition
from hypabi.behaviour.request import Request
from hypabi.callsites.model import CallPath, Origin
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

MOST_CHOICES: Final = 3
"""Conditions inside one identifier of which both answers are looked at."""


def constants_of(value: Value) -> frozenset[int]:
    """Return every constant that a value can be, none where it is not one of a few."""
    if isinstance(value, int):
        return frozenset({value})
    conditions = _conditions(value)
    if not 0 < len(conditions) <= MOST_CHOICES:
        return frozenset()
    found: set[Value] = {value}
    for condition in conditions:
        found = {terms.substitute(each, {condition: answer}) for each in found for answer in (0, 1)}
    constants = frozenset(each for each in found if isinstance(each, int))
    return constants if len(constants) == len(found) else frozenset()


def paths_by_identifier(way: CallPath, register: str) -> tuple[CallPath, ...]:
    """Return a way for each value that it chooses for a register, itself if none is a constant."""
    value = way.request.registers[register]
    conditions = [] if isinstance(value, int) else _conditions(value)
    if not 0 < len(conditions) <= MOST_CHOICES:
        return (way,)
    found = [way.request]
    for condition in conditions:
        found = [_with(request, condition, answer) for request in found for answer in (1, 0)]
    if not any(isinstance(request.registers[register], int) for request in found):
        return (way,)
    once = {request.registers[register]: request for request in reversed(found)}
    if len(once) < len(found):  # what chose among equals is no condition of either
        found = [replace(each, guard=way.request.guard) for each in once.values()]
    return tuple(replace(way, request=request) for request in found)


def is_set_on_some(ways: Iterable[CallPath], register: str) -> bool:
    """Tell whether one of some ways, or of what it chooses between, sets a register to a number."""
    chosen = (each for way in ways for each in paths_by_identifier(way, register))
    return any(isinstance(each.request.registers[register], int) for each in chosen)


def _with(request: Request, condition: Term, answer: int) -> Request:
    """Return a request where a condition is known."""
    chosen = {
        name: terms.substitute(value, {condition: answer})
        for name, value in request.registers.items()
    }
    holds = condition if answer else terms.lnot(condition)
    return replace(
        request, registers=chosen, guard=(*request.guard, Condition(request.site, holds))
    )


def _conditions(value: Term) -> list[Term]:
    """Return the outermost terms of one bit in a value, each once."""
    found: dict[Term, None] = {}
    waiting: list[Value] = [value]
    looked = 0
    while waiting and looked < 64:
        looked += 1
        term = waiting.pop()
        if not isinstance(term, Term):
            continue
        if term.width == 1:
            found[term] = None
        else:
            waiting += term.args
    return list(found)


def constants_in(value: Value) -> frozenset[int]:
    """Return every number that a value is made of, as far as it is looked into."""
    found: set[int] = set()
    waiting: list[Value] = [value]
    for _ in range(64):
        if not waiting:
            break
        part = waiting.pop()
        if isinstance(part, int):
            found.add(part)
        else:
            waiting += part.args
    return frozenset(found)


def uninitialised(register: str, way: CallPath) -> str | None:
    """Return why nobody puts an identifier into a register, ``None`` where somebody may."""
    moved = way.pointers.get(register)
    if moved is not None:
        return f"it is an address with which memory was walked, last moved on at {moved:#x}"
    sources = [
        way.sources[symbol.name] for symbol in symbols_in_order(way.request.registers[register])
    ]
    unset = [source for source in sources if source.origin is Origin.UNINITIALISED]
    if not unset or len(unset) != len(sources):
        return None
    where = "at the function's entry" if unset[0].address == way.path[0] else "behind the call"
    return f"{unset[0].register} is what it happens to be {where} at {unset[0].address:#x}"


def symbols_in_order(value: Value) -> list[Term]:
    """Return the symbols of a value, by name."""
    return sorted(terms.symbols_of(value), key=lambda symbol: symbol.name)
