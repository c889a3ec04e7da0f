"""What is live behind a call site: a backward question, answered by walking forward.

Every way from the site is walked as far as a register is not written; an instruction that reads it
then relies on it.  What a called function, the function's own caller or unknown code would read is
kept apart, because nothing here shows that they do.
"""

from collections.abc import Callable
from typing import Final, assert_never

from hypabi.callsites.backward_paths import Budget
from hypabi.callsites.model import Liveness, MayRead, Read, Why
from hypabi.callsites.path_runner import LINK, Convention
from hypabi.code import register_usage
from hypabi.code.a64_words import formed_address
from hypabi.code.function_body import Body, Kind, Step
from hypabi.records import frozen

MOST_STEPS: Final = 6000
"""Instructions looked at behind one call site."""
MOST_IN_CALLEE: Final = 200

A64_NOP: Final = 0xD503201F
ADR_LINK: Final = (0x9F00001F, 0x1000001E)
"""``adr x30, LABEL`` (DDI 0487, C6.2.10)."""
LUCK: Final = 32
"""Above this bit: registers that a function called on the way may lose, but happens to leave alone.
Assembly relies on that, compilers do not, so it counts only where an instruction reads one."""
FIRM: Final = (1 << LUCK) - 1

Callee = Callable[[int], Body | None]
"""Returns the function that starts at an address, ``None`` where it cannot be read."""


@frozen
class Surveyed:
    """Masks of registers as a function finds them."""

    reads: int
    """Those that it reads before it writes them."""
    unclear: int
    """Those that code which it calls, or which was not followed, may read."""
    through: int
    """Those that are, when it returns, as they were: it may change them, but does not."""


Enter = Callable[[int], Body | None]
"""Returns the code around an address, ``None`` where there is none."""


@frozen
class OwnVectors:
    """Where a further call enters the vectors that the program itself has just set."""

    entries: tuple[int, ...]
    enter: Enter


NO_VECTORS: Final = OwnVectors((), lambda _address: None)
MOST_ENTERED: Final = 8
"""Pieces of code, each reached by a branch out of the one before, that are looked at there."""


