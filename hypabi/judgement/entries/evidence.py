"""Show a state in which an exception does what a call does, and what happens there."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.arch.vector_entries import Origin, VectorEntry
from hypabi.behaviour.case import Behaviour, Case
from hypabi.contract.revision import Revision, Row
from hypabi.judgement.entries.case_equivalence import at_entry, is_system
from hypabi.judgement.entries.findings import Extent, Handled
from hypabi.judgement.entries.syndrome import SyndromeTerms
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Satisfiable, Solver, Unsatisfiable
from hypabi.smt.terms import Value

KERNEL_MODE: Final[Mapping[Architecture, int]] = {
    Architecture.ARM64: 0b00101,
    Architecture.ARM: 0b10011,
}
USER_MODE: Final[Mapping[Architecture, int]] = {
    Architecture.ARM64: 0b00000,
    Architecture.ARM: 0b10000,
}
"""SPSR.M of the kernel, EL1h or Supervisor mode, and of a program."""


@frozen
class Evidence:
    """Finds states for one slot of one party."""

    revision: Revision
    call: Behaviour
    entry: VectorEntry
    behaviour: Behaviour
    surroundings: Surroundings
    solver: Solver

    def shown(
        self,
        row: Row,
        exception: Case,
        state: tuple[Value, ...],
        conditions: tuple[Value, ...],
        extent: Extent,
        shared: Mapping[str, Value],
    ) -> Iterator[Handled]:
        """Yield a state in which the conditions hold, one that the kernel can be in if any."""
        asked = (*state, *conditions)
        if 0 in conditions or isinstance(self.solver.feasibility(*asked), Unsatisfiable):
            return
        model = self._model(asked, (*self._usual(row), self._from(KERNEL_MODE)))
        number = next((c.number for c in self.revision.calls if c.name == row.call), None)
        yield Handled(
            row.call,
            number,
            extent,
            tuple(name for name, value in shared.items() if evaluate(value, model)),
            SyndromeTerms(self.revision).looked_at([exception]),
            exception.outcome,
            evaluate(self._at_exit(exception, self.revision.result), model),
            tuple(self._changed(exception)),
            dict(model),
            exception.path(model),
            self._by_user(asked),
        )

    def _at_exit(self, case: Case, name: str) -> Value:
        found = case.registers.get(name)
        return at_entry(self.behaviour, name, self._width(name)) if found is None else found

    def _width(self, name: str) -> int:
        return self.behaviour.widths.get(name, self.revision.architecture.bits)

    def _changed(self, case: Case) -> Iterator[tuple[str, Value]]:
        for name, value in case.registers.items():
            if is_system(self.revision.architecture, name):
                yield name, value

    def _model(self, asked: tuple[Value, ...], preferred: tuple[Value, ...]) -> Mapping[str, int]:
        """Return a model of what is asked, with what is preferred where that is possible.

        :raises NotKnown: the solver gave up
        """
        for wanted in (preferred, preferred[-1:], ()):
            answer = self.solver.check(*asked, *wanted)
            if isinstance(answer, Satisfiable):
                return _Total(answer.model)
        raise NotKnown("the solver gave up")

    def _usual(self, row: Row) -> tuple[Value, ...]:
        """Return what the caller of a call ensures, and what an installer has ensured."""
        lowering = Lowering(self.call, None, self.surroundings)
        found = []
        for premise in (*row.assumes, *row.requires):
            try:
                found.append(lowering.predicate(premise.holds))
            except NotKnown:
                continue  # it is only preferred
        return tuple(found)

    def _from(self, modes: Mapping[Architecture, int]) -> Value:
        """Return that the exception is taken from a mode, where it comes from below."""
        if self.entry.origin not in (Origin.EL1, Origin.PL1):
            return int(modes is KERNEL_MODE)
        bits = self.revision.architecture.bits
        status = at_entry(self.behaviour, self.behaviour.status, bits)
        wanted = modes[self.revision.architecture]
        return terms.eq(terms.extract(status, 0, 5, bits), wanted, 5)

    def _by_user(self, asked: tuple[Value, ...]) -> bool:
        """Return whether a program can cause it, by the mode it runs in and by the syndrome."""
        mode = self._from(USER_MODE)
        if mode == 0:
            return False
        reasons = tuple(each for each in self.entry.reasons if each.user and not each.never)
        conditions = (*asked, mode, SyndromeTerms(self.revision).premise(reasons))
        return bool(reasons) and not isinstance(self.solver.feasibility(*conditions), Unsatisfiable)


class _Total(dict[str, int]):
    """A model extended to symbols that the solver was free to ignore: they are zero."""

    def __missing__(self, name: str) -> int:
        return 0
