"""Which instructions of a function are reached when some registers hold a known number at entry.

And which number a register holds before one, whichever way was taken.  A data flow of constants
over the function's own instructions: a branch whose condition they decide goes one way, every
other goes both.  Of memory nothing is known.
"""

from collections.abc import Mapping
from functools import partial

from hypabi.callsites.data_flow import data_flow
from hypabi.callsites.path_runner import Approach, Walk
from hypabi.code import register_usage
from hypabi.code.function_body import CALLS, Body, Kind, Step
from hypabi.lifter.instruction import Instruction
from hypabi.smt.terms import Value

Known = Mapping[str, int]
"""Registers and flags that hold a number."""


def reached_with(approach: Approach, body: Body, known: Known) -> frozenset[int] | None:
    """Return the instructions that control can come to.

    :param known: what registers hold at entry
    :return: ``None`` where a computed branch, or more than is looked at, leaves it open
    """
    found = _flow(approach, body, known)
    return None if found is None else frozenset(found)


def number_at(approach: Approach, body: Body, address: int, register: str) -> int | None:
    """Return what a register holds before an instruction on every way, ``None`` if that is open."""
    found = _flow(approach, body, {})
    return None if found is None else found.get(address, {}).get(register)


def _flow(approach: Approach, body: Body, known: Known) -> Mapping[int, Known] | None:
    return data_flow(body, known, partial(_onward, approach, body), _met)


def _onward(
    approach: Approach, body: Body, step: Step, known: Known
) -> list[tuple[int, Known]] | None:
    if step.kind in (Kind.COMPUTED, Kind.UNREADABLE):
        return None
    targets = list(body.after(step))
    if step.kind in CALLS:
        rules = approach.rules
        lost = {f"{rules.prefix}{number}" for number in register_usage.numbers(rules.lost)}
        kept = {n: v for n, v in known.items() if n.startswith(rules.prefix) and n not in lost}
        return [(target, kept) for target in targets]
    runs = [(target, _run(approach, body, step, known, target)) for target in targets]
    taken = [(target, behind) for target, behind in runs if behind is not None]
    return taken or [(target, {}) for target in targets]


def _run(approach: Approach, body: Body, step: Step, known: Known, target: int) -> Known | None:
    """Return what is known behind an instruction, ``None`` where control does not go there."""
    if step.uses is None:
        return {}
    walk = _Decided(approach, step.address)
    walk.registers.update(known)
    walk.registers["CPSR.IT"] = body.it(step.address)
    walk.over(step, target)
    if walk.elsewhere and step.kind is Kind.BRANCH:
        return None
    return {name: value for name, value in walk.registers.items() if isinstance(value, int)}


def _met(one: Known, other: Known) -> Known:
    return {name: value for name, value in one.items() if other.get(name) == value}


class _Decided(Walk):
    """Runs one instruction, and notes that it does not go where it is told to."""

    def __init__(self, approach: Approach, start: int) -> None:
        super().__init__(approach, start, at_entry=False)
        self.elsewhere = False

    def load(self, address: Value, size: int) -> Value:
        """Return a word of which nothing is known."""
        self.forget_memory()
        return super().load(address, size)

    def _lose_outputs(self, instruction: Instruction) -> None:
        self.elsewhere = True
        super()._lose_outputs(instruction)
