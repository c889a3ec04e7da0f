"""Make of a contract what one kernel version promises on one architecture.

Names become registers, expressions are parsed and checked, the defaults become clauses: a row says
how its call ends even where the file does not, and what it keeps.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Final

from hypabi.arch.identifiers import (
    IMMEDIATE,
    SYNDROMES,
    identifier_bits,
    whole_register,
)
from hypabi.arch.names import Architecture
from hypabi.contract.clause import Authority, Clause, Premise, Returns, SaysEnd
from hypabi.contract.clauses_of_reply import clauses_of, clauses_of_promises
from hypabi.contract.expression import (
    Bits,
    Comparison,
    Conjunction,
    Integer,
    Moment,
    Predicate,
    Read,
    Relation,
    Value,
)
from hypabi.contract.expression_parser import parse_predicate
from hypabi.contract.model import (
    AskedFor,
    Call,
    CallerStates,
    Contract,
    EnteredAt,
    EntryFrom,
    Installer,
    Party,
    Reply,
    RunsOn,
    StartedIn,
    Transition,
)
from hypabi.contract.resolution import Context, authority_of
from hypabi.contract.revision import (
    CallerContext,
    EntryPromise,
    Installation,
    KnownWorld,
    LiveCall,
    LiveParty,
    Move,
    OutsideUser,
    Passed,
    Place,
    Revision,
    Row,
    Service,
)
from hypabi.contract.version import Version, in_force
from hypabi.decode.place import closest_name, known

ANY_OTHER: Final = "any-other"
"""Of a transition: an identifier that is no call's number."""

MOST_DIGITS: Final = 10
"""Of a number that is passed."""
ANY: Final = "any"
"""Of a transition: whatever the identifier is."""


def revision_of(contract: Contract, version: Version, architecture: Architecture) -> Revision:
    """Return the contract of one kernel on one architecture.

    :raises FileError: the contract does not speak of that version, or says there what it
        cannot mean
    """
    if architecture not in contract.architectures:
        what = f"{contract.name} does not speak of {architecture.value}"
        raise contract.place.refuse(what)
    if not in_force(version, contract.since, contract.until):
        until = f" and before {contract.until}" if contract.until else ""
        what = f"{contract.name} speaks of kernels from {contract.since}{until}, not of {version}"
        raise contract.place.refuse(what)
    return resolve(Context.of(contract, architecture, version))


def resolve(context: Context) -> Revision:
    """Resolve all that a context holds.

    :raises FileError: something of it cannot be meant
    """
    contract = context.contract
    parties = context.in_force(contract.parties)
    calls = context.in_force(contract.calls)
    result = context.scope.result
    answers = context.answers
    boot, moves = _life_cycle(context, parties, calls)
    turns = tuple(_turns(context, parties, calls))
    return Revision(
        contract=contract.name,
        document=contract.document,
        version=context.version or contract.since,
        architecture=context.architecture,
        instruction=contract.conduit.instruction,
        immediate=contract.conduit.immediate,
        identifier=_identified_by(context),
        result=whole_register(result),
        result_bits=identifier_bits(result, context.architecture.bits),
        success=answers.get("success"),
        error=answers.get("error"),
        parties=tuple(_live_party(context, name, party) for name, party in parties.items()),
        calls=tuple(_live_call(context, name, call, parties) for name, call in calls.items()),
        rows=tuple(
            row for name, party in parties.items() for row in _rows(context, name, party, calls)
        ),
        boot=boot,
        moves=moves,
        installations=tuple(
            each for name, party in parties.items() for each in _installations(context, name, party)
        ),
        places=tuple(_places(context)),
        contexts=tuple(e for e in turns if e.enters is None and not e.hands_out),
        handing=tuple(each for each in turns if each.hands_out),
        relays=tuple(each for each in turns if each.enters is not None),
        at_boot=() if contract.life_cycle is None else contract.life_cycle.at_boot,
        passes_on=() if contract.life_cycle is None else contract.life_cycle.passes_on,
        users=tuple(_users(context, parties, calls)),
        every_cpu=contract.runs_on is RunsOn.EVERY,
    )


