"""What else than a hypercall enters the parties of an examined file.

:func:`judge_slots` holds each slot against the contract, by what branches tell and by following a
path only where they do not; :func:`entries` says of every slot what was found, with a state.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from hypabi.analysis.examination import Examination, Provider
from hypabi.analysis.findings.check import Check
from hypabi.analysis.program import Program
from hypabi.arch.exception_routing import entries_of_el2, entries_of_hyp
from hypabi.arch.vector_entries import Origin, VectorEntry
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_exception
from hypabi.code.vector_slots import Route, reads_syndrome, route_of
from hypabi.code.vector_tables import Kind, VectorTable
from hypabi.contract.model import Taken
from hypabi.contract.revision import LiveParty
from hypabi.errors import HypabiError
from hypabi.judgement.entries.audit import judge_entries
from hypabi.judgement.entries.baseline import (
    HANGS,
    Answers,
    AsCall,
    JudgedSlot,
    NotAsCall,
    NotTold,
    all_alike,
    answers_by_values,
    answers_of,
    judge_slot,
    promise_of,
)
from hypabi.judgement.entries.findings import JudgedEntry
from hypabi.records import replace

ITSELF: Final = (Origin.EL2T, Origin.EL2H, Origin.HYP)
"""Where an exception comes from that EL2 or HYP takes of itself."""


def judge_slots(examination: Examination) -> tuple[JudgedSlot, ...]:
    """Hold every slot of the parties of which the contract says what may enter against that."""
    return tuple(
        judged
        for provider in examination.providers
        for name in provider.parties
        for judged in _slots_of(examination, provider, name)
    )


def _slots_of(examination: Examination, provider: Provider, name: str) -> Iterator[JudgedSlot]:
    party = examination.revision.party(name)
    if party is None or not party.entries:
        return
    if all(each.row[0] != name for each in examination.installers):
        party = _made_live_elsewhere(party)
    program, table = examination.programs[provider.role], provider.table
    called = examination.behaviours[name]
    lift = partial(program.explorer.instruction, state=table.state)
    blind = not reads_syndrome(called.visited(), lift)
    for entry in _entries_of(table):
        slot = table.address + entry.offset
        route = route_of(slot, table.hvc_entry, lift, program.explorer.patches)
        if route is Route.HANGS:
            answers = all_alike(entry, NotAsCall(HANGS))
        elif route is Route.AS_CALL and blind:
            answers = all_alike(entry, AsCall())
        elif promise_of(party, entry)[0] is Taken.OPEN:
            answers = all_alike(entry, NotTold("nothing is promised of it"))
        else:
            answers = _followed(examination, name, entry, _through(program, table, entry))
        yield judge_slot(examination.revision, party, entry, answers)


def _made_live_elsewhere(party: LiveParty) -> LiveParty:
    """Return a party of which nothing in the file says at which level its caller runs.

    Whoever makes it live decides that: a boot loader that enters the kernel at EL1 need not answer
    a kernel that has stayed at EL2.
    """
    entries = tuple(
        replace(each, taken=Taken.OPEN) if each.origin in ITSELF else each for each in party.entries
    )
    return replace(party, entries=entries)


def _followed(
    examination: Examination, party: str, entry: VectorEntry, entered: Behaviour
) -> Answers:
    """Return how a slot answers, by what any exception does that enters there."""
    revision, called = examination.revision, examination.behaviours[party]
    by_values = answers_by_values(revision, called, entry, entered)
    if by_values is not None:
        return by_values
    found = judge_entries(
        revision,
        {party: called},
        {party: ((entry, entered),)},
        examination.surroundings,
        examination.solver,
    )
    return answers_of(found)


def with_entries(check: Check, examination: Examination) -> Check:
    """Return a check that says what was found of entries."""
    return replace(check, entries=entries(examination))


def entries(examination: Examination) -> tuple[JudgedEntry, ...]:
    """Return what was found of every slot of every party that the file holds.

    :raises HypabiError: the immediate selects the calls of the contract
    """
    if examination.revision.immediate is None:
        what = "where the immediate selects the call, no other exception is told from one"
        raise HypabiError(examination.contract.name, what, "leave --entries out")
    entered: dict[str, tuple[tuple[VectorEntry, Behaviour], ...]] = {}
    for provider in examination.providers:
        if provider.parties:
            program = examination.programs[provider.role]
            found = tuple(
                (entry, _through(program, provider.table, entry))
                for entry in _entries_of(provider.table)
            )
            entered |= dict.fromkeys(provider.parties, found)
    return judge_entries(
        examination.revision,
        examination.behaviours,
        entered,
        examination.surroundings,
        examination.solver,
    )


def _entries_of(table: VectorTable) -> tuple[VectorEntry, ...]:
    return entries_of_el2() if table.kind is Kind.EL2 else entries_of_hyp()


def _through(program: Program, table: VectorTable, entry: VectorEntry) -> Behaviour:
    """Return what any exception does that enters a slot."""
    address = table.address + entry.offset
    return derive_exception(program.explorer, address, entry.origin, table.state)
