"""Make of a contract what one kernel version promises on one architecture.

Names become registers, expressions are parsed and checked, the defaults become clauses: a row says
how its call ends even where the file does not, and what it keeps.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from hypabi.arch.names import Architecture
from hypabi.judgement.clause import (
    Authority,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Premise,
    Region,
    Returns,
    Statement,
)
from hypabi.judgement.contract import (
    ByArchitecture,
    Call,
    Condition,
    Contract,
    Party,
    Permission,
    Promise,
    Reply,
    Scratch,
    Stated,
)
from hypabi.judgement.expression import (
    Comparison,
    Conjunction,
    Integer,
    Moment,
    Predicate,
    Read,
    Relation,
)
from hypabi.judgement.parse import Scope, parse_predicate, parse_value
from hypabi.judgement.place import Place, closest
from hypabi.judgement.registers import Registers, mode_known, registers_of
from hypabi.judgement.revision import LiveCall, LiveParty, Move, Revision, Row, Service
from hypabi.judgement.version import Version, in_force

T = TypeVar("T")
B = TypeVar("B", bound="_Bounds")

CALLER: Final = "caller"
"""Of ``returns``: with the caller's own PSTATE."""

RETURNS: Final = "returns"
REGISTERS: Final = "registers"
SYSTEM_REGISTERS: Final = "system-registers"
MEMORY: Final = "memory"
RESERVED: Final = (RETURNS, REGISTERS, SYSTEM_REGISTERS, MEMORY)
"""Names of the clauses that a row has by default."""


class _Bounds(Protocol):
    @property
    def since(self) -> Version | None: ...
    @property
    def until(self) -> Version | None: ...
    @property
    def architecture(self) -> Architecture | None: ...


def revision_of(contract: Contract, version: Version, architecture: Architecture) -> Revision:
    """Return the contract of one kernel on one architecture.

    :raises ContractError: the contract does not speak of that version, or says there what it
        cannot mean
    """
    if not in_force(version, contract.since, contract.until):
        until = f" and older than {contract.until}" if contract.until else ""
        what = f"{contract.name} speaks of kernels from {contract.since}{until}, not of {version}"
        raise contract.place.refuse(what)
    return _Resolver(contract, architecture, version, registers_of(architecture)).revision()


def check_meaning(contract: Contract) -> None:
    """Resolve all that a contract says, of every version and on both architectures.

    :raises ContractError: something of it cannot be meant
    """
    for architecture in Architecture:
        _Resolver(contract, architecture, None, registers_of(architecture)).revision()


