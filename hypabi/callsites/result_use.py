"""What becomes of registers behind an instruction: which branches ask for them, where they go.

Followed forward from there over terms, a few instructions on a few ways; what was not followed is
said.  A register is followed until nothing that the way knows depends on it.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.callsites.path_runner import MOST_STEPS as MOST_TOGETHER
from hypabi.callsites.path_runner import Approach, Walk
from hypabi.code.function_body import CALLS, Body, Kind, Step
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

MOST_STEPS: Final = 96
"""Instructions of all ways behind one call site together."""
LONGEST: Final = 48
"""Instructions of one way."""
FLAGS: Final = ("N", "Z", "C", "V")


@frozen
class Asked:
    """A branch that depends on what is followed."""

    address: int
    condition: Value
    """Under which it is taken, or a conditional instruction acts."""


@frozen
class Aftermath:
    """What was seen of registers that were followed, by name."""

    asked: tuple[Asked, ...]
    stored: frozenset[str]
    returned: frozenset[str]
    """Those that were, when a way returned, unchanged where results are passed."""
    whole: bool
    """Whether every way was followed to its end, or until nothing depended on them."""


class _Way:
    """One way from the instruction on, run only as far as what is followed needs it."""

    def __init__(self, walk: Walk, address: int, taint: int) -> None:
        self.walk = walk
        self.address = address
        self.taint = taint
        """Mask of the registers that may depend on what is followed."""
        self.memory = False
        self.flags = False
        """Whether they may depend on it, too."""
        self.length = 0
        self.put_off: list[tuple[Step, int]] = []
        """Instructions that nothing followed goes through: they run when one behind them does."""

    def fork(self) -> "_Way":
        made = _Way(self.walk.fork(), self.address, self.taint)
        made.memory, made.flags, made.length = self.memory, self.flags, self.length
        made.put_off = list(self.put_off)
        return made

    @property
    def ends(self) -> bool:
        return not (self.taint or self.memory or self.flags)

    def touches(self, step: Step) -> bool:
        """Return whether an instruction may do something with what is followed."""
        if step.kind is Kind.BRANCH and self.flags:
            return True
        if step.uses is None:
            return True
        return bool(step.uses.reads & self.taint) or (self.memory and step.kind is Kind.NEXT)

    def catch_up(self) -> None:
        """Run what was put off."""
        for step, following in self.put_off:
            self.walk.over(step, following)
        self.put_off.clear()


class _Follow:
    def __init__(
        self, approach: Approach, body: Body, followed: Mapping[str, Term], most: int
    ) -> None:
        self.approach = approach
        self.body = body
        self.followed = followed
        self.most = most
        self.symbols = frozenset(followed.values())
        self.asked: dict[tuple[int, Value], None] = {}
        self.stored: set[str] = set()
        self.returned: set[str] = set()
        self.whole = True
        self.steps = 0
        self.seen: set[int] = set()

    def depends(self, value: Value) -> bool:
        return isinstance(value, Term) and not self.symbols.isdisjoint(terms.symbols_of(value))

    def run(self, start: int) -> None:
        walk = Walk(self.approach, start, at_entry=False)
        walk.registers.update(self.followed)
        waiting = [_Way(walk, start, sum(1 << int(name[1:]) for name in self.followed))]
        while waiting:
            way = waiting.pop()
            spent = self.steps >= self.most or self.approach.steps >= MOST_TOGETHER
            if way.length > LONGEST or spent:
                self.whole = False
                continue
            if way.ends or not self.body.holds(way.address) or way.address in self.seen:
                continue
            self.steps += 1
            self.approach.steps += 1
            way.length += 1
            waiting += self._on(way, self.body.step(way.address))

    def _on(self, way: _Way, step: Step) -> list[_Way]:
        following = list(self.body.after(step))
        if step.kind is Kind.BRANCH:
            self.seen.add(step.address)
        if step.kind is Kind.RETURN or (step.kind is Kind.BRANCH and not following):
            way.catch_up()
            self._returns(way.walk)
        if step.kind in (Kind.COMPUTED, Kind.END, Kind.UNREADABLE):
            self.whole = self.whole and step.kind is not Kind.COMPUTED
            return []
        touches = way.touches(step)
        if touches:
            way.catch_up()
        found = []
        for target in following:
            on = way.fork() if len(following) > 1 else way
            on.address = target
            if touches:
                self._run(on, step, target)
            else:
                self._put_off(on, step, target)
            found.append(on)
        return found

    def _put_off(self, way: _Way, step: Step, target: int) -> None:
        if step.kind in CALLS:
            way.taint &= ~self.approach.rules.lost
            way.memory = way.flags = False
        elif step.uses is not None:
            way.taint &= ~step.uses.writes
        if step.kind is not Kind.BRANCH:
            way.put_off.append((step, target))

    def _run(self, way: _Way, step: Step, target: int) -> None:
        walk = way.walk
        stores, conditions = walk.memory.stores, len(walk.conditions)
        walk.over(step, target)
        if step.kind not in CALLS:
            if walk.memory.stores is not stores:
                self._note_stores(walk, len(stores))
            self._note_conditions(walk, step, target, conditions)
        way.taint = 0
        for number in range(self.approach.rules.count):
            value = walk.registers.get(f"{self.approach.rules.prefix}{number}", 0)
            way.taint |= self.depends(value) << number
        way.flags = any(self.depends(walk.registers.get(flag, 0)) for flag in FLAGS)
        way.memory = any(self.depends(store.value) for store in walk.memory.stores)

    def _note_stores(self, walk: Walk, before: int) -> None:
        for store in walk.memory.stores[before:]:
            symbols = terms.symbols_of(store.value)
            self.stored |= {name for name, symbol in self.followed.items() if symbol in symbols}

    def _note_conditions(self, walk: Walk, step: Step, target: int, before: int) -> None:
        for condition in walk.conditions[before:]:
            if self.depends(condition.term):
                other = step.kind is Kind.BRANCH and target != step.target
                term = terms.lnot(condition.term) if other else condition.term
                self.asked[step.address, term] = None

    def _returns(self, walk: Walk) -> None:
        rules = self.approach.rules
        results = {f"{rules.prefix}{n}" for n in range(rules.results.bit_length())}
        self.returned |= {
            name
            for name, symbol in self.followed.items()
            if name in results and walk.registers.get(name) is symbol
        }


def aftermath(
    approach: Approach,
    body: Body,
    start: int,
    followed: Mapping[str, Term],
    most: int = MOST_STEPS,
) -> Aftermath:
    """Follow registers from an instruction on.

    :param start: of the first instruction behind the call
    :param followed: a symbol for each register
    :param most: instructions of all ways together
    """
    follow = _Follow(approach, body, followed, most)
    follow.run(start)
    asked = tuple(Asked(address, term) for address, term in sorted(follow.asked, key=_by_address))
    return Aftermath(asked, frozenset(follow.stored), frozenset(follow.returned), follow.whole)


def _by_address(asked: tuple[int, Value]) -> int:
    return asked[0]
