"""The state of one path: registers, memory, what holds, what was done, where it went."""

from collections.abc import Iterable, Mapping

from hypabi.records import field, frozen
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.memory import Memory


@frozen
class Effect:
    """An act that registers and memory do not show, in program order.

    ``guard`` is the condition under which a merged path performs it, 1 where it always does.
    """

    address: int
    name: str
    operands: tuple[Value, ...]
    guard: Value = 1


@frozen
class Condition:
    """A decision on a path: what was decided, and the instruction that asked."""

    address: int
    term: Value


@frozen
class Step:
    """The trail of a path, newest first: a linked list that forks share."""

    address: int
    before: "Trail"
    depth: int


@frozen
class Join:
    """Where two paths were merged: the trail is ``one`` under the guard, else ``other``."""

    guard: Value
    one: "Trail"
    other: "Trail"
    depth: int


Trail = Step | Join | None


def depth(trail: Trail) -> int:
    """Return the number of instructions on the longest path of a trail."""
    return 0 if trail is None else trail.depth


def walk_trail(trail: Trail, model: Mapping[str, int]) -> tuple[int, ...]:
    """Return the addresses on a trail, oldest first, as a model chooses among merged paths.

    :param model: a value for every symbol that a guard mentions
    """
    addresses = []
    while trail is not None:
        match trail:
            case Step(address, before):
                addresses.append(address)
                trail = before
            case Join(guard, one, other):
                trail = one if evaluate(guard, model) else other
    return tuple(reversed(addresses))


def addresses_on(trails: Iterable[Trail]) -> frozenset[int]:
    """Return the address of every instruction on these trails, whichever way paths were merged."""
    waiting = list(trails)
    seen: set[int] = set()
    addresses = set()
    while waiting:
        trail = waiting.pop()
        if trail is None or id(trail) in seen:
            continue
        seen.add(id(trail))
        match trail:
            case Step(address, before):
                addresses.add(address)
                waiting.append(before)
            case Join(_, one, other):
                waiting += (one, other)
    return frozenset(addresses)


@frozen
class JumpedBack:
    """What a path was when it last jumped back to an address, and how often it did."""

    registers: Mapping[str, Value]
    stores: int
    """How many there were; -1 where paths that differed in this were merged."""
    fresh: int
    rounds: int

    def repeats(self, before: "JumpedBack | None") -> bool:
        """Return whether nothing has changed since the last time."""
        return before is not None and (self.registers, self.stores, self.fresh) == (
            before.registers,
            before.stores,
            before.fresh,
        )


@frozen
class State:
    """A point on a path.  ``registers`` holds what was written or read; the rest is as at entry.

    ``known`` are the conditions decided so far; ``jumped_back`` is what registers and memory were
    when control last jumped back to an address; ``fresh`` counts the values that were havocked.
    """

    pc: int
    registers: Mapping[str, Value]
    memory: Memory
    known: Mapping[Term, bool]
    conditions: tuple[Condition, ...] = ()
    effects: tuple[Effect, ...] = ()
    assumptions: tuple[str, ...] = ()
    trail: Trail = None
    jumped_back: Mapping[int, JumpedBack] = field(default_factory=dict)
    fresh: int = 0
    marked: tuple[Value, int] | None = None
    """Address and size of the memory that is marked for exclusive access, where that is known."""
