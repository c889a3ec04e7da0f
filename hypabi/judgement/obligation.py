"""What a clause demands of one case: a condition that must hold, or an answer without a solver."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import Called, Faulted, Left, Returned, Store, Stuck, address_text
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.judgement.clause import (
    Answer,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Region,
    Returns,
    Statement,
)
from hypabi.judgement.expression import Moment
from hypabi.judgement.lower import Lowering
from hypabi.judgement.registers import registers_of
from hypabi.judgement.revision import Revision
from hypabi.smt import terms
from hypabi.smt.terms import Value

MODE_NUMBERS = {"EL1t": 4, "EL1h": 5, "EL2t": 8, "EL2h": 9, "svc": 0b10011, "hyp": 0b11010}
STATE = frozenset(
    {"N", "Z", "C", "V", "DAIF", "SPSel", "CURRENTEL", "PAN", "UAO", "SSBS", "DIT", "TCO", "ALLINT"}
)
"""PSTATE, which ERET restores: it is judged by how the call ends, not register by register."""


class Kept(enum.Enum):
    """Which registers a frame clause is about."""

    GENERAL = "general"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Demand:
    """One condition that must hold at the end of a case, and what to print otherwise."""

    holds: Value
    otherwise: str
    about: tuple[tuple[str, int, Value, Value], ...] = ()
    """Name, width, value at entry and at exit of what the demand is about."""


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The case does not show what the clause asks, and why."""

    reason: str


def demands(
    statement: Statement, lowering: Lowering, revision: Revision
) -> Iterator[Demand | Unfollowed]:
    """Yield what a statement demands of a case; nothing, where the case cannot break it."""
    case = lowering.case
    assert case is not None
    match statement:
        case HandedTo(symbol):
            yield _handed(case, symbol)
        case Returns(mode):
            yield from _returns(case, lowering, revision, mode)
        case Leaves(target, mode):
            yield from _leaves(case, revision, lowering.value(target), mode)
        case Ensures(holds):
            yield from _at_exit(case, lambda: Demand(lowering.predicate(holds), "it does not hold"))
        case KeepsRegisters(may_change):
            yield from _keeps(case, lowering, revision, frozenset(may_change), Kept.GENERAL)
        case KeepsSystemRegisters(may_change):
            yield from _keeps(case, lowering, revision, frozenset(may_change), Kept.SYSTEM)
        case KeepsMemory(may_write):
            yield from _keeps_memory(case, lowering, revision, may_write)
        case _:
            assert_never(statement)


def _handed(case: Case, symbol: str) -> Demand | Unfollowed:
    match case.outcome:
        case Called(name) if name.removeprefix("__kvm_nvhe_") == symbol:
            return Demand(1, "")
        case Called(name) if name.startswith("0x"):
            return Unfollowed(f"the image has no symbol for the function at {name}")
        case Called(name):
            return Demand(0, f"control goes to {name}")
        case outcome:
            return Demand(0, describe(outcome))


def _ends_elsewhere(case: Case) -> Demand | Unfollowed | None:
    """Return what to say of a case whose end a clause about leaving cannot be judged by."""
    match case.outcome:
        case Called(name):
            return Unfollowed(f"control goes to the C function {name}, which is not followed")
        case Stuck() | Faulted():
            return Demand(0, describe(case.outcome))
        case Returned() | Left() | PathUndecided():
            return None
        case _:
            assert_never(case.outcome)


def _returns(
    case: Case, lowering: Lowering, revision: Revision, mode: str | None
) -> Iterator[Demand | Unfollowed]:
    elsewhere = _ends_elsewhere(case)
    if elsewhere is not None:
        yield elsewhere
        return
    bits = revision.architecture.bits
    link = lowering.behaviour.link
    back = lowering.at_entry(link, bits)
    before = lowering.register(_status_name(revision), bits, Moment.ENTRY)
    after = lowering.register(_status_name(revision), bits, Moment.EXIT)
    if isinstance(case.outcome, Left):
        where = ((link, bits, back, case.outcome.target),)
        yield Demand(terms.eq(case.outcome.target, back, bits), describe(case.outcome), where)
    about = ((lowering.behaviour.status, bits, before, after),)
    if mode is None:
        yield Demand(terms.eq(before, after, bits), "PSTATE is not the caller's", about)
    else:
        wanted = MODE_NUMBERS[mode]
        at = terms.eq(terms.extract(after, 0, 5, bits), wanted, 5)
        yield Demand(at, f"it does not return at {mode}", about)


