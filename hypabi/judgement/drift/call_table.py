"""Who really answers which call number: read off what was derived from an image."""

import enum
from collections.abc import Iterator, Mapping
from typing import assert_never

from hypabi.behaviour.by_number import numbers_served, select_number
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.identifier import identifier_term, with_number
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.contract.registers import is_general
from hypabi.contract.revision import LiveParty, Revision
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.judgement.verification.wording import describe_outcome
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Satisfiable, Solver, Unknown, Unsatisfiable
from hypabi.smt.terms import Value

MOST_LOST = 6
"""Registers of which a row prints the value."""


class How(enum.Enum):
    """How a party answers a number."""

    SERVED = "served"
    REFUSED = "error"
    HANDED = "handed to C"
    ALIKE = "as any number"
    """It does the same for every number, and that is not the error value."""
    UNDECIDED = "undecided"


@frozen
class Answered:
    """What a party does with one number, and a line about it."""

    party: str
    number: int
    how: How
    row: str
    lost: tuple[str, ...] = ()
    """General registers but the result's that may hold something else when the call comes back."""


def answered(
    revision: Revision,
    behaviours: Mapping[str, Behaviour],
    surroundings: Surroundings,
    solver: Solver,
) -> tuple[Answered, ...]:
    """Return what each party does with every call's number, and with every other it tells apart."""
    found: list[Answered] = []
    for party in revision.parties:
        behaviour = behaviours.get(party.name)
        if behaviour is not None:
            reading = _Reading(revision, party, behaviour, surroundings, solver)
            found += reading.answers()
    return tuple(found)


@frozen
class _Reading:
    """One party's behaviour."""

    revision: Revision
    party: LiveParty
    behaviour: Behaviour
    surroundings: Surroundings
    solver: Solver

    def answers(self) -> Iterator[Answered]:
        bits = self.revision.architecture.bits
        apart = set(numbers_served(self.behaviour, self.revision.identifier, bits))
        called = {call.number for call in self.revision.calls if call.number is not None}
        for number in sorted(apart | {self.revision.content(each) for each in called}):
            try:
                cases = select_number(self.behaviour, self.selects(number), self.solver)
            except NotKnown as reason:
                yield Answered(self.party.name, number, How.UNDECIDED, str(reason))
                continue
            hows = [self.how(case, number) for case in cases]
            how = _together(hows)
            if how is How.SERVED and number not in apart:
                how = How.ALIKE
            rows = [self.row(c, number) for c, h in zip(cases, hows, strict=True) if h is how]
            rows = rows or [self.row(case, number) for case in cases]
            row = "; or ".join(dict.fromkeys(rows[:2]))
            yield Answered(self.party.name, number, how, row, self.lost(cases, number))

    def selects(self, number: int) -> Value:
        """Return the entries that are meant: the number, the party's own premises."""
        bits = self.revision.architecture.bits
        lowering = Lowering(self.behaviour, None, self.surroundings)
        premises = [lowering.predicate(premise.holds) for premise in self.party.assumes]
        if self.party.when is not None:
            premises.append(lowering.predicate(self.party.when))
        named = terms.eq(identifier_term(self.revision.identifier, bits), number, bits)
        return terms.land(named, *premises, *self.behaviour.holds)

    def how(self, case: Case, number: int) -> How:
        match case.outcome:
            case Called():
                return How.HANDED
            case Undecided() | Faulted():
                return How.UNDECIDED
            case Returned() | Left():
                return self.returns(case, number)
            case Stuck() | CalledBack() | Requested():
                return How.SERVED
            case _:
                assert_never(case.outcome)

    def returns(self, case: Case, number: int) -> How:
        """Tell an answer that can only be the error value from any other."""
        error, bits = self.revision.error, self.revision.architecture.bits
        if error is None:
            return How.SERVED
        result = self.at_exit(case, self.revision.result)
        guard = guard_terms(case)
        answer = self.solver.check(self.selects(number), *guard, terms.ne(result, error, bits))
        match answer:
            case Unsatisfiable():
                return How.REFUSED
            case Satisfiable():
                return How.SERVED
            case Unknown():
                return How.UNDECIDED
            case _:
                assert_never(answer)

    def at_exit(self, case: Case, name: str) -> Value:
        bits = self.revision.architecture.bits
        return case.registers.get(name, terms.symbol(name, bits))

    def lost(self, cases: tuple[Case, ...], number: int) -> tuple[str, ...]:
        """Return what a caller to whom control comes back may find changed, by name."""
        found: set[str] = set()
        for case in cases:
            if isinstance(case.outcome, Returned | Left) and self.comes_back(case):
                found.update(n for n in self.general(case) if self.differs(case, n, number))
        return tuple(sorted(found))

    def comes_back(self, case: Case) -> bool:
        """Tell whether control may go to the preferred return address."""
        if not isinstance(case.outcome, Left):
            return True
        bits = self.revision.architecture.bits
        link = self.behaviour.at_entry.get(
            self.behaviour.link, terms.symbol(self.behaviour.link, bits)
        )
        elsewhere = terms.ne(case.outcome.target, link, bits)
        return elsewhere == 0

    def general(self, case: Case) -> Iterator[str]:
        """Yield the general registers that a case lists, but the result's."""
        on = self.revision.architecture
        for name in case.registers:
            if is_general(on, name) and name != self.revision.result:
                yield name

    def differs(self, case: Case, name: str, number: int) -> bool:
        """Tell whether a register can hold anything but its value at entry."""
        width = self.behaviour.widths[name]
        before = self.behaviour.at_entry.get(name, terms.symbol(name, width))
        changed = terms.ne(before, case.registers[name], width)
        if changed == 0:
            return False
        guard = guard_terms(case)
        asked = self.solver.feasibility(self.selects(number), *guard, changed)
        return not isinstance(asked, Unsatisfiable)

    def row(self, case: Case, number: int) -> str:
        """Return what a case does in a line."""
        bits = self.revision.architecture.bits
        asked = with_number(self.revision.identifier, number, bits)
        said = [describe_outcome(case.outcome)]
        if isinstance(case.outcome, Returned):
            changed = {
                name: value
                for name, value in case.registers.items()
                if self.behaviour.widths[name] == bits and self.shown(name, value)
            }
            changed.setdefault(self.revision.result, self.at_exit(case, self.revision.result))
            for name in sorted(changed)[:MOST_LOST]:
                value = terms.substitute(changed[name], asked)
                said.append(f"{name} = {terms.text(value, bits)}")
        return ", ".join(said)

    def shown(self, name: str, value: Value) -> bool:
        """Tell what a reader of a row wants: general registers and the vector base, if changed."""
        plain = (name[0] in "rx" and name[1:].isdigit()) or name in ("VBAR_EL2", "HVBAR")
        return plain and value != terms.symbol(name, self.revision.architecture.bits)


def _together(hows: list[How]) -> How:
    """Return what several cases amount to: one that serves is enough."""
    for how in (How.SERVED, How.HANDED, How.UNDECIDED):
        if how in hows:
            return how
    return How.REFUSED if hows else How.UNDECIDED