def _users(
    context: Context, parties: Mapping[str, Party], calls: Mapping[str, Call]
) -> Iterator[OutsideUser]:
    for name, user in context.in_force(context.contract.users).items():
        for state in user.states:
            known(state, context.contract.parties, user.place.below("while"))
        states = tuple(state for state in user.states if state in parties)
        made = tuple(call for call in user.calls if call in calls)
        about = CallerContext(name, None, (), made, (), states, authority_of(user))
        yield OutsideUser(name, user.told_by, about)


def _live_party(context: Context, name: str, party: Party) -> LiveParty:
    place = party.place.below("owner")
    owner = context.on(party.owner, place)
    owners = context.contract.owners
    if owner not in owners:
        raise place.refuse(f"no owner {owner!r}", closest_name(owner, owners))
    return LiveParty(
        name,
        party.title,
        party.vectors,
        party.also_at,
        party.program,
        owners[owner].section,
        context.when(party.when, party.place),
        context.premises(party.assumes, name),
        party.left_out,
        tuple(_entries(context, party)),
    )


def _entries(context: Context, party: Party) -> Iterator[EntryPromise]:
    """Yield which exceptions are answered as calls are, one promise for each place.

    :raises FileError: two are about one place at one version
    """
    said: set[EntryFrom] = set()
    for each in context.in_force(party.entries).values():
        if context.contract.conduit.immediate is None:
            refused = "where the immediate selects the call, no other exception is told from one"
            raise each.place.refuse(refused, "leave 'entries' out")
        if each.source.architecture is not context.architecture:
            continue
        if each.source in said and context.version is not None:
            where = each.place.below("from")
            raise where.refuse(f"it is said twice what is taken from {each.source.value}")
        said.add(each.source)
        yield EntryPromise(each.source.origin, each.taken, authority_of(each))


def _live_call(context: Context, name: str, call: Call, parties: Mapping[str, Party]) -> LiveCall:
    if call.number is not None:
        _check_number(context, call)
    served_by = tuple(party for party in _served_by(context, call) if party in parties)
    arguments = tuple(_arguments(context, call).items())
    return LiveCall(name, call.number, arguments, served_by, authority_of(call), call.callers)


def _check_number(context: Context, call: Call) -> None:
    number = call.number
    assert number is not None
    bits = identifier_bits(_identified_by(context), context.architecture.bits)
    if not -(1 << (bits - 1)) <= number < 1 << bits:
        raise call.place.below("number").refuse(f"{number:#x} does not fit into {bits} bits")


def _served_by(context: Context, call: Call) -> tuple[str, ...]:
    place = call.place.below("served-by")
    served_by = context.on(call.served_by, place)
    context.known_parties(served_by, place)
    return served_by


def _arguments(context: Context, call: Call) -> dict[str, str]:
    found = {}
    for name, register in call.arguments.items():
        if (spelled := register.on(context.architecture)) is not None:
            place = call.place.below("arguments").below(name)
            found[name] = context.registers.known(spelled, place)
    return found


def _rows(context: Context, name: str, party: Party, calls: Mapping[str, Call]) -> list[Row]:
    """Return a party's rows: one for each call, and one for any other identifier."""
    assumes = context.premises(party.assumes, name)
    refused = party.any_call or party.unserved or context.contract.unserved
    refusal = _coming_back(context, name, clauses_of(context, name, party, refused))
    rows = []
    for called, call in calls.items():
        if call.number is None:
            continue
        selects = _identifier(context, Relation.EQUAL, call.number)
        if name in _served_by(context, call):
            rows.append(_served(context, name, party, called, call, selects))
        else:
            no = _declined(refused)
            more = () if no is not None else clauses_of_promises(context, name, call.elsewhere)
            clauses = _together(refusal, more)
            rows.append(Row(name, called, Service.REFUSED, selects, assumes, (), clauses, no))
    numbers = [call.number for call in calls.values() if call.number is not None]
    selects = Conjunction(tuple(_identifier(context, Relation.DIFFERENT, n) for n in numbers))
    taken = _taken(context, name, calls)
    if taken is not None:
        rows.append(_served(context, name, party, taken, calls[taken], selects))
        return rows
    other = party.any_call or party.any_other
    if other is None:
        at = "" if context.version is None else f" at {context.version}"
        raise party.place.refuse(f"nothing is said of an identifier that is no call's{at}")
    clauses = _other_clauses(context, name, party, other, refused, refusal)
    rows.append(Row(name, None, Service.OTHER, selects, assumes, (), clauses, _declined(other)))
    return rows


