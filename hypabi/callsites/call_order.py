"""In which order a function and those that it calls make their calls: one way at a time.

A walk over the function's own flow, entered with what is live; a call of a function that makes
hypercalls itself is walked through, every other of the file is taken to make none; behind one that
no file defines, and behind a call by register, it is not known who is live.  Nothing is asked of a
solver: a branch goes both ways, but for one that asks whether the kernel runs at EL1, where it runs
as long as anybody else owns EL2, and one of AArch32 that asks whether it was entered in HYP, which
it was if anybody of its own can be live.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.callsites.level import taken_at_el1
from hypabi.code.function_body import A64Body, Body, Kind, Step
from hypabi.records import frozen

Live = frozenset[str]
"""Names of the parties that can be live."""

MOST_DEEP: Final = 4
"""Functions that are called within each other."""
MOST_STEPS: Final = 20_000
"""Instructions walked for all functions of a program."""
MOST_STATES: Final = 8
"""Sets of parties that are told apart at one instruction."""
NOP: Final = 0xD503201F
MOST_PADDING: Final = 16
"""Words between two functions."""

EQUAL, DIFFERENT = 0, 1
"""Conditions: DDI 0406C, A8.3."""


@frozen
class Asked:
    """A hypercall on a way: where, and through which calls control got there."""

    site: int
    live: Live
    calls: tuple[int, ...]
    """Addresses of the calls of functions, the outermost first."""


@frozen
class Walked:
    """What a walk through a function came to."""

    whole: bool
    """Whether all of its ways were walked."""
    ends: frozenset[Live]
    """Who can be live where it returns, one way at a time."""


Answer = Callable[[Asked], Live]
"""Returns who can be live behind a hypercall."""


class CallOrder:
    """Walks the functions of one program that make hypercalls, or call such."""

    def __init__(
        self,
        sites: CallSites,
        functions: Mapping[int, frozenset[int]],
        answer: Answer,
        state: InstructionSet = InstructionSet.A64,
        anybody: Live = frozenset(),
    ) -> None:
        """Hold what is walked.

        :param functions: by address of a function, the call sites in it; none for a caller of such
        :param anybody: who can be live behind a call that is entered in the middle of a function
        """
        self.sites = sites
        self.state = state
        self.functions = functions
        self._unknown: Live | None = None
        self.answer = answer
        self._anybody = anybody
        self._starts = sorted(functions)
        self.left = MOST_STEPS
        self._cut_short = False
        self._shut: frozenset[int] = frozenset()
        self._around: list[int] = []
        self._calls: tuple[int, ...] = ()

    def walk(
        self,
        start: int,
        live: Live,
        unknown: Live | None,
        shut: frozenset[int] = frozenset(),
    ) -> Walked:
        """Walk a function, asking for the answer to each hypercall on its ways.

        :param live: who can be live when it is entered
        :param unknown: who can be live behind a call by register; ``None`` for whoever was before
        :param shut: instructions that are not come to
        """
        self._unknown = unknown
        self._cut_short = False
        self._shut = shut
        ends = self._walk(start, live)
        return Walked(not self._cut_short, ends)

    def _walk(self, start: int, live: Live) -> frozenset[Live]:
        """Return who can be live where a function returns, one way at a time."""
        body = self.sites.functions.callee(start, self.state)
        if body is None or start in self._around or len(self._around) == MOST_DEEP:
            self._cut_short = self._cut_short or len(self._around) == MOST_DEEP
            return frozenset({live})
        self._around.append(start)
        found = frozenset(self._through(body, live))
        self._around.pop()
        return found

    def _through(self, body: Body, live: Live) -> Iterator[Live]:
        waiting = [(body.start, live)]
        seen: dict[int, set[Live]] = {}
        while waiting:
            address, live = waiting.pop()
            known = seen.setdefault(address, set())
            if live in known or address in self._shut:
                continue
            if self.left == 0 or len(known) == MOST_STATES:
                self._cut_short = True
                return
            self.left -= 1
            known.add(live)
            step = body.step(address)
            behind = self._over(step, live)
            for target in self._onward(body, step, live):
                if body.holds(target):
                    waiting += [(target, each) for each in behind]
                else:
                    yield from self._into(step, target, behind)
            if step.kind in (Kind.RETURN, Kind.COMPUTED):
                yield live

    def _onward(self, body: Body, step: Step, live: Live) -> Iterator[int]:
        """Yield where control goes from an instruction, within the function or out of it."""
        taken = taken_at_el1(body, step)
        if taken is None and self.state is not InstructionSet.A64:
            by_hyp = self._taken_from_hyp(body, step)
            taken = by_hyp if live or by_hyp is None else not by_hyp
        falls = step.falls and taken is not True
        behind = step.address + step.size
        if step.kind is Kind.TRAP and (behind in body.into or _is_padding(body, behind)):
            falls = False  # a BUG(), behind which another block stands, or another function
        if falls:
            yield step.address + step.size
        if step.kind is Kind.BRANCH and step.target is not None and taken is not False:
            yield step.target

    def _taken_from_hyp(self, body: Body, step: Step) -> bool | None:
        """Tell whether a branch that asks for the mode of entry is taken if that was HYP.

        ``mrs rN, spsr; and rM, rN, #0x1f; cmp rM, #0x1a; beq`` or ``bne``, in A32 ``teq``, too;
        ``None`` for any other.
        """
        thumb = self.state is InstructionSet.T32
        asks, before = (_asks_in_t32, 10) if thumb else (_asks_in_a32, 12)
        if step.kind is not Kind.BRANCH or not body.holds(step.address - before):
            return None
        content = self.sites.image.read(step.address - before, before + step.size)
        condition = asks(content)
        return None if condition not in (EQUAL, DIFFERENT) else condition == EQUAL

    def _over(self, step: Step, live: Live) -> frozenset[Live]:
        """Return who can be live behind an instruction."""
        if step.kind is Kind.ASK and step.address in self._sites():
            return frozenset({self.answer(Asked(step.address, live, self._calls))})
        if step.kind is Kind.CALL_REGISTER and self._unknown is not None:
            return frozenset({self._unknown})
        if step.kind is Kind.CALL and step.target is not None:
            return self._into(step, step.target, frozenset({live}))
        return frozenset({live})

    def _sites(self) -> frozenset[int]:
        return self.functions.get(self._around[-1], frozenset())

    def _into(self, step: Step, target: int, before: frozenset[Live]) -> frozenset[Live]:
        """Return who can be live where a function returns that is called or jumped to."""
        if target not in self.functions:
            told = target not in self.sites.image.stand_ins and not self._skips_to_call(target)
            return before if told else frozenset({self._anybody})
        outer = self._calls
        self._calls = (*outer, step.address)
        found = frozenset(each for live in before for each in self._walk(target, live))
        self._calls = outer
        return found

    def _skips_to_call(self, target: int) -> bool:
        """Tell whether an address lies between a function's start and one of its calls."""
        before = bisect_left(self._starts, target)
        sites = self.functions[self._starts[before - 1]] if before else frozenset[int]()
        return any(target <= site for site in sites)


