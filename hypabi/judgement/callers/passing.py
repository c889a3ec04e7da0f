"""Whether a function passes on what it was called with, and calls only where it was told to.

That an argument is set, and can be meant, does not say that it is the one that is meant.  Where the
contract says what a function hands over of what it was entered with (``passes``) and on which
condition it calls at all (``only-if``), its code is held to that: by the way to the call where that
starts at the function's entry, else by what flows from the entry on every way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from hypabi.behaviour.outcome import Condition
from hypabi.callsites.entry_flow import Answered, AtEntry, Else, Held, Lost, Moment, ReadBy
from hypabi.callsites.model import CallPath, Onward, Start
from hypabi.contract.clause import Leaves, Premise
from hypabi.contract.expression import Predicate, Read
from hypabi.contract.revision import CallerContext, Passed, Row
from hypabi.judgement.callers.findings import (
    CallerAnswer,
    CallerQuestion,
    CallerVerdict,
    Satisfied,
    Undecided,
    Violated,
)
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value

Flow = Mapping[int, Moment] | None
NOT_FOLLOWED: Final = "what flows there from the function's entry was not found out"


def _nowhere(_name: str) -> Sequence[int]:
    return ()


@frozen
class Passing:
    """A way to a call, of which the contract says what it passes on."""

    path: CallPath
    flow: Callable[[], Flow]
    """Returns what flows from the function's entry; asked for where the way does not tell."""
    bits: int
    at: int
    """The instruction that calls."""
    find: Callable[[str], Sequence[int]] = _nowhere
    """Returns the addresses of the functions of a name."""

    def held(self, register: str, address: int) -> Held | None:
        """Return what a register holds before an instruction, ``None`` where nobody knows."""
        moment = (self.flow() or {}).get(address)
        return None if moment is None else moment.registers[int(register[1:])]


def passes_on(context: CallerContext, call: str | None, way: Passing) -> Iterator[CallerAnswer]:
    """Yield whether each argument is what the contract says that the function passes."""
    for each in context.passes:
        if each.call in (None, call):
            yield CallerAnswer(CallerQuestion.ARGUMENTS, _passed(each, way))


def _passed(each: Passed, way: Passing) -> CallerVerdict:
    value = way.path.request.registers[each.register]
    if each.number is not None and value == each.number:
        return Satisfied(f"{each.register} is {each.text}")
    plain = not each.read and not each.answered and each.number is None
    is_entry = way.path.start is Start.ENTRY and plain
    if is_entry and value == terms.symbol(each.of, way.bits):
        return Satisfied(f"{each.register} is {each.text} at entry")
    match way.held(each.register, way.at):
        case Answered(function) if each.answered and function in way.find(each.of):
            return Satisfied(f"{each.register} is what {each.of} answers")
        case AtEntry(register) if register == each.of and not each.read:
            return Satisfied(f"{each.register} is {each.text} at entry")
        case ReadBy(register) if register == each.of and each.read:
            return Satisfied(f"{each.register} is read by {each.of} at entry")
        case None | Lost():
            return Undecided(f"{each.register} is not shown to be {each.text}: {NOT_FOLLOWED}")
        case AtEntry() | ReadBy() | Answered() | Else() as other:
            return Violated(f"{each.register} is {_described(other)}, and not {_meant(each)}")


def _meant(each: Passed) -> str:
    if each.answered:
        return f"what {each.of} answers"
    if each.number is not None:
        return each.text
    return (
        f"read by {each.of} at entry before memory is written"
        if each.read
        else f"{each.of} at entry"
    )


def _described(held: Held) -> str:
    match held:
        case AtEntry(register):
            return f"{register} at entry"
        case ReadBy(register, offset):
            return f"read at {register} + {offset:#x}"
        case Answered(function):
            return f"what the function at {function:#x} answers"
        case Else() | Lost():
            return "something else on some way"


def leaves_by(row: Row | None) -> frozenset[str]:
    """Return the registers at entry that hold where a call leads that does not come back."""
    clauses = () if row is None else row.clauses
    targets = [each.statement.target for each in clauses if isinstance(each.statement, Leaves)]
    return frozenset(each.register for each in targets if isinstance(each, Read))


