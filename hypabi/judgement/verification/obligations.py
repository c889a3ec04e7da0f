"""The obligations of a contract's row: each clause about each case, as a formula.

Everything that is decided of a clause is decided of these: the prover looks for a state in which
one does not hold, a witness is such a state that a machine can be in, a cell of the matrix says
which of them another party breaks.
"""

from collections.abc import Iterator, Mapping

from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.identifier import with_number
from hypabi.behaviour.outcome import CalledBack, Left, Stuck, Undecided
from hypabi.contract.clause import Answer, Calls, Clause, HandedTo, KeepsMemory, SaysEnd
from hypabi.contract.expression import Predicate, reads_of, reads_of_value
from hypabi.contract.revision import LiveParty, Revision, Row
from hypabi.judgement.verification.clause_demands import (
    CallBack,
    Unconcerned,
    Unfollowed,
    Unnamed,
    answers,
    demands,
)
from hypabi.judgement.verification.demand import Demand
from hypabi.judgement.verification.lowering import Lowering, Surroundings
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value


@frozen
class HeldRow:
    """A row of a contract, and the behaviour that is held to it.

    The behaviour may be another party's than the row is of: then it is the behaviour that ``party``
    is said to have.
    """

    revision: Revision
    party: LiveParty
    """Whose vectors are live."""
    row: Row
    behaviour: Behaviour
    surroundings: Surroundings

    @property
    def number(self) -> int | None:
        """Return the number of the call, where the row is a call's that has one."""
        calls = self.revision.calls
        return next((call.number for call in calls if call.name == self.row.call), None)

    @property
    def passed(self) -> frozenset[str]:
        """Return the registers of which the row says what a caller puts there."""
        calls = (call for call in self.revision.calls if call.name == self.row.call)
        arguments = {register for call in calls for _, register in call.arguments}
        stated = (each.holds for each in (*self.row.assumes, *self.row.requires))
        told = [read for holds in stated for read in reads_of(holds)]
        for statement in (clause.statement for clause in self.row.clauses):
            if isinstance(statement, KeepsMemory):
                told += [r for each in statement.may_write for r in reads_of_value(each.start)]
        named = {read.register for read in told}
        return frozenset({self.revision.identifier, *arguments, *named})


@frozen
class Obligation:
    """One clause about one case: wherever the hypotheses hold, the goal does."""

    held: HeldRow
    clause: Clause
    case: Case
    hypotheses: tuple[Value, ...]
    goal: Demand

    @property
    def denial(self) -> tuple[Value, ...]:
        """Return what a state meets that refutes it."""
        return (*self.hypotheses, terms.lnot(self.goal.holds))


Asked = Obligation | Unfollowed | Unnamed | Unconcerned
"""What a clause asks of a case: something to prove, or why there is nothing."""


def premises_of(party: LiveParty, row: Row) -> Iterator[Predicate]:
    """Yield what a contract says of every entry that a row is about."""
    yield row.selects
    if party.when is not None:
        yield party.when
    yield from (premise.holds for premise in (*row.assumes, *row.requires))


def lowered_premises(held: HeldRow) -> tuple[Value, ...]:
    """Return what holds at every entry that a row is about.

    :raises NotKnown: a premise speaks of something that the image does not tell
    """
    lowering = Lowering(held.behaviour, None, held.surroundings)
    stated = (lowering.predicate(each) for each in premises_of(held.party, held.row))
    return (*stated, *held.behaviour.holds)


def hypotheses_of(
    held: HeldRow, clause: Clause, case: Case, premises: tuple[Value, ...]
) -> tuple[Value, ...]:
    """Return what holds in the states in which a clause speaks of a case.

    What a call that never ends answers nobody can say: of how it ends every clause speaks.

    :param premises: what :func:`lowered_premises` returns for the row
    :raises NotKnown: the clause speaks of something that the image does not tell
    """
    lowering = Lowering(held.behaviour, case, held.surroundings)
    endless = isinstance(case.outcome, Stuck) and isinstance(clause.statement, SaysEnd)
    answered = None if endless else clause.answered
    meant = speaks_of(lowering, held.revision, clause.when, answered)
    return (*guard_terms(case), *premises, *meant)


def speaks_of(
    lowering: Lowering, revision: Revision, when: Predicate | None, answered: Answer | None
) -> Iterator[Value]:
    """Yield the conditions under which a promise speaks of the case that is lowered."""
    if when is not None:
        yield lowering.predicate(when)
    assert lowering.case is not None
    yield answers(lowering.case, lowering, revision, answered)


def obligations_of(
    held: HeldRow, clause: Clause, case: Case, hypotheses: tuple[Value, ...]
) -> Iterator[Asked]:
    """Yield what a clause asks of a case; nothing, where the case cannot break it.

    :param hypotheses: what :func:`hypotheses_of` returns for the clause and the case
    :raises NotKnown: the clause speaks of something that the image does not tell
    """
    if isinstance(case.outcome, Undecided):
        yield Unfollowed(case.outcome)
        return
    case = _with_number(held, case)
    lowering = Lowering(held.behaviour, case, held.surroundings)
    row = held.row
    asked = demands(clause.statement, lowering, held.revision, _call_back(row), _handed_to(row))
    for each in asked:
        if isinstance(each, Demand):
            yield Obligation(held, clause, case, hypotheses, each)
        else:
            yield each


def _with_number(held: HeldRow, case: Case) -> Case:
    """Return a case in which control goes where it goes for the number of the row's call."""
    if held.number is None:
        return case
    revision = held.revision
    return ending_with(
        case, with_number(revision.identifier, held.number, revision.architecture.bits)
    )


def ending_with(case: Case, brought: Mapping[Term, Value]) -> Case:
    """Return a case in which control goes where it goes with what the caller brings."""
    match case.outcome:
        case Left(target) | CalledBack(target) if isinstance(target, Term):
            place = terms.substitute(target, brought)
            return replace(case, outcome=replace(case.outcome, target=place))
        case _:
            return case


def _call_back(row: Row) -> CallBack:
    promised = any(isinstance(clause.statement, Calls) for clause in row.clauses)
    return CallBack.PROMISED if promised else CallBack.UNASKED


def _handed_to(row: Row) -> str | None:
    """Return at whose entry a row's clauses hold, where it ends there whatever is asked."""
    ends = (
        clause.statement.symbol
        for clause in row.clauses
        if isinstance(clause.statement, HandedTo) and clause.when is None
    )
    return next(ends, None)