def _is_padding(body: Body, address: int) -> bool:
    """Tell whether nothing but what fills the place up stands between an address and the end."""
    if not isinstance(body, A64Body):
        return False
    words = body.words[address - body.start >> 2 :]
    return len(words) <= MOST_PADDING and all(word == NOP for word in words)


def _asks_in_a32(content: bytes) -> int | None:
    """Return the condition of a branch behind what asks for the mode of entry (A32).

    DDI 0406C, B9.3.9 (MRS), A8.8.13 (AND), A8.8.37 (CMP), A8.8.237 (TEQ), A8.8.18 (B), B1.3.1
    (HYP is 0x1a).
    """
    words = [int.from_bytes(content[at : at + 4], "little") for at in range(0, 16, 4)]
    saved, mode, compare, branch = words
    read, masked = saved >> 12 & 15, mode >> 12 & 15
    wanted = [0xE14F0000 | read << 12, 0xE200001F | read << 16 | masked << 12]
    compares = (0xE350001A | masked << 16, 0xE330001A | masked << 16)
    asks = [saved, mode] == wanted and compare in compares and branch >> 24 & 15 == 0xA
    return branch >> 28 if asks else None


def _asks_in_t32(content: bytes) -> int | None:
    """Return the same of T32, where the branch has 2 bytes or 4 (encodings T1 and T3)."""
    halves = [int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content), 2)]
    number = halves[1] >> 8 & 7
    wanted = [0xF3FF, 0x8000 | number << 8, 0xF000 | number, number << 8 | 0x1F]
    if halves[:5] != [*wanted, 0x281A | number << 8]:
        return None
    match halves[5:]:
        case [branch] if branch >> 12 == 0xD:
            return branch >> 8 & 15
        case [first, second] if first >> 11 == 0x1E and second >> 12 & 0b1101 == 0b1000:
            return first >> 6 & 15
        case _:
            return None
