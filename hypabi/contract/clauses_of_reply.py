"""Resolve a reply: its promises, how the call ends where no promise says, and what it keeps."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from hypabi.contract.clause import (
    Answer,
    Calls,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Region,
    Returns,
    SaysEnd,
    Statement,
)
from hypabi.contract.expression_parser import parse_value
from hypabi.contract.model import (
    ByArchitecture,
    FrameRule,
    Installer,
    Party,
    Promise,
    Reply,
    Scratch,
    Span,
)
from hypabi.contract.permissions import permissions_of
from hypabi.contract.resolution import Context, authority_of
from hypabi.decode.place import Place, closest_name

N = TypeVar("N")

CALLER: Final = "caller"
"""Of ``returns``: with the caller's own PSTATE."""

RETURNS: Final = "returns"
REGISTERS: Final = "registers"
SYSTEM_REGISTERS: Final = "system-registers"
MEMORY: Final = "memory"
RESERVED: Final = (RETURNS, REGISTERS, SYSTEM_REGISTERS, MEMORY)
"""Names of the clauses that a row has without being told."""


def clauses_of(context: Context, name: str, party: Party, reply: Reply) -> tuple[Clause, ...]:
    """Return what a party promises in a reply.

    :param name: of the party
    :raises FileError: something of it cannot be meant
    """
    if reply.unspecified is not None:
        return ()
    promises = dict(reply.promises)
    if isinstance(reply, Installer):
        promises = dict(_shared(context, reply)) | promises
    clauses = list(clauses_of_promises(context, name, promises))
    if not any(isinstance(each.statement, SaysEnd) for each in clauses):
        why = authority_of(context.contract.frame.returns)
        clauses.append(Clause(RETURNS, "returns to the caller", Returns(None), why))
    handed = any(isinstance(each.statement, HandedTo) and each.when is None for each in clauses)
    # An opening goes on in code of its own, for which it keeps what there is.
    if not handed or (isinstance(reply, Installer) and reply.span is not Span.WHOLE):
        clauses += _frame(context, name, party, reply)
    elif isinstance(reply, Installer) and reply.writes:
        # What C does with general registers is its own; what it finds of the system is not.
        frame = _frame(context, name, party, reply)
        clauses += (each for each in frame if each.name == SYSTEM_REGISTERS)
    return tuple(clauses)


def clauses_of_promises(
    context: Context, name: str, promises: Mapping[str, Promise]
) -> Iterator[Clause]:
    """Yield what a party promises of a table of promises.

    :param name: of the party
    :raises FileError: something of it cannot be meant
    """
    for named, promise in context.in_force(promises).items():
        if promise.parties is None or name in promise.parties:
            yield _clause(context, named, promise)


def _shared(context: Context, installer: Installer) -> Iterator[tuple[str, Promise]]:
    """Yield the promises that an installer shares with others, which are written down there."""
    place = installer.place.below("as-for")
    for party, installers in installer.as_for.items():
        other = _named(party, context.contract.parties, place)
        for called, names in installers.items():
            home = _named(called, other.installers, place.below(party))
            for name in names:
                of = place.below(party).below(called)
                if name in installer.promises:
                    raise of.refuse(f"{name!r} is a promise of its own", "leave one of them out")
                yield name, _named(name, home.promises, of)


def _named(name: str, table: Mapping[str, N], place: Place) -> N:
    if name not in table:
        raise place.refuse(f"there is no {name!r}", closest_name(name, table))
    return table[name]


def _clause(context: Context, name: str, promise: Promise) -> Clause:
    place = promise.place
    if name in RESERVED:
        raise place.refuse("every row has a clause of this name", "choose another")
    text, statement = _statement(context, promise)
    when = context.when(promise.when, place)
    return Clause(
        name=name,
        text=text,
        statement=statement,
        authority=authority_of(promise),
        when=when,
        answered=_answer(context, promise),
        place=place,
        condition=promise.when,
    )


def _answer(context: Context, promise: Promise) -> Answer | None:
    if promise.answered is None:
        return None
    answers = context.answers
    if promise.answered not in answers:
        hint = closest_name(promise.answered, answers)
        place = promise.place.below("answered")
        raise place.refuse("no value of the result register says so", hint)
    return Answer(promise.answered, answers[promise.answered])


def _statement(context: Context, promise: Promise) -> tuple[str, Statement]:
    place = promise.place
    match promise:
        case Promise(ensures=str() as text):
            return text, Ensures(context.holds_at_exit(text, place.below("ensures")))
        case Promise(leaves_to=str() as text, at=ByArchitecture() as at):
            target = parse_value(text, context.scope, place.below("leaves-to"))
            mode = context.mode(context.on(at, place.below("at")), place.below("at"))
            return f"leaves to {text} at {mode}", Leaves(target, mode)
        case Promise(calls=str() as text, at=ByArchitecture() as at):
            target = parse_value(text, context.scope, place.below("calls"))
            mode = context.mode(context.on(at, place.below("at")), place.below("at"))
            return f"calls {text} at {mode}", Calls(target, mode)
        case Promise(handed_to=str() as symbol):
            return f"is handed to {symbol}", HandedTo(symbol)
        case Promise(returns=str() as mode) if mode != CALLER:
            mode = context.mode(mode, place.below("returns"))
            return f"returns at {mode}", Returns(mode)
        case Promise(returns=str()):
            return "returns to the caller", Returns(None)
        case _:
            raise AssertionError(promise)


def _frame(context: Context, name: str, party: Party, reply: Reply) -> list[Clause]:
    frame = context.contract.frame
    permitted = permissions_of(context, name, reply)
    general = (*_always(context, frame.registers), *permitted.general)
    system = tuple(dict.fromkeys((*_always(context, frame.system_registers), *permitted.system)))
    partly = tuple(each for each in permitted.partly if each.register not in system)
    memory = _scratch(context, name, party.may_write_memory)
    memory += _scratch(context, name, reply.may_write_memory)
    return [
        Clause(each, text, statement, authority_of(why))
        for each, why, text, statement in (
            (
                REGISTERS,
                frame.registers,
                "keeps the other general registers",
                KeepsRegisters(tuple(dict.fromkeys(general))),
            ),
            (
                SYSTEM_REGISTERS,
                frame.system_registers,
                "keeps the other system registers",
                KeepsSystemRegisters(system, partly),
            ),
            (MEMORY, frame.memory, "writes no other memory", KeepsMemory(memory)),
        )
    ]


def _always(context: Context, rule: FrameRule) -> tuple[str, ...]:
    place = rule.place.below("may-change")
    return context.registers.expand(context.on(rule.may_change, place), place)


def _scratch(context: Context, name: str, regions: Mapping[str, Scratch]) -> tuple[Region, ...]:
    return tuple(
        Region(parse_value(each.start, context.scope, each.place.below("start")), each.size)
        for each in context.in_force(regions).values()
        if each.parties is None or name in each.parties
    )
