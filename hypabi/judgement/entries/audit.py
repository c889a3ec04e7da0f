"""Judge what else reaches a provider's handling of hypercalls: its unintended entries.

An entry is *unintended* if some exception that is no hypercall of the kernel's does what a call
does, or part of it.  That is asked of two behaviours of one party: what ``hvc`` does through its
slot, and what any exception does through a slot, with the exception class a symbol.  Both speak of
the same state at entry, so "does the same" is a formula over it.

*Guarded* means that no such state exists, for everything modelled: whatever the identifier, the
exception does not end as the call does, and changes no system register as the call changes it.
No verdict on a clause is touched: no contract promises anything of exceptions that are no calls.
"""

from collections.abc import Callable, Iterator, Mapping

from hypabi.arch.vector_entries import Reason, VectorEntry
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.outcome import Called
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.contract.revision import LiveParty, Revision, Row
from hypabi.judgement.entries.case_equivalence import Likeness, values_of
from hypabi.judgement.entries.evidence import Evidence
from hypabi.judgement.entries.findings import (
    Extent,
    Guarded,
    HandedOver,
    Handled,
    Judged,
    JudgedEntry,
    NotReachable,
    Undecided,
    Unintended,
)
from hypabi.judgement.entries.syndrome import SyndromeTerms
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Value

Entered = tuple[tuple[VectorEntry, Behaviour], ...]
"""What any exception does, by the slot that it enters."""


def judge_entries(
    revision: Revision,
    behaviours: Mapping[str, Behaviour],
    entered: Mapping[str, Entered],
    surroundings: Surroundings,
    solver: Callable[[], Solver],
) -> tuple[JudgedEntry, ...]:
    """Judge every slot of every party, in the order of the contract.

    :param behaviours: what ``hvc`` does, by name of the party
    :param entered: what any exception does, by name of the party
    """
    findings: list[JudgedEntry] = []
    for party in revision.parties:
        if party.name not in entered:
            continue
        for entry, behaviour in entered[party.name]:
            through = _Through(
                revision, party, behaviours[party.name], entry, behaviour, surroundings, solver()
            )
            findings += through.findings()
    return tuple(findings)


def answers_nothing(revision: Revision, call: Behaviour, entered: Behaviour) -> bool:
    """Tell whether the values at the end alone show that no exception does what a call does.

    :param call: what ``hvc`` does
    :param entered: what any exception does that enters another slot of the party
    """
    open_ = any(isinstance(case.outcome, PathUndecided) for case in entered.cases)
    return not open_ and not any(_pairs(revision, call, entered))


def _pairs(revision: Revision, call: Behaviour, entered: Behaviour) -> Iterator["_Pair"]:
    """Yield what has to be compared: of the others, the values at the end already tell."""
    of_call = {guard_terms(case): case for case in call.cases}
    for exception in entered.cases:
        # Guards are disjoint: where one is the same, no other case can be taken.
        same = of_call.get(guard_terms(exception))
        for each in call.cases if same is None else (same,):
            likeness = Likeness(revision, entered, call, exception, each)
            whole, shared = likeness.whole(), likeness.shared()
            if whole != 0 or shared or isinstance(each.outcome, PathUndecided):
                yield _Pair(exception, each, whole, shared)


@frozen(eq=False)
class _Pair:
    """One case of the exception beside one of the call that it may do the work of."""

    exception: Case
    call: Case
    whole: Value
    """When the exception does all that the call does."""
    shared: Mapping[str, Value]
    """When it does one thing that the call does, by what it is."""


@frozen(eq=False)
class _Met:
    """A pair in states where both cases are taken, or the exception's case with no call's."""

    exception: Case
    state: tuple[Value, ...]
    pair: _Pair | None = None

    @property
    def open(self) -> str:
        """Why a pair cannot be compared, empty where it can."""
        cases = (self.exception,) if self.pair is None else (self.exception, self.pair.call)
        for case in cases:
            if isinstance(case.outcome, PathUndecided):
                return f"at {case.outcome.address:#x}: {case.outcome.reason}"
        return ""


