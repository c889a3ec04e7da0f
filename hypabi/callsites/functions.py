"""The functions of a program: their bodies, read once, and what flows through each alone."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.callsites.constant_flow import ConstantFlow, Known, World, is_lost, tells_world
from hypabi.callsites.done_before import Done, LastWrite, called_before, written_before
from hypabi.callsites.entry_flow import Moment, flow_from_entry
from hypabi.callsites.handed_out import HandedOut, handed_out
from hypabi.callsites.hvc_words import JUMPS, direct_calls
from hypabi.callsites.level import LevelAsked, asks_level, level_asked
from hypabi.callsites.path_runner import Approach
from hypabi.code import register_usage
from hypabi.code.function_body import A64Body, Body, Kind, Step, body_of, never_returning
from hypabi.code.function_bounds import Extent, function_extent
from hypabi.code.openings import switch_to_t32
from hypabi.records import replace
from hypabi.symbolic.explore import Explorer
from hypabi.unknowns import is_general

MOST_CALLERS: Final = 24
"""Direct callers of one function that are looked at."""
MOST_READ: Final = 2 << 20
"""Bytes of all functions that are read; the largest real kernel needs 150,000."""
MOST_SYMBOLS: Final = 4
"""Symbols within a function that are looked past."""
LIFTED_COSTS: Final = 16
"""What a byte of A32 or T32 counts against that: its instructions are lifted, A64 is not."""
MOST_WITHIN: Final = 3
"""Functions within each other of which it is asked what they change."""
MOST_SHORT: Final = 1 << 10
"""Bytes of one of them."""
FOLLOWED: Final = (Kind.NEXT, Kind.BRANCH, Kind.CALL, Kind.RETURN, Kind.TRAP)
"""What such a function consists of."""


class Functions:
    """The functions of one program."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.image = explorer.image
        self._ends = never_returning(self.image)
        self._bodies: dict[tuple[int, int, InstructionSet], Body] = {}
        self._approaches: dict[InstructionSet, Approach] = {}
        self._flows: dict[tuple[int, InstructionSet], Mapping[int, Moment] | None] = {}
        self._done: dict[tuple[int, InstructionSet], Mapping[int, Done] | None] = {}
        self._known: dict[tuple[int, str], Mapping[int, Known] | None] = {}
        self._changed: dict[tuple[int, InstructionSet], int] = {}
        self._unread = MOST_READ

    def body(self, around: Extent, state: InstructionSet) -> Body:
        """Return the body of a function, read once."""
        key = (around.start, around.end, state)
        found = self._bodies.get(key)
        if found is None:
            read, costs = None, 1
            if state is not InstructionSet.A64:
                read = partial(self.explorer.instruction, state=state)
                costs = LIFTED_COSTS
            end = min(around.end, around.start + max(0, self._unread) // costs)
            around = replace(around, end=end)
            found = body_of(self.image, self.explorer.patches, around, read, self._ends)
            self._unread -= costs * (found.end - found.start)
            self._bodies[key] = found
        return found

    def function(self, address: int) -> A64Body | None:
        """Return the body of the A64 function that starts at an address, ``None`` of others."""
        if self.image.architecture is not Architecture.ARM64:
            return None
        body = self.callee(address, InstructionSet.A64)
        return body if isinstance(body, A64Body) else None

    def callee(self, address: int, state: InstructionSet) -> Body | None:
        """Return the body of a function that is called, ``None`` where no code is.

        Of one that goes on in T32 at once, what is behind.
        """
        if self.image.segment(address) is None:
            return None
        around = function_extent(self.image, address, state)
        start, state = self.state_behind(address, state)
        return self.body(replace(around, start=start), state) if around.start == address else None

    def entered(self, address: int, state: InstructionSet) -> Body | None:
        """Return the same with the code that it runs on into where a further symbol stands.

        ``secondary_holding_pen`` of arm64 has a label ``pen`` within it.
        """
        body = self.callee(address, state)
        _, state = self.state_behind(address, state)
        for _ in range(MOST_SYMBOLS):
            if body is None or self.image.segment(body.end) is None:
                return body
            whole = Extent("", body.start, body.end, symbol=True)
            behind = function_extent(self.image, body.end, state)
            if behind.start != body.end or not self.runs_on(whole, body.end, state):
                return body
            body = self.body(replace(whole, end=behind.end), state)
        return body

    def around(self, address: int, state: InstructionSet) -> Body | None:
        """Return the body of the function around an address, entered there."""
        if self.image.segment(address) is None:
            return None
        around = function_extent(self.image, address, state)
        return self.body(replace(around, start=address), state)

    def approach(self, state: InstructionSet) -> Approach:
        """Return what runs ways in an instruction set state."""
        found = self._approaches.get(state)
        if found is None:
            found = self._approaches[state] = Approach(self.explorer, state)
        return found

    def knowing_approach(self, state: InstructionSet) -> Approach:
        """Return the same, but that keeps what short functions leave alone."""
        return Approach(self.explorer, state, partial(self.changed_by, state=state))

    def changed_by(self, function: int, state: InstructionSet) -> int:
        """Return the general registers that a function changes, as a mask.

        A compiler that sees a function keeps values across it in what that leaves alone (GCC's
        ``-fipa-ra``), whatever the procedure-call standard says.  Of a long one, or one that goes
        on where its code does not say, all of them count.
        """
        known = self._changed.get((function, state))
        if known is None:
            known = self._changed[function, state] = self._changes(function, state, MOST_WITHIN)
        return known

    def _changes(self, function: int, state: InstructionSet, deep: int) -> int:
        body = self.callee(function, state) if deep else None
        if body is None or state is not InstructionSet.A64 or body.end - body.start > MOST_SHORT:
            return register_usage.EVERY
        changed = 0
        for address in range(body.start, body.end, 4):
            step = body.step(address)
            if step.uses is None or step.kind not in FOLLOWED:
                return register_usage.EVERY
            changed |= step.uses.writes
            leaves = step.target is not None and not body.holds(step.target)
            if leaves and step.target is not None:
                changed |= self._changes(step.target, state, deep - 1)
        return changed

    def entry_flow(self, function: int, state: InstructionSet) -> Mapping[int, Moment] | None:
        """Return what a function's registers hold of what it was entered with, by instruction.

        :param function: where it starts
        :return: ``None`` where that is not found out
        """
        key = (function, state)
        if key not in self._flows:
            body = self.entered(function, state)
            _, state = self.state_behind(function, state)
            self._flows[key] = None if body is None else flow_from_entry(self.approach(state), body)
        return self._flows[key]

    def done_before(self, function: int, place: int, state: InstructionSet) -> Done | None:
        """Return which functions one has called before it comes to an instruction.

        :param function: where it starts
        :return: ``None`` where that is not found out
        """
        key = (function, state)
        if key not in self._done:
            body = self.entered(function, state)
            self._done[key] = None if body is None else called_before(body)
        return (self._done[key] or {}).get(place)

    def handed_out(self, function: int, address: int) -> HandedOut | None:
        """Return what a function of A64 does with an address; ``None`` where nobody knows."""
        body = self.function(function)
        return None if body is None else handed_out(body, address)

    def written_before(
        self, function: int, place: int, register: str, state: InstructionSet
    ) -> tuple[LastWrite, ...] | None:
        """Return what a function has given a system register before it comes to an instruction.

        :param function: where it starts
        :return: as :func:`hypabi.callsites.done_before.written_before`
        """
        body = self.entered(function, state)
        _, state = self.state_behind(function, state)
        return None if body is None else written_before(self.approach(state), body, place, register)

    def unreached_with(
        self, function: int, known: Mapping[str, int], state: InstructionSet
    ) -> frozenset[int]:
        """Return the branches and calls of a function that are not reached then.

        :param known: what registers hold at its entry
        """
        body = self.entered(function, state)
        _, state = self.state_behind(function, state)
        flow = ConstantFlow(self.approach(state), {})
        reached = None if body is None else flow.before(body, known)
        if body is None or reached is None:
            return frozenset()
        return frozenset(step.address for step in body.turns()) - reached.keys()

    def known_in(
        self, function: int, world: World, state: InstructionSet
    ) -> Mapping[int, Known] | None:
        """Return what is known before each instruction of a function that control can come to.

        :param world: what is known at its entry; a short function that it calls is looked into
        :return: ``None`` where that is not found out
        """
        key = (function, world.name)
        if key not in self._known:
            body = self.entered(function, state)
            _, state = self.state_behind(function, state)
            flow = ConstantFlow(self.approach(state), world.memory, partial(self._answer, world))
            self._known[key] = None if body is None else flow.before(body, world.registers)
        return self._known[key]

    def world_lost(
        self, function: int, world: World, state: InstructionSet, *, by_level: bool
    ) -> bool:
        """Tell whether a function may know better in which world it is than is seen; A64 only.

        :param by_level: whether the level tells it from others
        """
        body, known = self.entered(function, state), self.known_in(function, world, state)
        if not isinstance(body, A64Body) or known is None:
            return False

        def asks(called: int, deep: int = MOST_WITHIN) -> bool:
            inner = self.function(called)
            if inner is None or inner.end - inner.start > MOST_SHORT:
                return False
            further = {step.target for step in inner.turns() if step.kind is Kind.CALL}
            return tells_world(inner, world.memory, by_level=by_level) or (
                deep > 1 and any(asks(each, deep - 1) for each in further if each is not None)
            )

        return is_lost(body, known, asks, by_level=by_level)

    def _answer(self, world: World, function: int, known: Known) -> int | None:
        """Return what a short function of A64 answers that tells in which world it is."""
        body = self.function(function)
        short = body is not None and 0 < body.end - body.start <= MOST_SHORT
        if body is None or not short or not tells_world(body, world.memory):
            return None
        given = {name: value for name, value in known.items() if not is_general(name)}
        return ConstantFlow(self.approach(InstructionSet.A64), world.memory).answer(body, given)

    def switches_to_t32(self, function: int, state: InstructionSet) -> bool:
        """Tell whether a function begins in A32 and goes on in T32 at once, as entries do."""
        return self.state_behind(function, state) != (function, state)

    def state_behind(self, function: int, state: InstructionSet) -> tuple[int, InstructionSet]:
        """Return where a function goes on behind a switch to T32, and in which state."""
        arm = state is not InstructionSet.A64
        behind = switch_to_t32(self.image, function) if arm else None
        return (function, state) if behind is None else (behind, InstructionSet.T32)

    def called_from(
        self, function: int, state: InstructionSet
    ) -> tuple[tuple[int, int], ...] | None:
        """Return the functions that call one directly, each with the call.

        ``None`` where a branch leads to it, since nobody says from which function.
        """
        if direct_calls(self.image, (function,), 1, JUMPS)[function]:
            return None
        calls = direct_calls(self.image, (function,), MOST_CALLERS)[function]
        return tuple((function_extent(self.image, at, state).start, at) for at in calls)

    def level_at(self, function: int, place: int) -> LevelAsked:
        """Tell whether an A64 function asks for its level before it comes to an instruction."""
        body = self.function(function)
        return LevelAsked.ASKED if body is None else level_asked(body, place, self._asks_level)

    def _asks_level(self, function: int) -> bool:
        body = self.function(function)
        return body is not None and asks_level(body)

    def runs_on(self, before: Extent, start: int, state: InstructionSet) -> bool:
        """Tell whether control goes from a function's start over its end.

        What it executes last must be an instruction that computes: behind a call, a trap or data a
        compiler knew that nothing runs on, and what only pads is no function.
        """
        body = self.body(before, state)
        last = _last(body, start, 2 if state is InstructionSet.T32 else 4)
        if last is None or last.kind not in (Kind.NEXT, Kind.BRANCH) or not last.falls:
            return False
        return last.uses is not None and body.reaches(last.address)

    def running_into(self, around: Extent, state: InstructionSet) -> Iterator[Extent]:
        """Yield the functions whose code runs on into a function, each with that at its end.

        ``__hyp_get_vectors`` of every kernel before 4.12 runs on into ``__hyp_set_vectors``.
        """
        start = around.start
        while around.symbol and self._same_code(start):
            before = function_extent(self.image, start - 2, state)
            if not before.symbol or not self.runs_on(before, start, state):
                return
            yield replace(before, end=around.end)
            start = before.start

    def _same_code(self, start: int) -> bool:
        """Tell whether code of the same segment stands before an address."""
        segment = self.image.segment(start)
        return segment is not None and segment.address < start


def _last(body: Body, end: int, size: int) -> Step | None:
    """Return the last instruction of a function that is no padding.

    ``None`` where all is padding, or where the function is longer than is read.
    """
    if body.end < end:
        return None
    address = end - size
    while address >= body.start:
        for step in (body.step(address), *([body.step(address - 2)] if size == 2 else [])):
            pads = step.kind is Kind.NEXT and step.uses is not None and not step.uses.writes
            if not pads and body.reaches(step.address):
                return step
        address -= size
    return None
