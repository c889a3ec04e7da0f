"""Whether control gets from a function to a call site by calls and jumps whose target is known.

A target is known where the instruction holds it, and of a branch to a register in A64 where an
instruction close before it loads that register with an address: the kernel's entry code leaves the
identity map so.  Jumps out of a function are followed as far as they go.  Everything of a kernel
calls everything in the end: a way through few calls leads, one through more of them does not count,
and is not missing either.  All code of a function counts: what only a static key can enter is
entered once the kernel has patched it.  But what it comes to only where it has found that the
kernel does not run at EL1 makes no call of the kernel.
"""

import enum
from collections import deque
from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.callsites.level import unreached_at_el1
from hypabi.code.a64_words import formed_address, is_adrp, signed_field
from hypabi.code.function_body import A64Body, Body, Kind, Step
from hypabi.code.function_bounds import function_extent
from hypabi.image.model import Image, ImageError

MOST_CALLS: Final = 4
"""Calls on a way that leads there: a compiler that inlines little makes four of KVM's."""
MOST_FUNCTIONS: Final = 256
"""Functions that are looked at for one question."""
NEAR: Final = 8
"""Instructions before a branch within which its register is loaded."""


class Lead(enum.Enum):
    """Whether control gets there."""

    LEADS = "leads"
    """By direct calls and jumps."""
    NOT = "does not lead"
    """None of them does."""
    BEYOND = "beyond"
    """Only through more calls than count, or more functions are called than are looked at."""
    OPEN = "open"
    """None that is told, but where one goes only a linker says."""


def leads_to(
    sites: CallSites,
    start: int,
    state: InstructionSet,
    wanted: frozenset[int],
    closed: frozenset[int] = frozenset(),
) -> Lead:
    """Tell whether control gets from a function's start to one of some call sites.

    :param start: address of the function's first instruction
    :param wanted: addresses of the call sites
    :param closed: addresses of calls of which it is known that none gets there
    """
    waiting = deque([(start, 0)])
    seen: set[int] = set()
    deep = is_open = False
    while waiting:
        address, calls = waiting.popleft()
        if address in seen:
            continue
        if len(seen) == MOST_FUNCTIONS:
            return Lead.OPEN if is_open else Lead.NOT if deep else Lead.BEYOND
        seen.add(address)
        deep |= calls > MOST_CALLS
        body = sites.functions.callee(address, state)
        if body is None:
            continue
        shut = closed | unreached_at_el1(body) if isinstance(body, A64Body) else closed
        if any(body.holds(site) and site not in shut for site in wanted):
            return Lead.BEYOND if deep else Lead.LEADS
        is_open |= not deep and any(_is_open(sites.image, step) for step in body.turns())
        for target, called in (*_onward(sites.image, body, shut), *_into_next(sites, body, state)):
            if called:
                waiting.append((target, calls + called))
            else:
                waiting.appendleft((target, calls))
    return Lead.OPEN if is_open else Lead.NOT


def _is_open(image: Image, step: Step) -> bool:
    """Tell whether only a linker says where an instruction goes, or what is there."""
    if step.target is not None:
        return step.target in image.stand_ins
    try:
        image.read(step.address, step.size)
    except ImageError:
        return image.segment(step.address) is not None
    return False


def _onward(image: Image, body: Body, closed: frozenset[int]) -> Iterator[tuple[int, int]]:
    """Yield the functions to which a function goes on, each with how many calls that takes."""
    for step in body.turns():
        if step.address in closed:
            continue
        match step.kind:
            case Kind.CALL if step.target is not None:
                yield step.target, 1
            case Kind.BRANCH if step.target is not None and not body.holds(step.target):
                yield step.target, 0
            case Kind.CALL_REGISTER | Kind.COMPUTED:
                target = _loaded(image, body, step)
                if target is not None:
                    yield target, int(step.kind is Kind.CALL_REGISTER)
            case _:
                pass


def _into_next(sites: CallSites, body: Body, state: InstructionSet) -> Iterator[tuple[int, int]]:
    """Yield the function into which a function's code runs on at its end."""
    around = function_extent(sites.image, body.start, state)
    if around.end == body.end and sites.functions.runs_on(around, around.end, state):
        yield around.end, 0


def _loaded(image: Image, body: Body, branch: Step) -> int | None:
    """Return the address that A64 code close before a branch loads its register with.

    LDR (literal) and ADRP with ADD, DDI 0487 C6.2; ``None`` for everything else.
    """
    register, offset = branch.word >> 5 & 31, 0
    for address in range(branch.address - 4, max(body.start, branch.address - 4 * NEAR) - 1, -4):
        step = body.step(address)
        if step.kind is not Kind.NEXT or step.uses is None:
            return None
        if not step.uses.writes >> register & 1:
            continue
        word = step.word
        if word & 0xFF00001F == 0x58000000 | register and not offset:
            return _constant(image, address + 4 * signed_field(word, 5, 19))
        page = formed_address(word, address)
        if is_adrp(word) and page is not None:
            return page + offset
        if word & 0xFFC003FF != 0x91000000 | register << 5 | register or offset:
            return None
        offset = word >> 10 & 0xFFF
    return None


def _constant(image: Image, address: int) -> int | None:
    try:
        return int.from_bytes(image.read(address, 8), image.byte_order.value)
    except ImageError:
        return None
