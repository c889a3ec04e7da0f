"""What becomes of registers behind an instruction: which branches ask for them, where they go.

Followed forward from there over terms, a few instructions on a few ways; what was not followed is
said.  A register is followed until nothing that the way knows depends on it.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.code.backward import CALLS
from hypabi.code.body import Body, Kind, Step
from hypabi.execution.approach import Approach, Walk
from hypabi.frozen import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

MOST_STEPS: Final = 96
"""Instructions of all ways behind one call site together."""
LONGEST: Final = 48
"""Instructions of one way."""


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


class _Follow:
    def __init__(self, approach: Approach, body: Body, followed: Mapping[str, Term]) -> None:
        self.approach = approach
        self.body = body
        self.followed = followed
        self.symbols = frozenset(followed.values())
        self.asked: dict[tuple[int, Value], None] = {}
        self.stored: set[str] = set()
        self.returned: set[str] = set()
        self.whole = True
        self.steps = 0
        self.seen: set[int] = set()

    def depends(self, value: Value) -> frozenset[Term]:
        return terms.symbols_of(value) & self.symbols

    def matters(self, walk: Walk) -> bool:
        values = [value for value in walk.registers.values() if isinstance(value, Term)]
        if any(self.depends(value) for value in values):
            return True
        return any(self.depends(store.value) for store in walk.memory.stores)

    def run(self, start: int) -> None:
        walk = Walk(self.approach, start, at_entry=False)
        walk.registers.update(self.followed)
        waiting = [(walk, start, 0)]
        while waiting:
            walk, address, length = waiting.pop()
            if length > LONGEST or self.steps >= MOST_STEPS:
                self.whole = False
                continue
            if not self.body.holds(address) or address in self.seen or not self.matters(walk):
                continue
            step = self.body.step(address)
            self.steps += 1
            waiting += [(*each, length + 1) for each in self._on(walk, step)]

    def _on(self, walk: Walk, step: Step) -> list[tuple[Walk, int]]:
        following = list(self.body.after(step))
        if len(following) > 1 or step.kind is Kind.BRANCH:
            self.seen.add(step.address)
        if step.kind is Kind.RETURN or (step.kind is Kind.BRANCH and not following):
            self._returns(walk)
        if step.kind in (Kind.COMPUTED, Kind.END, Kind.UNREADABLE):
            self.whole = step.kind is not Kind.COMPUTED
            return []
        found = []
        for target in following:
            on = walk.fork() if len(following) > 1 else walk
            stores, conditions = len(on.memory.stores), len(on.conditions)
            on.over(step, target)
            if step.kind not in CALLS:
                self._note(on, step, target, stores, conditions)
            found.append((on, target))
        return found

    def _note(self, on: Walk, step: Step, target: int, stores: int, conditions: int) -> None:
        for store in on.memory.stores[stores:]:
            if isinstance(store.value, Term):
                self.stored |= {
                    name
                    for name, symbol in self.followed.items()
                    if symbol in terms.symbols_of(store.value)
                }
        for condition in on.conditions[conditions:]:
            if not self.depends(condition.term):
                continue
            term = condition.term
            if step.kind is Kind.BRANCH and target != step.target:
                term = terms.lnot(term)
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
    approach: Approach, body: Body, start: int, followed: Mapping[str, Term]
) -> Aftermath:
    """Follow registers from an instruction on.

    :param start: of the first instruction behind the call
    :param followed: a symbol for each register
    """
    follow = _Follow(approach, body, followed)
    follow.run(start)
    asked = tuple(Asked(address, term) for address, term in sorted(follow.asked, key=_by_address))
    return Aftermath(asked, frozenset(follow.stored), frozenset(follow.returned), follow.whole)


def _by_address(asked: tuple[int, Value]) -> int:
    return asked[0]