@frozen
class _Through:
    """One slot of one party."""

    revision: Revision
    party: LiveParty
    call: Behaviour
    entry: VectorEntry
    behaviour: Behaviour
    surroundings: Surroundings
    solver: Solver

    @property
    def syndrome(self) -> SyndromeTerms:
        return SyndromeTerms(self.revision)

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            self.revision, self.call, self.entry, self.behaviour, self.surroundings, self.solver
        )

    def findings(self) -> Iterator[JudgedEntry]:
        for why, reasons in _by_why(self.entry.reasons).items():
            yield JudgedEntry(self.party.name, self.entry, reasons, NotReachable(why))
        used = {text for case in self.behaviour.cases for text in case.assumptions}
        pairs = tuple(_pairs(self.revision, self.call, self.behaviour))
        watched = self._watched(pairs)
        alike = None if watched else self._judged(pairs, ())
        for reasons in self._groups(watched):
            judged = self._judged(pairs, reasons) if alike is None else self._told(alike, reasons)
            yield JudgedEntry(self.party.name, self.entry, reasons, judged, tuple(sorted(used)))

    def _watched(self, pairs: tuple[_Pair, ...]) -> list[Value]:
        """Return what depends on the syndrome: every decision, and what is compared."""
        values = [condition.term for case in self.behaviour.cases for condition in case.guard]
        compared = {id(pair.exception): pair.exception for pair in pairs}
        values += [value for case in compared.values() for value in values_of(case)]
        return [value for value in dict.fromkeys(values) if self.syndrome.mentioned(value)]

    def _groups(self, watched: list[Value]) -> Iterator[tuple[Reason, ...]]:
        """Yield the reasons that can come, those that the code cannot tell apart together."""
        groups: dict[tuple[object, ...], list[Reason]] = {}
        for reason in self.entry.reasons:
            if not reason.never:
                key = (reason.kind, *(self.syndrome.replaced(value, reason) for value in watched))
                groups.setdefault(key, []).append(reason)
        for group in groups.values():
            yield tuple(group)

    def _told(self, judged: Judged, reasons: tuple[Reason, ...]) -> Judged:
        """Return what holds for any syndrome with a syndrome of one of the reasons."""
        if not isinstance(judged, Unintended):
            return judged
        user = any(reason.user for reason in reasons)
        example = dict(self.syndrome.example(reasons))
        handled = tuple(
            replace(
                each,
                model=dict(sorted({**each.model, **example}.items())),
                from_user=each.from_user and user,
            )
            for each in judged.handled
        )
        return replace(judged, handled=handled)

    def _judged(self, pairs: tuple[_Pair, ...], reasons: tuple[Reason, ...]) -> Judged:
        """Judge the slot for some reasons; where there are none, whatever the syndrome says."""
        try:
            met = tuple(self._met(pairs, reasons))
            handled = tuple(self._handled([each for each in met if not each.open]))
        except NotKnown as unknown:
            return Undecided(str(unknown))
        open_ends = tuple(dict.fromkeys(each.open for each in met if each.open))
        if handled:
            return Unintended(handled, open_ends)
        if open_ends:
            return Undecided(open_ends[0])
        syndrome = self.syndrome.looked_at([each.exception for each in met])
        outcomes = tuple(dict.fromkeys(each.exception.outcome for each in met))
        functions = tuple(sorted({each.name for each in outcomes if isinstance(each, Called)}))
        return HandedOver(syndrome, functions) if functions else Guarded(syndrome, outcomes)

    def _met(self, pairs: tuple[_Pair, ...], reasons: tuple[Reason, ...]) -> Iterator[_Met]:
        """Yield what can happen: every case of the exception, with the calls it may do."""
        common = [self.syndrome.premise(reasons), *self.behaviour.holds, *self.call.holds]
        if self.party.when is not None:
            common.append(Lowering(self.call, None, self.surroundings).predicate(self.party.when))
        for exception in self.behaviour.cases:
            state = (*guard_terms(exception), *common)
            if isinstance(self.solver.feasibility(*state), Unsatisfiable):
                continue
            yield _Met(exception, state)
            for pair in pairs:
                if pair.exception is exception:
                    both = (*guard_terms(exception), *guard_terms(pair.call), *common)
                    if not isinstance(self.solver.feasibility(*both), Unsatisfiable):
                        yield _Met(exception, both, pair)

    def _handled(self, met: list[_Met]) -> Iterator[Handled]:
        """Yield each call of the party that some state shows the exception to be handled as."""
        paired = [(each, each.pair) for each in met if each.pair is not None]
        for row in self.revision.rows_of(self.party.name):
            selects = Lowering(self.call, None, self.surroundings).predicate(row.selects)
            found = next(self._handled_as(row, selects, paired), None)
            if found is not None:
                yield found

    def _handled_as(
        self, row: Row, selects: Value, paired: list[tuple[_Met, _Pair]]
    ) -> Iterator[Handled]:
        """Yield how a call's work is done, the whole of it before part of it."""
        for met, pair in paired:
            conditions = (selects, pair.whole)
            yield from self.evidence.shown(
                row, met.exception, met.state, conditions, Extent.WHOLE, {}
            )
        for met, pair in paired:
            conditions = (selects, terms.lor(*pair.shared.values()))
            yield from self.evidence.shown(
                row, met.exception, met.state, conditions, Extent.PART, pair.shared
            )


def _by_why(reasons: tuple[Reason, ...]) -> Mapping[str, tuple[Reason, ...]]:
    found: dict[str, tuple[Reason, ...]] = {}
    for reason in reasons:
        if reason.never:
            found[reason.never] = (*found.get(reason.never, ()), reason)
    return found