def _leaves(
    case: Case, revision: Revision, target: Value, mode: str
) -> Iterator[Demand | Unfollowed]:
    elsewhere = _ends_elsewhere(case)
    if elsewhere is not None:
        yield elsewhere
        return
    bits = revision.architecture.bits
    if not isinstance(case.outcome, Left):
        yield Demand(0, describe(case.outcome))
        return
    about = (("control goes to", bits, target, case.outcome.target),)
    yield Demand(terms.eq(case.outcome.target, target, bits), "control goes elsewhere", about)
    if case.outcome.status is None:
        yield Demand(int(case.outcome.mode == mode), f"it leaves at {case.outcome.mode}")
    else:
        status = terms.extract(case.outcome.status, 0, 5, bits)
        yield Demand(terms.eq(status, MODE_NUMBERS[mode], 5), f"it does not leave at {mode}")


def _status_name(revision: Revision) -> str:
    return "PSTATE" if revision.architecture is Architecture.ARM64 else "CPSR"


def _at_exit(case: Case, demand: Callable[[], Demand]) -> Iterator[Demand | Unfollowed]:
    """Yield a postcondition, for a case in which control leaves; one that never does keeps it."""
    match case.outcome:
        case Called(name):
            yield Unfollowed(f"control goes to the C function {name}, which is not followed")
        case Returned() | Left():
            yield demand()
        case Stuck() | Faulted() | PathUndecided():
            return
        case _:
            assert_never(case.outcome)


def _keeps(
    case: Case, lowering: Lowering, revision: Revision, may_change: frozenset[str], kind: Kept
) -> Iterator[Demand | Unfollowed]:
    """Yield one demand for each register that the case may change and the clause protects."""
    general = registers_of(revision.architecture).general
    for name, after in case.registers.items():
        if name in may_change or name in STATE or name.startswith("CPSR."):
            continue
        if (name in general) is not (kind is Kept.GENERAL):
            continue
        width = lowering.behaviour.widths[name]
        before = lowering.at_entry(name, width)
        about = ((name, width, before, after),)
        holds = terms.eq(before, after, width)
        yield from _at_exit(case, lambda d=Demand(holds, f"{name} is lost", about): d)  # type: ignore[misc]


def _keeps_memory(
    case: Case, lowering: Lowering, revision: Revision, regions: tuple[Region, ...]
) -> Iterator[Demand | Unfollowed]:
    bits = revision.architecture.bits
    bounds = [(lowering.value(region.start), region.size) for region in regions]
    for store in case.stores:
        address = terms.add(0 if store.base is None else store.base, store.offset, bits)
        inside = [_inside(store, address, start, size, bits) for start, size in bounds]
        where = address_text(store.base, store.offset, bits)
        demand = Demand(terms.lor(*inside), f"{store.size} bytes at {where} are written")
        yield from _at_exit(case, lambda d=demand: d)  # type: ignore[misc]


def _inside(store: Store, address: Value, start: Value, size: int, bits: int) -> Value:
    """Return whether a store lies in a region: its distance from the start leaves room for it."""
    distance = terms.sub(address, start, bits)
    return terms.ule(distance, size - store.size, bits) if size >= store.size else 0


def answers(case: Case, lowering: Lowering, revision: Revision, answer: Answer | None) -> Value:
    """Return whether a case answers so: control leaves, and the result register says it."""
    if answer is None:
        return 1
    if not isinstance(case.outcome, Returned | Left):
        return 0
    bits = revision.architecture.bits
    expected = revision.success if answer is Answer.SUCCESS else revision.error
    result = lowering.register(revision.result, bits, Moment.EXIT)
    return terms.eq(result, expected, bits)


def describe(outcome: Returned | Left | Stuck | Faulted | Called | PathUndecided) -> str:
    """Return how a case ends, in a line."""
    match outcome:
        case Returned():
            return "it returns to the caller"
        case Left(target, mode):
            return f"control goes to {terms.text(target, 64)} at {mode}"
        case Stuck(address):
            return f"it is stuck at {address:#x}"
        case Faulted(address, what):
            return f"{what} faults at {address:#x}"
        case Called(name):
            return f"control goes to the C function {name}"
        case PathUndecided(address, reason):
            return f"not followed beyond {address:#x}: {reason}"
        case _:
            assert_never(outcome)
