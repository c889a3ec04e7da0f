"""Whether a function has set a register where it counts on it: the link register, and the others.

By what each instruction writes, without running it, whichever way was taken.
"""

from collections.abc import Iterable, Iterator
from operator import and_
from typing import Final

from hypabi.callsites.data_flow import data_flow
from hypabi.callsites.model import Read
from hypabi.callsites.path_runner import Convention
from hypabi.code.function_body import CALLS, A64Body, Body, Kind, Step
from hypabi.code.register_usage import EVERY

LINK: Final = 1 << 30
LINKS: Final = ("x30", "lr")
MOST_STEPS: Final = 4000
"""Instructions looked at, each once with the register lost and once without."""
PASSED_BESIDE: Final = {31: 1 << 8 | 1 << 18, 13: 0}
"""What else a function may find at entry: where a result goes, and the platform's own."""


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


def never_set(body: Body, site: int, reads: Iterable[Read], rules: Convention) -> tuple[Read, ...]:
    """Return what is read behind a site although nothing has set it on any way there.

    A scratch register then holds nothing; any other what the function's caller keeps there for
    itself, which is no place to go to.

    :param reads: of what registers hold right behind the site
    """
    unset = _unset(body, site, rules)
    return tuple(read for read in reads if _is_nothing(body, read, unset, rules))


def _unset(body: Body, site: int, rules: Convention) -> int:
    """Return the general registers that no instruction on a way to a site writes, as a mask."""
    if not body.holds(site):
        return 0  # of a function that was not read nothing is told
    every = (1 << rules.count) - 1

    def onward(step: Step, unset: int) -> Iterator[tuple[int, int]]:
        if step.kind not in CALLS:
            unset &= ~(EVERY if step.uses is None else step.uses.writes)
        elif step.kind is not Kind.ASK:
            unset |= rules.lost & ~rules.results & every
        return ((target, unset) for target in body.after(step))

    return (data_flow(body, every, onward, and_) or {}).get(site, 0)


def _is_nothing(body: Body, read: Read, unset: int, rules: Convention) -> bool:
    if read.register in LINKS:
        return False
    number = int(read.register[1:])
    if not unset >> number & 1 or not body.holds(read.address):
        return False
    step = body.step(read.address)
    if step.kind is Kind.RETURN:
        return True
    handed = rules.arguments | PASSED_BESIDE[rules.count]
    if handed >> number & 1:
        return False
    return step.kind is Kind.COMPUTED or bool(rules.lost >> number & 1)
