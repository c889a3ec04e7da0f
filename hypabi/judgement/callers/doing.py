"""Whether a function has done, before it calls, what the contract says that it does first.

Which functions it has called (``behind``), which it has not (``before``), and what it has written
to system registers (``having``): memory is not overwritten before the call that lets it be, and
nobody is restarted with an MMU on whose tables are no more.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from hypabi.callsites.done_before import Done, LastWrite
from hypabi.contract.clause import Premise
from hypabi.contract.expression import Predicate
from hypabi.contract.revision import CallerContext
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value


@frozen
class Doing:
    """What one function has done before one of its instructions."""

    at: int
    """The instruction that calls."""
    done: Callable[[], Done | None]
    written: Callable[[str], Sequence[LastWrite] | None]
    """Returns what a system register was given last."""
    find: Callable[[str], Sequence[int]]
    """Returns the addresses of the functions of a name."""


def done_first(
    context: CallerContext, doing: Doing, lowered: Callable[[Predicate], Value], solver: Solver
) -> Iterator[CallerVerdict]:
    """Yield whether each thing was done that the contract says is done before a call."""
    for name in context.behind:
        yield _behind(name, doing)
    for name in context.before:
        yield _before(name, doing)
    if context.having is not None:
        yield _having(context.having, doing, lowered(context.having.holds), solver)


def _behind(name: str, doing: Doing) -> CallerVerdict:
    there, done = doing.find(name), doing.done()
    if not there:
        return Violated(f"{name} is not called before {doing.at:#x}: the image has none")
    if done is None:
        return Undecided(f"whether {name} is called before {doing.at:#x} was not found out")
    if done.surely & set(there):
        return Satisfied(f"{name} is called before")
    some = "not on every way" if done.maybe & set(there) else "on no way"
    return Violated(f"{name} is called {some} before {doing.at:#x}")


def _before(name: str, doing: Doing) -> CallerVerdict:
    there, done = doing.find(name), doing.done()
    if done is None:
        return Undecided(f"whether {name} is called before {doing.at:#x} was not found out")
    if done.maybe & set(there):
        return Violated(f"{name} is called before {doing.at:#x}, and not behind it")
    return Satisfied(f"{name} is not called before")


def _having(premise: Premise, doing: Doing, holds: Value, solver: Solver) -> CallerVerdict:
    symbols = sorted(terms.symbols_of(holds), key=lambda each: each.name)
    given: list[Sequence[LastWrite]] = []
    for symbol in symbols:
        found = doing.written(symbol.name)
        if found is None:
            return Undecided(f"what {symbol.name} is at {doing.at:#x} was not found out")
        if not found:
            return Violated(f"{symbol.name} is not written before {doing.at:#x} on every way")
        given.append(found)
    for writes in product(*given):
        held = terms.substitute(holds, dict(zip(symbols, (w.value for w in writes), strict=True)))
        guard = [each.term for write in writes for each in write.guard]
        match solver.feasibility(*guard, terms.lnot(held)):
            case Unsatisfiable():
                continue
            case Unknown(reason):
                return Undecided(f"whether {premise.text}: {reason}")
            case _:
                at = ", ".join(f"{write.address:#x}" for write in writes)
                return Violated(f"what is written at {at} does not make {premise.text}")
    return Satisfied(premise.text)
