"""Prove or refute every clause of a revision against the behaviours that were derived."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.behaviour.outcome import writes_code
from hypabi.contract.clause import Calls, Clause, HandedTo, KeepsMemory
from hypabi.contract.expression import Predicate, capabilities_of
from hypabi.contract.revision import Installation, LiveParty, Revision, Row, Service
from hypabi.judgement.verification.demand import Demand
from hypabi.judgement.verification.losses import FRAMES, Losses
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import (
    Asked,
    CallBack,
    Unconcerned,
    Unfollowed,
    answers,
    demands,
)
from hypabi.judgement.verification.possible import contradiction, possible_state
from hypabi.judgement.verification.record import PATHS, Listener, Obligation, unheard
from hypabi.judgement.verification.verdict import (
    Finding,
    Proved,
    Refuted,
    Undecided,
    Unspecified,
    Vacuous,
    Verdict,
)
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.allowance import SPENT, is_spent
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Answer, Feasibility, Satisfiable, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value


@frozen
class Installed:
    """What code does that makes a party live, and what its contract's names stand for there."""

    installation: Installation
    behaviour: Behaviour
    surroundings: Surroundings


@frozen
class Judgement:
    """Everything that was said of one image under one revision of a contract."""

    findings: tuple[Finding, ...]
    unspecified: tuple[Unspecified, ...]


def judge_contract(
    revision: Revision,
    behaviours: Mapping[str, Behaviour],
    surroundings: Surroundings,
    solver: Callable[[], Solver],
    listener: Listener = unheard,
    installed: Sequence[Installed] = (),
) -> Judgement:
    """Judge every row of every party that has a behaviour, in the order of the contract.

    :param behaviours: by name of the party; a party that the image does not have is left out
    :param listener: is told of each question
    :param installed: by whom the parties are made live, each judged behind the calls of its party
    """
    findings: list[Finding] = []
    unspecified: list[Unspecified] = []
    numbers: dict[str | None, int | None] = {c.name: c.number for c in revision.calls}
    for party in revision.parties:
        behaviour = behaviours.get(party.name)
        if behaviour is None:
            continue
        for row in revision.rows_of(party.name):
            if row.unspecified is not None:
                authority = row.unspecified
                why = authority.cite or authority.because or ""
                unspecified.append(Unspecified(party.name, row.call, why))
            judged = _Row(revision, party, row, behaviour, surroundings, solver(), listener)
            findings += judged.findings(numbers.get(row.call))
        for each in (i for i in installed if i.installation.row.party == party.name):
            row, does, around = each.installation.row, each.behaviour, each.surroundings
            findings += _Row(revision, party, row, does, around, solver(), listener).findings(None)
    return Judgement(tuple(findings), tuple(unspecified))


def judge_row(
    revision: Revision,
    party: LiveParty,
    row: Row,
    behaviour: Behaviour,
    surroundings: Surroundings,
    solver: Solver,
) -> Iterator[Finding]:
    """Judge one row, clause by clause, against a behaviour that may be another party's.

    :param party: whose vectors are live
    """
    number = next((call.number for call in revision.calls if call.name == row.call), None)
    return _Row(revision, party, row, behaviour, surroundings, solver).findings(number)


