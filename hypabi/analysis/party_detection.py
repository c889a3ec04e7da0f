"""Tell which vector table is which party's: by symbol, by who installs it, or by what it does."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.program import Program
from hypabi.behaviour.by_number import select_number
from hypabi.behaviour.identifier import identifier_term
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.code.vector_tables import How, VectorTable, alignment_of
from hypabi.contract.clause import Calls, HandedTo, Leaves
from hypabi.contract.model import Program as ProgramName
from hypabi.contract.revision import NVHE_PREFIX, LiveParty, Revision, Row
from hypabi.image.model import Image, Role, Symbol
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.allowance import is_spent

ROLES: Final[Mapping[ProgramName, Role]] = {
    ProgramName.KERNEL: Role.KERNEL,
    ProgramName.DECOMPRESSOR: Role.DECOMPRESSOR,
}

VECTOR_BASES: Final = ("VBAR_EL2", "HVBAR")

Tables = Mapping[Role, Mapping[int, VectorTable]]
"""The vector tables of each program, by address."""

Found = dict[str, tuple[Role, VectorTable]]
"""By name of the party: the program that holds its table, and the table."""


def table_names(revision: Revision) -> Mapping[str, str]:
    """Return the symbols that a party's table can have, and whose it is."""
    return {name: party.name for party in revision.parties for name in _names(party)}


def _names(party: LiveParty) -> tuple[str, ...]:
    return (party.vectors, NVHE_PREFIX + party.vectors, *party.also_at)


def find_once(image: Image, name: str) -> Iterator[Symbol]:
    """Yield the symbol of a name, and that of nVHE's copy of it, each where it is there once."""
    for spelled in (name, NVHE_PREFIX + name):
        found = image.symbols.find(spelled)
        if len(found) == 1:
            yield found[0]


def address_of(name: str, *images: Image) -> int | None:
    """Return the address of the symbol of a name, if there is one such in all of the images."""
    found = [each for image in images for each in image.symbols.find(name)]
    return found[0].address if len(found) == 1 else None


def expected_parties(
    revision: Revision, programs: Mapping[Role, Program], found: Found
) -> Mapping[str, str]:
    """Return why the image should have a party that was not found, by its name.

    Its program is there, of which no part is missing, and begins with it; a symbol names it; or
    other parties of its owner are there, as a kernel has all of KVM or none of it, where they are
    not the initial stub's own and the contract names no kernels that leave it out.
    """
    expected: dict[str, str] = {}
    first = {
        role: next((p for p in revision.parties if ROLES[p.program] is role), None)
        for role in programs
    }
    others = {party.owner for party in first.values() if party is not None}
    held = {party.owner: party.name for party in revision.parties if party.name in found}
    for party in _unfound(revision, found):
        role = ROLES[party.program]
        if role not in programs:
            continue
        named = _named_without_table(programs[role], party)
        if named is not None:
            expected[party.name] = named
        elif party is first[role] and not programs[role].image.stand_ins:
            expected[party.name] = f"the {role.value} begins with it"
        elif party.left_out is None and party.owner in held and party.owner not in others:
            expected[party.name] = f"{held[party.owner]}, of the same owner, is there"
    return expected


def _named_without_table(program: Program, party: LiveParty) -> str | None:
    """Say what stands at a symbol that names a party, where it is no table that can be live."""
    alignment = alignment_of(program.image.architecture)
    for name in _names(party):
        for symbol in program.image.symbols.find(name):
            if program.image.segment(symbol.address) is None or _begins_nothing(program, symbol):
                continue
            if symbol.address % alignment:
                return f"{name} at {symbol.address:#x} is not aligned to {alignment:#x}"
            return f"no table of vectors stands at {name}, {symbol.address:#x}"
    return None


def _begins_nothing(program: Program, symbol: Symbol) -> bool:
    """Tell whether a linker's symbols say that a section is empty: it ends where it begins.

    A kernel without KVM has ``__hyp_idmap_text_start`` and ``_end`` all the same.
    """
    section, started, _ = symbol.name.rpartition("_start")
    if not started:
        return False
    ends = program.image.symbols.find(f"{section}_end")
    return any(each.address == symbol.address for each in ends)


