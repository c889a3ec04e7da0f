"""What a caller asks for: the registers at its ``hvc``, as terms over its own entry."""

from collections.abc import Iterator, Mapping

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.outcome import Condition, Outcome, Requested
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.entry import function_entry
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.path import Path
from hypabi.symbolic.state import State

GENERAL = {
    Architecture.ARM: tuple(f"r{number}" for number in range(13)),
    Architecture.ARM64: tuple(f"x{number}" for number in range(31)),
}
"""Registers in which a request can be; those of the caller's mode."""


@frozen
class Request:
    """One ``hvc`` on one path of a caller: what is in the general registers when it is issued.

    A register's value is a term over the registers at the caller's entry, each of which is a
    symbol of its own name.
    """

    site: int
    """Address of the ``hvc``."""
    immediate: int
    registers: Mapping[str, Value]
    guard: tuple[Condition, ...]
    """Under which the caller's entry leads here."""
    assumptions: tuple[str, ...]

    def pinned(self) -> Mapping[str, int]:
        """Return the registers whose value is a constant, whatever the caller was called with."""
        return {name: value for name, value in self.registers.items() if isinstance(value, int)}

    def premises(self, width: int) -> tuple[Value, ...]:
        """Return what else is known of the registers at the ``hvc``, over their own names.

        The caller's own entry appears under names of its own, ``r0 of the caller``.  A register
        that nothing is known of has no premise.
        """
        symbols = [s for value in self.registers.values() for s in terms.symbols_of(value)]
        guards = [condition.term for condition in self.guard]
        symbols += [s for guard in guards for s in terms.symbols_of(guard)]
        known = [
            terms.eq(terms.symbol(name, width), _of_the_caller(value), width)
            for name, value in self.registers.items()
            if isinstance(value, Term) and not (value.op == "symbol" and symbols.count(value) == 1)
        ]
        return (*known, *map(_of_the_caller, guards))


@frozen
class Requests:
    """All that a caller can ask for, and the paths on which it asks for nothing."""

    found: tuple[Request, ...]
    others: tuple[Outcome, ...]
    """How the other paths end, each way once: a caller that returns without asking, or a path that
    could not be followed."""


def derive_requests(explorer: Explorer, address: int, state: InstructionSet) -> Requests:
    """Follow a function of the kernel to every ``hvc`` that it issues first.

    :param address: of its first instruction, without bit 0
    """
    found: list[Request] = []
    others: dict[Outcome, None] = {}
    for path in explorer.explore(function_entry(address, state)):
        match path.outcome:
            case Requested(site, immediate):
                found.append(_request(explorer, path, site, immediate))
            case outcome:
                others[outcome] = None
    return Requests(tuple(found), tuple(others))


def _request(explorer: Explorer, path: Path, site: int, immediate: int) -> Request:
    architecture = explorer.image.architecture
    registers = dict(_general(path.state, architecture))
    return Request(site, immediate, registers, path.state.conditions, path.state.assumptions)


def _general(state: State, architecture: Architecture) -> Iterator[tuple[str, Value]]:
    for name in GENERAL[architecture]:
        value = state.registers.get(name)
        yield name, terms.symbol(name, architecture.bits) if value is None else value


def _of_the_caller(value: Value) -> Value:
    """Return a term over the caller's entry with names that no other entry has."""
    renamed = {s: terms.symbol(f"{s.name} of the caller", s.width) for s in terms.symbols_of(value)}
    return terms.substitute(value, renamed)
