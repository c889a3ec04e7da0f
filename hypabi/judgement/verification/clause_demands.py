"""What a clause demands of one case: a condition that must hold, or an answer without a solver."""

import enum
from collections.abc import Iterator
from typing import assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
)
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.contract.clause import (
    Answer,
    Calls,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Partly,
    Region,
    RegisterFrame,
    Returns,
    SaysEnd,
    Statement,
)
from hypabi.contract.expression import Moment, Predicate, reads_of
from hypabi.contract.expression import Value as Expression
from hypabi.contract.registers import is_general, is_status_part
from hypabi.contract.revision import NVHE_PREFIX, Revision
from hypabi.judgement.verification.breach import (
    Amiss,
    ChangedOtherwise,
    Ends,
    HandedElsewhere,
    Lost,
    ModeFault,
    Written,
    WrongMode,
)
from hypabi.judgement.verification.demand import Demand, Subject
from hypabi.judgement.verification.lowering import Lowering
from hypabi.judgement.verification.next_instruction import executes, is_read_as_meant
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Value

MODE_NUMBERS = {"EL1t": 4, "EL1h": 5, "EL2t": 8, "EL2h": 9, "svc": 0b10011, "hyp": 0b11010}


class Kept(enum.Enum):
    """Which registers a frame clause is about."""

    GENERAL = "general"
    SYSTEM = "system"


@frozen
class Unfollowed:
    """The case does not show what the clause asks: it was not followed beyond this."""

    outcome: Outcome


@frozen
class Unnamed:
    """The case ends in a function of which the image tells the address and not the name."""

    address: str


@frozen
class Unconcerned:
    """The clause does not speak of the case: control never leaves, and that is when it holds."""


Asked = Demand | Unfollowed | Unnamed | Unconcerned


class CallBack(enum.Enum):
    """What a call to a function that the caller chose is to the row that is judged."""

    PROMISED = "promised"
    """Its clauses are about the moment of the call."""
    UNASKED = "unasked"
    """What holds when the function has returned is not known."""


def demands(
    statement: Statement,
    lowering: Lowering,
    revision: Revision,
    call_back: CallBack = CallBack.UNASKED,
    handed_to: str | None = None,
) -> Iterator[Asked]:
    """Yield what a statement demands of a case; nothing, where the case cannot break it.

    :param handed_to: the function at whose entry the row ends, so that its clauses hold there
    """
    case = lowering.case
    assert case is not None
    match statement:
        case HandedTo() | Returns() | Leaves() | Calls():
            yield from _of_the_end(statement, case, lowering, revision)
        case Ensures() | KeepsRegisters() | KeepsSystemRegisters() | KeepsMemory():
            never = _never_leaves(case, call_back)
            if isinstance(case.outcome, Called) and _is(case.outcome.name, handed_to):
                never = None
            if never is not None:
                yield never
            else:
                yield from _at_exit(statement, case, lowering, revision)
        case _:
            assert_never(statement)


def _of_the_end(
    statement: SaysEnd,
    case: Case,
    lowering: Lowering,
    revision: Revision,
) -> Iterator[Asked]:
    match statement:
        case HandedTo(symbol):
            yield _handed(case, symbol)
        case Returns(mode):
            yield from _returns(case, lowering, revision, mode)
        case Leaves(target, mode):
            yield from _leaves(case, lowering, revision, target, mode)
        case Calls(target, mode):
            yield from _calls(case, lowering, revision, target, mode)
        case _:
            assert_never(statement)


def _at_exit(
    statement: Ensures | RegisterFrame | KeepsMemory,
    case: Case,
    lowering: Lowering,
    revision: Revision,
) -> Iterator[Asked]:
    match statement:
        case Ensures(holds):
            about = tuple(_about(holds, lowering))
            yield Demand(lowering.predicate(holds), Amiss.NOT_ENSURED, about)
        case KeepsRegisters(may_change):
            yield from _keeps(case, lowering, revision, frozenset(may_change), Kept.GENERAL)
        case KeepsSystemRegisters(may_change, partly):
            names = frozenset(may_change)
            yield from _keeps(case, lowering, revision, names, Kept.SYSTEM, partly)
        case KeepsMemory(may_write):
            yield from _keeps_memory(case, lowering, revision, may_write)
        case _:
            assert_never(statement)