def tell_parties(revision: Revision, programs: Mapping[Role, Program], tables: Tables) -> Found:
    """Tell which table is which party's; what cannot be told stays without a party.

    By its symbol.  Else by its installer: a call that makes the party live writes the table's
    address into the vector base of the party that served the call.  Else by what it does: the one
    table that ends every call (returns, leaves, hands it to C) as the one party promises.
    """
    found: Found = {}
    for party in revision.parties:
        role = ROLES[party.program]
        table = _named(tables[role], party) if role in tables else None
        if table is not None:
            found[party.name] = (role, table)
    for party in _unfound(revision, found):
        for role, table in _installed(party, revision, programs, tables, found):
            found.setdefault(party.name, (role, replace(table, how=How.INSTALLER)))
    for role, program in programs.items():
        _by_conduct(program, tables[role], revision, found)
    return found


def _unfound(revision: Revision, found: Found) -> list[LiveParty]:
    return [party for party in revision.parties if party.name not in found]


def _named(tables: Mapping[int, VectorTable], party: LiveParty) -> VectorTable | None:
    for name in _names(party):
        for table in tables.values():
            if table.name == name:
                return table
    return None


def _installed(
    party: LiveParty,
    revision: Revision,
    programs: Mapping[Role, Program],
    tables: Tables,
    found: Found,
) -> Iterator[tuple[Role, VectorTable]]:
    """Yield the unclaimed tables that a call which makes the party live puts in place."""
    claimed = {table.address for _, table in found.values()}
    for move in revision.moves:
        if move.to != party.name or move.source not in found:
            continue
        role, source = found[move.source]
        behaviour = programs[role].behaviour_by(source, revision)
        for case in behaviour.cases:
            for name in VECTOR_BASES:
                base = case.registers.get(name)
                if isinstance(base, int) and base in tables[role] and base not in claimed:
                    yield role, tables[role][base]


def _by_conduct(
    program: Program, tables: Mapping[int, VectorTable], revision: Revision, found: Found
) -> None:
    """Tell the tables that are left by how they end each call, where that leaves no choice.

    Conduct is a hint and no proof: a table with a name of its own is somebody else's, and a program
    of which no party has been told by name, unless it is the decompressor, may be no kernel at all.
    """
    role = program.image.role
    parties = [party for party in _unfound(revision, found) if ROLES[party.program] is role]
    ours = role is Role.DECOMPRESSOR or any(of is role for of, _ in found.values())
    if not parties or not ours:
        return
    claimed = {table.address for of, table in found.values() if of is role}
    promised = {party.name: _promised(party, revision) for party in parties}
    conduct = {
        table: _conduct(program, table, revision)
        for address, table in tables.items()
        if address not in claimed and not table.name
    }
    for name, ends in promised.items():
        matching = [table for table, observed in conduct.items() if observed == ends]
        rivals = [other for other, promise in promised.items() if promise == ends]
        if len(matching) == len(rivals) == 1:
            found[name] = (role, replace(matching[0], how=How.CONDUCT))


class End(enum.Enum):
    """How a call ends, as coarsely as a table can be told by."""

    RETURNS = "returns"
    LEAVES = "leaves"
    HANDED = "handed to compiled code"
    CALLS = "calls what the caller chose"
    OTHER = "stuck, faulted or undecided"


Conduct = tuple[frozenset[End], ...]
"""One set of ends for each row of the contract."""


def _promised(party: LiveParty, revision: Revision) -> Conduct:
    return tuple(_promised_end(row) for row in revision.rows_of(party.name))


def _promised_end(row: Row) -> frozenset[End]:
    kinds = {Leaves: End.LEAVES, HandedTo: End.HANDED, Calls: End.CALLS}
    ends = {kinds[type(c.statement)] for c in row.clauses if type(c.statement) in kinds}
    return frozenset(ends or {End.RETURNS})


def _conduct(program: Program, table: VectorTable, revision: Revision) -> Conduct:
    """Return how a table ends the calls of the contract, in its order, any other last.

    Nothing, which no party promises, where the allowance does not suffice to tell.
    """
    behaviour = program.behaviour_by(table, revision)
    solver = program.explorer.new_solver()
    bits = revision.architecture.bits
    asked = identifier_term(revision.identifier, bits)
    numbers = [call.number for call in revision.calls if call.number is not None]
    equal = [terms.eq(asked, revision.content(number), bits) for number in numbers]
    selections = (*equal, terms.land(*map(terms.lnot, equal)))
    ends = tuple(
        frozenset(_end(case.outcome) for case in select_number(behaviour, selection, solver))
        for selection in selections
    )
    return () if is_spent(solver) else ends


def _end(outcome: Outcome) -> End:
    match outcome:
        case Returned():
            return End.RETURNS
        case Left():
            return End.LEAVES
        case Called():
            return End.HANDED
        case CalledBack():
            return End.CALLS
        case Stuck() | Faulted() | Requested() | Undecided():
            return End.OTHER
        case _:
            assert_never(outcome)
