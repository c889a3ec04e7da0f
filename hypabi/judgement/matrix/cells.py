"""Callers against live parties: whether a caller gets what it asks for, whoever is live.

A caller is held to nothing here; it is the live party that keeps what the *caller's* contract
promises of the call, or does not.  What holds at entry because the party is live is taken from the
party's own contract.  Which promise applies is :mod:`hypabi.judgement.matrix.applicable_row`'s to
say.
"""

from typing import assert_never

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.behaviour.request import Request
from hypabi.contract.clause import (
    Clause,
    Ensures,
    KeepsMemory,
    Region,
    SaysEnd,
)
from hypabi.contract.revision import Installation, LiveParty, Revision
from hypabi.judgement.matrix.applicable_row import Caller, Live, Promised, applying, silence
from hypabi.judgement.matrix.cell_model import Broken, Cell, Kept, NotDecided, Open, Promise
from hypabi.judgement.matrix.explanation import Instead
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.solver import Solver


def judge_cell(caller: Caller, live: Live, solver: Solver) -> Cell:
    """Judge what a live party does with everything that a caller can ask for."""
    unfollowed = [o for o in caller.requests.others if isinstance(o, PathUndecided)]
    if unfollowed:
        first = unfollowed[0]
        where = f"{caller.name} was not followed beyond {first.address:#x}"
        return NotDecided(f"{where}: {first.reason}")
    if not caller.requests.found:
        return NotDecided(f"{caller.name} issues no hvc")
    cells = [_judge(caller, live, request, solver) for request in caller.requests.found]
    return min(cells, key=_rank)


def _rank(cell: Cell) -> int:
    """Order cells so that the worst comes first."""
    match cell:
        case Broken():
            return 0
        case NotDecided():
            return 1
        case Open():
            return 2
        case Kept():
            return 3
        case _:
            assert_never(cell)


def _judge(caller: Caller, live: Live, request: Request, solver: Solver) -> Cell:
    promises = list(applying(caller, live))
    if not promises:
        return Open(silence(caller, live))
    cells = []
    for promised in promises:
        cells.append(_held(caller, live, request, promised, solver))
        if not isinstance(cells[-1], Broken):
            return cells[-1]
    return cells[0]


def _held(caller: Caller, live: Live, request: Request, promised: Promised, solver: Solver) -> Cell:
    """Hold a live party to one row of the caller's contract."""
    promise, party, row = promised.promise, promised.party, promised.row
    own = live.in_contract(live.revision)
    assert own is not None, live.name
    assumed = own.assumes if promise is Promise.ELSEWHERE else (*row.assumes, *own.assumes)
    scratch = _scratch(live.revision, own)
    granted = tuple(dict.fromkeys(f"{each.name}: {each.text}" for each in assumed))
    clauses = tuple(_with(clause, scratch) for clause in row.clauses)
    behaviour = live.behaviour(request)
    width = caller.revision.architecture.bits
    held = HeldRow(
        caller.revision,
        replace(party, when=None),  # it is live, so whatever tells it from others holds
        replace(row, assumes=assumed, clauses=clauses),
        replace(behaviour, holds=(*behaviour.holds, *request.premises(width))),
        _surroundings(caller.revision, live),
    )
    return _Question(held, promise, request, (*live.granted, *granted)).answer(solver)


@frozen
class _Question:
    """One row, the behaviour that keeps it or does not, and who asks."""

    held: HeldRow
    promise: Promise
    request: Request | None
    """``None`` where nobody asks: code that installs a party."""
    granted: tuple[str, ...]

    def answer(self, solver: Solver) -> Cell:
        """Judge clause by clause, until one is refuted."""
        row = self.held.row
        row = replace(row, clauses=tuple(sorted(row.clauses, key=_telling)))
        findings = judge_row(replace(self.held, row=row), solver)
        said: list[Finding] = []
        for finding in findings:
            if isinstance(finding.verdict, Refuted):
                return self._broken(finding, finding.verdict)
            said.append(finding)
        return self._unbroken(tuple(said))

    def _broken(self, finding: Finding, verdict: Refuted) -> Broken:
        text = Instead(verdict).text()
        pinned = {} if self.request is None else self.request.pinned()
        return Broken(self.promise, finding, verdict, text, pinned, self.held.row, self.granted)

    def _unbroken(self, findings: tuple[Finding, ...]) -> Cell:
        for finding in findings:
            match finding.verdict:
                case Undecided(reason):
                    return NotDecided(f"{finding.clause.name}: {reason}")
                case Proved() | Vacuous() | Refuted():
                    continue
                case _:
                    assert_never(finding.verdict)
        if not any(isinstance(finding.verdict, Proved) for finding in findings):
            return NotDecided(
                f"nothing was tested: no entry{self._asked()} meets the preconditions"
            )
        assumptions = {text for finding in findings for text in finding.assumptions}
        return Kept(self.promise, len(findings), tuple(sorted(assumptions)), self.granted)

    def _asked(self) -> str:
        if self.request is None:
            return ""
        revision = self.held.revision
        identifier = revision.identifier
        value = terms.text(self.request.registers[identifier], revision.architecture.bits)
        return f" with {identifier} = {value}"


def judge_installer(
    live: Live, installation: Installation, behaviour: Behaviour, solver: Solver
) -> Cell:
    """Judge whether code that makes a party live does what the party's own contract promises."""
    party = live.revision.party(installation.row.party)
    assert party is not None, installation.name
    around = _surroundings(live.revision, live)
    held = HeldRow(live.revision, party, installation.row, behaviour, around)
    return _Question(held, Promise.SERVED, None, ()).answer(solver)


def _surroundings(revision: Revision, live: Live) -> Surroundings:
    """Return the live image's tables under the names that either contract has for them."""
    tables = {
        party.name: live.tables[party.vectors]
        for each in (live.revision, revision)
        for party in each.parties
        if party.vectors in live.tables
    }
    return Surroundings(tables, lambda _name: None, lambda _name: False, live.symbol)


def _scratch(revision: Revision, party: LiveParty) -> tuple[Region, ...]:
    """Return the memory that a party may write whatever it is asked: no caller knows of it."""
    rows = revision.rows_of(party.name)
    statements = [clause.statement for row in rows for clause in row.clauses]
    regions = [each.may_write for each in statements if isinstance(each, KeepsMemory)]
    if not regions:
        return ()
    return tuple(region for region in regions[0] if all(region in each for each in regions))


def _with(clause: Clause, scratch: tuple[Region, ...]) -> Clause:
    if not isinstance(clause.statement, KeepsMemory):
        return clause
    return replace(clause, statement=KeepsMemory((*clause.statement.may_write, *scratch)))


def _telling(clause: Clause) -> int:
    """Order clauses so that the one that says most comes first: how the call ends."""
    if isinstance(clause.statement, SaysEnd):
        return 0
    return 1 if isinstance(clause.statement, Ensures) else 2