def _about(predicate: Predicate, lowering: Lowering) -> Iterator[Subject]:
    """Yield the registers at exit that a predicate speaks of."""
    for read in dict.fromkeys(reads_of(predicate)):
        if read.moment is Moment.EXIT:
            before = lowering.register(read.register, read.width, Moment.ENTRY)
            after = lowering.register(read.register, read.width, Moment.EXIT)
            yield Subject(read.register, read.width, before, after)


def _is(name: str, function: str | None) -> bool:
    return name.removeprefix(NVHE_PREFIX) == function


def _handed(case: Case, symbol: str) -> Demand | Unfollowed | Unnamed:
    match case.outcome:
        case Called(name) if _is(name, symbol):
            return Demand(1, HandedElsewhere(name))
        case Called(name) if name.startswith("0x"):
            return Unnamed(name)
        case Called(name):
            return Demand(0, HandedElsewhere(name))
        case Returned() | Left() | Stuck() | Faulted() | CalledBack() | Requested():
            return Demand(0, Ends(case.outcome))
        case PathUndecided():
            return Unfollowed(case.outcome)
        case _:
            assert_never(case.outcome)


def _ends_elsewhere(case: Case) -> Demand | Unfollowed | None:
    """Return what to say of a case whose end a clause about leaving cannot be judged by."""
    match case.outcome:
        case Called():
            return Unfollowed(case.outcome)
        case Stuck() | Faulted() | CalledBack() | Requested():
            return Demand(0, Ends(case.outcome))
        case Returned() | Left() | PathUndecided():
            return None
        case _:
            assert_never(case.outcome)


def _returns(
    case: Case, lowering: Lowering, revision: Revision, mode: str | None
) -> Iterator[Asked]:
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
        where = (Subject(link, bits, back, case.outcome.target),)
        yield Demand(terms.eq(case.outcome.target, back, bits), Ends(case.outcome), where)
    about = (Subject(lowering.behaviour.status, bits, before, after),)
    if mode is None:
        yield Demand(terms.eq(before, after, bits), Amiss.STATUS_CHANGED, about)
    else:
        wanted = MODE_NUMBERS[mode]
        at = terms.eq(terms.extract(after, 0, 5, bits), wanted, 5)
        yield Demand(at, WrongMode(ModeFault.NOT_RETURNED, mode), about)
        yield from executes(case, lowering, revision)


def _leaves(
    case: Case, lowering: Lowering, revision: Revision, where: Expression, mode: str
) -> Iterator[Asked]:
    elsewhere = _ends_elsewhere(case)
    if elsewhere is not None:
        yield elsewhere
        return
    bits = revision.architecture.bits
    if not isinstance(case.outcome, Left):
        yield Demand(0, Ends(case.outcome))
        return
    target = lowering.value(where)
    about = (Subject("control goes to", bits, target, case.outcome.target),)
    yield Demand(terms.eq(case.outcome.target, target, bits), Amiss.GOES_ELSEWHERE, about)
    if case.outcome.status is None and revision.architecture is Architecture.ARM:
        yield Demand(int(case.outcome.mode == mode), WrongMode(ModeFault.LEAVES, case.outcome.mode))
    else:
        status = lowering.register(_status_name(revision), bits, Moment.EXIT)
        at = terms.eq(terms.extract(status, 0, 5, bits), MODE_NUMBERS[mode], 5)
        yield Demand(at, WrongMode(ModeFault.NOT_LEFT, mode))
    yield from executes(case, lowering, revision)
    yield from is_read_as_meant(case, lowering, revision, where)


