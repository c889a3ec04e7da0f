"""Callers against live parties: whether a caller gets what it asks for, whoever is live.

A caller is held to nothing here; it is the live party that keeps what the *caller's* contract
promises of the call, or does not.  What holds at entry because the party is live is taken from the
party's own contract.  Which promise applies:

1. the row of a call that the caller makes, where its contract says that the party serves it;
2. else what its contract promises where the party does not serve the call: an error value, or the
   call served all the same;
3. else, where its contract does not speak of the party, or leaves open what it does, the row of
   the party that does serve the call: it is what the caller counts on.
"""

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.behaviour.request import Request, Requests
from hypabi.frozen import frozen, replace
from hypabi.judgement.clause import (
    Calls,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    Leaves,
    Region,
    Returns,
)
from hypabi.judgement.instead import Instead
from hypabi.judgement.lower import Surroundings
from hypabi.judgement.proof import judge_row
from hypabi.judgement.revision import Installation, LiveCall, LiveParty, Revision, Row, Service
from hypabi.judgement.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.smt import terms
from hypabi.smt.solver import Solver


@frozen
class Caller:
    """A function that asks, and the contract that it was written against."""

    name: str
    label: str
    """Of its revision."""
    image: str
    """That holds it."""
    call: str
    """What it means to call above all."""
    revision: Revision
    requests: Requests

    def calls(self) -> tuple[LiveCall | None, ...]:
        """Return the calls that it makes, the one that it means above all first.

        ``None`` is one that its contract gives no name.
        """
        calls = self.revision.calls
        named = [call for call in calls if self.name in call.callers or call.name == self.call]
        return tuple(sorted(named, key=lambda call: call.name != self.call)) or (None,)


@frozen
class Live:
    """A party whose vectors are live."""

    name: str
    label: str
    """Of its revision."""
    image: str
    """That holds it."""
    vectors: str
    """Symbol of its table."""
    revision: Revision
    """Its own."""
    tables: Mapping[str, terms.Value]
    """Address of each vector table of its image, by symbol."""
    symbol: Callable[[str], int | None]
    """Address of a symbol of its image."""
    granted: tuple[str, ...]
    """What whoever installed it has left, and its behaviour rests on."""
    behaviour: Callable[[Request], Behaviour]
    """What it does with a request: its registers at entry are the caller's."""

    def in_contract(self, revision: Revision) -> LiveParty | None:
        """Return the party that a contract knows it as: by its name, else by its vectors."""
        by_name = [party for party in revision.parties if party.name == self.name]
        by_vectors = [party for party in revision.parties if party.vectors == self.vectors]
        return next(iter((*by_name, *by_vectors)), None)


class Promise(enum.Enum):
    """Which promise a cell was judged by."""

    SERVED = "served"
    """What the call does at this party."""
    UNSERVED = "unserved"
    """What this party answers to a call that it does not serve."""
    ELSEWHERE = "elsewhere"
    """What the call does at the party that serves it; nothing is promised of this one."""


@frozen
class Kept:
    """The party keeps every clause of the promise."""

    promise: Promise
    clauses: int
    assumptions: tuple[str, ...]
    granted: tuple[str, ...]
    """What holds at entry without the caller, as the contracts spell it."""


@frozen
class Broken:
    """The party does something else."""

    promise: Promise
    finding: Finding
    """The refuted clause that says most: how the call ends before what it leaves behind."""
    verdict: Refuted
    instead: str
    """What happens instead, in a line."""
    pinned: Mapping[str, int]
    """What the caller puts into registers, whatever it was called with."""
    row: Row
    """Of the caller's contract: what was promised, and by whom."""
    granted: tuple[str, ...]
    """What holds at entry without the caller, as the contracts spell it."""


@frozen
class Open:
    """The caller's contract leaves open what happens, and why."""

    why: str


@frozen
class NotDecided:
    """Neither kept nor broken, and why."""

    reason: str


Cell = Kept | Broken | Open | NotDecided


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
    applying = list(_applying(caller, live))
    if not applying:
        return Open(_silence(caller, live))
    cells = []
    for promised in applying:
        cells.append(_held(caller, live, request, promised, solver))
        if not isinstance(cells[-1], Broken):
            return cells[-1]
    return cells[0]


@frozen
class _Promised:
    """A row of the caller's contract, and the party that it is of."""

    promise: Promise
    party: LiveParty
    row: Row


