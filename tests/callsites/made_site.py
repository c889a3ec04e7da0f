"""Call sites made by hand: what a caller asks for and counts on, without code."""

from collections.abc import Iterable

from hypabi.arch.names import InstructionSet
from hypabi.behaviour.request import Request
from hypabi.callsites.model import (
    Answer,
    CallPath,
    CallSite,
    Function,
    Liveness,
    MayRead,
    Origin,
    Reached,
    Read,
    Source,
    Start,
)
from hypabi.smt import terms
from hypabi.smt.terms import Value

SITE = 0x1000
FUNCTION = Function("f", SITE, SITE + 0x100)
NOTHING = Liveness((), (), ())


def way(immediate: int = 0, **registers: Value) -> CallPath:
    """Return a way to the site; a register that is not named is the function's own at entry."""
    names = [f"x{number}" for number in range(31)]
    held = {name: registers.get(name, terms.symbol(name, 64)) for name in names}
    request = Request(SITE, immediate, held, (), ())
    sources = {name: Source(name, _origin(number), name, SITE) for number, name in enumerate(names)}
    return CallPath(request, Start.ENTRY, (SITE,), sources, ())


def _origin(number: int) -> Origin:
    """AAPCS64 6.1.1."""
    if number < 8:
        return Origin.ARGUMENT
    return Origin.UNINITIALISED if number < 18 else Origin.KEPT


def live(*reads: Read, may_read: Iterable[MayRead] = (), undecided: Iterable[str] = ()) -> Liveness:
    return Liveness(reads, tuple(may_read), tuple(undecided))


def site(
    *ways: CallPath, reliance: Liveness = NOTHING, answers: tuple[Answer, ...] = ()
) -> CallSite:
    """Return an ``hvc`` in A64."""
    return CallSite(
        SITE,
        InstructionSet.A64,
        0,
        FUNCTION,
        Reached.FLOW,
        ways,
        (),
        (),
        reliance,
        answers,
        "x0",
    )
