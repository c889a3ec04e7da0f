"""Run KVM's dispatchers of hypercalls, with the functions behind them, for each number.

A dispatcher is given a vCPU, in which the registers of the guest lie one behind the other: what it
reads and writes there are the call's arguments and results.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.foreign.paths import Language, Named, Runner, Seen, Value

DEPTH: Final = 2
"""Functions within each other, behind the dispatcher."""


@dataclass(frozen=True)
class Place:
    """Where the guest's registers are in a vCPU."""

    first: int
    """Distance of the first of them, in bytes."""
    registers: range
    """Their numbers."""

    def of(self, register: int) -> int:
        """Return where a register is."""
        return self.first + 8 * (register - self.registers.start)


@dataclass(frozen=True)
class Served:
    """What KVM does with a number."""

    answers: frozenset[int | str]
    """What it puts into the first register, below zero where it is signed, or what it is called."""
    used: frozenset[int]
    """Registers of the guest that it reads."""
    answered: frozenset[int]
    """Registers of the guest that it writes, or has written by address."""
    returned: frozenset[str]
    called: frozenset[str]
    """Functions that the dispatcher calls."""
    looked: frozenset[Named]
    """What it loads from memory."""

    @property
    def errors(self) -> frozenset[int]:
        """Return what is answered that is below zero."""
        return frozenset(each for each in self.answers if isinstance(each, int) and each < 0)

    def does_as(self, other: "Served") -> bool:
        """Tell whether it does what it does for another number."""
        mine = (self.answers, self.returned, self.called, self.looked, self.answered)
        return mine == (other.answers, other.returned, other.called, other.looked, other.answered)


@dataclass(frozen=True)
class Told:
    """What a function does, with those that it gives the vCPU to."""

    loads: frozenset[Named] = frozenset()
    stores: frozenset[Named] = frozenset()
    answers: frozenset[Value] = frozenset()


def may_be_answered(value: Value) -> bool:
    """Tell whether a value is an error or what a function returned: ways are told apart by it."""
    if isinstance(value, Named):
        return value.name.endswith("()")
    return value is not None and signed(value) in range(-4096, 0)


def signed(value: int) -> int:
    """Return what a register of 64 or of 32 bits means."""
    if value >> 63:
        return value - (1 << 64)
    return value - (1 << 32) if value >> 31 == 1 else value


class Dispatcher:
    """A dispatcher of some programs, and the functions behind it."""

    def __init__(
        self,
        programs: Sequence[Program],
        language: Language,
        carrying: tuple[str, ...],
        follows: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Prepare to run functions of programs.

        :param carrying: registers in which compilers keep what is to be answered
        :param follows: tells a function that is a part of the dispatcher, and run as such
        """
        self.runners = [
            Runner(each, language, follows, carrying, may_be_answered) for each in programs
        ]
        self.vcpu = Named(language.arguments[0])
        self.arguments = language.arguments
        self.place = Place(0, range(0))
        self.told: dict[object, Told] = {}

    def served(self, name: str, numbers: Iterable[int]) -> dict[int, Served]:
        """Return what a dispatcher does with each number."""
        runs = {each: self.run(name, each) for each in numbers}
        return {
            each: self._served(seen, self._told(seen, each, DEPTH)) for each, seen in runs.items()
        }

    def run(
        self,
        name: str,
        number: int | None,
        given: Sequence[Value] | None = None,
        register: int | None = None,
    ) -> Seen:
        """Run a function for a vCPU whose register, the first if none is named, holds a number."""
        found = self._find(name)
        assert found is not None
        runner, start = found
        holder = self.place.of(register or self.place.registers.start)
        held = {} if number is None else {Named(self.vcpu.name, holder): number}
        given = [self.vcpu] if given is None else given
        return runner.run(start, dict(zip(self.arguments, given, strict=False)), held)

    def register(self, place: Value) -> int | None:
        """Return which register of the guest is at a place, if one is."""
        if not isinstance(place, Named) or place.name != self.vcpu.name:
            return None
        number = (place.distance - self.place.first) // 8 + self.place.registers.start
        return number if number in self.place.registers else None

    def registers(self, places: Iterable[Value]) -> frozenset[int]:
        """Return which registers of the guest are among places."""
        found = map(self.register, places)
        return frozenset(each for each in found if each is not None)

    def _served(self, seen: Seen, told: Told) -> Served:
        values = (signed(each) if isinstance(each, int) else str(each) for each in told.answers)
        return Served(
            frozenset(values),
            self.registers(told.loads),
            self.registers(told.stores),
            frozenset(map(str, seen.answers)),
            frozenset(name for name, _ in seen.called),
            frozenset(seen.loads),
        )

    def _find(self, name: str) -> tuple[Runner, int] | None:
        for runner in self.runners:
            found = runner.program.function(name)
            part = runner.program.part(found[0]) if found else None
            if found is not None and part is not None and part.code:
                return runner, found[0]
        return None

    def _told(self, seen: Seen, number: int | None, depth: int) -> Told:
        """Return what a run does, with the functions that it gives the vCPU or a part of it to."""
        loads, answers = set(seen.loads), set(seen.answers if depth < DEPTH else ())
        stores = {at for at, _ in seen.stores if isinstance(at, Named)}
        first = self.place.registers.start
        answers |= {what for at, what in seen.stores if self.register(at) == first}
        for name, given in seen.called:
            parts = {e for e in given if isinstance(e, Named) and e.name == self.vcpu.name}
            stores |= {each for each in parts if self.register(each) is not None}
            told = Told()
            if parts or Named(f"{name}()") in answers:
                told = self._behind(name, given, number if parts else None, depth)
            if parts:
                loads |= told.loads
                stores |= told.stores
            if Named(f"{name}()") in answers:
                answers |= told.answers
        return Told(frozenset(loads), frozenset(stores), frozenset(answers))

    def _behind(self, name: str, given: tuple[Value, ...], number: int | None, depth: int) -> Told:
        if depth == 0 or self._find(name) is None:
            return Told()
        key = name, given, number
        if key not in self.told:
            self.told[key] = Told()  # for one that comes back to itself
            seen = self.run(name, number, given)
            self.told[key] = self._told(seen, number, depth - 1)
        return self.told[key]
