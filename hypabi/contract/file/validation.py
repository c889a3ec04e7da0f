"""Refuse a contract that is well-formed and cannot be meant."""

from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.expression import BIG_ENDIAN
from hypabi.contract.expression_parser import GRAMMAR
from hypabi.contract.located import located
from hypabi.contract.model import Bounded, Call, Contract, Located, Party, Promise, Reply, Scratch
from hypabi.contract.registers import Registers, registers_of
from hypabi.contract.resolution import Bounds, Context
from hypabi.contract.resolve import resolve
from hypabi.decode.place import Place, closest_name

WORDS: Final = frozenset(
    {"old", "table_of", "cpucap", "result", "success", "error", BIG_ENDIAN, "and", "or", "not"}
)
"""What the language of expressions has taken."""


def check_meaning(contract: Contract) -> None:
    """Check what types cannot, and resolve everything, of every version, on both architectures.

    :raises FileError: something of it cannot be meant
    """
    for thing in located(contract):
        _check_thing(thing)
    takers = _takers(contract)
    for name, party in contract.parties.items():
        _check_party(party, takes=name in takers)
    for call in contract.calls.values():
        _check_call(contract, call)
    for name, user in contract.users.items():
        for call_name in user.calls:
            if call_name not in contract.calls:
                place = contract.users[name].place.below("calls")
                raise place.refuse(
                    f"no call {call_name!r}", closest_name(call_name, contract.calls)
                )
    for architecture in contract.architectures:
        _check_names(contract, registers_of(architecture))
    for architecture in contract.architectures:
        resolve(Context.of(contract, architecture, None))


def _check_thing(thing: Located) -> None:
    if isinstance(thing, Bounded | Call | Contract):
        since, until = thing.since, thing.until
        if since is not None and until is not None and not since < until:
            raise thing.place.below("until").refuse(f"{until} does not come after {since}")
    if isinstance(thing, Promise):
        _check_promise(thing)
    if isinstance(thing, Reply):
        _check_reply(thing)
    if isinstance(thing, Scratch) and thing.size < 1:
        raise thing.place.below("size").refuse("the region is empty")


def _check_promise(promise: Promise) -> None:
    if (promise.leaves_to is None and promise.calls is None) != (promise.at is None):
        raise promise.place.refuse("'at' and one of 'leaves-to' and 'calls' go together")


def _check_reply(reply: Reply) -> None:
    if reply.unspecified is not None and (reply.promises or reply.writes):
        raise reply.place.refuse("the reply is unspecified and promises something all the same")


def _takers(contract: Contract) -> frozenset[str]:
    """Return the parties that take an identifier without a call of its own for some call."""
    numberless = [call for call in contract.calls.values() if call.number is None]
    served_by = [call.served_by.on(each) for call in numberless for each in Architecture]
    return frozenset(name for names in served_by for name in names or ())


def _check_party(party: Party, *, takes: bool) -> None:
    if party.any_call is not None and party.any_other is not None:
        raise party.place.refuse("exactly one of 'any-other' and 'any-call' must be there")
    if not takes and party.any_other is None and party.any_call is None:
        raise party.place.refuse("exactly one of 'any-other' and 'any-call' must be there")
    if party.any_call is not None and party.unserved is not None:
        raise party.place.refuse("'any-call' leaves nothing for 'unserved'")
    for condition in party.assumes.values():
        if condition.parties is not None:
            place = condition.place.below("parties")
            raise place.refuse("the condition is this party's own", "leave the key out")
        _check_within(condition, party, "the party")
    replies = (party.unserved, party.any_other, party.any_call)
    for reply in replies:
        for thing in _parts(reply) if reply is not None else ():
            _check_within(thing, party, "the party")


def _check_call(contract: Contract, call: Call) -> None:
    serving = {
        party for architecture in Architecture for party in (call.served_by.on(architecture) or ())
    }
    for name in sorted(serving):
        place = call.place.below("served-by")
        party = contract.parties.get(name)
        if party is None:
            raise place.refuse(f"no party {name!r}", closest_name(name, contract.parties))
        if party.any_call is not None:
            raise place.refuse(f"{name!r} answers every call alike", "it serves none")
    for thing in _parts(call):
        _check_within(thing, call, "the call")
        for name in getattr(thing, "parties", None) or ():
            if name not in serving:
                hint = closest_name(name, serving)
                raise thing.place.below("parties").refuse(f"{name!r} does not serve the call", hint)
    for promise in call.elsewhere.values():
        _check_elsewhere(contract, call, promise)


def _check_elsewhere(contract: Contract, call: Call, promise: Promise) -> None:
    """Refuse a promise of parties that do not serve a call which names one that does."""
    _check_within(promise, call, "the call")
    place = promise.place.below("parties")
    if promise.parties is None:
        raise place.refuse("the key is missing", "whose answer it is")
    for name in promise.parties:
        if name not in contract.parties:
            raise place.refuse(f"no party {name!r}", closest_name(name, contract.parties))
        on = [each for each in Architecture if promise.architecture in (None, each)]
        if all(name in (call.served_by.on(each) or ()) for each in on):
            raise place.refuse(f"{name!r} serves the call", "say it under 'promises'")


def _parts(reply: Reply) -> Iterator[Bounded]:
    yield from reply.promises.values()
    yield from reply.writes.values()
    yield from reply.may_write_memory.values()
    if isinstance(reply, Call):
        yield from reply.requires.values()
        yield from reply.assumes.values()


def _check_within(thing: Bounded, around: Bounds, what: str) -> None:
    if around.architecture not in (None, thing.architecture) and thing.architecture is not None:
        refused = f"{what} is on {around.architecture.value} only"
        raise thing.place.below("architecture").refuse(refused)


def _check_names(contract: Contract, registers: Registers) -> None:
    ours = {**contract.registers, **contract.constants, **contract.calls}
    for name in contract.registers.keys() & contract.constants.keys():
        place = contract.place.below("constants").below(name)
        raise place.refuse("the name is a register's already")
    for table, names in (("registers", contract.registers), ("constants", contract.constants)):
        for name in names:
            place = contract.place.below(table).below(name)
            _check_name(name, registers, place)
            if name in contract.calls:
                raise place.refuse("the name is a call's already")
    for call in contract.calls.values():
        for name in call.arguments:
            place = call.place.below("arguments").below(name)
            _check_name(name, registers, place)
            if name in ours:
                raise place.refuse("the contract uses the name for something else")


def _check_name(name: str, registers: Registers, place: Place) -> None:
    if not name.isidentifier():
        what = f"{name!r} is no name that an expression can use"
        raise place.refuse(what, f"letters, digits, _; {GRAMMAR}")
    if name in WORDS:
        raise place.refuse(f"{name!r} means something in every expression", GRAMMAR)
    if registers.half_of(name) or registers.width(registers.canonical(name)) is not None:
        raise place.refuse(f"{name!r} is a register of {registers.architecture.value}", GRAMMAR)