def goes_on_elsewhere(asked: str, onward: Onward | None, way: Passing) -> CallerVerdict | None:
    """Say that code behind a call goes on by another value than the one that was asked for.

    :param asked: register that holds where the call should lead
    :return: ``None`` where flow from the function's entry does not tell
    """
    if onward is None or not isinstance(onward.target, terms.Term) or onward.target.args:
        return None
    source = onward.sources.get(onward.target.name)
    if source is None:
        return None
    one, other = way.held(asked, way.at), way.held(source.register, way.at)
    told = (AtEntry, ReadBy)
    if one == other or not isinstance(one, told) or not isinstance(other, told):
        return None
    place = f"{onward.register} at {onward.address:#x}"
    return Violated(
        f"it goes on by {place}, which is {_described(other)}; it asks for {_described(one)}"
    )


def calls_only_if(
    premise: Premise, lowered: Callable[[Predicate], Value], way: Passing, solver: Solver
) -> CallerAnswer:
    """Say whether a way is taken only where the contract lets the function call."""
    guard = tuple(_over_entry(each, way) for each in way.path.request.guard)
    match solver.feasibility(*guard, terms.lnot(lowered(premise.holds))):
        case Unsatisfiable():
            said: CallerVerdict = Satisfied(f"only if {premise.text}")
        case Unknown(reason):
            said = Undecided(f"whether only if {premise.text}: {reason}")
        case _ if way.path.start is not Start.ENTRY and not _knows_entry(way):
            said = Undecided(f"whether only if {premise.text}: {NOT_FOLLOWED}")
        case _:
            said = Violated(
                f"it is made where {premise.text} does not hold at the function's entry"
            )
    return CallerAnswer(CallerQuestion.PRECONDITIONS, said)


def holds_on(
    premise: Premise, lowered: Callable[[Predicate], Value], path: CallPath, solver: Solver
) -> CallerVerdict:
    """Say whether a condition holds on the registers with which a way enters a function."""
    guard = [each.term for each in path.request.guard]
    holds = _with_registers(lowered(premise.holds), path)
    match solver.feasibility(*guard, terms.lnot(holds)), solver.feasibility(*guard, holds):
        case Unsatisfiable(), _:
            return Satisfied(premise.text)
        case Unknown(reason), _:
            return Undecided(f"whether {premise.text}: {reason}")
        case _, Unsatisfiable():
            return Violated(f"{premise.text} does not hold at {path.path[-2]:#x}")
        case _:
            return Undecided(f"whether {premise.text} holds at {path.path[-2]:#x}")


def may_hold(
    premise: Premise,
    lowered: Callable[[Predicate], Value],
    paths: Sequence[CallPath],
    solver: Solver,
) -> CallerVerdict:
    """Say whether a condition can hold on some way into a function."""
    for path in paths:
        guard = [each.term for each in path.request.guard]
        holds = _with_registers(lowered(premise.holds), path)
        if not isinstance(solver.feasibility(*guard, holds), Unsatisfiable):
            return Satisfied(f"{premise.text} at {path.path[-2]:#x}")
    return Violated(f"{premise.text} holds on none of its ways")


def _with_registers(condition: Value, path: CallPath) -> Value:
    """Return a condition on registers as a way has them where it ends."""
    brought: dict[terms.Term, Value] = {
        symbol: path.request.registers[symbol.name]
        for symbol in terms.symbols_of(condition)
        if symbol.name in path.request.registers
    }
    return terms.substitute(condition, brought)


def _knows_entry(way: Passing) -> bool:
    return way.flow() is not None


def _over_entry(condition: Condition, way: Passing) -> Value:
    """Return a condition in which registers are what they were at the function's entry."""
    known: dict[terms.Term, Value] = {}
    for symbol in terms.symbols_of(condition.term):
        source = way.path.sources.get(symbol.name)
        if source is None or not source.register or way.path.start is Start.ENTRY:
            continue
        match way.held(source.register, way.path.path[0]):
            case AtEntry(register) if source.address == way.path.path[0]:
                known[symbol] = terms.symbol(register, symbol.width)
            case _:
                pass
    return terms.substitute(condition.term, known)
