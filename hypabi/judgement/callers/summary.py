"""What comes of the callers of an image: which checks count, and their answers in a line."""

from collections.abc import Iterator
from typing import assert_never

from hypabi.contract.resolve import ANY, ANY_OTHER
from hypabi.judgement.callers.findings import (
    CallerCheck,
    CallerVerdict,
    DependsOnCaller,
    Satisfied,
    SatisfiedBeyondContract,
    Undecided,
    Unspecified,
    Violated,
)
from hypabi.judgement.callers.makers import MakerCheck
from hypabi.judgement.callers.order import OrderCheck
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, Reachability
from hypabi.records import frozen


@frozen
class Violation:
    """Names a violation: what a suppression is looked up by."""

    address: int
    """Of the call site, or of a function that has to make a call."""
    caller: str
    """The function: two that run on into one call site are two callers."""
    party: str
    """Whose vectors are live."""
    call: str | None
    """``None`` for an identifier that is no call's number."""

    @classmethod
    def of(cls, check: CallerCheck) -> "Violation":
        """Return what names a check's violation."""
        return cls(check.site.address, check.site.name, check.party, check.call)

    @classmethod
    def of_move(cls, check: MakerCheck | OrderCheck) -> "Violation":
        """Return what names a violation of a function that has to make a call, or its order."""
        party = " or ".join(check.live)
        named = None if check.call in (ANY, ANY_OTHER) else check.call
        return cls(check.address, check.function, party, named)


def reachable_checks(cycle: LifeCycle) -> Iterator[CheckInContext]:
    """Yield the checks that can come about: the contract says so, or whoever is live."""
    for each in cycle.checks:
        if each.when in (Reachability.REACHABLE, Reachability.WHOEVER_IS_LIVE):
            yield each


def violated_checks(cycle: LifeCycle) -> Iterator[CheckInContext]:
    """Yield the checks that can come about and are violated."""
    for each in reachable_checks(cycle):
        if isinstance(each.check.worst(), Violated):
            yield each


def violations(cycle: LifeCycle) -> Iterator[Violation]:
    """Yield the name of each violation that can come about."""
    for each in violated_checks(cycle):
        yield Violation.of(each.check)
    moves: tuple[MakerCheck | OrderCheck, ...] = (*cycle.makers, *cycle.order)
    for move in moves:
        if isinstance(move.verdict, Violated):
            yield Violation.of_move(move)


def spell_request(met: CallerCheck) -> str:
    """Spell what a caller asks for."""
    if met.call is not None:
        return met.call
    value = met.way.request.registers[met.site.identifier]
    return f"identifier {value:#x}" if isinstance(value, int) else "an identifier that is not known"


def spell_verdict(said: CallerVerdict) -> str:
    """Return an answer in a line."""
    match said:
        case (
            Satisfied(what) | SatisfiedBeyondContract(what) | Violated(what) | DependsOnCaller(what)
        ):
            return what
        case Unspecified(reason) | Undecided(reason):
            return reason
        case _:
            assert_never(said)
