"""Prove or refute every clause of a revision against the behaviours that were derived."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import assert_never

from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.outcome import writes_code
from hypabi.contract.clause import Clause, KeepsMemory, RegisterFrame
from hypabi.contract.expression import capabilities_of
from hypabi.contract.revision import Revision
from hypabi.judgement.verification.clause_demands import Unconcerned, Unfollowed, Unnamed
from hypabi.judgement.verification.losses import Losses
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import (
    Asked,
    HeldRow,
    Obligation,
    hypotheses_of,
    lowered_premises,
    obligations_of,
)
from hypabi.judgement.verification.possible import contradiction, possible_state
from hypabi.judgement.verification.record import PATHS, Listener, Query, unheard
from hypabi.judgement.verification.verdict import (
    Finding,
    Proved,
    Refuted,
    Undecided,
    Unspecified,
    Vacuous,
    Verdict,
)
from hypabi.judgement.verification.wording import unfollowed_text
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.allowance import SPENT, is_spent
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Answer, Feasibility, Satisfiable, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value
from hypabi.unknowns import undefined_symbol, undefined_symbols, undefined_text


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
    installed: Sequence[HeldRow] = (),
) -> Judgement:
    """Judge every row of every party that has a behaviour, in the order of the contract.

    :param behaviours: by name of the party; a party that the image does not have is left out
    :param solver: makes one for each party, whose rows ask of the same cases
    :param listener: is told of each question
    :param installed: rows of code that makes a party live, judged behind the calls of their party
    """
    findings: list[Finding] = []
    unspecified: list[Unspecified] = []
    for party in revision.parties:
        behaviour = behaviours.get(party.name)
        if behaviour is None:
            continue
        asked = solver()
        for row in revision.rows_of(party.name):
            if row.unspecified is not None:
                authority = row.unspecified
                why = authority.cite or authority.because or ""
                unspecified.append(Unspecified(party.name, row.call, why))
            held = HeldRow(revision, party, row, behaviour, surroundings)
            findings += _Row(held, asked, listener).findings()
        for held in installed:
            if held.party is party:
                findings += _Row(held, asked, listener).findings()
    return Judgement(tuple(findings), tuple(unspecified))


def judge_row(held: HeldRow, solver: Solver) -> Iterator[Finding]:
    """Judge one row, clause by clause, against a behaviour that may be another party's."""
    return _Row(held, solver).findings()