def authority_of(stated: Stated | Call) -> Authority:
    """Return why a thing may be demanded."""
    return Authority(stated.cite, stated.because, stated.against)


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Resolves for one version, or where that is ``None`` for all of them at once."""

    contract: Contract
    architecture: Architecture
    version: Version | None
    registers: Registers

    def revision(self) -> Revision:
        contract = self.contract
        parties = self._in_force(contract.parties)
        calls = self._in_force(contract.calls)
        rows = [self._rows_of(name, party, calls) for name, party in parties.items()]
        boot, moves = self._life_cycle(parties, calls)
        return Revision(
            contract.name,
            contract.document,
            self.version or contract.since,
            self.architecture,
            contract.conduit.instruction,
            contract.conduit.immediate,
            self._register(contract.identifier, contract.place.below("identifier")),
            self._register(contract.result.register, contract.result.place.below("register")),
            contract.result.success,
            contract.result.error,
            tuple(self._live_party(name, party) for name, party in parties.items()),
            tuple(self._live_call(name, call, parties) for name, call in calls.items()),
            tuple(row for of_party in rows for row in of_party),
            boot,
            moves,
        )

    def _in_force(self, table: Mapping[str, B]) -> dict[str, B]:
        return {name: each for name, each in table.items() if self._applies(each)}

    def _applies(self, each: _Bounds) -> bool:
        if each.architecture not in (None, self.architecture):
            return False
        return self.version is None or in_force(self.version, each.since, each.until)

    def _on(self, value: ByArchitecture[T], place: Place) -> T:
        found = value.on(self.architecture)
        if found is None:
            raise place.refuse(f"nothing is said of {self.architecture.value}")
        return found

    def _register(self, value: ByArchitecture[str], place: Place) -> str:
        return self.registers.known(self._on(value, place), place)

    def _scope(self, moment: Moment, arguments: Mapping[str, str]) -> Scope:
        contract, on = self.contract, self.architecture
        result = contract.result
        constants = {"success": result.success, "error": result.error}
        for name, number in contract.constants.items():
            if (value := number.on(on)) is not None:
                constants[name] = value
        names: dict[str, str] = {}
        for name, register in contract.registers.items():
            if (spelled := register.on(on)) is not None:
                names[name] = self.registers.known(spelled, contract.place.below("registers"))
        return Scope(
            self.registers,
            moment,
            names,
            constants,
            arguments,
            self._register(result.register, result.place),
            frozenset(contract.parties),
        )

    def _live_party(self, name: str, party: Party) -> LiveParty:
        place = party.place
        owner = self._on(party.owner, place.below("owner"))
        if owner not in self.contract.owners:
            hint = closest(owner, self.contract.owners)
            raise place.below("owner").refuse(f"no owner {owner!r}", hint)
        when = self._when(party.when, place.below("when"), {})
        return LiveParty(
            name,
            party.title,
            party.vectors,
            party.program,
            self.contract.owners[owner].section,
            when,
            self._premises(party.assumes, {}),
        )

    def _live_call(self, name: str, call: Call, parties: Mapping[str, Party]) -> LiveCall:
        arguments = tuple(self._arguments(call).items())
        served_by = tuple(party for party in self._served_by(call) if party in parties)
        return LiveCall(name, call.number, arguments, served_by, authority_of(call))

    def _served_by(self, call: Call) -> tuple[str, ...]:
        place = call.place.below("served-by")
        served_by = self._on(call.served_by, place)
        self._known_parties(served_by, place)
        return served_by

    def _known_parties(self, parties: Iterable[str], place: Place) -> None:
        for party in parties:
            if party not in self.contract.parties:
                raise place.refuse(f"no party {party!r}", closest(party, self.contract.parties))

    def _arguments(self, call: Call) -> dict[str, str]:
        return {
            name: self.registers.known(spelled, call.place.below("arguments").below(name))
            for name, register in call.arguments.items()
            if (spelled := register.on(self.architecture)) is not None
        }

    def _rows_of(self, name: str, party: Party, calls: Mapping[str, Call]) -> list[Row]:
        assumes = self._premises(party.assumes, {})
        rows = [self._row(name, party, assumes, called, call) for called, call in calls.items()]
        selects = Conjunction(
            tuple(self._identifier(Relation.DIFFERENT, call.number) for call in calls.values())
        )
        clauses = self._clauses(name, party, party.any_other, {})
        declined = _declined(party.any_other)
        rows.append(Row(name, None, Service.OTHER, selects, assumes, (), clauses, declined))
        return rows

    def _row(
        self, name: str, party: Party, assumes: tuple[Premise, ...], called: str, call: Call
    ) -> Row:
        selects = self._identifier(Relation.EQUAL, call.number)
        if name in self._served_by(call):
            arguments = self._arguments(call)
            requires = self._premises(call.requires, arguments)
            clauses = self._clauses(name, party, call, arguments)
            declined = _declined(call)
            return Row(name, called, Service.SERVED, selects, assumes, requires, clauses, declined)
        reply = party.unserved or self.contract.unserved
        clauses = self._clauses(name, party, reply, {})
        declined = _declined(reply)
        return Row(name, called, Service.REFUSED, selects, assumes, (), clauses, declined)

    def _identifier(self, relation: Relation, number: int) -> Predicate:
        width = self.architecture.bits
        register = self._register(self.contract.identifier, self.contract.place)
        entry = Read(register, width, Moment.ENTRY)
        return Comparison(relation, entry, Integer(number % (1 << width), width))

    def _premises(
        self, conditions: Mapping[str, Condition], arguments: Mapping[str, str]
    ) -> tuple[Premise, ...]:
        scope = self._scope(Moment.ENTRY, arguments)
        return tuple(
            Premise(
                name,
                each.holds,
                parse_predicate(each.holds, scope, each.place.below("holds")),
                authority_of(each),
                each.place,
            )
            for name, each in self._in_force(conditions).items()
        )

    def _when(
        self, text: str | None, place: Place, arguments: Mapping[str, str]
    ) -> Predicate | None:
        if text is None:
            return None
        return parse_predicate(text, self._scope(Moment.ENTRY, arguments), place)

    def _clauses(
        self, name: str, party: Party, reply: Reply, arguments: Mapping[str, str]
    ) -> tuple[Clause, ...]:
        if reply.unspecified is not None:
            return ()
        clauses = [
            self._clause(named, promise, arguments)
            for named, promise in self._in_force(reply.promises).items()
            if self._concerns(promise.parties, name, promise.place)
        ]
        if not any(_says_how_it_ends(clause.statement) for clause in clauses):
            returns = self.contract.frame.returns
            text = "returns to the caller"
            clauses.append(Clause(RETURNS, text, Returns(None), authority_of(returns)))
        if not any(isinstance(c.statement, HandedTo) and c.when is None for c in clauses):
            clauses += self._frame(name, party, reply)
        return tuple(clauses)

    def _concerns(self, parties: tuple[str, ...] | None, name: str, place: Place) -> bool:
        if parties is None:
            return True
        self._known_parties(parties, place.below("parties"))
        return name in parties

    def _clause(self, name: str, promise: Promise, arguments: Mapping[str, str]) -> Clause:
        place = promise.place
        if name in RESERVED:
            raise place.refuse(f"{name!r} is the name of a clause that every row has")
        text, statement = self._statement(promise, arguments)
        when = self._when(promise.when, place.below("when"), arguments)
        return Clause(name, text, statement, authority_of(promise), when, promise.answered, place)

    def _statement(self, promise: Promise, arguments: Mapping[str, str]) -> tuple[str, Statement]:
        place = promise.place
        match promise:
            case Promise(ensures=str() as text):
                scope = self._scope(Moment.EXIT, arguments)
                return text, Ensures(parse_predicate(text, scope, place.below("ensures")))
            case Promise(leaves_to=str() as text, at=ByArchitecture() as at):
                scope = self._scope(Moment.ENTRY, arguments)
                target = parse_value(text, scope, place.below("leaves-to"))
                mode = self._mode(self._on(at, place.below("at")), place.below("at"))
                return f"leaves to {text} at {mode}", Leaves(target, mode)
            case Promise(handed_to=str() as symbol):
                return f"is handed to {symbol}", HandedTo(symbol)
            case Promise(returns=str() as mode) if mode != CALLER:
                mode = self._mode(mode, place.below("returns"))
                return f"returns at {mode}", Returns(mode)
            case _:
                return "returns to the caller", Returns(None)

    def _mode(self, mode: str, place: Place) -> str:
        if not mode_known(self.architecture, mode):
            raise place.refuse(f"{self.architecture.value} has no mode {mode!r}", "hyp, or EL2h")
        return mode

    def _frame(self, name: str, party: Party, reply: Reply) -> list[Clause]:
        frame, permitted = self.contract.frame, self._permitted(name, reply)
        general, system = (
            self.registers.expand(self._on(rule.may_change, rule.place), rule.place)
            for rule in (frame.registers, frame.system_registers)
        )
        general += tuple(each for each in permitted if each in self.registers.general)
        system += tuple(each for each in permitted if each in self.registers.system)
        memory = self._scratch(name, party.may_write_memory)
        memory += self._scratch(name, reply.may_write_memory)
        keeps = (
            (REGISTERS, frame.registers, "keeps general registers", KeepsRegisters(general)),
            (
                SYSTEM_REGISTERS,
                frame.system_registers,
                "keeps system registers",
                KeepsSystemRegisters(system),
            ),
            (MEMORY, frame.memory, "keeps memory", KeepsMemory(memory)),
        )
        return [
            Clause(each, text, statement, authority_of(why)) for each, why, text, statement in keeps
        ]

    def _permitted(self, name: str, reply: Reply) -> tuple[str, ...]:
        found: list[str] = []
        for spelled, permission in self._in_force(reply.writes).items():
            if self._concerns(permission.parties, name, permission.place):
                found.append(self._permission(spelled, permission))
        return tuple(dict.fromkeys(found))

    def _permission(self, spelled: str, permission: Permission) -> str:
        named = self.contract.registers.get(spelled)
        if named is None:
            return self.registers.known(spelled, permission.place)
        return self._register(named, permission.place)

    def _scratch(self, name: str, regions: Mapping[str, Scratch]) -> tuple[Region, ...]:
        scope = self._scope(Moment.ENTRY, {})
        return tuple(
            Region(parse_value(each.start, scope, each.place.below("start")), each.size)
            for each in self._in_force(regions).values()
            if self._concerns(each.parties, name, each.place)
        )

    def _life_cycle(
        self, parties: Mapping[str, Party], calls: Mapping[str, Call]
    ) -> tuple[str | None, tuple[Move, ...]]:
        cycle = self.contract.life_cycle
        if cycle is None:
            return None, ()
        boot = self._on(cycle.boot, cycle.place.below("boot"))
        self._known_parties((boot,), cycle.place.below("boot"))
        moves: list[Move] = []
        for each in cycle.transitions:
            self._known_state(each.source, each.place.below("from"))
            self._known_state(each.to, each.place.below("to"))
            self._known_call(each.call, each.place.below("call"))
            live = {*parties, *cycle.beyond}
            called = each.call == ANY_OTHER or each.call in calls
            if self._applies(each) and {each.source, each.to} <= live and called:
                moves.append(Move(each.source, each.call, each.to))
        return boot, tuple(moves)

    def _known_state(self, name: str, place: Place) -> None:
        cycle = self.contract.life_cycle
        states = {*self.contract.parties, *(cycle.beyond if cycle else ())}
        if name not in states:
            raise place.refuse(f"no party and no state {name!r}", closest(name, states))

    def _known_call(self, name: str, place: Place) -> None:
        calls = {*self.contract.calls, ANY_OTHER}
        if name not in calls:
            raise place.refuse(f"no call {name!r}", closest(name, calls))


ANY_OTHER: Final = "any-other"
"""Of a transition: an identifier that is no call's number."""


def _declined(reply: Reply) -> Authority | None:
    return authority_of(reply.unspecified) if reply.unspecified is not None else None


def _says_how_it_ends(statement: Statement) -> bool:
    return isinstance(statement, Returns | Leaves | HandedTo)