def _installations(context: Context, name: str, party: Party) -> Iterator[Installation]:
    """Yield who makes a party live without a call; it needs no identifier."""
    for called, installer in context.in_force(party.installers).items():
        clauses = clauses_of(context, name, party, installer)
        assumes = context.premises(installer.assumes, name)
        function, every = installer.function, Conjunction(())
        row = Row(
            name, _called(context, installer), Service.INSTALLS, every, assumes, (), clauses, None
        )
        names = (function, *installer.also_at)
        yield Installation(
            called,
            names,
            installer.runs,
            row,
            installer.ends_at,
            installer.left_out,
            installer.span,
            installer.told_by,
            installer.started_in,
            context.contract.runs_on is RunsOn.EVERY,
        )


def _called(context: Context, installer: Installer) -> str:
    """Return what an installer's row is called."""
    if installer.started_in is StartedIn.HYPERVISOR:
        return installer.function
    below = "at EL1" if context.architecture is Architecture.ARM64 else "in SVC"
    return f"{installer.function} {below}"


def _places(context: Context) -> Iterator[Place]:
    for name, each in context.in_force(context.contract.placements).items():
        said = (each.within, each.closed, each.landing, each.aligned, each.level, each.words)
        if not any(said):
            keys = "within, closed, landing, aligned, level or words"
            raise each.place.refuse("nothing is said of it", keys)
        if any(not 0 <= word < 1 << 32 for word in each.words):
            raise each.place.below("words").refuse("a word has 32 bits")
        if each.aligned is not None and each.aligned < 1:
            raise each.place.below("aligned").refuse("no address is a multiple of that")
        if len(each.closed) not in (0, 2):
            raise each.place.below("closed").refuse("it takes two symbols, from and to")
        closed = (each.closed[0], each.closed[1]) if each.closed else None
        why = authority_of(each)
        yield Place(
            name,
            each.program,
            each.symbols,
            each.within,
            closed,
            each.at_most,
            each.landing,
            each.aligned,
            each.level is AskedFor.EL1,
            each.words,
            why,
        )


def _taken(context: Context, name: str, calls: Mapping[str, Call]) -> str | None:
    """Return the call that a party takes an identifier for that is no call's number."""
    found = [
        called
        for called, call in calls.items()
        if call.number is None and name in _served_by(context, call)
    ]
    if len(found) > 1 and context.version is not None:
        raise calls[found[1]].place.refuse(f"{name} takes any other identifier for {found[0]}")
    return found[0] if found else None


def _served(
    context: Context, name: str, party: Party, called: str, call: Call, selects: Predicate
) -> Row:
    """Return the row of a call at a party that implements it."""
    inside = context.called(_arguments(context, call))
    assumes = (*context.premises(party.assumes, name), *inside.premises(call.assumes, name))
    requires = inside.premises(call.requires, name)
    clauses = _coming_back(inside, name, clauses_of(inside, name, party, call))
    return Row(name, called, Service.SERVED, selects, assumes, requires, clauses, _declined(call))


def _other_clauses(
    context: Context,
    name: str,
    party: Party,
    other: Reply,
    refused: Reply,
    refusal: tuple[Clause, ...],
) -> tuple[Clause, ...]:
    if other is refused:
        return refusal
    return _coming_back(context, name, clauses_of(context, name, party, other))


