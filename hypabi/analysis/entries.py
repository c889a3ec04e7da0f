"""Judge what else than a hypercall reaches the parties of an examined file."""

from collections.abc import Iterator

from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.program import Program
from hypabi.arch.exception_routing import doors_of_el2, doors_of_hyp
from hypabi.arch.vector_entries import Door
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_exception
from hypabi.code.vector_tables import Kind, VectorTable
from hypabi.judgement.entries.audit import judge_doors
from hypabi.judgement.entries.findings import DoorFinding
from hypabi.records import replace


def with_doors(check: Check, examination: Examination) -> Check:
    """Return a check that says what was found of doors."""
    return replace(check, doors=doors(examination))


def doors(examination: Examination) -> tuple[DoorFinding, ...]:
    """Return what was found of every slot of every party that the file holds."""
    entered: dict[str, tuple[tuple[Door, Behaviour], ...]] = {}
    for provider in examination.providers:
        if provider.parties:
            found = tuple(_entered(examination.programs[provider.role], provider.table))
            entered |= dict.fromkeys(provider.parties, found)
    return judge_doors(
        examination.revision,
        examination.behaviours,
        entered,
        examination.surroundings,
        examination.solver,
    )


def _entered(program: Program, table: VectorTable) -> Iterator[tuple[Door, Behaviour]]:
    for door in doors_of_el2() if table.kind is Kind.EL2 else doors_of_hyp():
        address = table.address + door.offset
        yield door, derive_exception(program.explorer, address, door.origin, table.state)
