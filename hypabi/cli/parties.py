"""Tell which vector table is which party's: by symbol, by who installs it, or by what it does."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive
from hypabi.behaviour.outcome import Returned
from hypabi.code.vectors import How, VectorTable, find
from hypabi.execution.explore import Explorer
from hypabi.execution.system import explorer_for
from hypabi.image.model import Image, Role
from hypabi.judgement.clause import Returns
from hypabi.judgement.contract import Program
from hypabi.judgement.revision import LiveParty, Revision

ROLES: Final[Mapping[Program, Role]] = {
    Program.KERNEL: Role.KERNEL,
    Program.DECOMPRESSOR: Role.DECOMPRESSOR,
}

NVHE_PREFIX: Final = "__kvm_nvhe_"
"""Put before every symbol of the objects that run at EL2 without VHE (kvm/hyp/nvhe/Makefile)."""

VECTOR_BASES: Final = ("VBAR_EL2", "HVBAR")

Found = dict[str, tuple[Role, VectorTable]]
"""By name of the party: the program that holds its table, and the table."""


class Workbench:
    """One program of a boot, with what is needed to derive from it; behaviours are kept."""

    def __init__(self, image: Image, names: Iterable[str]) -> None:
        self.image = image
        self.explorer: Explorer = explorer_for(image)
        self.tables = {t.address: t for t in find(image, names, self.explorer.instruction)}
        self._behaviours: dict[int, Behaviour] = {}

    def behaviour(self, table: VectorTable, immediate: int) -> Behaviour:
        """Return what an ``hvc`` through a table does, derived once."""
        found = self._behaviours.get(table.address)
        if found is None:
            found = derive(self.explorer, table.hvc_entry, immediate)
            self._behaviours[table.address] = found
        return found


def table_names(revision: Revision) -> Mapping[str, str]:
    """Return the symbols that a party's table can have, and whose it is."""
    prefixes = ("", NVHE_PREFIX)
    return {prefix + party.vectors: party.name for party in revision.parties for prefix in prefixes}


def tell_parties(revision: Revision, benches: Mapping[Role, Workbench]) -> Found:
    """Tell which table is which party's; what cannot be told stays without a party.

    By its symbol.  Else by its installer: a call that makes the party live writes the table's
    address into the vector base of the party that served the call.  Else, where a program has no
    symbols, by what it does: the one table that answers calls is the one party that promises to
    return from them, and the one that never returns is the one that promises not to.
    """
    found: Found = {}
    for party in revision.parties:
        role = ROLES[party.program]
        table = _named(benches[role], party) if role in benches else None
        if table is not None:
            found[party.name] = (role, table)
    for party in _unfound(revision, found):
        for role, table in _installed(party, revision, benches, found):
            found.setdefault(party.name, (role, replace(table, how=How.INSTALLER)))
    for role, bench in benches.items():
        if not len(bench.image.symbols):
            _by_conduct(role, bench, revision, found)
    return found


def _unfound(revision: Revision, found: Found) -> list[LiveParty]:
    return [party for party in revision.parties if party.name not in found]


def _named(bench: Workbench, party: LiveParty) -> VectorTable | None:
    for table in bench.tables.values():
        if table.name.removeprefix(NVHE_PREFIX) == party.vectors:
            return table
    return None


def _installed(
    party: LiveParty, revision: Revision, benches: Mapping[Role, Workbench], found: Found
) -> Iterator[tuple[Role, VectorTable]]:
    """Yield the unclaimed tables that a call which makes the party live puts in place."""
    claimed = {table.address for _, table in found.values()}
    for move in revision.moves:
        if move.to != party.name or move.source not in found:
            continue
        role, source = found[move.source]
        for case in benches[role].behaviour(source, revision.immediate).cases:
            for name in VECTOR_BASES:
                base = case.registers.get(name)
                if isinstance(base, int) and base in benches[role].tables and base not in claimed:
                    yield role, benches[role].tables[base]


def _by_conduct(role: Role, bench: Workbench, revision: Revision, found: Found) -> None:
    parties = [party for party in _unfound(revision, found) if ROLES[party.program] is role]
    tables = list(bench.tables.values())
    for returning in (True, False):
        candidates = [p for p in parties if _promises_to_return(p, revision) is returning]
        matching = [
            t for t in tables if _returns(bench.behaviour(t, revision.immediate)) is returning
        ]
        if len(candidates) == len(matching) == 1:
            found[candidates[0].name] = (role, matching[0])


def _promises_to_return(party: LiveParty, revision: Revision) -> bool:
    return any(
        isinstance(clause.statement, Returns)
        for row in revision.rows_of(party.name)
        for clause in row.clauses
    )


def _returns(behaviour: Behaviour) -> bool:
    return any(isinstance(case.outcome, Returned) for case in behaviour.cases)
