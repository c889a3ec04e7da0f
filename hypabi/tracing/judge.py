"""A crossing against the contract: who may call, what is asked, what was answered and kept.

What was seen is a case of a behaviour in which every register is a number, so that the clauses are
held against it by the same code as against what was derived.  A clause that speaks of what no
source sees (memory, other system registers) is not judged, and named.
"""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Left
from hypabi.contract.clause import (
    Calls,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Returns,
)
from hypabi.contract.expression import Predicate, reads_of
from hypabi.contract.revision import CallerContext, LiveCall, LiveParty, Revision, Row, Service
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Vacuous
from hypabi.machine.crossing import Back, Entered
from hypabi.records import frozen, replace
from hypabi.smt.solver import Solver
from hypabi.tracing.result import CrossingFinding, CrossingWord

LINKS: Final = {
    Architecture.ARM64: ("ELR_EL2", "SPSR_EL2", "PSTATE"),
    Architecture.ARM: ("ELR_hyp", "SPSR_hyp", "CPSR"),
}
"""Registers of the return, and of the status that it restores."""
ANY_OTHER: Final = "any-other"
WORST_FIRST: Final = (
    CrossingWord.VIOLATED,
    CrossingWord.UNDECIDED,
    CrossingWord.UNSCHEDULED,
    CrossingWord.ELSEWHERE,
    CrossingWord.UNSPECIFIED,
    CrossingWord.SATISFIED,
)


@frozen
class Judged:
    """What is said of a crossing while one party is live."""

    verdict: CrossingWord
    findings: tuple[CrossingFinding, ...] = ()
    judged: int = 0
    unseen: tuple[str, ...] = ()


@frozen
class Question:
    """A crossing, and what it is held against."""

    revision: Revision
    party: LiveParty
    function: str | None
    """Around the caller, where that is known."""
    call: LiveCall | None
    """Of the contract; ``None`` for an identifier that is no call's number."""
    identifier: int
    entered: Entered
    back: Back | None
    surroundings: Surroundings


def judge_crossing(question: Question, solver: Solver) -> Judged:
    """Hold a crossing against the contract."""
    row = _row(question)
    if row is None or row.handed_to:
        return Judged(CrossingWord.ELSEWHERE)
    findings = list(_of_caller(question, row))
    held = _held(question, row)
    findings += _of_arguments(question, held)
    judged, unseen, broken = 0, [], []
    for clause in row.clauses:
        word, text = _of_clause(question, held, clause, solver)
        if word is None:
            unseen += [clause.name] if question.back is not None else []
            continue
        judged += 1
        if word is not CrossingWord.SATISFIED:
            broken.append(CrossingFinding(clause.name, word, text))
    findings += broken
    words = [each.verdict for each in findings]
    if question.back is None:
        words.append(CrossingWord.UNDECIDED)
        what = "it was not seen to come back"
        findings.append(CrossingFinding("answer", CrossingWord.UNDECIDED, what))
    elif not row.clauses:
        words.append(CrossingWord.UNSPECIFIED)
    elif not judged:
        words.append(CrossingWord.UNDECIDED)
        what = "every clause speaks of what was not seen"
        findings.append(CrossingFinding("answer", CrossingWord.UNDECIDED, what))
    worst = min(words, key=WORST_FIRST.index, default=CrossingWord.SATISFIED)
    return Judged(worst, tuple(findings), judged, tuple(unseen))


def _row(question: Question) -> Row | None:
    name = None if question.call is None else question.call.name
    party = question.party.name
    found = question.revision.find(party, name)
    return found or question.revision.find(party, None) or _taken(question)


def _taken(question: Question) -> Row | None:
    """Return the row of the call that a party takes any identifier for."""
    rows = question.revision.rows_of(question.party.name)
    calls = {each.name for each in question.revision.calls if each.number is None}
    return next((row for row in rows if row.call in calls), None)


# --------------------------------------------------------------------------------- the caller


def _of_caller(question: Question, row: Row) -> Iterator[CrossingFinding]:
    """Yield why the caller was not entitled."""
    name = "an identifier of no call" if question.call is None else question.call.name
    party = question.party.name
    contexts = list(_contexts(question))
    if not contexts and question.function is None:
        yield CrossingFinding("caller", CrossingWord.UNDECIDED, f"who asks for {name} is not known")
    elif not contexts:
        what = f"the contract does not say when {question.function} asks for {name}"
        yield CrossingFinding("caller", CrossingWord.UNSCHEDULED, what)
    elif not any(party in each.states for each in contexts):
        states = " or ".join(dict.fromkeys(s for each in contexts for s in each.states)) or "nobody"
        what = f"{name} is for while {states} is live, and {party} is"
        yield CrossingFinding("caller", CrossingWord.VIOLATED, what)
    refused = row.service is Service.REFUSED
    if refused and not any(question.revision.error in each.refusals for each in contexts):
        yield CrossingFinding("caller", CrossingWord.VIOLATED, f"{party} does not serve {name}")


