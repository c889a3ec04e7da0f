"""Say when a case of one behaviour does what a case of another does: formulas over one entry state.

Left out is what taking an exception overwrites by itself, so of which no handler is the author: the
syndrome, the fault address, the saved status and the preferred return address where untouched.
"""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.arch.aarch64 import FLAGS
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case, guard_terms
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
from hypabi.contract.registers import is_general, is_status_part
from hypabi.contract.revision import Revision
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Value

BY_EXCEPTION: Final = frozenset(
    {"ESR_EL2", "ELR_EL2", "SPSR_EL2", "FAR_EL2", "HPFAR_EL2"}
    | {"HSR", "ELR_hyp", "SPSR_hyp", "HDFAR", "HIFAR", "HPFAR"}
)
"""What exception entry writes (DDI 0487 D1.3.1; DDI 0406C B1.8.3)."""


def at_entry(behaviour: Behaviour, name: str, width: int) -> Value:
    """Return the value of a register when a behaviour is entered."""
    found = behaviour.at_entry.get(name)
    return terms.symbol(name, width) if found is None else found


def is_system(architecture: Architecture, name: str) -> bool:
    """Return whether a register is a system register that exception entry leaves alone."""
    if name in BY_EXCEPTION or is_status_part(name):
        return False
    return not is_general(architecture, name)


def values_of(case: Case) -> Iterator[Value]:
    """Yield every value that a case decides on, writes or ends with; condition flags are not."""
    yield from guard_terms(case)
    yield from (value for name, value in case.registers.items() if name not in FLAGS)
    yield from (store.value for store in case.stores)
    yield from (operand for effect in case.effects for operand in effect.operands)
    match case.outcome:
        case Left(target, _, status):
            yield target
            yield 0 if status is None else status
        case CalledBack(target):
            yield target
        case Returned() | Stuck() | Faulted() | Called() | Requested() | Undecided():
            return
        case _:
            assert_never(case.outcome)


@frozen
class Likeness:
    """An exception's case and a call's, in states where both are taken."""

    revision: Revision
    of_exception: Behaviour
    of_call: Behaviour
    exception: Case
    call: Case

    def whole(self) -> Value:
        """Return when both end alike, with the same registers, memory and effects."""
        same_end = self._same_end()
        if same_end == 0 or not self._same_acts():
            return 0
        names = sorted(self.exception.registers.keys() | self.call.registers.keys())
        registers = [terms.eq(*self._after(name)) for name in names if self._lasts(name)]
        stores = [
            terms.eq(mine.value, yours.value, 8 * mine.size)
            for mine, yours in zip(self.exception.stores, self.call.stores, strict=True)
        ]
        return terms.land(same_end, *registers, *stores)

    def _lasts(self, name: str) -> bool:
        """Return whether what a handler leaves in a register is there when it has ended."""
        if name in BY_EXCEPTION or name in FLAGS:
            return False
        match self.exception.outcome:
            case Returned() | Left(_, _, int() | terms.Term()):
                return not is_status_part(name)
            case Left() | CalledBack() | Stuck() | Faulted() | Called() | Requested() | Undecided():
                return True
            case _:
                assert_never(self.exception.outcome)

    def shared(self) -> Mapping[str, Value]:
        """Return, by what it is, when the exception does one thing that the call does."""
        if isinstance(self.call.outcome, Called):
            return {}  # what the call does is not known; only what it does before anything
        found: dict[str, Value] = {}
        for name in sorted(self.exception.registers.keys() & self.call.registers.keys()):
            if not is_system(self.revision.architecture, name):
                continue
            mine, yours, width = self._after(name)
            before = at_entry(self.of_exception, name, width)
            found[name] = terms.land(terms.eq(mine, yours, width), terms.ne(mine, before, width))
        if isinstance(self.call.outcome, Left | CalledBack):
            found["where control goes"] = self._same_end()
        found["the answer"] = self._same_answer()
        return {name: value for name, value in found.items() if value != 0}

    def _after(self, name: str) -> tuple[Value, Value, int]:
        """Return a register at both exits, and its width."""
        widths = self.of_call.widths
        width = widths[name] if name in widths else self.of_exception.widths[name]
        mine = self.exception.registers.get(name)
        yours = self.call.registers.get(name)
        mine = at_entry(self.of_exception, name, width) if mine is None else mine
        yours = at_entry(self.of_call, name, width) if yours is None else yours
        return mine, yours, width

    def _same_acts(self) -> bool:
        """Return whether both store in the same places and have the same other effects."""
        places = [[(s.base, s.offset, s.size) for s in c.stores] for c in self._cases()]
        acts = [[(e.name, e.operands, e.guard) for e in c.effects] for c in self._cases()]
        return places[0] == places[1] and acts[0] == acts[1]

    def _cases(self) -> tuple[Case, Case]:
        return self.exception, self.call

    def _same_end(self) -> Value:
        """Return when control goes to the same place in the same mode; never, where it stays."""
        bits = self.revision.architecture.bits
        match self.exception.outcome, self.call.outcome:
            case Returned(), Returned():
                return 1
            case Left(mine, at, saved), Left(yours, where, status) if at == where:
                same = terms.eq(mine, yours, bits)
                if saved is None or status is None:
                    return same if saved is status else 0
                return terms.land(same, terms.eq(saved, status, bits))
            case CalledBack(mine, at), CalledBack(yours, where) if at == where:
                return terms.eq(mine, yours, bits)
            case _:
                return 0

    def _same_answer(self) -> Value:
        """Return when both return with the same success or error in the result register."""
        revision, bits = self.revision, self.revision.architecture.bits
        ends = (self.exception.outcome, self.call.outcome)
        if not all(isinstance(each, Returned) for each in ends):
            return 0
        if not all(revision.result in case.registers for case in self._cases()):
            return 0
        mine, yours, _ = self._after(revision.result)
        answers = [each for each in (revision.success, revision.error) if each is not None]
        known = terms.lor(*(terms.eq(yours, each, bits) for each in answers))
        return terms.land(terms.eq(mine, yours, bits), known)
