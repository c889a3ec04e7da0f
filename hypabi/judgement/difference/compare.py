"""Hold what two images do against each other, call by call, for the callers of each.

The home side's revision says what its callers may rely on; what the home provider does within that,
the other has to do.  Nothing is called equal, stronger or renumbered but by proof: for each pair of
cases that one state at entry can lead to, what a caller sees is the same term, or the solver shows
that it cannot differ.
"""

from collections.abc import Callable, Iterator
from typing import Final, assert_never

from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.identifier import identifier_term, with_number
from hypabi.contract.expression import Predicate
from hypabi.contract.revision import LiveCall, LiveParty, Revision, Row, Service
from hypabi.judgement.difference.budget import MOST, SPENT, PatientSolver
from hypabi.judgement.difference.case_pair import Pair
from hypabi.judgement.difference.case_view import Provided, Rules
from hypabi.judgement.difference.difference_query import DifferenceQuery
from hypabi.judgement.difference.model import (
    Aspect,
    Bearing,
    Cell,
    Change,
    Changed,
    Difference,
    Direction,
    Equal,
    Incompatible,
    Renumbered,
    Stronger,
    Undecided,
    Vacuous,
    breaks,
    change_of,
)
from hypabi.judgement.difference.side import Side, must_agree
from hypabi.judgement.difference.unknowns import memory_at, one_sided
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import HeldRow, premises_of
from hypabi.judgement.verification.observables import (
    frame_of,
    handed_over,
    map_observables,
    seen_of,
)
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Verdict
from hypabi.judgement.verification.verdict import Undecided as NotProved
from hypabi.judgement.verification.verdict import Vacuous as NotTested
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance, is_spent
from hypabi.smt.solver import Feasible, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Term, Value

UNPROMISED: Final = (Bearing.CHANGED, Bearing.HARMLESS)
"""What no promise is about."""
MOST_PAIRS: Final = 1024
"""Cases of one side times cases of the other, for one call; real kernels have at most 36."""


def compare_sides(
    home: Side, other: Side, direction: Direction, solver: Callable[[], Solver]
) -> Iterator[Cell]:
    """Yield a cell for every call of every party of the home side, in the contract's order.

    :param direction: whose callers the home side's are
    """
    patience = Allowance(MOST)
    for party in home.revision.parties:
        if party.name not in home.behaviours:
            continue
        absent = _absent(party, other)
        if absent is not None:
            gone = other.revision.party(_counterpart(party, other)) is None
            agree = must_agree(home, other, party, None) if gone else ()
            yield Cell(
                direction,
                party.name,
                None,
                None,
                absent,
                only_here=gone,
                left_open=False,
                assumptions=(),
                must_agree=agree,
            )
            continue
        shared = _Shared()
        for row in home.revision.rows_of(party.name):
            patient = PatientSolver(solver(), patience)
            yield _Comparison(home, other, party, row, direction, patient, shared).cell()


def _counterpart(party: LiveParty, other: Side) -> str:
    """Return what the other side calls a party; contracts may name the same vectors otherwise."""
    if other.revision.party(party.name) is not None:
        return party.name
    where = (party.vectors, party.program)
    same = (p.name for p in other.revision.parties if (p.vectors, p.program) == where)
    return next(same, party.name)


def _absent(party: LiveParty, other: Side) -> Incompatible | Undecided | None:
    """Return what to say of a party that the other side does not have."""
    theirs = _counterpart(party, other)
    if theirs in other.behaviours:
        return None
    if other.revision.party(theirs) is None:
        what = f"{party.title} ({party.vectors})"
        gone = f"{other.revision.contract} has no {party.name} at {other.revision.version}"
        found = Difference(Aspect.PARTY, Bearing.BREAKS, party.name, what, gone, {})
        return Incompatible((found,))
    return Undecided((f"the other image does not hold the vectors of {party.name}",), ())


