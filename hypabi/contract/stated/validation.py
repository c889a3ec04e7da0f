"""Refuse a stated contract that is well-formed and cannot be meant."""

import re
from collections.abc import Iterable
from typing import Final, TypeVar

from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.located import located
from hypabi.contract.stated.model import (
    BitField,
    Check,
    Fact,
    Numbered,
    Parameter,
    Reference,
    Source,
    Spanned,
    StatedCall,
    StatedConduit,
    StatedContract,
)
from hypabi.contract.stated.registers import expand, known
from hypabi.decode.place import Place
from hypabi.decode.place import known as known_name

_BITS: Final = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_WIDEST: Final = 64

T = TypeVar("T")


def check_stated(contract: StatedContract) -> None:
    """Check what types cannot.

    :raises FileError: something of it cannot be meant
    """
    for each in located(contract):
        if isinstance(each, Spanned):
            _check_span(contract, each)
        if isinstance(each, Reference):
            known_name(each.source, contract.sources, each.place.below("source"))
        if isinstance(each, Source):
            _all_known(each.lists, contract.conduits, each.place.below("lists"))
        if isinstance(each, StatedConduit | StatedCall | Numbered):
            _all_known(each.checked_by, contract.checks, each.place.below("checked-by"))
        if isinstance(each, Check) and not re.fullmatch(r"tests/[\w/]+\.py::\w+", each.test):
            raise each.place.below("test").refuse("this names no test", "tests/FILE.py::NAME")
    _check_unseen(contract)
    _check_registers(contract)
    for conduit in contract.conduits.values():
        _check_conduit(contract, conduit)
        unserved = () if conduit.unserved is None else (conduit.unserved,)
        _all_known(unserved, contract.errors, conduit.place.below("unserved"))
    for call in contract.calls.values():
        _check_call(contract, call)


def conduits_of(contract: StatedContract, call: StatedCall) -> tuple[str, ...]:
    """Return the names of the conduits by which a call can be made."""
    return tuple(contract.conduits) if call.by is None else call.by


def bits_of(part: BitField) -> tuple[int, int]:
    """Return the highest and the lowest bit of a part of an identifier.

    :raises FileError: it names no bits
    """
    match = _BITS.fullmatch(part.bits)
    high, low = (int(match[1]), int(match[2] or match[1])) if match else (0, 1)
    if not low <= high < _WIDEST:
        raise part.place.below("bits").refuse(f"{part.bits!r} are no bits", 'as in "29-24"')
    return high, low


def part_of(number: int, part: BitField) -> int:
    """Return what a part of an identifier holds."""
    high, low = bits_of(part)
    return number >> low & (1 << high - low + 1) - 1


def _check_unseen(contract: StatedContract) -> None:
    kinds = [fact.value for fact in Fact]
    _all_known(contract.unseen, kinds, contract.place.below("unseen"))
    for conduit in contract.conduits.values():
        _all_known(conduit.unseen, kinds, conduit.place.below("unseen"))
    for call in contract.calls.values():
        _all_known(call.unseen, kinds, call.place.below("unseen"))


def _check_registers(contract: StatedContract) -> None:
    for architecture in contract.architectures:
        for name, register in contract.registers.items():
            _check_register(register, architecture, _at(contract, "registers", name))


def _check_span(contract: StatedContract, each: Spanned) -> None:
    since, until = each.since, each.until
    if since is not None and until is not None and not since < until:
        raise each.place.below("until").refuse(f"{until} does not come after {since}")
    for name in each.architectures or ():
        if name not in contract.architectures:
            place = each.place.below("architectures")
            raise place.refuse(f"the contract does not speak of {name.value}")


def _spans(contract: StatedContract, each: Spanned) -> tuple[ArchitectureName, ...]:
    return contract.architectures if each.architectures is None else each.architectures


