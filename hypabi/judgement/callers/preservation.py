"""What a caller counts on behind its ``hvc``, held against what a party leaves it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from hypabi.behaviour.case import Case
from hypabi.callsites.model import (
    CallPath,
    CallSite,
    MayRead,
    Origin,
    Read,
    ResultUse,
    Test,
    Why,
    after,
)
from hypabi.contract.clause import Clause, Ensures, KeepsRegisters
from hypabi.contract.expression import Moment, reads_of
from hypabi.contract.revision import Revision, Row
from hypabi.judgement.callers.findings import (
    CallerAnswer,
    CallerQuestion,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    SatisfiedBeyondContract,
    Undecided,
    Violated,
    Whose,
)
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Feasibility, Feasible, Satisfiable, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Term, Value

Lost = Mapping[str, Mapping[str, int]]
"""Registers without an answer that do not surely keep their value.

Each has a state at entry that shows it.
"""


UNSET: Final = frozenset({Origin.ARGUMENT, Origin.UNINITIALISED})
"""Of a register that the function around a site has not written on the way to it."""


@frozen
class Entered:
    """What is known when a request enters a party."""

    premises: tuple[Value, ...]
    """What holds then."""
    brought: Mapping[Term, Value]
    """Registers whose value the request says."""

    def conditions(self, case: Case) -> tuple[Value, ...]:
        """Return what holds at entry where a case is taken."""
        guard = (terms.substitute(each.term, self.brought) for each in case.guard)
        return (*self.premises, *guard)

    def at_exit(self, case: Case, register: str, bits: int) -> Value:
        """Return what a register holds when control comes back."""
        value = case.registers.get(register)
        value = terms.symbol(register, bits) if value is None else value
        return terms.substitute(value, self.brought)


@frozen
class Back:
    """The cases in which control comes back to a caller."""

    entered: Entered
    cases: Sequence[Case]
    whose: Whose = Whose.OWN
    """Whose caller it is."""


def held(
    site: CallSite, way: CallPath, row: Row, revision: Revision, back: Back, solver: Solver
) -> list[CallerAnswer]:
    """Hold what a caller does behind its ``hvc`` against what a party leaves there."""
    answers = answered(row.clauses) | {revision.result}
    lost = _lost(site, back, answers, revision.architecture.bits, solver)
    if isinstance(lost, Undecided):
        return [CallerAnswer(CallerQuestion.SURVIVES, lost)]
    return [
        CallerAnswer(CallerQuestion.SURVIVES, _survives(site, row, lost, answers, back.whose)),
        CallerAnswer(CallerQuestion.UNDERSTOOD, _understood(site, row, back, revision, solver)),
        CallerAnswer(CallerQuestion.READ_FROM, _read_from(site, way, revision, lost, answers)),
    ]


def _lost(
    site: CallSite, back: Back, answers: frozenset[str], bits: int, solver: Solver
) -> Lost | Undecided:
    """Return which of the registers that are live behind a site are lost, but for answers."""
    lost: dict[str, Mapping[str, int]] = {}
    beyond = {read.register for caller in site.callers for read in caller.reads}
    for name in sorted((site.reliance.live | beyond & site.reliance.through) - answers):
        for case in back.cases:
            if name in lost or name not in case.registers:
                continue
            before = terms.symbol(name, bits)
            differs = terms.ne(before, case.registers[name], bits)
            differs = terms.substitute(differs, back.entered.brought)
            match solver.check(*back.entered.conditions(case), differs):
                case Satisfiable(model):
                    lost[name] = model
                case Unsatisfiable():
                    continue
                case Unknown(reason):
                    return Undecided(f"whether {name} survives: {reason}")
    return lost


def answered(clauses: Iterable[Clause]) -> frozenset[str]:
    """Return the registers of which something is promised when control comes back."""
    statements = [clause.statement for clause in clauses]
    ensured = [each.holds for each in statements if isinstance(each, Ensures)]
    answered: set[str] = set()
    for holds in ensured:
        reads = reads_of(holds)
        after = {read.register for read in reads if read.moment is Moment.EXIT}
        before = {read.register for read in reads if read.moment is not Moment.EXIT}
        answered |= after - before  # what is as it was before is kept, and no answer
    return frozenset(answered)


def _survives(
    site: CallSite, row: Row, lost: Lost, answers: frozenset[str], whose: Whose
) -> CallerVerdict:
    reliance = site.reliance
    link = _lost_link(site)
    if link is not None:
        return Violated(link)
    clauses = [clause.statement for clause in row.clauses]
    may_change = {r for c in clauses if isinstance(c, KeepsRegisters) for r in c.may_change}
    read_there = _lost_and_read(site, lost)
    if read_there is not None:
        return read_there
    unpromised = [r for r in reliance.reads if r.register in may_change - answers]
    beyond = _unpromised(unpromised) if unpromised and whose is Whose.OUTSIDE else None
    misread = beyond or _never_set(site, answers)
    if misread is not None:
        return Violated(misread)
    unsure = [m for m in reliance.may_read if m.register in lost]
    for may in unsure:
        # The platform's register (AAPCS64 6.1.1) is: the contract lets a call lose x18.
        if may.why is Why.KEPT and may.register not in may_change:
            return Violated(f"{may.register} is lost, and is callee-saved", lost[may.register])
    for may in unsure:
        if may.why is not Why.RETURNED:
            return Undecided(f"{may.register} is lost, and {_reader(may)}")
    if reliance.undecided:
        return Undecided(reliance.undecided[0])
    if unpromised:
        return SatisfiedBeyondContract(_unpromised(unpromised))
    kept = sorted(reliance.live - answers - lost.keys())
    return Satisfied(f"{len(kept)} live registers are kept" if kept else "nothing else is live")


def _lost_and_read(site: CallSite, lost: Lost) -> Violated | None:
    """Say which lost register is read: by the function itself, or by who calls it, behind that."""
    for read in site.reliance.reads:
        if read.register in lost:
            what = f"{read.register} is lost, and read at {read.address:#x}"
            return Violated(what, lost[read.register])
    for caller in site.callers:
        for read in caller.reads:
            if read.register in lost:
                who = caller.function.name or f"{caller.address:#x}"
                what = f"{read.register} is lost, and {who} reads it at {read.address:#x}"
                return Violated(what, lost[read.register])
    return None


def _lost_link(site: CallSite) -> str | None:
    """Say where the link register was lost before the call, if it is read behind it all the same.

    A64 only.
    """
    for read in site.reliance.reads if site.link_lost is not None else ():
        if read.register == "x30":
            where = f"the call at {site.link_lost:#x}"
            return f"x30 is lost before it, by {where}, and read at {read.address:#x}"
    return None


def _never_set(site: CallSite, answers: frozenset[str]) -> str | None:
    """Say which register is read behind the call that nothing has set, the call included."""
    for read in site.never_set:
        if read.register not in answers:
            return f"{read.register} is read at {read.address:#x}, and nothing sets it before"
    return None


def _unpromised(reads: Sequence[Read]) -> str:
    names = " and ".join(read.register for read in reads)
    places = " and ".join(f"{read.address:#x}" for read in reads)
    are, them = ("is", "it") if len(reads) == 1 else ("are", "them")
    what = f"{names}, which the contract lets a call lose, {are} read at {places}"
    return f"{what}; this party keeps {them}"


def _reader(may: MayRead) -> str:
    where = f"from {may.address:#x} on"
    match may.why:
        case Why.CALLEE:
            return f"a callee reads it {where}"
        case Why.ARGUMENT:
            return f"a call that was not followed may read it {where}"
        case Why.KEPT:
            return "the function's caller may count on it"
        case Why.RETURNED | Why.BEYOND:
            return f"code that was not followed may read it {where}"


def _understood(
    site: CallSite, row: Row, back: Back, revision: Revision, solver: Solver
) -> CallerVerdict:
    """Say whether the caller tells an error from success, where it can meet either."""
    result, error = revision.result, revision.error
    if error is None or result not in answered(row.clauses):
        return Satisfied("no answer is promised")
    errors = [_may_be(error, case, back, revision, solver) for case in back.cases]
    if all(isinstance(answer, Unsatisfiable) for answer in errors):
        return Satisfied("only success can come back")
    meets = f"{result} can be {error:#x}"
    answer = next((each for each in site.answers if each.register == result), None)
    uses = frozenset(answer.uses) if answer is not None else frozenset()
    if tells_error(site, revision):
        return Satisfied("the caller tells success from error")
    if ResultUse.RETURNED in uses:
        return DependsOnCaller(f"{meets}, and goes to the callers of {site.function.name}")
    if uses & {ResultUse.STORED, ResultUse.USED}:
        return Undecided(f"{meets}; it is read, and what for was not followed")
    if uses != {ResultUse.OVERWRITTEN} or site.reliance.undecided:
        return Undecided(f"{meets}; code that was not followed may look at it")
    if not any(isinstance(answer, Feasible) for answer in errors):
        return Undecided(f"whether {meets}")
    return Violated(f"{meets}, and nobody looks at it")


def tells_error(site: CallSite, revision: Revision) -> bool:
    """Tell whether a caller tests the answer so that the error goes elsewhere than success."""
    answer = next((each for each in site.answers if each.register == revision.result), None)
    if answer is None or revision.error is None:
        return False
    return any(_tells(test.condition, revision, revision.error) for test in answer.tests)


def passes_answer_on(site: CallSite, revision: Revision) -> bool:
    """Tell whether a caller, without testing the answer, returns it, stores it or works with it."""
    answer = next((each for each in site.answers if each.register == revision.result), None)
    on = {ResultUse.RETURNED, ResultUse.STORED, ResultUse.USED}
    return answer is not None and not answer.tests and bool(on & set(answer.uses))


def _may_be(error: int, case: Case, back: Back, revision: Revision, solver: Solver) -> Feasibility:
    bits = revision.architecture.bits
    found = terms.eq(back.entered.at_exit(case, revision.result, bits), error, bits)
    return solver.feasibility(*back.entered.conditions(case), found)


def _tells(condition: Value, revision: Revision, other: int) -> bool:
    """Tell whether a test answers otherwise for another value than for success."""
    if revision.success is None:
        return False
    symbol = terms.symbol(after(revision.result), revision.architecture.bits)
    success = terms.substitute(condition, {symbol: revision.success})
    error = terms.substitute(condition, {symbol: other})
    return isinstance(success, int) and isinstance(error, int) and success != error


def _read_from(
    site: CallSite, way: CallPath, revision: Revision, lost: Lost, answers: frozenset[str]
) -> CallerVerdict:
    """Say whether every register in which the caller looks for an answer holds one."""
    looked = [
        each.register
        for each in site.answers
        if each.tests or {ResultUse.USED, ResultUse.STORED} & set(each.uses)
    ]
    for register in looked:
        if register in lost:
            what = f"it reads {register}, in which no answer is promised"
            return Violated(what, lost[register])
    for register in sorted(answers - {revision.result}):
        if _ignores(register, site, revision):
            return Violated(f"{register} holds what it asks for, and it does not read that")
    result = next((each for each in site.answers if each.register == revision.result), None)
    unread = result is None or set(result.uses) <= {ResultUse.OVERWRITTEN}
    for register in _taken_for_answers(site, way, revision):
        if unread and revision.result in answers and register not in answers:
            what = f"it reads {register}, in which no answer is promised, and not {revision.result}"
            return Violated(what)
    return Satisfied(", ".join(looked) if looked else "no answer is read")


def _ignores(register: str, site: CallSite, revision: Revision) -> bool:
    """Tell whether a value is neither read by the caller nor returned together with its status."""
    answers = {each.register: each for each in site.answers}
    if register not in answers or answers[register].tests:
        return False
    uses = set(answers[register].uses)
    together = ResultUse.RETURNED in answers[revision.result].uses
    return uses <= {ResultUse.OVERWRITTEN} or (uses == {ResultUse.RETURNED} and not together)


def refusals_told(
    site: CallSite, refusals: Iterable[int], revision: Revision
) -> CallerVerdict | None:
    """Say whether a caller tells success from every other answer that the contract names for it.

    ``None`` where the contract names none, or no answer is success.
    """
    result, success = revision.result, revision.success
    answer = next((each for each in site.answers if each.register == result), None)
    said: CallerVerdict | None = None
    for refusal in refusals if success is not None and answer is not None else ():
        assert answer is not None
        value = refusal % (1 << revision.architecture.bits)
        telling = [test for test in answer.tests if _tells(test.condition, revision, value)]
        if telling and all(_warns_of_success(test, revision) for test in telling):
            return Violated(
                f"it warns where {result} is {success:#x}, and not where it can be {value:#x}"
            )
        if telling:
            said = Satisfied("the caller tells success from every other answer")
            continue
        meets = f"{result} can be {value:#x}"
        if answer.tests:
            return Violated(f"{meets}, and is taken for success")
        if set(answer.uses) <= {ResultUse.OVERWRITTEN}:
            return Violated(f"{meets}, and nobody looks at it")
        return Undecided(f"{meets}; what becomes of it was not followed")
    return said


def _warns_of_success(test: Test, revision: Revision) -> bool:
    """Tell whether a test leads to a warning for success, and for success alone."""
    symbol = terms.symbol(after(revision.result), revision.architecture.bits)
    assert revision.success is not None
    held = terms.substitute(test.condition, {symbol: revision.success})
    return test.warns is not None and held == int(test.warns)


def _taken_for_answers(site: CallSite, way: CallPath, revision: Revision) -> Iterator[str]:
    """Yield the registers that are read behind the call and that its function has not set.

    What such a register holds was put there by nobody but the party, or long before: a function of
    three registers (SMCCC, DEN0028, 2.6) that are read without having been set is taken to expect
    answers in them.
    """
    prefix = revision.result[0]
    for register in (f"{prefix}{number}" for number in (1, 2, 3)):
        source = way.source(register)
        untouched = source is not None and source.register == register
        read = any(read.register == register for read in site.reliance.reads)
        if read and untouched and source is not None and source.origin in UNSET:
            yield register