class _Shared:
    """What is the same for all rows of a party, found once; behaviours are told by identity."""

    def __init__(self) -> None:
        self._cases: dict[int, tuple[Behaviour, tuple[Value, ...]]] = {}
        self._complete: dict[int, bool] = {}
        self._bound: dict[tuple[int, int], tuple[Behaviour, Behaviour, frozenset[str]]] = {}

    def outside(self, behaviour: Behaviour) -> tuple[Value, ...]:
        """Return the conditions under which no case of a behaviour is taken."""
        if id(behaviour) not in self._cases:
            taken = (terms.land(*guard_terms(case)) for case in behaviour.cases)
            self._cases[id(behaviour)] = behaviour, tuple(map(terms.lnot, taken))
        return self._cases[id(behaviour)][1]

    def is_complete(self, behaviour: Behaviour, solver: PatientSolver) -> bool:
        """Tell whether every state, of whatever row, leads to a case."""
        outside = self.outside(behaviour)
        if id(behaviour) not in self._complete:
            answer = solver.feasibility(*behaviour.holds, *outside)
            self._complete[id(behaviour)] = isinstance(answer, Unsatisfiable)
        return self._complete[id(behaviour)]

    def one_sided(self, home: Behaviour, other: Behaviour) -> frozenset[str]:
        """Return what only one of two behaviours has a name for."""
        pair = id(home), id(other)
        if pair not in self._bound:
            self._bound[pair] = home, other, one_sided(home, other)
        return self._bound[pair][2]


