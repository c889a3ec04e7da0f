"""Find again what refutes a clause: the case, the conditions that lead to it, the broken demand.

A verdict keeps one model.  A witness needs the question itself, because it asks for a model that a
machine can hold; the answer is a refutation in its own right, found without the first.
"""

from collections.abc import Iterator, Mapping

from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Undecided
from hypabi.contract.clause import Calls, Clause
from hypabi.contract.expression import Predicate
from hypabi.contract.revision import LiveParty, Revision, Row
from hypabi.judgement.verification.demand import Demand
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import CallBack, answers, demands
from hypabi.machine.state import VECTOR_BASES
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Value


@frozen
class Question:
    """A clause of a row, and the behaviour that it is held against.

    The behaviour may be another party's than the row is of: then it is the behaviour that ``party``
    is said to have.
    """

    revision: Revision
    party: LiveParty
    row: Row
    clause: Clause
    behaviour: Behaviour
    surroundings: Surroundings


@frozen
class Refutation:
    """If all ``conditions`` can hold, a demand is broken on ``case``."""

    question: Question
    case: Case
    conditions: tuple[Value, ...]
    """Guard, premises, and that the demand does not hold."""
    demand: Demand


def refutations(question: Question) -> Iterator[Refutation]:
    """Yield every way in which a clause could be broken, in the order of the cases."""
    lowering = Lowering(question.behaviour, None, question.surroundings)
    try:
        stated = (lowering.predicate(each) for each in _premises(question))
        premises = (*stated, *question.behaviour.holds)
        for case in question.behaviour.cases:
            if not isinstance(case.outcome, Undecided):
                seen = _as_read(case, question.behaviour.widths)
                yield from _of_case(question, seen, premises)
    except NotKnown:
        return


def _premises(question: Question) -> Iterator[Predicate]:
    row = question.row
    yield row.selects
    if question.party.when is not None:
        yield question.party.when
    yield from (premise.holds for premise in (*row.assumes, *row.requires))


def _as_read(case: Case, widths: Mapping[str, int]) -> Case:
    """Return a case whose vector bases read as hardware may have them, reserved bits as 0.

    A refutation that rests on a reserved bit is none that a machine could show.
    """
    read = {}
    for name, reserved in VECTOR_BASES.items():
        if name in case.registers:
            width = widths[name]
            kept = (1 << width) - 1 & ~reserved
            read[name] = terms.and_(case.registers[name], kept, width)
    return replace(case, registers={**case.registers, **read}) if read else case


def _of_case(question: Question, case: Case, premises: tuple[Value, ...]) -> Iterator[Refutation]:
    lowering = Lowering(question.behaviour, case, question.surroundings)
    clause, revision = question.clause, question.revision
    context = [*(condition.term for condition in case.guard), *premises]
    if clause.when is not None:
        context.append(lowering.predicate(clause.when))
    context.append(answers(case, lowering, revision, clause.answered))
    for demand in demands(clause.statement, lowering, revision, _call_back(question.row)):
        if isinstance(demand, Demand) and demand.holds != 1:
            conditions = (*context, terms.lnot(demand.holds))
            if 0 not in conditions:
                yield Refutation(question, case, conditions, demand)


def _call_back(row: Row) -> CallBack:
    promised = any(isinstance(clause.statement, Calls) for clause in row.clauses)
    return CallBack.PROMISED if promised else CallBack.UNASKED
