"""How far functions get in a test, each part as it is wanted."""

from collections.abc import Callable, Mapping, Sequence

from hypabi.callsites.call_graph import Lead
from hypabi.callsites.level import LevelAsked
from hypabi.callsites.model import Branches, WayInto
from hypabi.judgement.callers.doing import Doing
from hypabi.judgement.callers.makers import Reach
from hypabi.judgement.callers.passing import Flow


def no_ways(_start: int, _targets: frozenset[int], _which: Branches) -> tuple[WayInto, ...]:
    """Return no way."""
    return ()


def all_reached(_start: int, _known: Mapping[str, int]) -> frozenset[int]:
    """Return that everything is reached."""
    return frozenset()


def no_flow(_start: int) -> Flow:
    """Return that nothing is known to flow."""
    return None


def nothing_done(_function: int, place: int) -> Doing:
    """Return that nothing is known of what has been done."""
    return Doing(place, lambda: None, lambda _: None, lambda _: ())


def reach_of(
    find: Callable[[str], Sequence[int]],
    leads: Callable[[int, frozenset[int], frozenset[int]], Lead] = lambda *_: Lead.LEADS,
    ways: Callable[[int, frozenset[int], Branches], Sequence[WayInto]] = no_ways,
    unreached: Callable[[int, Mapping[str, int]], frozenset[int]] = all_reached,
    flow: Callable[[int], Flow] = no_flow,
    doing: Callable[[int, int], Doing] = nothing_done,
) -> Reach:
    """Return how far functions get that ask for no level, and that nobody calls."""
    asked = LevelAsked.ASKED
    return Reach(find, leads, ways, unreached, flow, lambda *_: asked, lambda _: (), doing)