def _contexts(question: Question) -> Iterator[CallerContext]:
    """Yield what the contract says of who calls; a context that names the function counts alone."""
    name = ANY_OTHER if question.call is None else question.call.name
    found = [
        each
        for each in question.revision.contexts
        if (not each.functions or question.function in each.functions)
        and (not each.calls or name in each.calls)
        and (not each.identifiers or question.identifier in each.identifiers)
    ]
    named = [each for each in found if each.functions]
    yield from named or found


def _of_arguments(question: Question, held: HeldRow) -> Iterator[CrossingFinding]:
    """Yield what the caller should have ensured and has not."""
    lowering = Lowering(held.behaviour, None, held.surroundings)
    for premise in held.row.requires:
        if not _seen(premise.holds, question.entered.registers):
            continue
        try:
            holds = lowering.predicate(premise.holds)
        except NotKnown:
            continue
        if holds == 0:
            what = f"the caller has to ensure {premise.text}"
            yield CrossingFinding(premise.name, CrossingWord.VIOLATED, what)


# -------------------------------------------------------------------------------- the answer


def _held(question: Question, row: Row) -> HeldRow:
    """Return the row, and the crossing as the one case of a behaviour."""
    entered, back = question.entered, question.back
    bits = question.revision.architecture.bits
    link, status, own = LINKS[question.revision.architecture]
    at_entry = dict(entered.registers)
    at_exit = {} if back is None else dict(back.registers)
    restored = at_exit.pop(own, None)
    to = 0 if back is None or back.to is None else back.to
    mode = "" if back is None or back.mode is None else back.mode
    case = Case((), at_exit, (), (), Left(to, mode, restored), (), None)
    widths = dict.fromkeys((*at_entry, *at_exit, link, status), bits)
    behaviour = Behaviour(entered.entry or 0, at_entry, link, status, (case,), widths)
    return HeldRow(question.revision, question.party, row, behaviour, question.surroundings)


def _of_clause(
    question: Question, held: HeldRow, clause: Clause, solver: Solver
) -> tuple[CrossingWord | None, str]:
    """Return what is said of a clause, ``None`` where what it speaks of was not seen."""
    if question.back is None or not _shows(question, question.back, held, clause):
        return None, ""
    row = replace(held.row, clauses=(clause,))
    shown = _without(held.behaviour, _half_seen(clause, question, question.back))
    for finding in judge_row(replace(held, row=row, behaviour=shown), solver):
        match finding.verdict:
            case Proved() | Vacuous():
                return CrossingWord.SATISFIED, ""
            case Refuted() as refuted:
                return CrossingWord.VIOLATED, f"{clause.text}: {_instead(refuted)}"
            case Undecided():
                return None, ""
            case _:
                assert_never(finding.verdict)
    return None, ""


def _half_seen(clause: Clause, question: Question, back: Back) -> frozenset[str]:
    """Return the registers that may become what was not seen."""
    if not isinstance(clause.statement, KeepsSystemRegisters):
        return frozenset()
    both = {name: 0 for name in question.entered.registers if name in back.registers}
    return frozenset(
        each.register
        for each in clause.statement.partly
        if each.to is not None and not _seen(each.to, both)
    )


def _without(behaviour: Behaviour, names: frozenset[str]) -> Behaviour:
    """Return a crossing of which some registers at exit were not seen."""
    (case,) = behaviour.cases
    kept = {name: value for name, value in case.registers.items() if name not in names}
    return replace(behaviour, cases=(replace(case, registers=kept),))


def _instead(refuted: Refuted) -> str:
    """Return what happened instead, in numbers."""
    seen = ", ".join(
        f"{name} {before:#x} -> {after:#x}" for name, before, after in refuted.observed
    )
    return f"{refuted.instead} ({seen})" if seen else refuted.instead


def _shows(question: Question, back: Back, held: HeldRow, clause: Clause) -> bool:
    """Tell whether everything was seen that a clause speaks of."""
    at_entry, at_exit = question.entered.registers, back.registers
    both = {name: 0 for name in at_entry if name in at_exit}
    conditions = [clause.when] if clause.when is not None else []
    conditions += [each.holds for each in (*held.row.requires, *held.row.assumes)]
    if not all(_seen(each, at_entry) for each in conditions):
        return False
    if clause.answered is not None and question.revision.result not in at_exit:
        return False
    link, status, own = LINKS[question.revision.architecture]
    returns = back.to is not None and {link, status} <= at_entry.keys() and own in at_exit
    match clause.statement:
        case Ensures(holds):
            return _seen(holds, {**both, own: 0} if returns else both)
        case KeepsRegisters() | KeepsSystemRegisters():
            return bool(at_exit)
        case KeepsMemory() | HandedTo() | Calls():
            return False
        case Returns():
            return returns
        case Leaves():
            return back.to is not None and own in at_exit
        case _:
            assert_never(clause.statement)


def _seen(predicate: Predicate, registers: Mapping[str, int]) -> bool:
    return all(read.register in registers for read in reads_of(predicate))