class _Survey:
    """Walks the ways from one place; what is found first of a register stays."""

    def __init__(
        self,
        body: Body,
        rules: Convention,
        callee: Callee | None,
        most: int,
        budget: Budget,
        own: OwnVectors = NO_VECTORS,
    ) -> None:
        self.own = own
        self.tails: list[tuple[int, int]] = []
        """Where control goes out of the body by a branch, with the registers that are as found."""
        self.trusts = False
        """Whether the code is assembly that knows what the functions keep which it calls: what it
        reads behind them, it counts on."""
        self.back: int | None = None
        """A64: what ``adr x30`` has made the place to return to."""
        self.body = body
        self.budget = budget
        self.rules = rules
        self.callee = callee
        self.most = most
        self.reads: dict[int, int] = {}
        self.may: dict[tuple[int, Why], int] = {}
        self.undecided: dict[str, None] = {}
        self.surveyed: dict[int, Surveyed] = {}
        self.visited: dict[int, int] = {}
        self.through = 0

    def run(self, start: int, mask: int) -> None:
        waiting = [(start, mask)]
        looked = 0
        while waiting:
            address, mask = waiting.pop()
            mask &= ~self.visited.get(address, 0)
            if not mask:
                continue
            self.visited[address] = self.visited.get(address, 0) | mask
            looked += 1
            if looked > self.most or not self.budget.spend():
                self.undecided[f"more than {self.most} instructions behind it"] = None
                return
            if not self.body.holds(address):
                self._leave(address, mask, Why.BEYOND)
                continue
            step = self.body.step(address)
            left = self._over(step, mask)
            if self._runs_on(step):
                self._leave(step.address, left, Why.BEYOND)
            waiting += [(target, left) for target in self.body.after(step)]

    def _over(self, step: Step, mask: int) -> int:
        if step.uses is None:
            self.undecided[f"the instruction at {step.address:#x} is not decoded"] = None
        else:
            self._read(step.uses.reads & (mask | mask >> LUCK), step.address)
            if step.word & ADR_LINK[0] == ADR_LINK[1]:
                self.back = formed_address(step.word, step.address)
            mask &= ~(step.uses.writes | step.uses.writes << LUCK)
        match step.kind:
            case Kind.CALL | Kind.CALL_REGISTER:
                through = self._call(step, mask & FIRM)
                if not self._links(step):
                    return mask  # under a condition, or one of two variants: it may not happen
                left = (mask | mask >> LUCK) & self.rules.lost & through
                return mask & FIRM & ~self.rules.lost | left << LUCK
            case Kind.ASK:
                self._may(mask & self.rules.arguments, Why.ARGUMENT, step.address)
                self._enter(mask)
                # The call before may have put other vectors in place, which read as they like.
                self.undecided[f"what those vectors read that {step.address:#x} enters"] = None
            case Kind.RETURN:
                self.through |= mask | mask >> LUCK
                self._may(mask & self.rules.results, Why.RETURNED, step.address)
                self._may(mask & self.rules.kept & ~self._link, Why.KEPT, step.address)
            case Kind.BRANCH if step.target is not None and not self.body.holds(step.target):
                self._tail(step, mask)
            case Kind.COMPUTED | Kind.END | Kind.UNREADABLE:
                self._leave(step.address, mask, Why.BEYOND)
            case Kind.NEXT | Kind.BRANCH | Kind.TRAP:
                pass
            case _:
                assert_never(step.kind)
        return mask

    def _enter(self, mask: int) -> None:
        """Note what the program's own vectors read: a call leaves it every register."""
        waiting = [(entry, mask) for entry in self.own.entries]
        for _ in range(MOST_ENTERED):
            if not waiting:
                return
            address, mask = waiting.pop()
            body = self.own.enter(address)
            if body is None:
                continue
            inner = _Survey(body, self.rules, self.callee, MOST_IN_CALLEE, self.budget)
            inner.trusts = True
            inner.run(address, mask)
            for number, at in inner.reads.items():
                self._read(1 << number, at)
            for (number, why), at in inner.may.items():
                if why is Why.CALLEE:
                    self._read(1 << number, at)
            waiting += inner.tails

    def _runs_on(self, step: Step) -> bool:
        """Return whether control goes on behind the function's end, into the next symbol's code.

        A call or a trap there does not come back, or a compiler would have put code behind it;
        what follows it is padding.
        """
        if not step.falls or self.body.holds(step.address + step.size):
            return False
        while step.word == A64_NOP and self.body.holds(step.address - 4):
            step = self.body.step(step.address - 4)
        return step.falls and step.kind not in (Kind.CALL, Kind.CALL_REGISTER, Kind.TRAP)

    @property
    def _link(self) -> int:
        return LINK[self.rules.count]

    def _read(self, mask: int, address: int) -> None:
        for number in register_usage.numbers(mask):
            known = self.reads.get(number)
            self.reads[number] = address if known is None else min(known, address)

    def _may(self, mask: int, why: Why, address: int) -> None:
        for number in register_usage.numbers(mask):
            known = self.may.get((number, why))
            self.may[number, why] = address if known is None else min(known, address)

    def _leave(self, address: int, mask: int, why: Why) -> None:
        self._may(mask & FIRM, why, address)
        self.undecided[f"where control goes from {address:#x} was not followed"] = None

    def _tail(self, step: Step, mask: int) -> None:
        if step.target is not None:
            self.tails.append((step.target, mask))
        through = self._call(step, mask & FIRM)
        if self.back is not None:
            self.tails.append((self.back, (mask | mask >> LUCK) & through))
        self._may(mask & self.rules.kept, Why.KEPT, step.address)

    def _call(self, step: Step, mask: int) -> int:
        """Note what a function that is called may read; return what it would leave alone."""
        found = self._callee(step.target)
        trusted = ~(self.rules.results | self._link) if self.trusts else 0
        if found is None:
            self._may(mask & self.rules.arguments, Why.ARGUMENT, step.address)
            return trusted
        self._may(mask & found.reads, Why.CALLEE, step.address)
        self._may(mask & found.unclear & ~found.reads, Why.ARGUMENT, step.address)
        return found.through | trusted

    def _links(self, step: Step) -> bool:
        """Return whether a call surely happens."""
        return step.uses is None or bool(step.uses.writes & self._link)

    def _callee(self, target: int | None) -> Surveyed | None:
        body = None if target is None or self.callee is None else self.callee(target)
        if body is None or target is None:
            return None
        found = self.surveyed.get(target)
        if found is None:
            inner = _Survey(body, self.rules, None, MOST_IN_CALLEE, self.budget)
            # Assembly passes values as it likes: a scratch register may be an argument, too.
            inner.run(target, (self.rules.arguments | self.rules.lost) & ~self._link)
            beyond = {n for n, why in inner.may if why in (Why.ARGUMENT, Why.BEYOND)}
            unclear = -1 if inner.undecided else _mask(beyond)
            reads, unclear = _mask(inner.reads), unclear & self.rules.arguments
            found = Surveyed(reads, unclear, inner.through)
            self.surveyed[target] = found
        return found


def reliance(
    body: Body,
    behind: int,
    rules: Convention,
    callee: Callee,
    budget: Budget,
    own: OwnVectors = NO_VECTORS,
) -> Liveness:
    """Return what is live in front of an instruction.

    :param behind: address of the first instruction behind the call
    :param budget: shared with other places
    :param own: vectors that the call may have put in place
    """
    survey = _Survey(body, rules, callee, MOST_STEPS, budget, own)
    survey.run(behind, (1 << rules.count) - 1 | LINK[rules.count])
    reads = tuple(Read(_name(rules, n), at) for n, at in sorted(survey.reads.items()))
    may = sorted(survey.may.items(), key=lambda item: (item[0][0], list(Why).index(item[0][1])))
    may_read = tuple(MayRead(_name(rules, number), why, at) for (number, why), at in may)
    through = frozenset(_name(rules, n) for n in register_usage.numbers(survey.through))
    return Liveness(reads, may_read, tuple(survey.undecided), through)


def _name(rules: Convention, number: int) -> str:
    return "lr" if rules.prefix == "r" and number == 14 else f"{rules.prefix}{number}"


def _mask(numbers: object) -> int:
    assert isinstance(numbers, (dict, set))
    return sum(1 << number for number in numbers)
