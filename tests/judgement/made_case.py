"""Cases and behaviours of a provider made by hand, without code, an image or a lifter."""

from collections.abc import Mapping

from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Condition, Outcome, Returned, Store
from hypabi.judgement.verification.lowering import Lowering, Surroundings
from hypabi.smt import terms
from hypabi.smt.solver import Answer, Feasibility, Unknown
from hypabi.smt.terms import Value

AROUND = Surroundings({}, lambda _: None, lambda _: False)


def x(number: int) -> Value:
    """Return a register at entry."""
    return terms.symbol(f"x{number}", 64)


def case(
    outcome: Outcome | None = None,
    *guard: Value,
    stores: tuple[Store, ...] = (),
    **registers: Value,
) -> Case:
    """Return a case that ends so, by default at the caller, with these registers at exit."""
    conditions = tuple(Condition(0, each) for each in guard)
    return Case(conditions, registers, stores, (), outcome or Returned(), (), None)


def behaviour(*cases: Case) -> Behaviour:
    """Return what a provider does that has these cases, one for every state at entry."""
    widths = {name: 64 for each in cases for name in each.registers}
    return Behaviour(0, {}, "ELR_EL2", "SPSR_EL2", cases, widths)


def lowered(of: Case, at_entry: Mapping[str, Value] | None = None) -> Lowering:
    """Return what reads a contract over a case."""
    made = behaviour(of)
    if at_entry is not None:
        made = Behaviour(0, at_entry, made.link, made.status, made.cases, made.widths)
    return Lowering(made, of, AROUND)


class Clueless:
    """A solver that answers nothing."""

    def add(self, condition: Value) -> None: ...

    def push(self) -> None: ...

    def pop(self) -> None: ...

    def check(self, *assumptions: Value) -> Answer:
        return Unknown("it is tired")

    def feasibility(self, *assumptions: Value) -> Feasibility:
        return Unknown("it is tired")
