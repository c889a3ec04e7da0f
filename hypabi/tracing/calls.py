"""What a crossing asks for: the call by name, with its arguments by contract."""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Final

from hypabi.arch.identifiers import IMMEDIATE, whole_register
from hypabi.contract.registry import Interfaces
from hypabi.contract.revision import LiveCall, Revision
from hypabi.machine.crossing import Entered, Instruction, Side
from hypabi.records import frozen
from hypabi.tracing.host_calls import FIRST
from hypabi.tracing.result import TracedArgument

HOST: Final = "kvm-arm64-host"
ANY: Final = "any"
"""Of a life cycle: whatever is asked for."""


@frozen
class AskedFor:
    """A call, as far as it is known."""

    identifier: int | None
    contract: str | None
    call: str | None
    live: LiveCall | None
    """The call of the contract that images are held against."""
    arguments: tuple[TracedArgument, ...]


@frozen
class Vocabulary:
    """What calls are named by."""

    revision: Revision
    interfaces: Interfaces
    host: Mapping[int, str]
    """KVM's host calls by number."""

    def takes_any(self, party: str) -> bool:
        """Tell whether any identifier is as good as another to a party."""
        return any((move.source, move.call) == (party, ANY) for move in self.revision.moves)


def identifier_seen(entered: Entered, revision: Revision) -> int | None:
    """Return the number that a crossing asks for, ``None`` where what has it was not seen."""
    if revision.identifier == IMMEDIATE:
        return entered.immediate
    held = entered.registers.get(whole_register(revision.identifier))
    return None if held is None else revision.content(held)


def _made_by(entered: Entered, revision: Revision) -> bool:
    return entered.immediate is not None and revision.made_by(entered.immediate)


def asked_for(
    entered: Entered, words: Vocabulary, party: str | None, by_site: int | None
) -> AskedFor:
    """Return what a crossing asks for.

    :param party: the one that is live, where it is known
    :param by_site: the one identifier that the code of the caller can have put into the register
    """
    registers, revision = entered.registers, words.revision
    identifier = identifier_seen(entered, revision)
    identifier = by_site if identifier is None else identifier
    if identifier is None:
        return AskedFor(None, None, None, None, ())
    if party is not None and words.takes_any(party):
        return AskedFor(identifier, revision.contract, None, None, ())
    by_host = entered.side is not Side.GUEST
    ours = entered.instruction is Instruction.HVC and by_host and _made_by(entered, revision)
    if ours:
        for live in revision.numbered(identifier):
            arguments = tuple(_argument(n, r, registers) for n, r in live.arguments)
            return AskedFor(identifier, revision.contract, live.name, live, arguments)
        if party is not None and party.startswith("kvm") and identifier in words.host:
            name = words.host[identifier]
            given = tuple(_stated(words.interfaces, HOST, name, registers))
            return AskedFor(identifier, HOST, name, None, given)
    return _elsewhere(entered, identifier, revision, words.interfaces)


def _elsewhere(
    entered: Entered, identifier: int, revision: Revision, interfaces: Interfaces
) -> AskedFor:
    """Look an identifier up in the stated contracts: SMCCC's and PSCI's are the same by ``smc``."""
    immediate = entered.immediate or 0
    found = interfaces.find(immediate, revision.identifier, identifier)
    if entered.side is Side.GUEST:
        found = tuple(each for each in found if each.contract != revision.contract)
    if immediate == 0:
        found = tuple(
            each for each in found if (each.contract == HOST) is (identifier & ~0xFFFF == FIRST)
        )
    if len(found) != 1:
        return AskedFor(identifier, None, None, None, ())
    contract, call = found[0].contract, found[0].call
    given = tuple(_stated(interfaces, contract, call, entered.registers))
    return AskedFor(identifier, contract, call, None, given)


def _stated(
    interfaces: Interfaces, contract: str, call: str, registers: Mapping[str, int]
) -> Iterator[TracedArgument]:
    for stated in interfaces.stated:
        if stated.name != contract or call not in stated.calls:
            continue
        for name, parameter in stated.calls[call].arguments.items():
            on = (
                None
                if parameter.register is None
                else parameter.register.on(interfaces.architecture)
            )
            if on is not None:
                spelled = stated.registers.get(on)
                register = on if spelled is None else spelled.on(interfaces.architecture) or on
                yield _argument(name, register, registers)


def _argument(name: str, register: str, registers: Mapping[str, int]) -> TracedArgument:
    value = registers.get(register)
    return TracedArgument(name, register, None if value is None else intern(f"{value:#x}"))