def _calls(
    case: Case, lowering: Lowering, revision: Revision, where: Expression, mode: str
) -> Iterator[Asked]:
    match case.outcome:
        case CalledBack(called, at):
            bits = revision.architecture.bits
            target = lowering.value(where)
            about = (Subject("control goes to", bits, target, called),)
            yield Demand(terms.eq(called, target, bits), Amiss.CALLS_ANOTHER, about)
            yield Demand(int(at == mode), WrongMode(ModeFault.IS_CALLED, at))
            yield from is_read_as_meant(case, lowering, revision, where)
        case Called() | PathUndecided():
            yield Unfollowed(case.outcome)
        case Returned() | Left() | Stuck() | Faulted() | Requested():
            yield Demand(0, Ends(case.outcome))
        case _:
            assert_never(case.outcome)


def _status_name(revision: Revision) -> str:
    return "PSTATE" if revision.architecture is Architecture.ARM64 else "CPSR"


def _never_leaves(case: Case, call_back: CallBack) -> Unfollowed | Unconcerned | None:
    """Return what to say of a case in which control is not seen to leave, ``None`` for others."""
    match case.outcome:
        case CalledBack() if call_back is CallBack.PROMISED:
            return None
        case PathUndecided() | Called() | Faulted() | CalledBack() | Requested():
            return Unfollowed(case.outcome)
        case Stuck():
            return Unconcerned()
        case Returned() | Left():
            return None
        case _:
            assert_never(case.outcome)


def _keeps(
    case: Case,
    lowering: Lowering,
    revision: Revision,
    may_change: frozenset[str],
    kind: Kept,
    partly: tuple[Partly, ...] = (),
) -> Iterator[Asked]:
    """Yield one demand for each register that the case may change and the clause protects."""
    for name, after in case.registers.items():
        if name in may_change or is_status_part(name):
            continue
        if is_general(revision.architecture, name) is not (kind is Kept.GENERAL):
            continue
        width = lowering.behaviour.widths[name]
        before = lowering.at_entry(name, width)
        about = (Subject(name, width, before, after),)
        parts = [each for each in partly if each.register == name]
        if parts:
            changed = terms.and_(
                terms.xor(before, after, width), _fixed(parts, lowering, width), width
            )
            yield Demand(terms.eq(changed, 0, width), ChangedOtherwise(name), about)
        else:
            yield Demand(terms.eq(before, after, width), Lost(name), about)


def _fixed(parts: list[Partly], lowering: Lowering, width: int) -> Value:
    """Return the bits of a register that nothing lets change here."""
    every = (1 << width) - 1
    fixed: Value = every
    for each in parts:
        mask = (1 << each.high + 1) - (1 << each.low)
        holds = 1 if each.to is None else lowering.predicate(each.to)
        kept = terms.ite(holds, every & ~mask, every, width)
        fixed = terms.and_(fixed, kept, width)
    return fixed


def _keeps_memory(
    case: Case, lowering: Lowering, revision: Revision, regions: tuple[Region, ...]
) -> Iterator[Asked]:
    bits = revision.architecture.bits
    bounds = [(lowering.value(region.start), region.size) for region in regions]
    for store in case.stores:
        address = terms.add(0 if store.base is None else store.base, store.offset, bits)
        inside = [_inside(store, address, start, size, bits) for start, size in bounds]
        yield Demand(terms.lor(*inside), Written(store, bits))


def _inside(store: Store, address: Value, start: Value, size: int, bits: int) -> Value:
    """Return whether a store lies in a region: its distance from the start leaves room for it."""
    distance = terms.sub(address, start, bits)
    return terms.ule(distance, size - store.size, bits) if size >= store.size else 0


def answers(case: Case, lowering: Lowering, revision: Revision, answer: Answer | None) -> Value:
    """Return whether a case may answer so: control leaves, and the result register says it.

    A case that was not followed to its end may answer anything.
    """
    if answer is None or isinstance(case.outcome, Called | CalledBack | Faulted | PathUndecided):
        return 1
    if isinstance(case.outcome, Stuck):
        return 0
    bits = revision.architecture.bits
    whole = lowering.register(revision.result, bits, Moment.EXIT)
    result = terms.extract(whole, 0, revision.result_bits, bits)
    return terms.eq(result, answer.value, revision.result_bits)