@frozen
class _Row:
    """One call at one party: its premises, and the cases that they leave."""

    revision: Revision
    party: LiveParty
    row: Row
    behaviour: Behaviour
    surroundings: Surroundings
    solver: Solver
    listener: Listener = unheard

    def findings(self, number: int | None) -> Iterator[Finding]:
        lowering = Lowering(self.behaviour, None, self.surroundings)
        try:
            premises = [lowering.predicate(each) for each in self._premises()]
            premises += self.behaviour.holds
        except NotKnown as reason:
            for clause in self.row.clauses:
                yield self._finding(number, clause, Undecided(str(reason)), ())
            return
        cases = [case for case in self.behaviour.cases if self._feasible(case, premises)]
        cases, spared = self._with_code_intact(cases, premises)
        for clause in self.row.clauses:
            if is_spent(self.solver):
                yield self._finding(number, clause, Undecided(SPENT), ())
                continue
            verdict, used = self._verdict(clause, premises, cases)
            assumptions = {text for case in used for text in case.assumptions}
            assumptions |= {*spared, *self._lacking()}
            yield self._finding(number, clause, verdict, tuple(sorted(assumptions)))

    def _lacking(self) -> Iterator[str]:
        """Yield what is assumed where the party is told by a capability that the kernel lacks."""
        if self.party.when is None:
            return
        for name in capabilities_of(self.party.when):
            if self.surroundings.capability(name) is None:
                yield f"the kernel has no capability {name}: it describes others, and not this one"

    def _premises(self) -> Iterator[Predicate]:
        yield self.row.selects
        if self.party.when is not None:
            yield self.party.when
        yield from (premise.holds for premise in (*self.row.assumes, *self.row.requires))

    def _finding(
        self, number: int | None, clause: Clause, verdict: Verdict, assumptions: tuple[str, ...]
    ) -> Finding:
        return Finding(self.party.name, self.row.call, number, clause, verdict, assumptions)

    def _feasible(self, case: Case, premises: list[Value]) -> bool:
        guard = [condition.term for condition in case.guard]
        return self._can_hold(PATHS, (*guard, *premises))

    def _can_hold(self, clause: str, conditions: tuple[Value, ...]) -> bool:
        """Return whether conditions can hold together, also where the solver does not tell."""
        answer = self.solver.feasibility(*conditions)
        self._tell(clause, conditions, answer)
        return not isinstance(answer, Unsatisfiable)

    def _tell(
        self, clause: str, conditions: tuple[Value, ...], answer: Answer | Feasibility
    ) -> None:
        self.listener(Obligation(self.party.name, self.row.call, clause, conditions, answer))

    def _with_code_intact(
        self, cases: list[Case], premises: list[Value]
    ) -> tuple[list[Case], tuple[str, ...]]:
        """Leave out where a store hits code though the contract lets the call write there.

        That what a contract gives away for writing is no code of the image, it says by that.
        """
        found: list[Case] = []
        spared: dict[str, None] = {}
        for case in cases:
            if not writes_code(case.outcome):
                found.append(case)
                continue
            texts, apart = self._no_code(case)
            if apart and not self._feasible(case, [*premises, *apart]):
                spared |= dict.fromkeys(texts)
            else:
                found.append(case)
        return found, tuple(spared)

    def _no_code(self, case: Case) -> tuple[list[str], list[Value]]:
        """Return what the contract says of regions that the row may write, as conditions."""
        bits = self.revision.architecture.bits
        lowering = Lowering(self.behaviour, case, self.surroundings)
        texts: list[str] = []
        apart: list[Value] = []
        statements = (clause.statement for clause in self.row.clauses)
        for keeps in (each for each in statements if isinstance(each, KeepsMemory)):
            for region in keeps.may_write:
                try:
                    start = lowering.value(region.start)
                except NotKnown:
                    continue
                if isinstance(start, int) or self.behaviour.words is None:
                    continue
                for low, high in self.behaviour.words.code:
                    # One begins within the other: the distance from the first that does.
                    distance = terms.sub(start, low - region.size + 1, bits)
                    apart.append(terms.ule(high - low + region.size - 1, distance, bits))
                where = terms.text(start, bits)
                texts.append(
                    f"the {region.size} bytes from {where} that the contract lets it write are "
                    "no code of the image"
                )
        return texts, apart

    def _verdict(
        self, clause: Clause, premises: list[Value], cases: list[Case]
    ) -> tuple[Verdict, list[Case]]:
        if not cases:
            return Vacuous("no state meets the preconditions"), []
        if isinstance(clause.statement, FRAMES):
            return self._frame(clause, premises, cases)
        used: list[Case] = []
        undecided = ""
        for case in cases:
            try:
                verdict = self._case(clause, premises, case)
            except NotKnown as unknown:
                return Undecided(str(unknown)), cases
            match verdict:
                case Refuted():
                    return verdict, [case]
                case Undecided(reason):
                    undecided = undecided or reason
                    used.append(case)
                case Proved():
                    used.append(case)
                case Vacuous():
                    continue
        return _unrefuted(used, undecided), used

    def _frame(
        self, clause: Clause, premises: list[Value], cases: list[Case]
    ) -> tuple[Verdict, list[Case]]:
        """Judge a frame on every case, so that no register that is lost hides another."""
        lost = Losses()
        used: list[Case] = []
        undecided = ""
        for case in cases:
            try:
                verdict = self._case(clause, premises, case, lost)
            except NotKnown as unknown:
                used, undecided = cases, str(unknown)
                break
            match verdict:
                case Undecided(reason):
                    undecided = undecided or reason
                    used.append(case)
                case Proved():
                    used.append(case)
                case Refuted() | Vacuous():
                    continue
        if lost.cases:
            return lost.verdict(undecided), lost.cases
        return _unrefuted(used, undecided), used

    def _case(
        self, clause: Clause, premises: list[Value], case: Case, lost: Losses | None = None
    ) -> Verdict:
        """Judge a clause on one case; ``Vacuous`` means that the clause does not speak of it.

        :param lost: of a frame, what is known to be lost by other cases; what this one loses is
            put into it
        """
        if is_spent(self.solver):
            raise NotKnown(SPENT)
        lowering = Lowering(self.behaviour, case, self.surroundings)
        context = [condition.term for condition in case.guard] + premises
        if clause.when is not None:
            context.append(lowering.predicate(clause.when))
        context.append(answers(case, lowering, self.revision, clause.answered))
        conditional = clause.when is not None or clause.answered is not None
        if conditional and not self._can_hold(clause.name, tuple(context)):
            return Vacuous("this path is not meant")
        if isinstance(case.outcome, PathUndecided):
            return Undecided(f"at {case.outcome.address:#x}: {case.outcome.reason}")
        asked = demands(
            clause.statement, lowering, self.revision, self._call_back(), self._handed_to()
        )
        if lost is not None:
            return lost.of_case(case, asked, lambda each: self._demand(clause, each, context, case))
        for demand in asked:
            verdict = self._demand(clause, demand, context, case)
            if not isinstance(verdict, Proved):
                return verdict
        return Proved(1)

    def _call_back(self) -> CallBack:
        promised = any(isinstance(clause.statement, Calls) for clause in self.row.clauses)
        return CallBack.PROMISED if promised else CallBack.UNASKED

    def _handed_to(self) -> str | None:
        """Return at whose entry an installer's clauses hold; of a call they hold where it ends."""
        if self.row.service is not Service.INSTALLS:
            return None
        found = (clause.statement for clause in self.row.clauses)
        return next((each.symbol for each in found if isinstance(each, HandedTo)), None)

    def _demand(self, clause: Clause, demand: Asked, context: list[Value], case: Case) -> Verdict:
        if isinstance(demand, Unfollowed):
            return Undecided(demand.reason)
        if isinstance(demand, Unconcerned):
            return Vacuous("control never leaves on this path")
        if demand.holds == 1:
            return Proved(1)
        broken = (*context, terms.lnot(demand.holds))
        told = partial(self._tell, clause.name)
        match possible_state(self.solver, self.behaviour, broken, told):
            case Unsatisfiable():
                return Proved(1)
            case Unknown(reason):
                return Undecided(reason if reason == SPENT else f"the solver gave up: {reason}")
            case Satisfiable(model):
                return self._refuted(demand, model, case)

    def _refuted(self, demand: Demand, model: Mapping[str, int], case: Case) -> Refuted:
        full = _Total(model)
        assert contradiction(self.behaviour, model) is None, "memory that no machine has"
        observed = tuple(
            (name, evaluate(before, full), evaluate(after, full))
            for name, _, before, after in demand.about
        )
        return Refuted(dict(sorted(model.items())), demand.otherwise, observed, case.path(full))


def _unrefuted(used: list[Case], undecided: str) -> Verdict:
    """Return what can be said of a clause that no case refutes.

    :param used: the cases that it speaks of
    :param undecided: why one of them was not decided, empty where all were
    """
    if undecided:
        return Undecided(undecided)
    if not used:
        return Vacuous("no path meets the condition of the clause")
    return Proved(len(used))


class _Total(dict[str, int]):
    """A model extended to symbols that the solver was free to ignore: they are zero."""

    def __missing__(self, name: str) -> int:
        return 0