@frozen
class _Comparison:
    """One row of the home side, and the party of the same name, or vectors, on the other."""

    home: Side
    other: Side
    party: LiveParty
    row: Row
    direction: Direction
    solver: PatientSolver
    shared: _Shared

    def cell(self) -> Cell:
        change, assumptions = self.met()
        if isinstance(change, Equal | Changed | Stronger):
            unkept = self.unkept()
            change = change if unkept is None else unkept
        if breaks(change):
            for found in (self.renumbered(change), self.served(change)):
                change = change if found is None else found
        call = self.call
        only_here = call is not None and _named(self.other.revision, call.name) is None
        number = None if call is None else call.number
        agree = (
            must_agree(self.home, self.other, self.party, self.row.call)
            if breaks(change) or isinstance(change, Renumbered)
            else ()
        )
        return Cell(
            self.direction,
            self.party.name,
            self.row.call,
            number,
            change,
            only_here,
            self.row.unspecified is not None,
            assumptions,
            agree,
        )

    @property
    def call(self) -> LiveCall | None:
        """The call of the row, ``None`` for any other identifier."""
        return None if self.row.call is None else _named(self.home.revision, self.row.call)

    @property
    def theirs(self) -> str:
        """What the other side calls the party."""
        return _counterpart(self.party, self.other)

    def unkept(self) -> Incompatible | None:
        """Return that a number which is a call's on this side only is not served as promised.

        Both sides do the same then, and a caller that relies on the promise gets it from neither.
        """
        call = self.call
        if call is None or call.number is None or self.row.service is not Service.SERVED:
            return None
        if any(each.number == call.number for each in self.other.revision.calls):
            return None
        for each in _judged(self.home, self.party.name, self.row, self.solver):
            if isinstance(each.verdict, Refuted):
                promised = f"promised by {self.home.revision.contract}: {each.clause.text}"
                witness = dict(each.verdict.model)
                found = Difference(
                    Aspect.END, Bearing.BREAKS, "what is promised", promised,
                    each.verdict.instead, witness,
                )  # fmt: skip
                return Incompatible((found,))
        return None

    def met(self) -> tuple[Change, tuple[str, ...]]:
        """Return what the same registers meet on the other side."""
        home = self.home.behaviours[self.party.name]
        other = self.other.behaviours[self.theirs]
        return self.held(home, other, self.not_calls_there())

    def not_calls_there(self) -> tuple[Value, ...]:
        """Leave the numbers of the other side's new calls out of "any other": they have a cell."""
        if self.row.call is not None:
            return ()
        bits = self.home.revision.architecture.bits
        home = self.home.revision
        identifier = identifier_term(home.identifier, bits)
        calls = self.other.revision.calls
        numbers = [home.content(call.number) for call in calls if call.number is not None]
        return tuple(terms.ne(identifier, number, bits) for number in numbers)

    def held(
        self, home: Behaviour, other: Behaviour, besides: tuple[Value, ...]
    ) -> tuple[Change, tuple[str, ...]]:
        """Hold two behaviours against each other in every state that the row is about."""
        premises, missing = self.premises(home, other)
        premises += besides
        cases = self.feasible(home, premises)
        if not cases:
            return Vacuous("no state meets the preconditions"), ()
        revision = self.home.revision
        rules = Rules(
            revision,
            seen_of(self.row),
            frame_of(self.row),
            handed_over(self.row),
            self.row.service is Service.INSTALLS,
        )
        differences: list[Difference] = []
        reasons: list[str] = []
        used: set[str] = set()
        noted: set[tuple[Aspect, str]] = set()
        others = self.feasible(other, premises)
        if len(cases) * len(others) > MOST_PAIRS:
            return Undecided((f"there are more than {MOST_PAIRS} pairs of cases",), ()), ()
        if is_spent(self.solver):
            return Undecided((SPENT,), ()), ()
        bound = self.shared.one_sided(home, other)
        for case in cases:
            for another in others:
                if is_spent(self.solver):
                    reasons.append(SPENT)
                    break
                context = (*guard_terms(case), *guard_terms(another), *premises)
                if isinstance(self.solver.feasibility(*context), Unsatisfiable):
                    continue
                one = self.home.program == self.other.program
                scale = DifferenceQuery(self.solver, context, bound, one_program=one)
                pair = Pair(
                    Provided(home, case, Lowering(home, case, self.home.surroundings)),
                    Provided(other, another, Lowering(other, another, self.other.surroundings)),
                    rules,
                    scale,
                    noted,
                )
                differences += pair.differences()
                reasons += pair.reasons
                used.update(case.assumptions, another.assumptions, pair.assumptions)
        reasons += self.uncovered((home, other), premises)
        if missing and differences:
            reasons.append(f"{differences[0].subject} differs, but {missing}")
            differences = []
        if self.row.unspecified is not None:
            # The document declines to say, so nobody may rely on anything of it.
            differences = [replace(each, bearing=_left_open(each)) for each in differences]
            differences += [_not_followed(reason) for reason in dict.fromkeys(reasons)]
            reasons = []
        change = change_of(_each_once(differences), tuple(dict.fromkeys(reasons)))
        return change, tuple(sorted(used))

    def uncovered(
        self, behaviours: tuple[Behaviour, ...], premises: tuple[Value, ...]
    ) -> Iterator[str]:
        """Yield why cases are missing; what was derived has one for every state at entry."""
        for behaviour in behaviours:
            if self.shared.is_complete(behaviour, self.solver):
                continue
            answer = self.solver.feasibility(*premises, *self.shared.outside(behaviour))
            match answer:
                case Unsatisfiable():
                    continue
                case Unknown(reason):
                    yield f"whether each state at entry leads to a case: {reason}"
                case Feasible():
                    yield "a state at entry leads to no case of one side"
                case _:
                    assert_never(answer)

    def premises(self, home: Behaviour, other: Behaviour) -> tuple[tuple[Value, ...], str]:
        """Return what holds at entry, and why that is not all, empty where it is.

        What is not known is left out: what is proved in more states is proved.
        """
        predicates: list[tuple[Predicate, Behaviour, Surroundings]] = [
            (predicate, home, self.home.surroundings)
            for predicate in premises_of(self.party, self.row)
        ]
        there = self.other.revision.party(self.theirs)
        if there is not None and there.when is not None:
            predicates.append((there.when, other, self.other.surroundings))
        found: list[Value] = [*home.holds, *other.holds]
        missing = ""
        for predicate, behaviour, surroundings in predicates:
            try:
                found.append(Lowering(behaviour, None, surroundings).predicate(predicate))
            except NotKnown as unknown:
                missing = str(unknown)
        return tuple(found), missing

    def feasible(self, behaviour: Behaviour, premises: tuple[Value, ...]) -> list[Case]:
        return [
            case
            for case in behaviour.cases
            if not isinstance(self.solver.feasibility(*guard_terms(case), *premises), Unsatisfiable)
        ]

    def served(self, change: Change) -> Change | None:
        """Return that a call which the home provider refuses is served there, where that is so.

        Served is what its own revision promises, so each of those promises has to be proved.
        """
        if self.row.service is not Service.REFUSED or self.row.call is None:
            return None
        there = self.other.revision.find(self.theirs, self.row.call)
        if there is None or there.service is not Service.SERVED:
            return None
        if isinstance(change, Equal | Changed | Stronger | Renumbered | Vacuous | Undecided):
            return None
        differences = tuple(
            each if each.bearing in UNPROMISED else replace(each, bearing=Bearing.GAINS)
            for each in change.differences
        )
        match _kept(self.other, self.theirs, there, self.solver):
            case Proved():
                return Stronger(differences)
            case NotProved(reason):
                return Undecided((f"whether it is served as promised: {reason}",), differences)
            case Refuted() | NotTested():
                return None
            case never:
                assert_never(never)

    def renumbered(self, change: Change) -> Renumbered | None:
        """Return under which number the other side does the same, where it is proved to."""
        call = self.call
        if call is None or self.row.service is not Service.SERVED:
            return None
        if isinstance(change, Equal | Changed | Stronger | Renumbered | Vacuous):
            return None
        for candidate in self.candidates(call):
            home, other = self.under_names(call, candidate)
            found, _ = self.held(home, other, ())
            if isinstance(found, Equal | Changed | Stronger):
                assert candidate.number is not None
                return Renumbered(candidate.number, candidate.name, change.differences)
        return None

    def candidates(self, call: LiveCall) -> list[LiveCall]:
        """Return the other side's calls that may be this one under another number."""
        calls = [
            each
            for each in self.other.revision.calls
            if each.number not in (None, call.number) and self.theirs in each.served_by
        ]
        same = [each for each in calls if each.name == call.name]
        if same or _named(self.other.revision, call.name) is not None:
            return same
        return [each for each in calls if _named(self.home.revision, each.name) is None]

    def under_names(self, call: LiveCall, candidate: LiveCall) -> tuple[Behaviour, Behaviour]:
        """Return both behaviours with the number filled in and the arguments by their names."""
        shared = {name for name, _ in call.arguments} & {name for name, _ in candidate.arguments}
        home = self.home.behaviours[self.party.name]
        other = self.other.behaviours[self.theirs]
        ours = _entry_of(self.home.revision, call, shared)
        theirs = _entry_of(self.other.revision, candidate, shared)
        moved = {
            symbol.name for symbol in {*ours, *theirs} if ours.get(symbol) != theirs.get(symbol)
        }
        return (
            map_observables(home, {**ours, **memory_at(home, moved, "home")}),
            map_observables(other, {**theirs, **memory_at(other, moved, "other")}),
        )


