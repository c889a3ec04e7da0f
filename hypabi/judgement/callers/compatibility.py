"""A call site met by a live party: what the caller counts on, held against what that party does.

Seven questions.  Is the call served?  Are its arguments set, and can they be meant?  Do they meet
its preconditions?  Does everything that the caller relies on survive?  Does the caller understand
every answer?  Does it read the answer from the register that holds it?  Does it go on where it asks
to go, if the call comes back that should not?  Nothing is executed here: the request and what is
live behind it come from the caller's code, the cases from the party's.

What a party does is taken under everything that holds because it is live, and under what the
request is known to bring; a case that cannot be taken then is left out.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Called, CalledBack, Left, Returned
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.callsites.composition import composed
from hypabi.callsites.identifier_values import is_set_on_some, uninitialised
from hypabi.callsites.model import CallPath, CallSite, Onward, Origin, Start
from hypabi.contract.clause import Calls, HandedTo, Leaves, Premise, Returns
from hypabi.contract.revision import LiveParty, Revision, Row, Service
from hypabi.judgement.callers.arguments import arguments_of, sensible, unset
from hypabi.judgement.callers.findings import (
    AT_EL2,
    CallerAnswer,
    CallerCheck,
    CallerQuestion,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    Undecided,
    Unspecified,
    Violated,
    Whose,
)
from hypabi.judgement.callers.preservation import (
    Back,
    Entered,
    answered,
    held,
    passes_answer_on,
    tells_error,
)
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.obligations import ending_with
from hypabi.judgement.verification.wording import describe_outcome
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.solver import Satisfiable, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value
from hypabi.unknowns import undefined_symbols, undefined_text

WHOSE: Final = {
    Origin.ARGUMENT: "the function's argument",
    Origin.KEPT: "the function's caller's",
    Origin.UNINITIALISED: "uninitialised",
    Origin.RESULT: "what a function returned",
    Origin.MEMORY: "read from memory",
    Origin.EARLIER: "set before the path starts",
    Origin.UNDEFINED: "the address of what no file here defines",
    Origin.UNMODELLED: "made by an instruction that is not modelled",
}

REFUSED_AND_TOLD: Final = "refused, and the caller tells"


@frozen
class Provider:
    """A live party, and what it does."""

    party: LiveParty
    behaviour: Behaviour
    surroundings: Surroundings
    whose: Whose = Whose.OWN
    """Whose callers meet it."""


def asked_for(revision: Revision, way: CallPath) -> tuple[str | None] | None:
    """Return the call that a way asks for, ``(None,)`` for an identifier that is no call's.

    ``None``: it asks by another conduit, or its identifier is not known.
    """
    identifier = way.request.registers[revision.identifier]
    if not isinstance(identifier, int) or not revision.made_by(way.request.immediate):
        return None
    return (next((call.name for call in revision.numbered(identifier)), None),)


def check_caller(
    site: CallSite, way: CallPath, revision: Revision, provider: Provider, solver: Solver
) -> CallerCheck:
    """Ask everything of one way to a call site and one live party."""
    asked = asked_for(revision, way) or (None,)
    row = revision.find(provider.party.name, asked[0])
    if row is None:
        said = Unspecified("the contract does not speak of it at this party")
        points: tuple[CallerAnswer, ...] = (CallerAnswer(CallerQuestion.SERVED, said),)
    else:
        points = tuple(_Met(site, way, revision, provider, row, solver).points())
    return CallerCheck(site, way, provider.party.name, asked[0], points)


class _Met:
    """The work on one caller check."""

    def __init__(
        self,
        site: CallSite,
        way: CallPath,
        revision: Revision,
        provider: Provider,
        row: Row,
        solver: Solver,
    ) -> None:
        self.site = site
        self.way = way
        self.revision = revision
        self.provider = provider
        self.row = row
        self.solver = solver
        self.bits = revision.architecture.bits

    def points(self) -> Iterator[CallerAnswer]:
        """Yield the answers, in the order of the questions."""
        if self.row.unspecified is not None:
            yield CallerAnswer(
                CallerQuestion.SERVED, Unspecified("the contract leaves it to the party")
            )
            return
        try:
            entered = self._entered()
        except NotKnown as unknown:
            yield CallerAnswer(CallerQuestion.SERVED, Undecided(str(unknown)))
            return
        said = self._uninitialised()
        if said is not None:
            yield CallerAnswer(CallerQuestion.SERVED, said)
            return
        if self.way.privileged is not None:
            said = Violated(AT_EL2.format(self.way.privileged))
            yield CallerAnswer(CallerQuestion.SERVED, said)
            return
        cases = tuple(self._taken(entered))
        yield CallerAnswer(CallerQuestion.SERVED, self._served(cases, entered))
        yield from self._arguments()
        yield from self._preconditions(entered)
        yield from self._goes_on()
        cases = tuple(case for case in cases if self._comes_back(case))
        back = Back(entered, cases, self.provider.whose)
        if back.cases:
            yield from held(self.site, self.way, self.row, self.revision, back, self.solver)

    def _entered(self) -> Entered:
        """Return what is known when the party is entered: its own premises and the request."""
        pinned = self.way.request.pinned().items()
        brought = {terms.symbol(name, self.bits): value for name, value in pinned}
        lowering = Lowering(self.provider.behaviour, None, self.provider.surroundings)
        own = [lowering.predicate(premise.holds) for premise in self.row.assumes]
        when = self.provider.party.when
        if when is not None:
            own.append(lowering.predicate(when))
        known = (*own, *self.provider.behaviour.holds, *self.way.request.premises(self.bits))
        return Entered(tuple(terms.substitute(each, brought) for each in known), brought)

    @property
    def _known(self) -> bool:
        return isinstance(self.way.request.registers[self.revision.identifier], int)

    def _uninitialised(self) -> CallerVerdict | None:
        """Say what comes of an identifier that is not known, where the party looks at it."""
        rows = self.revision.rows_of(self.provider.party.name)
        if self._known or all(row.clauses is rows[0].clauses for row in rows):
            return None
        register = self.revision.identifier
        why = uninitialised(register, self.way)
        if why is not None:
            return Violated(f"{register} is uninitialised: {why}")
        for name, met in self._as_called():
            why = unset(register, met.way)
            if why is not None:
                return Violated(f"{register} is uninitialised: {why}, as {name} calls it")
        if is_set_on_some(self.site.paths, register):
            return Undecided(f"{register} is a number on some ways only")
        return DependsOnCaller(f"{register} is not a constant")

    def _as_called(self) -> Iterator["tuple[str, _Met]"]:
        """Yield the function's direct callers, each with a way that starts in it."""
        seen: set[tuple[Value, ...]] = set()
        for caller in self.site.callers:
            for outer in caller.paths:
                way = composed(self.way, outer)
                if way is None:
                    continue
                brought = tuple(way.request.registers.values())
                if brought in seen:
                    continue
                seen.add(brought)
                about = (self.revision, self.provider, self.row, self.solver)
                yield caller.function.name or f"{caller.address:#x}", _Met(self.site, way, *about)

    def _arguments(self) -> Iterator[CallerAnswer]:
        arguments = arguments_of(self.revision, self.row)
        if not arguments or self.row.service is not Service.SERVED:
            return
        around = self.provider.surroundings
        said = sensible(self.way, self.row, arguments, around)
        for name, met in self._as_called() if isinstance(said, Satisfied) else ():
            passed = sensible(met.way, self.row, arguments, around)
            if isinstance(passed, Violated):
                said = Violated(f"{passed.what}, as {name} calls it")
                break
        yield CallerAnswer(CallerQuestion.ARGUMENTS, said)

    def _taken(self, entered: Entered) -> Iterator[Case]:
        for case in self.provider.behaviour.cases:
            answer = self.solver.feasibility(*entered.conditions(case))
            if not isinstance(answer, Unsatisfiable):
                yield case

    def _comes_back(self, case: Case) -> bool:
        """Tell whether control goes on behind the ``hvc``."""
        match case.outcome:
            case Returned():
                return True
            case Left(target):
                link = self.provider.behaviour.link
                back = self.provider.behaviour.at_entry.get(link)
                return target is (terms.symbol(link, self.bits) if back is None else back)
            case _:
                return False

    def _served(self, cases: tuple[Case, ...], entered: Entered) -> CallerVerdict:
        if not cases:
            return Undecided("no path of the party can be taken with this request")
        stranger = self._stranger(cases, entered)
        if stranger is not None:
            return stranger
        handed = any(isinstance(case.outcome, Called) for case in cases)
        match self.row.service:
            case Service.SERVED:
                return Satisfied(f"as {self.row.call}")
            case Service.OTHER if handed and self._known:
                return Satisfied("by compiled code of the party")
            case Service.REFUSED | Service.OTHER if handed:
                return Unspecified("compiled code of the party decides")
            case Service.REFUSED | Service.OTHER if self._answers():
                return self._refused(cases)
            case Service.REFUSED | Service.OTHER:
                return Satisfied("whatever the identifier is")
            case Service.INSTALLS:
                raise AssertionError("no identifier selects this row")

    def _refused(self, cases: tuple[Case, ...]) -> CallerVerdict:
        """Say what comes of a refusal: who asks for no call may well want to see one."""
        if self.row.service is Service.OTHER or self.provider.whose is Whose.OUTSIDE:
            if tells_error(self.site, self.revision):
                return Satisfied(REFUSED_AND_TOLD)
            if passes_answer_on(self.site, self.revision):
                return DependsOnCaller(f"{self._refusal(cases)}, and what comes of it is not seen")
        unseen = ", and nobody looks at it" if self.provider.whose is Whose.OUTSIDE else ""
        return Violated(f"{self._refusal(cases)}{unseen}")

    def _answers(self) -> bool:
        """Tell whether the row promises its caller an answer."""
        leaves = any(isinstance(clause.statement, Leaves) for clause in self.row.clauses)
        return not leaves and self.revision.result in answered(self.row.clauses)

    def _expected(self, case: Case) -> bool:
        """Tell whether a case ends as the row promises: it returns, leaves or hands on."""
        kinds = {type(clause.statement) for clause in self.row.clauses}
        match case.outcome:
            case Called():
                return HandedTo in kinds or self.row.service is not Service.SERVED
            case CalledBack():
                return Calls in kinds
            case Left(_, mode) if self._comes_back(case):
                return HandedTo not in kinds and mode in self._modes()
            case Left():
                return Leaves in kinds
            case Returned():
                return not kinds & {HandedTo, Leaves, Calls}
            case _:
                return False

    def _modes(self) -> frozenset[str]:
        """Return the modes other than the caller's in which the row may give control back."""
        statements = [clause.statement for clause in self.row.clauses]
        return frozenset(
            each.mode for each in statements if isinstance(each, Returns) and each.mode
        )

    def _stranger(self, cases: tuple[Case, ...], entered: Entered) -> CallerVerdict | None:
        """Say what comes of a case that does not end as the row promises, ``None`` without one."""
        unsure: CallerVerdict | None = None
        for case in cases:
            if self._expected(case):
                continue
            if isinstance(case.outcome, PathUndecided):
                unsure = Undecided(describe_outcome(case.outcome))
            elif isinstance(self.solver.feasibility(*entered.conditions(case)), Unknown):
                unsure = Undecided(f"whether {describe_outcome(case.outcome)}")
            elif names := self._undefined(*entered.conditions(case), *_goes_to(case)):
                on = undefined_text(" and ".join(names))
                unsure = Undecided(f"where control goes: it depends on {on}")
            else:
                return Violated(describe_outcome(ending_with(case, entered.brought).outcome))
        return unsure

    def _refusal(self, cases: tuple[Case, ...]) -> str:
        result, error = self.revision.result, self.revision.error
        if error is not None and all(case.registers.get(result) == error for case in cases):
            return f"refused: {result} is {error:#x}"
        return "not served"

    def _preconditions(self, entered: Entered) -> Iterator[CallerAnswer]:
        for premise in self.row.requires:
            said = self._required(premise, entered)
            if isinstance(said, DependsOnCaller):
                said = self._passed(premise) or said
            yield CallerAnswer(CallerQuestion.PRECONDITIONS, said)

    def _passed(self, premise: Premise) -> CallerVerdict | None:
        """Say whether a precondition holds as the function's callers call it.

        ``None`` where that is up to theirs, or where nobody calls it directly.
        """
        found = []
        for name, met in self._as_called():
            said = met._required(premise, met._entered())  # noqa: SLF001 - of the same class
            if isinstance(said, Violated):
                return replace(said, what=f"{said.what}, as {name} calls it")
            if isinstance(said, Undecided):
                return replace(said, reason=f"{said.reason}, as {name} calls it")
            found.append(said)
        satisfied = bool(found) and all(isinstance(each, Satisfied) for each in found)
        return Satisfied(premise.text) if satisfied else None

    def _required(self, premise: Premise, entered: Entered) -> CallerVerdict:
        lowering = Lowering(self.provider.behaviour, None, self.provider.surroundings)
        holds = terms.substitute(lowering.predicate(premise.holds), entered.brought)
        text, premises = premise.text, entered.premises
        match self.solver.check(*premises, terms.lnot(holds)):
            case Unsatisfiable():
                return Satisfied(text)
            case Satisfiable(model):
                if isinstance(self.solver.feasibility(*premises, holds), Unsatisfiable):
                    return Violated(f"{text} does not hold", model)
                names = self._undefined(holds)
                if names:
                    on = undefined_text(" and ".join(names))
                    return Undecided(f"{text}: it depends on {on}")
                if self._spoils(holds, premises):
                    return Violated(f"{text} does not hold where it holds of what was passed")
                return DependsOnCaller(f"{text}: {self._whose(holds)}")
            case Unknown(reason):
                return Undecided(f"{text}: {reason}")

    def _undefined(self, *values: Value) -> list[str]:
        """Return what no file defines and on which some values depend."""
        registers = self.way.request.registers
        made = [registers.get(s.name, s) for s in terms.symbols_of(*values)]
        names = {n for s in terms.symbols_of(*made) for n in undefined_symbols(s.name)}
        return sorted(names)

    def _goes_on(self) -> Iterator[CallerAnswer]:
        """Say whether code behind a call that does not come back goes where it asks to go.

        It is the way on of who has no party to ask, or of a call that was refused.
        """
        statements = [clause.statement for clause in self.row.clauses]
        leaves = next((each for each in statements if isinstance(each, Leaves)), None)
        onward = self.site.onward
        if leaves is None or onward is None:
            return
        registers = self.way.request.registers
        brought = {terms.symbol(name, self.bits): value for name, value in registers.items()}
        lowering = Lowering(self.provider.behaviour, None, self.provider.surroundings)
        asked = terms.substitute(lowering.value(leaves.target), brought)
        behind = {
            terms.symbol(name, self.bits): registers[source.register]
            for name, source in onward.sources.items()
            if source.register in registers
        }
        differs = terms.ne(asked, terms.substitute(onward.target, behind), self.bits)
        guard = [condition.term for condition in self.way.request.guard]
        yield CallerAnswer(CallerQuestion.GOES_ON, self._onward(differs, guard, onward))

    def _onward(self, differs: Value, guard: Sequence[Value], onward: Onward) -> CallerVerdict:
        match self.solver.feasibility(*guard, differs):
            case Unsatisfiable():
                return Satisfied("where it asks to go")
            case Unknown(reason):
                return Undecided(f"whether {onward.register} is what it asks for: {reason}")
            case _ if self.way.start is Start.ENTRY:
                place = f"{onward.register} at {onward.address:#x}"
                return Violated(f"it goes on by {place}, which is not where it asks to go")
            case _:
                return Undecided(f"{onward.register} is not shown to be where it asks to go")

    def _spoils(self, holds: Value, premises: tuple[Value, ...]) -> bool:
        """Tell whether a register breaks a condition that all values have that it is made of."""
        registers = self.way.request.registers
        asked = [s for s in terms.symbols_of(holds) if s.name in registers]
        if len(asked) != 1:
            return False
        made = terms.symbols_of(registers[asked[0].name])
        of = [terms.symbol(f"{each.name} of the caller", each.width) for each in made]
        if any(each.width != asked[0].width for each in of):
            return False
        assumed = [terms.substitute(holds, {asked[0]: each}) for each in of]
        spoiled = self.solver.feasibility(*premises, *assumed, holds)
        possible = self.solver.feasibility(*premises, *assumed)
        return isinstance(spoiled, Unsatisfiable) and not isinstance(possible, Unsatisfiable)

    def _whose(self, holds: Value) -> str:
        """Say whose the registers are that a precondition speaks of."""
        registers = self.way.request.registers
        names = sorted(s.name for s in terms.symbols_of(holds) if s.name in registers)
        said = []
        for name in names:
            source = self.way.source(name)
            said.append(f"{name} is {WHOSE[source.origin] if source else 'computed'}")
        return ", ".join(said) or "it depends on more than the request"


def _goes_to(case: Case) -> tuple[Value, ...]:
    """Return the address to which a case leaves."""
    match case.outcome:
        case Left(target):
            return (target,)
        case _:
            return ()
