"""What can be asked of a solver, what it can answer, and the discipline every solver keeps.

A question is whether all conditions that were added, and those that come with the question, can
hold together.  The answer has three values and no truth value.  No model leaves this module unless
every condition of its question was evaluated under it and held.
"""

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Generic, NoReturn, Protocol, TypeVar

from hypabi.records import frozen
from hypabi.smt.evaluate import evaluate_all
from hypabi.smt.rewrite import symbols_of
from hypabi.smt.term import Term, Value
from hypabi.smt.translate import Target, Translation

E = TypeVar("E")

Model = Mapping[str, int]
"""A number for every symbol of a question, by name; frozen and sorted."""


class _NoTruthValue:
    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer has three values; match on it")


@frozen
class Satisfiable(_NoTruthValue):
    """The conditions can hold together: under this model they do."""

    model: Model


@frozen
class Unsatisfiable(_NoTruthValue):
    """The conditions can never hold together."""


@frozen
class Feasible(_NoTruthValue):
    """The conditions can hold together; nobody asked how."""


@frozen
class Unknown(_NoTruthValue):
    """The solver gave up, and why."""

    reason: str
    spent: bool = False
    """Whether it was not even asked, because the allowance is spent."""


Answer = Satisfiable | Unsatisfiable | Unknown
Feasibility = Feasible | Unsatisfiable | Unknown


class Solver(Protocol):
    """An incremental solver."""

    def add(self, condition: Value) -> None:
        """Require ``condition`` until the matching :meth:`pop`."""
        ...

    def push(self) -> None:
        """Open a level."""
        ...

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        ...

    def check(self, *assumptions: Value) -> Answer:
        """Say whether everything added and assumed can hold, and give a model."""
        ...

    def feasibility(self, *assumptions: Value) -> Feasibility:
        """Say whether everything added and assumed can hold, without a model; cheaper."""
        ...


class Effort(enum.Enum):
    """How long an engine tries before it says ``Unknown``."""

    EARLY = "early"
    """Gives up where a fresh engine may well be faster."""
    FULL = "full"
    """As long as the solver's user allows."""


class Engine(Target[E], Protocol[E]):
    """What an adapter supplies: a target of translation that can also decide."""

    def require(self, condition: E) -> None:
        """Assert on the current level."""
        ...

    def push(self) -> None:
        """Open a level."""
        ...

    def pop(self) -> None:
        """Close a level."""
        ...

    def decide(self) -> Feasibility:
        """Decide what is asserted."""
        ...

    def value(self, symbol: E) -> int:
        """Return a symbol's value after ``decide`` said feasible."""
        ...


class Session(Generic[E]):
    """A :class:`Solver` over engines: concrete cases, bookkeeping, models held to account.

    One engine keeps what is added and answers question after question, cheaply; it gives up early,
    and is made when the first question is asked, because many a path asks none.
    What it cannot decide, and whatever needs a model, is asked of a new engine: that one does all
    it can do before a first search, and its model does not depend on what was asked before.

    :param new: makes an engine
    """

    def __init__(self, new: Callable[[Effort], Engine[E]]) -> None:
        self._new = new
        self._early: tuple[Engine[E], Translation[E]] | None = None
        self._levels: list[list[Term]] = [[]]
        self._false = [False]

    def add(self, condition: Value) -> None:
        """Require ``condition`` until the matching :meth:`pop`."""
        if isinstance(condition, int):
            self._false[-1] = self._false[-1] or not condition & 1
            return
        self._levels[-1].append(condition)
        if self._early is not None:
            engine, translation = self._early
            engine.require(translation.condition(condition))

    def push(self) -> None:
        """Open a level."""
        self._levels.append([])
        self._false.append(self._false[-1])
        if self._early is not None:
            self._early[0].push()

    def pop(self) -> None:
        """Forget what was added since the matching :meth:`push`."""
        assert len(self._levels) > 1, "pop without push"
        self._levels.pop()
        self._false.pop()
        if self._early is not None:
            self._early[0].pop()

    def feasibility(self, *assumptions: Value) -> Feasibility:
        """Say whether everything added and assumed can hold, without a model; cheaper."""
        symbolic = self._symbolic(assumptions)
        if symbolic is None:
            return Unsatisfiable()
        answer = self._incrementally(symbolic)
        if isinstance(answer, Unknown):
            answer = _Alone(self._new, self._conditions(symbolic)).answer
        return answer

    def check(self, *assumptions: Value) -> Answer:
        """Say whether everything added and assumed can hold, and give a model."""
        symbolic = self._symbolic(assumptions)
        if symbolic is None or isinstance(self._incrementally(symbolic), Unsatisfiable):
            return Unsatisfiable()
        alone = _Alone(self._new, self._conditions(symbolic))
        return Satisfiable(alone.model()) if isinstance(alone.answer, Feasible) else alone.answer

    def _symbolic(self, assumptions: tuple[Value, ...]) -> list[Term] | None:
        """Return the assumptions to decide, ``None`` if something is plainly false."""
        if self._false[-1]:
            return None
        symbolic: list[Term] = []
        for assumption in assumptions:
            if isinstance(assumption, Term):
                symbolic.append(assumption)
            elif not assumption & 1:
                return None
        return symbolic

    def _incrementally(self, assumptions: list[Term]) -> Feasibility:
        engine, translation = self._early or self._fresh()
        translated = [translation.condition(condition) for condition in assumptions]
        engine.push()
        for condition in translated:
            engine.require(condition)
        answer = engine.decide()
        if isinstance(answer, Unknown):
            # It has become slow: what was popped may still burden it.
            self._early = None
        else:
            engine.pop()
        return answer

    def _fresh(self) -> tuple[Engine[E], Translation[E]]:
        """Make an engine, and tell it what is added on each level."""
        engine = self._new(Effort.EARLY)
        translation: Translation[E] = Translation(engine)
        for depth, level in enumerate(self._levels):
            if depth:
                engine.push()
            for condition in level:
                engine.require(translation.condition(condition))
        self._early = engine, translation
        return self._early

    def _conditions(self, assumptions: list[Term]) -> tuple[Term, ...]:
        return (*(c for level in self._levels for c in level), *assumptions)


class _Alone(Generic[E]):
    """One question, asked of an engine that has never been asked another."""

    def __init__(self, new: Callable[[Effort], Engine[E]], conditions: tuple[Term, ...]) -> None:
        self._conditions = conditions
        self._engine = new(Effort.FULL)
        self._translation: Translation[E] = Translation(self._engine)
        for condition in conditions:
            self._engine.require(self._translation.condition(condition))
        self.answer = self._engine.decide()

    def model(self) -> Model:
        """Read the model, and evaluate every condition under it.

        :raises AssertionError: a condition does not hold, so we or the solver are wrong
        """
        symbols = sorted(symbols_of(*self._conditions), key=_name)
        values = {s.name: self._engine.value(self._translation.vector(s, s.width)) for s in symbols}
        held = evaluate_all(self._conditions, values)
        broken = [c for c, value in zip(self._conditions, held, strict=True) if value != 1]
        assert not broken, f"the solver's model {values} does not satisfy {broken}"
        return MappingProxyType(values)


def _name(symbol: Term) -> str:
    return symbol.name
