"""Ways back from an instruction: chains of instructions that lead to it within one function.

A way goes back only as far as it is needed: until what selects a call no longer depends on what
came before, and from there on while there is one predecessor only.  Two ways that meet again and
have brought the same instructions into play are one from there on; the shorter is kept, and said to
be ``shared``, because the other had other branches.
"""

import enum
from collections import deque
from collections.abc import Iterator
from typing import Final

from hypabi.code.function_body import CALLS, Body, Step
from hypabi.records import frozen

MOST_WAYS: Final = 64
LONGEST: Final = 400
"""Instructions of one way."""
MOST_LOOKED_AT: Final = 6000
"""Instructions of all ways to one place together."""
FURTHER: Final = 96
"""Instructions that a way goes back for arguments alone."""
ACROSS: Final = 12
"""Instructions before the call within which it goes on for them where ways meet."""


class Budget:
    """Instructions that may still be looked at, for all call sites of a program together."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> bool:
        """Take one; return whether there was one."""
        self.left -= 1
        return self.left >= 0


class Stop(enum.Enum):
    """Why a way goes no further back."""

    ENTRY = "entry"
    KNOWN = "known"
    INDIRECT = "indirect"
    LIMIT = "limit"


@frozen
class Chain:
    """Instructions in the order in which they run, the place they lead to last."""

    steps: tuple[int, ...]
    stop: Stop
    shared: bool
    reason: str = ""


@frozen
class Wanted:
    """Registers to know at the end of a way, as masks."""

    first: int
    """What selects the call: a way goes back until this is known."""
    also: int
    """Arguments: known where that needs no further ways, or where those part near the call."""
    lost_in_calls: int
    """What a function that is called may change."""


@frozen
class _Link:
    """A way under construction, newest instruction first."""

    address: int
    behind: "_Link | None"
    length: int
    first: int
    also: int
    relevant: tuple[int, ...]

    def has(self, address: int) -> bool:
        link: _Link | None = self
        while link is not None:
            if link.address == address:
                return True
            link = link.behind
        return False

    def steps(self) -> tuple[int, ...]:
        found = []
        link: _Link | None = self
        while link is not None:
            found.append(link.address)
            link = link.behind
        return tuple(found)


class _Search:
    def __init__(
        self, body: Body, site: int, wanted: Wanted, budget: Budget, *, arguments: bool
    ) -> None:
        self.body = body
        self.budget = budget
        self.wanted = wanted
        self.arguments = arguments
        """Whether ways that differ in what sets arguments are told apart."""
        self.waiting = deque([_Link(site, None, 1, wanted.first, wanted.also, ())])
        self.seen: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self.again: set[tuple[int, int, tuple[int, ...]]] = set()
        self.ended: list[tuple[_Link, Stop, str]] = []
        self.undecided: dict[str, None] = {}
        self.overflow = False

    def run(self) -> None:
        looked = 0
        while self.waiting:
            link = self.waiting.popleft()
            looked += 1
            if (
                len(self.ended) + len(self.waiting) > MOST_WAYS
                or looked > MOST_LOOKED_AT
                or not self.budget.spend()
            ):
                self.overflow = True
                self.waiting.append(link)
                return
            self._extend(link)

    def _extend(self, link: _Link) -> None:
        before = list(self.body.before(link.address))
        if link.address == self.body.start:
            self.ended.append((link, Stop.ENTRY, ""))
            if not link.first:
                return
        elif not before:
            self.ended.append(
                (link, Stop.INDIRECT, f"only a computed branch leads to {link.address:#x}")
            )
            return
        if link.address != self.body.start and not link.first and self._enough(link, before):
            self.ended.append((link, Stop.KNOWN, ""))
            return
        if link.length >= LONGEST:
            self.ended.append((link, Stop.LIMIT, f"more than {LONGEST} instructions"))
            return
        for step in before:
            self._go_back(link, step)

    def _enough(self, link: _Link, before: list[Step]) -> bool:
        return (
            not link.also
            or link.length >= (FURTHER if len(before) == 1 else ACROSS)
            or before[0].kind in CALLS
            or before[0].uses is None
        )

    def _go_back(self, link: _Link, step: Step) -> None:
        if link.has(step.address):
            if link.first:
                self.undecided[f"what more rounds of the loop at {step.address:#x} bring"] = None
            elif not link.first:
                self.ended.append((link, Stop.KNOWN, ""))
            return
        if step.uses is None:
            reason = f"the instruction at {step.address:#x} is not decoded"
            self.ended.append((link, Stop.LIMIT, reason))
            return
        made = self._made(link, step)
        key = (made.address, made.first, made.relevant)
        if made.first and key in self.seen:
            self.again.add(key)
            return
        self.seen[key] = made.length
        self.waiting.append(made)

    def _made(self, link: _Link, step: Step) -> _Link:
        assert step.uses is not None
        writes = step.uses.writes | (self.wanted.lost_in_calls if step.kind in CALLS else 0)
        reads = 0 if step.kind in CALLS else step.uses.reads
        first, also, relevant = link.first, link.also, link.relevant
        if first & writes:
            first = first & ~writes | reads
            relevant = (*relevant, step.address)
        if also & writes:
            also = also & ~writes | reads
            if self.arguments and relevant[-1:] != (step.address,):
                relevant = (*relevant, step.address)
        return _Link(step.address, link, link.length + 1, first, also, relevant)

    def chains(self) -> Iterator[Chain]:
        for link, stop, reason in self.ended:
            shared = False
            at: _Link | None = link
            while at is not None and not shared:
                shared = (at.address, at.first, at.relevant) in self.again
                at = at.behind
            yield Chain(link.steps(), stop, shared, reason)


def ways_back(
    body: Body, site: int, wanted: Wanted, budget: Budget | None = None
) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    """Return the ways that lead to an instruction, shortest first, and why there may be more."""
    budget = budget or Budget(2 * MOST_LOOKED_AT)
    search = _Search(body, site, wanted, budget, arguments=True)
    search.run()
    if search.overflow:
        search = _Search(body, site, wanted, budget, arguments=False)
        search.run()
        search.undecided["more arguments than those of the ways listed"] = None
    if search.overflow:
        spent = "more instructions lead to the program's call sites than are looked at"
        search.undecided[f"more than {MOST_WAYS} ways" if budget.left > 0 else spent] = None
    return tuple(search.chains()), tuple(search.undecided)
