"""Whether those make a move of the life cycle, or a call, of whom the contract says so.

That a call is served says nothing of whether anybody makes it.  A kernel in which nobody puts the
copied vectors in place before memory moves, or in which a CPU that resumes does not ask to finish
EL2, breaks the interface although each of its hypercalls is answered as promised.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from hypabi.callsites.call_graph import Lead
from hypabi.callsites.model import CallSite, Unread
from hypabi.contract.model import Program
from hypabi.contract.revision import CallerContext, Revision
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.records import frozen


@frozen
class MakerCheck:
    """A function that the contract says makes a call, held against the image's code."""

    function: str
    address: int
    call: str
    live: tuple[str, ...]
    """Who can be live before."""
    verdict: CallerVerdict


@frozen
class Reach:
    """How far functions of one program get."""

    find: Callable[[str], Sequence[int]]
    """Returns the addresses of the functions of a name."""
    leads: Callable[[int, frozenset[int]], Lead]
    """Tells whether direct calls lead from a function's start to one of some call sites."""


def hold_makers(
    revision: Revision,
    which: Program,
    reach: Reach,
    made: Mapping[tuple[str, str], Sequence[CallSite]],
    unread: Sequence[Unread],
) -> Iterator[MakerCheck]:
    """Hold every function that the contract names as one that makes a move, of one program.

    :param which: the program; a move from a party of another is made there
    :param made: the call sites that make a call while a party is live, by party and call
    :param unread: call sites of which it was not found out what they ask for
    """
    for move in revision.moves:
        source = revision.party(move.source)
        if source is not None and source.program is not which:
            continue
        sites = frozenset(site.address for site in made.get((move.source, move.call), ()))
        for name in move.made_by:
            for address in reach.find(name):
                verdict = _verdict(address, reach, sites, unread)
                yield MakerCheck(name, address, move.call, (move.source,), verdict)


def hold_scheduled(
    contexts: Iterable[CallerContext],
    reach: Reach,
    live: Collection[str],
    asked: Collection[tuple[int, str]],
    unread: Sequence[Unread],
) -> Iterator[MakerCheck]:
    """Yield the functions of which the contract says when they call, and that do not.

    One that may call, for all that was found out, is told among the call sites.

    :param contexts: those that speak of the program
    :param live: the parties that the program holds
    :param asked: the start of each function that calls, and what it asks for
    """
    for context in contexts:
        states = tuple(name for name in context.states if name in live)
        for name in context.functions if states and context.calls else ():
            for address in reach.find(name):
                calls = any((address, call) in asked for call in context.calls)
                if not calls and not _doubt(address, unread):
                    why = Undecided("it makes no such call itself")
                    yield MakerCheck(name, address, " or ".join(context.calls), states, why)


def _verdict(
    address: int, reach: Reach, sites: frozenset[int], unread: Sequence[Unread]
) -> CallerVerdict:
    match reach.leads(address, sites):
        case Lead.LEADS:
            return Satisfied("direct calls lead to it")
        case Lead.BEYOND:
            return Undecided("more functions are called than are looked at")
        case Lead.NOT:
            why = _doubt(address, unread)
            return Undecided(why) if why else Violated("no direct call leads to such a call")


def _doubt(address: int, unread: Sequence[Unread]) -> str:
    """Return which call site of a function was not found out, and why; empty for none."""
    found = (each for each in unread if each.function.address == address)
    return next((f"its hvc at {each.address:#x}: {each.why}" for each in found), "")
