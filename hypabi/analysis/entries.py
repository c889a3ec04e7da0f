"""Judge what else than a hypercall reaches the parties of an examined file."""

from collections.abc import Iterator

from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.program import Program
from hypabi.arch.exception_routing import entries_of_el2, entries_of_hyp
from hypabi.arch.vector_entries import VectorEntry
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_exception
from hypabi.code.vector_tables import Kind, VectorTable
from hypabi.judgement.entries.audit import judge_entries
from hypabi.judgement.entries.findings import JudgedEntry
from hypabi.records import replace


def with_entries(check: Check, examination: Examination) -> Check:
    """Return a check that says what was found of entries."""
    return replace(check, entries=entries(examination))


def entries(examination: Examination) -> tuple[JudgedEntry, ...]:
    """Return what was found of every slot of every party that the file holds."""
    entered: dict[str, tuple[tuple[VectorEntry, Behaviour], ...]] = {}
    for provider in examination.providers:
        if provider.parties:
            found = tuple(_entered(examination.programs[provider.role], provider.table))
            entered |= dict.fromkeys(provider.parties, found)
    return judge_entries(
        examination.revision,
        examination.behaviours,
        entered,
        examination.surroundings,
        examination.solver,
    )


def _entered(program: Program, table: VectorTable) -> Iterator[tuple[VectorEntry, Behaviour]]:
    for entry in entries_of_el2() if table.kind is Kind.EL2 else entries_of_hyp():
        address = table.address + entry.offset
        yield entry, derive_exception(program.explorer, address, entry.origin, table.state)