def _held(
    caller: Caller, live: Live, request: Request, promised: _Promised, solver: Solver
) -> Cell:
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
    question = _Question(
        caller.revision,
        replace(party, when=None),  # it is live, so whatever tells it from others holds
        replace(row, assumes=assumed, clauses=clauses),
        promise,
        replace(behaviour, holds=(*behaviour.holds, *request.premises(width))),
        _surroundings(caller.revision, live),
        request,
        (*live.granted, *granted),
    )
    return question.answer(solver)


@frozen
class _Question:
    """One row, and the behaviour that keeps it or does not."""

    revision: Revision
    party: LiveParty
    row: Row
    promise: Promise
    behaviour: Behaviour
    surroundings: Surroundings
    request: Request | None
    """``None`` where nobody asks: code that installs a party."""
    granted: tuple[str, ...]

    def answer(self, solver: Solver) -> Cell:
        """Judge clause by clause, until one is refuted."""
        row = replace(self.row, clauses=tuple(sorted(self.row.clauses, key=_telling)))
        findings = judge_row(
            self.revision, self.party, row, self.behaviour, self.surroundings, solver
        )
        said: list[Finding] = []
        for finding in findings:
            if isinstance(finding.verdict, Refuted):
                return self._broken(finding, finding.verdict)
            said.append(finding)
        return self._unbroken(tuple(said))

    def _broken(self, finding: Finding, verdict: Refuted) -> Broken:
        instead = Instead(finding, verdict, self.behaviour, self.row, self.revision)
        text = instead.text(self.surroundings)
        pinned = {} if self.request is None else self.request.pinned()
        return Broken(self.promise, finding, verdict, text, pinned, self.row, self.granted)

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
        identifier = self.revision.identifier
        value = terms.text(self.request.registers[identifier], self.revision.architecture.bits)
        return f" with {identifier} = {value}"


def judge_installer(
    live: Live, installation: Installation, behaviour: Behaviour, solver: Solver
) -> Cell:
    """Judge whether code that makes a party live does what the party's own contract promises."""
    party = live.revision.party(installation.row.party)
    assert party is not None, installation.name
    question = _Question(
        live.revision,
        party,
        installation.row,
        Promise.SERVED,
        behaviour,
        _surroundings(live.revision, live),
        None,
        (),
    )
    return question.answer(solver)


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


def _applying(caller: Caller, live: Live) -> Iterator[_Promised]:
    """Yield the promises that a live party may keep, the one it should keep first.

    Where it should refuse the call, it may serve it as well: that is what the caller asks for.
    """
    revision = caller.revision
    party = live.in_contract(revision)
    calls = caller.calls()
    for promise, row in _rows(revision, party, calls) if party is not None else ():
        if row.unspecified is None:
            assert party is not None
            yield _Promised(promise, party, row)
            if promise is Promise.SERVED:
                return
    for call in calls:
        for server in call.served_by[:1] if call is not None else ():
            serving = revision.party(server)
            assert serving is not None and call is not None
            yield _Promised(Promise.ELSEWHERE, serving, revision.row(server, call.name))
            return


def _silence(caller: Caller, live: Live) -> str:
    """Return why nothing can be held against a live party."""
    party = live.in_contract(caller.revision)
    for _, row in _rows(caller.revision, party, caller.calls()) if party is not None else ():
        if row.unspecified is not None:
            return row.unspecified.cite or row.unspecified.because or ""
    return "the caller's contract says nothing of the call, nor of the party"


def _rows(
    revision: Revision, party: LiveParty, calls: tuple[LiveCall | None, ...]
) -> Iterator[tuple[Promise, Row]]:
    """Yield a party's rows for a caller's calls, the one of a call that it serves first."""
    found = [(call, _row(revision, party, call)) for call in calls]
    for call, row in found:
        if row is not None and call is not None and row.service is Service.SERVED:
            yield Promise.SERVED, row
    for _, row in found:
        if row is not None and row.service is not Service.SERVED:
            yield Promise.UNSERVED, row


def _row(revision: Revision, party: LiveParty, call: LiveCall | None) -> Row | None:
    """Return a party's row for a call; one without a number may be any other identifier there."""
    if call is None:
        return revision.find(party.name, None)
    row = revision.find(party.name, call.name)
    if row is None and call.number is None:
        return revision.find(party.name, None)
    return row


def _telling(clause: Clause) -> int:
    """Order clauses so that the one that says most comes first: how the call ends."""
    if isinstance(clause.statement, Returns | Leaves | Calls | HandedTo):
        return 0
    return 1 if isinstance(clause.statement, Ensures) else 2
