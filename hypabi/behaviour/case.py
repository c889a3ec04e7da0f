"""The cases of a provider, and the rows that a call number selects from them."""

from collections.abc import Mapping
from functools import cached_property

from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.memory import Memory, Store, reached_by, told_apart
from hypabi.symbolic.outcome import Outcome
from hypabi.symbolic.places import based
from hypabi.symbolic.state import Condition, Effect, Trail, addresses_on, walk_trail
from hypabi.symbolic.words import Words


class Guard(tuple[Condition, ...]):
    """The conditions of a case, whose terms are put together once: every row asks for them."""

    @cached_property
    def terms(self) -> tuple[Value, ...]:
        """The conditions without where they were decided."""
        return tuple(condition.term for condition in self)


@frozen
class Case:
    """One path, or several merged: when it is taken, what it does, how it ends.

    ``registers`` maps each register that may differ from its entry value to its value at exit, in
    terms of the entry state.
    """

    guard: tuple[Condition, ...]
    registers: Mapping[str, Value]
    stores: tuple[Store, ...]
    effects: tuple[Effect, ...]
    outcome: Outcome
    assumptions: tuple[str, ...]
    trail: Trail

    @property
    def reached_by(self) -> frozenset[str]:
        """The general registers, as a caller left them, by which memory is accessed."""
        return reached_by(self.assumptions)

    def path(self, model: Mapping[str, int]) -> tuple[int, ...]:
        """Return the address of every instruction executed, in order, as a model chooses.

        :param model: a value for every symbol of the guard; merged paths differ by it
        """
        return walk_trail(self.trail, model)


@frozen
class Behaviour:
    """All cases of one entry, in depth-first order of the paths."""

    entry: int
    at_entry: Mapping[str, Value]
    """Registers that exception entry sets; all others are symbols of their own names."""
    link: str
    status: str
    cases: tuple[Case, ...]
    widths: Mapping[str, int]
    """Width of each register that a case lists."""
    holds: tuple[Value, ...] = ()
    """What is true of every entry, because control could not have got there otherwise."""
    words: Words | None = None
    """What is read of memory; ``None`` where a behaviour is said without addresses."""

    def visited(self) -> frozenset[int]:
        """Return the address of every instruction that some case executes."""
        return addresses_on(case.trail for case in self.cases)

    def entered(self, register: str, width: int) -> Value:
        """Return what a register holds at entry."""
        found = self.at_entry.get(register)
        return terms.symbol(register, width) if found is None else found

    def held(self, address: int, size: int, case: Case | None) -> Value | None:
        """Return bytes of memory at a fixed address, in the byte order of data.

        ``None`` where a case stores somewhere that may be there.

        :param case: at whose end; ``None`` for entry
        """
        stores = () if case is None else case.stores
        if self.words is None or any(store.base is not None for store in stores):
            return None
        image = self.words.image
        return Memory(image, image.architecture.bits, stores).load(address, size)

    def found(self, address: Term, size: int) -> Value | None:
        """Return a word of memory as entry finds it, at an address that the code reads itself."""
        if self.words is None:
            return None
        words = (word for word, place in self.words.addresses.values() if place is address)
        return next((word for word in words if word.width == 8 * size), None)

    def stored(self, address: Term, size: int, case: Case) -> Value | None:
        """Return bytes of memory behind a pointer at the end of a case, in data's byte order.

        ``None`` where a store by another pointer may be there, for all that the case assumes.
        """
        base, _ = based(address)
        others = {store.base for store in case.stores if store.base is not base}
        if self.words is None:
            return None
        image = self.words.image
        bits = image.architecture.bits
        if not all(_are_apart(base, other, case, bits) for other in others):
            return None
        stores = tuple(store for store in case.stores if store.base is base)
        return Memory(image, bits, stores).load(address, size)


def _are_apart(one: Term | None, other: Term | None, case: Case, bits: int) -> bool:
    """Tell whether a case takes memory behind two pointers apart."""
    told = told_apart(one, other, bits)
    return any(text.partition(": ")[0] == told for text in case.assumptions)


def guard_terms(case: Case) -> tuple[Value, ...]:
    """Return the conditions of a case."""
    guard = case.guard
    return guard.terms if isinstance(guard, Guard) else Guard(guard).terms