def _check_conduit(contract: StatedContract, conduit: StatedConduit) -> None:
    groups = {"arguments": conduit.arguments, "results": conduit.results}
    groups["may-change"] = conduit.may_change
    for architecture in _spans(contract, conduit):
        if conduit.identifier is not None:
            _check_register(conduit.identifier, architecture, conduit.place.below("identifier"))
        for key, group in groups.items():
            if group is not None:
                place = conduit.place.below(key)
                expand(_on(group, architecture, place), architecture, place)
    _check_fields(conduit)


def _check_fields(conduit: StatedConduit) -> None:
    taken: set[int] = set()
    for part in conduit.fields.values():
        high, low = bits_of(part)
        bits = set(range(low, high + 1))
        if bits & taken:
            raise part.place.below("bits").refuse("another part has some of these bits")
        taken |= bits
        for name, value in part.values.items():
            if not 0 <= value < 1 << len(bits):
                raise part.place.below("values").below(name).refuse("does not fit into its bits")


def _check_call(contract: StatedContract, call: StatedCall) -> None:
    if call.by is not None:
        _all_known(call.by, contract.conduits, call.place.below("by"))
    _all_known(call.errors, contract.errors, call.place.below("errors"))
    _all_known(call.served_by, contract.providers, call.place.below("served-by"))
    if call.number is not None and call.numbers:
        raise call.place.below("numbers").refuse("the call has 'number' already")
    _check_numbers(contract, call)
    for table, parameters in (("arguments", call.arguments), ("results", call.results)):
        for name, each in parameters.items():
            _check_parameter(contract, call, each, call.place.below(table).below(name))


def _check_numbers(contract: StatedContract, call: StatedCall) -> None:
    ways = conduits_of(contract, call)
    numbers = list(call.numbers)
    if call.number is not None:
        numbers.append(Numbered(place=call.place.below("number"), value=call.number))
    for way in ways:
        conduit = contract.conduits[way]
        reached = [each for each in numbers if each.by is None or way in each.by]
        if (conduit.identifier is None) == bool(reached):
            what = "takes no number" if reached else "selects calls by a number"
            raise call.place.below("number").refuse(f"the conduit {way!r} {what}")
        for each in reached:
            _check_number(each, conduit)
    for each in call.numbers:
        _all_known(each.by or (), ways, each.place.below("by"))


def _check_number(each: Numbered, conduit: StatedConduit) -> None:
    value = each.value % (1 << _WIDEST)
    if not -(1 << 31) <= each.value < 1 << _WIDEST:
        raise each.place.refuse(f"{each.value:#x} does not fit into {_WIDEST} bits")
    rest = value
    for name, part in conduit.fields.items():
        high, low = bits_of(part)
        held = part_of(value, part)
        rest &= ~(((1 << high - low + 1) - 1) << low)
        if part.values and held not in part.values.values():
            what = f"{value:#x} has {held} in the part {name!r}"
            raise each.place.refuse(what, f"one of {', '.join(map(str, part.values.values()))}")
    if conduit.fields and rest:
        raise each.place.refuse(f"{value:#x} has bits that are no part of an identifier")


def _check_parameter(
    contract: StatedContract, call: StatedCall, each: Parameter, place: Place
) -> None:
    if each.register is None:
        return
    for architecture in _spans(contract, call):
        name = _on(each.register, architecture, place.below("in"))
        ours = contract.registers.get(name)
        if ours is None:
            known(name, architecture, place.below("in"))
        else:
            _on(ours, architecture, place.below("in"))


def _check_register(register: OnEach[str], architecture: ArchitectureName, place: Place) -> None:
    known(_on(register, architecture, place), architecture, place)


def _on(value: OnEach[T], architecture: ArchitectureName, place: Place) -> T:
    found = value.on(architecture)
    if found is None:
        raise place.refuse(f"nothing is said of {architecture.value}")
    return found


def _all_known(names: Iterable[str], table: Iterable[str], place: Place) -> None:
    for name in names:
        known_name(name, table, place)


def _at(contract: StatedContract, table: str, name: str) -> Place:
    return contract.place.below(table).below(name)