@frozen
class _Row:
    """One call at one party: its premises, and the cases that they leave."""

    held: HeldRow
    solver: Solver
    listener: Listener = unheard

    def findings(self) -> Iterator[Finding]:
        clauses = self.held.row.clauses
        try:
            premises = lowered_premises(self.held)
        except NotKnown as reason:
            for clause in clauses:
                yield self._finding(clause, Undecided(str(reason)), ())
            return
        cases = [case for case in self.held.behaviour.cases if self._feasible(case, premises)]
        cases, spared = self._with_code_intact(cases, premises)
        for clause in clauses:
            if is_spent(self.solver):
                yield self._finding(clause, Undecided(SPENT), ())
                continue
            verdict, used = self._verdict(clause, premises, cases)
            assumptions = {text for case in used for text in case.assumptions}
            assumptions |= {*spared, *self._lacking()}
            yield self._finding(clause, verdict, tuple(sorted(assumptions)))

    def _lacking(self) -> Iterator[str]:
        """Yield what is assumed where the party is told by a capability that the kernel lacks."""
        if self.held.party.when is None:
            return
        for name in capabilities_of(self.held.party.when):
            if self.held.surroundings.capability(name) is None:
                yield f"the kernel has no capability {name}: it describes others, and not this one"

    def _finding(self, clause: Clause, verdict: Verdict, assumptions: tuple[str, ...]) -> Finding:
        held = self.held
        return Finding(held.party.name, held.row.call, held.number, clause, verdict, assumptions)

    def _feasible(self, case: Case, premises: tuple[Value, ...]) -> bool:
        return self._can_hold(PATHS, (*guard_terms(case), *premises))

    def _can_hold(self, clause: str, conditions: tuple[Value, ...]) -> bool:
        """Return whether conditions can hold together, also where the solver does not tell."""
        answer = self.solver.feasibility(*conditions)
        self._tell(clause, conditions, answer)
        return not isinstance(answer, Unsatisfiable)

    def _tell(
        self, clause: str, conditions: tuple[Value, ...], answer: Answer | Feasibility
    ) -> None:
        self.listener(Query(self.held.party.name, self.held.row.call, clause, conditions, answer))

    def _with_code_intact(
        self, cases: list[Case], premises: tuple[Value, ...]
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
            if apart and not self._feasible(case, (*premises, *apart)):
                spared |= dict.fromkeys(texts)
            else:
                found.append(case)
        return found, tuple(spared)

    def _no_code(self, case: Case) -> tuple[list[str], list[Value]]:
        """Return what the contract says of regions that the row may write, as conditions."""
        bits = self.held.revision.architecture.bits
        lowering = Lowering(self.held.behaviour, case, self.held.surroundings)
        words = self.held.behaviour.words
        texts: list[str] = []
        apart: list[Value] = []
        statements = (clause.statement for clause in self.held.row.clauses)
        for keeps in (each for each in statements if isinstance(each, KeepsMemory)):
            for region in keeps.may_write:
                try:
                    start = lowering.value(region.start)
                except NotKnown:
                    continue
                if isinstance(start, int) or words is None:
                    continue
                for low, high in words.code:
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
        self, clause: Clause, premises: tuple[Value, ...], cases: list[Case]
    ) -> tuple[Verdict, list[Case]]:
        if not cases:
            return Vacuous("no state meets the preconditions"), []
        if isinstance(clause.statement, RegisterFrame):
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
                case _:
                    assert_never(verdict)
        return _unrefuted(used, undecided), used

    def _frame(
        self, clause: Clause, premises: tuple[Value, ...], cases: list[Case]
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
                case _:
                    assert_never(verdict)
        if lost.cases:
            return lost.verdict(undecided), lost.cases
        return _unrefuted(used, undecided), used

    def _case(
        self,
        clause: Clause,
        premises: tuple[Value, ...],
        case: Case,
        lost: Losses | None = None,
    ) -> Verdict:
        """Judge a clause on one case; ``Vacuous`` means that the clause does not speak of it.

        :param lost: of a frame, what is known to be lost by other cases; what this one loses is
            put into it
        """
        if is_spent(self.solver):
            raise NotKnown(SPENT)
        hypotheses = hypotheses_of(self.held, clause, case, premises)
        conditional = clause.when is not None or clause.answered is not None
        if conditional and not self._can_hold(clause.name, hypotheses):
            return Vacuous("this path is not meant")
        asked = obligations_of(self.held, clause, case, hypotheses)
        if lost is not None:
            verdict = lost.of_case(case, asked, self._answer)
        else:
            verdicts = map(self._answer, asked)
            verdict = next((v for v in verdicts if not isinstance(v, Proved)), Proved(1))
        strays = self._strays(case) if isinstance(verdict, Proved) else []
        if strays:
            by = " and ".join(strays)
            return Undecided(f"memory is accessed at an address in {by}, which no caller passes")
        return verdict

    def _strays(self, case: Case) -> list[str]:
        """Return by which registers a case accesses memory that are no argument of the call."""
        reached = case.reached_by
        return sorted(reached - self.held.passed) if reached else []

    def _answer(self, asked: Asked) -> Verdict:
        match asked:
            case Obligation():
                return self._proved(asked)
            case Unfollowed(outcome):
                return Undecided(unfollowed_text(outcome))
            case Unnamed(address):
                return Undecided(f"the image has no symbol for the function at {address}")
            case Unconcerned():
                return Vacuous("control never leaves on this path")
            case _:
                assert_never(asked)

    def _proved(self, obligation: Obligation) -> Verdict:
        if obligation.goal.holds == 1:
            return Proved(1)
        told = partial(self._tell, obligation.clause.name)
        match possible_state(self.solver, self.held.behaviour, obligation.denial, told):
            case Unsatisfiable():
                return Proved(1)
            case Unknown(reason, spent):
                return Undecided(reason if spent else f"the solver gave up: {reason}")
            case Satisfiable(model):
                on = self._undefined(obligation, model)
                return self._refuted(obligation, model) if on is None else Undecided(on)

    def _undefined(self, obligation: Obligation, model: Mapping[str, int]) -> str | None:
        """Return on what symbol a refutation depends that no file defines.

        ``None`` where the rest of the state refutes wherever that is and whatever is there.
        """
        symbols = {s for each in obligation.denial for s in terms.symbols_of(each)}
        if not any(undefined_symbols(symbol.name) for symbol in symbols):
            return None
        tied = dict(filter(None, map(_tied, obligation.denial)))
        denial = [terms.substitute(each, tied) for each in obligation.denial]
        unknown = {s: undefined_symbols(s.name) for s in terms.symbols_of(*denial)}
        given = {s: model.get(s.name, 0) for s, of in unknown.items() if not of}
        denied = terms.land(*(terms.substitute(each, given) for each in denial))
        if isinstance(self.solver.feasibility(terms.lnot(denied)), Unsatisfiable):
            return None
        names = sorted({name for of in unknown.values() for name in of})
        return f"it depends on {undefined_text(' and '.join(names))}"

    def _refuted(self, obligation: Obligation, model: Mapping[str, int]) -> Refuted:
        full = _Total(model)
        assert contradiction(self.held.behaviour, model) is None, "memory that no machine has"
        observed = tuple(
            (each.name, evaluate(each.before, full), evaluate(each.after, full))
            for each in obligation.goal.about
        )
        trail = obligation.case.path(full)
        return Refuted(obligation, dict(sorted(model.items())), observed, trail)


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


def _tied(hypothesis: terms.Value) -> tuple[terms.Term, terms.Value] | None:
    """Return what a hypothesis makes the same as the address of a symbol, wherever that is."""
    if not isinstance(hypothesis, terms.Term) or hypothesis.op != "eq":
        return None
    one, other = hypothesis.args
    for what, address in ((one, other), (other, one)):
        if not isinstance(what, terms.Term) or not isinstance(address, terms.Term):
            continue
        if what.op == "symbol" and undefined_symbol(address.name) is not None:
            return what, address
    return None
