"""Whether those make a move of the life cycle of whom the contract says so.

That a call is served says nothing of whether anybody makes it.  A kernel in which nobody puts the
copied vectors in place before memory moves, or in which a CPU that resumes does not ask to finish
EL2, breaks the interface although each of its hypercalls is answered as promised.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from hypabi.callsites.call_graph import Lead
from hypabi.callsites.model import CallSite, Unread
from hypabi.contract.model import Program
from hypabi.contract.revision import Move, Revision
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.records import frozen


@frozen
class MakerCheck:
    """A function that the contract says makes a move, held against the image's code."""

    move: Move
    function: str
    address: int
    verdict: CallerVerdict

    @property
    def call(self) -> str:
        """The call that makes the move."""
        return self.move.call

    @property
    def live(self) -> tuple[str, ...]:
        """The party that is live before."""
        return (self.move.source,)


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
                yield MakerCheck(move, name, address, verdict)


def _verdict(
    address: int, reach: Reach, sites: frozenset[int], unread: Sequence[Unread]
) -> CallerVerdict:
    match reach.leads(address, sites):
        case Lead.LEADS:
            return Satisfied("direct calls lead to it")
        case Lead.BEYOND:
            return Undecided("more functions are called than are looked at")
        case Lead.NOT:
            doubtful = [each for each in unread if each.function.address == address]
            if doubtful:
                return Undecided(f"its hvc at {doubtful[0].address:#x}: {doubtful[0].why}")
            return Violated("no direct call leads to such a call")
