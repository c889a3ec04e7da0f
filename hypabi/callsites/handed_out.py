"""Whether a function hands out an address of the image as it is linked.

A data flow over A64 code of the addresses that registers hold, by ADR, ADRP and ADD (DDI 0487,
C6.2).  What is stored, or is an argument where control leaves the function, is handed out.  An
address to which a register is added or from which one is subtracted, as a kernel makes a physical
one, is another; where that is done, what is left in a register of arguments may be left over.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.callsites.data_flow import behind_call, data_flow
from hypabi.code import register_usage
from hypabi.code.a64_words import PAGE, formed_address, is_adrp
from hypabi.code.function_body import CALLS, A64Body, Kind, Step
from hypabi.records import frozen

ADD: Final = (0xFF800000, 0x91000000)
ADD_REGISTER: Final = (0xBF200000, 0x8B000000)
"""ADD and SUB of a shifted register."""
MOVE: Final = (0xFFE0FFE0, 0xAA0003E0)
STORES: Final = ((0xFFC00000, 0xF9000000), (0xFFE00000, 0xF8000000), (0xFFE00C00, 0xF8200800))
"""STR of a doubleword: at a distance, before or behind a move, by a register."""
STORE_OF_TWO: Final = (0xFE400000, 0xA8000000)
ARGUMENTS: Final = range(8)
STACK: Final = 31
"""What a function keeps there is its own."""
LEAVES: Final = CALLS | {Kind.COMPUTED}

Known = Mapping[int, int]
"""By number of the general register, the address that it holds."""


@frozen
class HandedOut:
    """What a function does with an address."""

    named: bool
    """Whether a register ever holds it."""
    places: tuple[int, ...]
    """Instructions with which it is handed out."""
    others: tuple[int, ...] = ()
    """Other addresses of which it makes further ones by a register."""


def handed_out(body: A64Body, address: int) -> HandedOut | None:
    """Return what a function does with an address.

    :return: ``None`` where more has to be looked at than is
    """

    def onward(step: Step, known: Known) -> Iterator[tuple[int, Known]]:
        behind = _behind(step, known)
        return ((target, behind) for target in body.after(step))

    nothing: Known = {}
    flow = data_flow(body, nothing, onward, _met)
    if flow is None:
        return None
    moved = any(address in _moved(body.step(at), known) for at, known in flow.items())
    places = [
        at
        for at, known in flow.items()
        if address in _stored(body.step(at), known)
        or (not moved and address in _passed(body.step(at), known))
    ]
    named = any(address in known.values() for known in flow.values())
    others = {each for at, known in flow.items() for each in _moved(body.step(at), known)}
    return HandedOut(named, tuple(sorted(places)), tuple(sorted(others - {address})))


def _behind(step: Step, known: Known) -> Known:
    if step.kind in CALLS:
        return behind_call(known)
    if step.uses is None:
        return {}
    made = _made(step, known)
    written = register_usage.numbers(step.uses.writes)
    behind = {number: value for number, value in known.items() if number not in written}
    return behind if made is None else {**behind, step.word & 31: made}


def _made(step: Step, known: Known) -> int | None:
    word = step.word
    if is_adrp(word):
        return formed_address(word, step.address)
    if word & MOVE[0] == MOVE[1]:
        return known.get(word >> 16 & 31)
    if word & ADD[0] == ADD[1]:
        held = known.get(word >> 5 & 31)
        by = (word >> 10 & 0xFFF) * (PAGE if word >> 22 & 1 else 1)
        return None if held is None else held + by
    return formed_address(word, step.address)


def _moved(step: Step, known: Known) -> set[int]:
    """Return the addresses of which an instruction makes another one by a register."""
    if step.word & ADD_REGISTER[0] != ADD_REGISTER[1]:
        return set()
    numbers = (step.word >> 5 & 31, step.word >> 16 & 31)
    return {known[number] for number in numbers if number in known}


def _passed(step: Step, known: Known) -> set[int | None]:
    """Return the addresses that are arguments of what an instruction calls."""
    return {known.get(number) for number in ARGUMENTS} if step.kind in LEAVES else set()


def _stored(step: Step, known: Known) -> set[int | None]:
    """Return the addresses that an instruction stores, elsewhere than on the stack."""
    word = step.word
    if word >> 5 & 31 == STACK:
        return set()
    if word & STORE_OF_TWO[0] == STORE_OF_TWO[1]:
        return {known.get(word & 31), known.get(word >> 10 & 31)}
    if any(word & mask == value for mask, value in STORES):
        return {known.get(word & 31)}
    return set()


def _met(one: Known, other: Known) -> Known:
    return {number: value for number, value in one.items() if other.get(number) == value}
