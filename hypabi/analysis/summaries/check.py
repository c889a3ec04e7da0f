"""A check, told as plain values."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never

from hypabi.analysis.findings.check import Check
from hypabi.analysis.installers import Installer
from hypabi.analysis.results.check import (
    Authority,
    CheckedClause,
    CheckedInstaller,
    CheckedParty,
    CheckedPlacement,
    CheckedSlot,
    CheckReproduction,
    CheckResult,
    ClauseKind,
    ClauseWord,
    InstallerWord,
    LostRegister,
    PlacementWord,
    UnspecifiedRow,
)
from hypabi.analysis.results.shared import Evidence
from hypabi.analysis.summaries.assumptions import assumptions
from hypabi.analysis.summaries.refutation import weigh_refutation
from hypabi.analysis.summaries.shared import (
    evidence_of,
    identify_contract,
    identify_image,
    no_evidence,
    symbols_in,
    vector_table,
)
from hypabi.analysis.summaries.trusted_base import trusted
from hypabi.contract.clause import (
    Calls,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Returns,
    Statement,
)
from hypabi.contract.expression import Moment, reads_of
from hypabi.contract.revision import LiveParty
from hypabi.image.symbolizer import Places
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.records import replace
from hypabi.unknowns import MemoryWord, unknown_of

if TYPE_CHECKING:
    from hypabi.analysis.installers import FoundInstaller
    from hypabi.analysis.placement import Placed
    from hypabi.analysis.results.caller_checks import CallerChecks
    from hypabi.analysis.results.entries import EntryFinding
    from hypabi.analysis.results.shared import SuppressionFile
    from hypabi.contract.clause import Authority as Stated
    from hypabi.judgement.entries.baseline import JudgedSlot


def summarize_check(check: Check) -> CheckResult:
    """Return a check as plain values."""
    places = Places(check.loaded)
    provenance = check.provenance
    result = CheckResult(
        identify_image(check.loaded),
        identify_contract(check.revision, check.contract.sha256),
        tuple(_party(check, party) for party in check.revision.parties),
        tuple(_installer(check, each) for each in check.installers),
        tuple(_placement(each) for each in check.placed),
        tuple(map(_slot, check.slots)),
        tuple(_clause(check, finding, places) for finding in check.judgement.findings),
        tuple(vector_table(each) for each in check.tables if not each.parties),
        tuple(
            UnspecifiedRow(each.party, each.call, each.why.strip())
            for each in check.judgement.unspecified
        ),
        _callers(check, places),
        _entries(check),
        check.machine,
        assumptions(check),
        dict(check.capabilities),
        _suppressions(check),
        check.second_opinion,
        {},
        trusted(provenance, check.second_opinion),
        CheckReproduction(
            command=provenance.command,
            versions=dict(provenance.versions),
            image_sha256=check.loaded.sha256,
            contract_sha256=check.contract.sha256,
        ),
    )
    return replace(result, symbols=symbols_in(_texts(result), places))


def _party(check: Check, party: LiveParty) -> CheckedParty:
    table = check.table_of(party.name)
    return CheckedParty(
        party.name,
        party.title,
        party.owner,
        party.vectors,
        party.program,
        table is not None,
        check.expected.get(party.name),
        None if table is None else vector_table(table),
    )


def _installer(check: Check, found: "FoundInstaller") -> CheckedInstaller:
    of = found.installation
    party = check.revision.party(of.row.party)
    assert party is not None, of.name
    there = {
        each.installation.row.party for each in check.installers if isinstance(each, Installer)
    }
    address, word = None, InstallerWord.ABSENT
    if isinstance(found, Installer):
        address, word = f"{found.symbol.address:#x}", InstallerWord.FOUND
    elif party.name in there and of.left_out is None:
        word = InstallerWord.MISSING
    return CheckedInstaller(party.name, of.function, of.functions, party.program, address, word)


def _slot(judged: "JudgedSlot") -> CheckedSlot:
    entry, by = judged.entry, judged.authority
    return CheckedSlot(
        judged.party,
        f"{entry.offset:#x}",
        entry.name,
        entry.origin,
        judged.promised,
        None if by is None else _authority(by),
        judged.answered,
        judged.verdict,
        judged.why,
    )


def _authority(of: "Stated") -> Authority:
    return Authority(of.cite, of.because, of.against, of.incomplete)


def _placement(placed: "Placed") -> CheckedPlacement:
    word = PlacementWord.BROKEN if placed.wrong else PlacementWord.KEPT
    return CheckedPlacement(
        placed.place.name,
        placed.place.program,
        _authority(placed.place.authority),
        word if placed.judged else PlacementWord.UNTOLD,
        placed.judged,
        placed.wrong,
        placed.untold or None,
    )


def _clause(check: Check, finding: Finding, places: Places) -> CheckedClause:
    verdict, clause = finding.verdict, finding.clause
    lost: tuple[LostRegister, ...] = ()
    by = besides = None
    word, reason, evidence = ClauseWord.PROVED, None, no_evidence()
    match verdict:
        case Proved():
            pass
        case Refuted():
            found = weigh_refutation(check, finding, verdict)
            word, reason, by, lost = found.word, found.reason, found.by, found.lost
            besides = verdict.besides
            if found.shown is not None:
                evidence = evidence_of(found.shown, check.texts, places)
        case Undecided():
            word, reason = ClauseWord.UNDECIDED, verdict.reason
        case Vacuous():
            word, reason = ClauseWord.VACUOUS, verdict.reason
        case _:
            assert_never(verdict)
    return CheckedClause(
        finding.party,
        finding.call,
        None if finding.number is None else f"{finding.number:#x}",
        clause.name,
        _kind(clause.statement, check.revision.result),
        clause.text,
        _authority(clause.authority),
        word,
        reason,
        verdict.cases if isinstance(verdict, Proved) else None,
        finding.assumptions,
        check.attempt(finding),
        by,
        lost,
        besides,
        counterexample=evidence.counterexample,
        observed=evidence.observed,
        path=evidence.path,
        disassembly=evidence.disassembly,
    )


def _kind(statement: Statement, result: str) -> ClauseKind:
    """Return what a clause promises.

    :param result: the register of the answer
    """
    match statement:
        case Ensures(holds):
            told = {read.register for read in reads_of(holds) if read.moment is Moment.EXIT}
            return ClauseKind.ANSWER if told == {result} else ClauseKind.EFFECT
        case Returns():
            return ClauseKind.RETURNS
        case Leaves():
            return ClauseKind.LEAVES
        case Calls():
            return ClauseKind.CALLS
        case HandedTo():
            return ClauseKind.HANDED
        case KeepsRegisters():
            return ClauseKind.REGISTERS
        case KeepsSystemRegisters():
            return ClauseKind.SYSTEM_REGISTERS
        case KeepsMemory():
            return ClauseKind.MEMORY
        case _:
            assert_never(statement)


def _suppressions(check: Check) -> "SuppressionFile | None":
    if check.suppressions is None:
        return None
    from hypabi.analysis.summaries.suppressions import suppression_file

    clauses = (*check.suppressed.values(), *check.suppressed_losses.values())
    used = (*clauses, *check.lived_with.values())
    return suppression_file(check.suppressions, used)


def _callers(check: Check, places: Places) -> "CallerChecks | None":
    if check.callers is None:
        return None
    from hypabi.analysis.summaries.caller_checks import CalledBy, summarize_caller_checks

    places = places if check.outside is None else Places(check.outside)
    called_by = CalledBy(check.calling, places)
    about = (check.callers, check.lived_with, places.name, called_by)
    return summarize_caller_checks(*about, check.outside)


def _entries(check: Check) -> "tuple[EntryFinding, ...] | None":
    if check.entries is None:
        return None
    from hypabi.analysis.summaries.entries import summarize_entry

    return tuple(summarize_entry(each, check.revision.immediate) for each in check.entries)


def _texts(result: CheckResult) -> Iterator[str]:
    """Yield the texts in which a report spells addresses by their symbols."""
    for clause in result.verdicts:
        yield clause.reason or ""
        yield from _evident(clause)
        if clause.replay is not None:
            yield from clause.replay.needed
            yield from clause.replay.needed.values()
    for assumption in result.assumptions:
        yield assumption.text
    for placement in result.placements:
        yield from placement.broken
    for slot in result.slots:
        yield from slot.why
    for entry in result.vector_entries or ():
        yield from (entry.reason or "", *entry.not_followed, *entry.instead, *entry.assumptions)
        for handled in entry.handled_as:
            yield from (handled.answer, handled.ends, *handled.changed.values())


def _evident(evidence: Evidence) -> Iterator[str]:
    """Yield words of memory at entry."""
    for name, value in evidence.counterexample.items():
        if isinstance(unknown_of(name), MemoryWord):
            yield from (name, value)