def _coming_back(context: Context, name: str, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Add what every call promises that comes back, where this one does."""
    ends = [each.statement for each in clauses if isinstance(each.statement, SaysEnd)]
    if not ends or not all(isinstance(each, Returns) for each in ends):
        return clauses
    return _together(clauses, clauses_of_promises(context, name, context.contract.frame.promises))


def _together(clauses: tuple[Clause, ...], more: Iterable[Clause]) -> tuple[Clause, ...]:
    """Return the clauses of a row with more of them.

    :raises FileError: two have one name
    """
    named = {each.name for each in clauses}
    added = tuple(more)
    for each in added:
        if each.name in named:
            raise each.place.refuse("a row has another clause of this name", "choose another")
    return (*clauses, *added) if added else clauses


def _identifier(context: Context, relation: Relation, number: int) -> Predicate:
    name, bits = _identified_by(context), context.architecture.bits
    syndrome = SYNDROMES[context.architecture]
    register = syndrome if name == IMMEDIATE else whole_register(name)
    width = identifier_bits(name, bits)
    value: Value = Read(register, bits, Moment.ENTRY)
    if width < bits:
        value = Bits(value, width - 1, 0)
    return Comparison(relation, value, Integer(number % (1 << width), width))


def _identified_by(context: Context) -> str:
    """Return what selects a call: a register, its low half, or the immediate.

    :raises FileError: the conduit has an immediate that selects nothing, or none at all
    """
    contract = context.contract
    place = contract.place.below("identifier")
    name = context.on(contract.identifier, place)
    if name != IMMEDIATE:
        if contract.conduit.immediate is None:
            refused = contract.conduit.place.below("immediate")
            raise refused.refuse("the key is missing", "or the identifier is 'immediate'")
        return context.registers.part_known(name, place)
    if contract.conduit.immediate is not None:
        refused = contract.conduit.place.below("immediate")
        raise refused.refuse("the immediate selects the call, so it is not one number")
    return name


def _declined(reply: Reply) -> Authority | None:
    return authority_of(reply.unspecified) if reply.unspecified is not None else None


def _life_cycle(
    context: Context, parties: Mapping[str, Party], calls: Mapping[str, Call]
) -> tuple[str | None, tuple[Move, ...]]:
    cycle = context.contract.life_cycle
    if cycle is None:
        return None, ()
    boot = context.on(cycle.boot, cycle.place.below("boot"))
    context.known_parties((boot,), cycle.place.below("boot"))
    states = {*context.contract.parties, *cycle.beyond}
    live = {*parties, *cycle.beyond}
    contract_calls = set(context.contract.calls)
    known_calls = {*contract_calls, ANY_OTHER, ANY}
    moves: list[Move] = []
    for each in cycle.transitions:
        known(each.source, states, each.place.below("from"))
        known(each.to, states, each.place.below("to"))
        known(each.call, known_calls, each.place.below("call"))
        if each.after is not None:
            known(each.after, contract_calls, each.place.below("after"))
        called = each.call in (ANY_OTHER, ANY) or each.call in calls
        if context.applies(each) and {each.source, each.to} <= live and called:
            for name in each.stays:
                known(name, each.made_by, each.place.below("stays"))
            given = {name: tuple(_known(context, each, name)) for name in each.given}
            made = (each.made_by, each.after, given, each.copied is not None, each.stays)
            moves.append(Move(each.source, each.call, each.to, *made))
    return boot, tuple(moves)


def _known(context: Context, transition: Transition, function: str) -> Iterator[Mapping[str, int]]:
    """Yield what registers hold each time that a function has to make a move.

    :raises FileError: it is not among those that make it
    """
    place = transition.place.below("given")
    known(function, transition.made_by, place)
    held = transition.given[function]
    names = [context.registers.known(register, place.below(function)) for register in held]
    for values in product(*held.values()):
        yield dict(zip(names, values, strict=True))


def _turns(
    context: Context, parties: Mapping[str, Party], calls: Mapping[str, Call]
) -> Iterator[CallerContext]:
    """Yield which code calls, and who of this kernel can be live then."""
    cycle = context.contract.life_cycle
    for name, each in cycle.callers.items() if cycle is not None else ():
        assert cycle is not None
        for state in each.states:
            known(state, {*context.contract.parties, *cycle.beyond}, each.place.below("while"))
        for call in each.calls:
            known(call, {*context.contract.calls, ANY_OTHER}, each.place.below("calls"))
        if not context.applies(each):
            continue
        states = tuple(s for s in each.states if s in parties or s in cycle.beyond)
        named = tuple(call for call in each.calls if call in calls or call == ANY_OTHER)
        if named or not each.calls:
            yield CallerContext(
                name,
                each.program,
                each.functions,
                named,
                each.identifiers,
                states,
                authority_of(each),
                each.refusals,
                tuple(
                    _passes(context, each, {name: calls[name] for name in named if name in calls})
                ),
                _condition(context, name, each, "only-if"),
                each.enters,
                each.entered_at is EnteredAt.PHYSICAL,
                _condition(context, name, each, "always"),
                _condition(context, name, each, "sometimes"),
                each.behind,
                each.before,
                each.hands_out,
                _condition(context, name, each, "having"),
                each.asks_for is AskedFor.EL1,
                tuple(
                    context.registers.known(register, each.place.below("addresses"))
                    for register in each.addresses
                ),
                *_worlds(context, each),
            )


def _worlds(
    context: Context, states: CallerStates
) -> tuple[tuple[KnownWorld, ...], tuple[KnownWorld, ...]]:
    """Return the worlds in which a function enters another, and those in which it does not.

    :raises FileError: one is none of the contract's, or no function is entered
    """
    cycle = context.contract.life_cycle
    assert cycle is not None
    for key, names in (("in", states.within), ("only-in", states.only_in)):
        place = states.place.below(key)
        if names and states.enters is None:
            raise place.refuse("it says of no function that it is entered")
        for name in names:
            known(name, cycle.worlds, place)
    there = {
        name: KnownWorld(name, world.level, world.words)
        for name, world in cycle.worlds.items()
        if context.applies(world)
    }
    within = tuple(world for name, world in there.items() if name in states.within)
    others = [world for name, world in there.items() if name not in states.only_in]
    return within, tuple(others) if states.only_in else ()


def _passes(context: Context, states: CallerStates, calls: Mapping[str, Call]) -> Iterator[Passed]:
    """Yield what a function passes on of what it was called with.

    :raises FileError: none of its calls has such an argument
    """
    place = states.place.below("passes")
    for argument, text in states.passes.items():
        if states.enters is not None and text.endswith("()"):
            to = context.registers.known(argument, place.below(argument))
            yield Passed(None, to, text.removesuffix("()"), read=False, answered=True)
            continue
        read = text.startswith("[") and text.endswith("]")
        number = int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
        if number is None:
            of = context.registers.known(text[1:-1] if read else text, place.below(argument))
        else:
            of = ""
        if states.enters is not None:
            to = context.registers.known(argument, place.below(argument))
            yield Passed(None, to, of, read, number=number)
            continue
        taken = {name: _arguments(context, call).get(argument) for name, call in calls.items()}
        if not any(taken.values()):
            raise place.below(argument).refuse(
                f"no call that it makes has an argument {argument!r}"
            )
        for name, register in taken.items():
            if register is not None:
                yield Passed(name, register, of, read, number=number)


def _condition(context: Context, name: str, states: CallerStates, key: str) -> Premise | None:
    """Return a condition on registers that a caller's entry has under a key.

    :raises FileError: it speaks of a function that is entered, and none is
    """
    text: str | None = getattr(states, key.replace("-", "_"))
    if text is None:
        return None
    place = states.place.below(key)
    if key in ("always", "sometimes") and states.enters is None:
        raise place.refuse("it speaks of a function that is entered, and 'enters' names none")
    holds = parse_predicate(text, context.scope, place)
    return Premise(name, text, holds, authority_of(states), states.place)