def _left_open(difference: Difference) -> Bearing:
    """Return what a difference is where the document declines to say what the call does."""
    system = difference.aspect is Aspect.SYSTEM_REGISTER
    return Bearing.CHANGED if system else Bearing.HARMLESS


def _entry_of(revision: Revision, call: LiveCall, shared: set[str]) -> dict[Term, Value]:
    bits = revision.architecture.bits
    found: dict[Term, Value] = {
        terms.symbol(register, bits): terms.symbol(f"argument {name}", bits)
        for name, register in call.arguments
        if name in shared
    }
    if call.number is not None:
        found |= with_number(revision.identifier, call.number, bits)
    return found


def _named(revision: Revision, name: str) -> LiveCall | None:
    return next((call for call in revision.calls if call.name == name), None)


def _not_followed(reason: str) -> Difference:
    return Difference(Aspect.END, Bearing.HARMLESS, "what was not followed", reason, reason, {})


def _each_once(differences: list[Difference]) -> tuple[Difference, ...]:
    """Keep the worst that was found of each thing, in the order of what is worst."""
    order = list(Bearing)
    found: dict[tuple[Aspect, str], Difference] = {}
    for each in sorted(differences, key=lambda each: order.index(each.bearing)):
        found.setdefault((each.aspect, each.subject), each)
    return tuple(found.values())


def _judged(side: Side, name: str, row: Row, solver: Solver) -> Iterator[Finding]:
    """Judge what a side promises of one of its own rows."""
    party = side.revision.party(name)
    assert party is not None
    held = HeldRow(side.revision, party, row, side.behaviours[name], side.surroundings)
    return judge_row(held, solver)


def _kept(side: Side, name: str, row: Row, solver: Solver) -> Verdict:
    """Return the worst that can be said of what a side promises of one of its own rows."""
    found: Verdict = Proved(0)
    for each in _judged(side, name, row, solver):
        match each.verdict:
            case Refuted():
                return each.verdict
            case NotProved():
                found = each.verdict
            case Proved() | NotTested():
                continue
            case _:
                assert_never(each.verdict)
    return found
