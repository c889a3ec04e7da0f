"""Whether the link register was lost to a call on some way to an instruction."""

from typing import Final

from hypabi.code.function_body import CALLS, A64Body, Body, Kind

LINK: Final = 1 << 30
MOST_STEPS: Final = 4000
"""Instructions looked at, each once with the register lost and once without."""


def lost_link(body: Body, site: int) -> int | None:
    """Return the address of a call behind which nothing sets x30 again on some way to a site.

    A64 only; what the registers of a frame are saved to, they are loaded from before it matters.
    """
    if not isinstance(body, A64Body):
        return None
    waiting: list[tuple[int, int]] = [(body.start, 0)]
    seen = set(waiting)
    while waiting and len(seen) < MOST_STEPS:
        address, lost = waiting.pop()
        if address == site:
            if lost:
                return lost
            continue
        if not body.holds(address):
            continue  # of a function that was not read there is nothing
        step = body.step(address)
        if step.kind in CALLS:
            lost = lost if step.kind is Kind.ASK else address
        elif step.uses is not None and step.uses.writes & LINK:
            lost = 0
        onward = [(target, lost) for target in body.after(step)]
        fresh = [state for state in onward if state not in seen]
        seen.update(fresh)
        waiting += fresh
    return None
