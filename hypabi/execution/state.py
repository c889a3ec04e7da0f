"""The state of one path: registers, memory, what holds, what was done, where it went."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypabi.execution.memory import Memory
from hypabi.smt.terms import Term, Value


@dataclass(frozen=True, slots=True)
class Effect:
    """An act that registers and memory do not show, in program order."""

    address: int
    name: str
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A decision on a path: what was decided, and the instruction that asked."""

    address: int
    term: Value


@dataclass(frozen=True, slots=True)
class Step:
    """The trail of a path, newest first: a linked list that forks share."""

    address: int
    size: int
    before: "Step | None"
    depth: int


@dataclass(frozen=True, slots=True)
class State:
    """A point on a path.  ``registers`` holds what was written or read; the rest is as at entry."""

    pc: int
    registers: Mapping[str, Value]
    memory: Memory
    conditions: tuple[Condition, ...] = ()
    known: Mapping[Term, bool] | None = None
    effects: tuple[Effect, ...] = ()
    assumptions: tuple[str, ...] = ()
    trail: Step | None = None
    fresh: int = 0
    """How many values of this path are havocked; the next one's name takes this number."""
