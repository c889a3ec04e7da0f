"""What resolving a contract for one architecture needs everywhere: its names, what is in force."""

from collections.abc import Iterable, Mapping
from typing import Protocol, Self, TypeVar

from hypabi.arch.identifiers import identifier_bits
from hypabi.arch.names import Architecture
from hypabi.contract.clause import Authority, Premise
from hypabi.contract.expression import Moment, Predicate
from hypabi.contract.expression_parser import Scope, parse_predicate
from hypabi.contract.model import ByArchitecture, Call, Condition, Contract, Stated
from hypabi.contract.registers import Registers, mode_known, registers_of
from hypabi.contract.version import Version, in_force
from hypabi.decode.place import Place, closest_name
from hypabi.records import frozen, replace

T = TypeVar("T")
B = TypeVar("B", bound="Bounds")


class Bounds(Protocol):
    """Whatever holds for some kernels only."""

    @property
    def since(self) -> Version | None:
        """First kernel version that has it."""

    @property
    def until(self) -> Version | None:
        """First kernel version that no longer has it."""

    @property
    def architecture(self) -> Architecture | None:
        """The only architecture that has it."""


def authority_of(stated: Stated | Call) -> Authority:
    """Return why a thing may be demanded."""
    return Authority(stated.cite, stated.because, stated.against, stated.incomplete)


@frozen
class Context:
    """A contract on one architecture, at one version or, where that is ``None``, at all of them.

    ``scope`` reads at entry and has no arguments.
    """

    contract: Contract
    architecture: Architecture
    version: Version | None
    scope: Scope

    @classmethod
    def of(cls, contract: Contract, architecture: Architecture, version: Version | None) -> Self:
        """Collect the names that every expression of the contract may use.

        :raises FileError: the contract's own names are not what they stand for
        """
        return cls(contract, architecture, version, _scope(contract, architecture))

    @property
    def registers(self) -> Registers:
        """The registers of the architecture."""
        return self.scope.registers

    def in_force(self, table: Mapping[str, B]) -> dict[str, B]:
        """Return what of a table holds here."""
        return {name: each for name, each in table.items() if self.applies(each)}

    def applies(self, each: Bounds) -> bool:
        """Tell whether a thing holds here."""
        if each.architecture not in (None, self.architecture):
            return False
        return self.version is None or in_force(self.version, each.since, each.until)

    def on(self, value: ByArchitecture[T], place: Place) -> T:
        """Return what is said of this architecture.

        :raises FileError: nothing is
        """
        return _on(value, self.architecture, place)

    def register(self, value: ByArchitecture[str], place: Place) -> str:
        """Return the architectural name of a register.

        :raises FileError: the architecture has no such register
        """
        return self.registers.known(self.on(value, place), place)

    @property
    def answers(self) -> Mapping[str, int]:
        """What the result register can say, by name, as it stands there."""
        width = identifier_bits(self.scope.result, self.architecture.bits)
        return {name: number % (1 << width) for name, number in answers_of(self.contract).items()}

    def called(self, arguments: Mapping[str, str]) -> "Context":
        """Return the same with the arguments of a call."""
        return replace(self, scope=replace(self.scope, arguments=arguments))

    def when(self, text: str | None, place: Place) -> Predicate | None:
        """Read a condition on the entry, where there is one."""
        return None if text is None else parse_predicate(text, self.scope, place.below("when"))

    def holds_at_exit(self, text: str, place: Place) -> Predicate:
        """Read a condition on the exit."""
        return parse_predicate(text, self.scope.at(Moment.EXIT), place)

    def premises(self, conditions: Mapping[str, Condition], party: str) -> tuple[Premise, ...]:
        """Resolve what holds when a call enters a party."""
        return tuple(
            Premise(
                name,
                each.holds,
                parse_predicate(each.holds, self.scope, each.place.below("holds")),
                authority_of(each),
                each.place,
            )
            for name, each in self.in_force(conditions).items()
            if each.parties is None or party in each.parties
        )

    def known_parties(self, parties: Iterable[str], place: Place) -> None:
        """Refuse a party that the contract has not, or not on this architecture."""
        for name in parties:
            party = self.contract.parties.get(name)
            if party is None:
                raise place.refuse(f"no party {name!r}", closest_name(name, self.contract.parties))
            if party.architecture not in (None, self.architecture):
                raise place.refuse(f"party {name!r} is not on {self.architecture.value}")

    def mode(self, mode: str, place: Place) -> str:
        """Refuse a mode that the architecture has not."""
        if not mode_known(self.architecture, mode):
            what = f"{self.architecture.value} has no mode {mode!r}"
            raise place.refuse(what, "as in hyp on arm, EL2h on arm64")
        return mode


def _on(value: ByArchitecture[T], architecture: Architecture, place: Place) -> T:
    found = value.on(architecture)
    if found is None:
        raise place.refuse(f"nothing is said of {architecture.value}")
    return found


def answers_of(contract: Contract) -> Mapping[str, int]:
    """Return what the result register can say, by name."""
    result = contract.result
    named = {"success": result.success, "error": result.error, **result.answers}
    return {name: value for name, value in named.items() if value is not None}


def _numbers(contract: Contract, architecture: Architecture) -> Mapping[str, int]:
    """Return the numbers of the calls that an architecture has, by name."""
    there = {n: e for n, e in contract.calls.items() if e.architecture in (None, architecture)}
    return {name: each.number for name, each in there.items() if each.number is not None}


def _scope(contract: Contract, architecture: Architecture) -> Scope:
    registers = registers_of(architecture)
    result = contract.result
    constants = {**_numbers(contract, architecture), **answers_of(contract)}
    names: dict[str, str] = {}
    for name, number in contract.constants.items():
        if (value := number.on(architecture)) is not None:
            constants[name] = value
    for name, register in contract.registers.items():
        if (spelled := register.on(architecture)) is not None:
            place = contract.place.below("registers").below(name)
            names[name] = registers.part_known(spelled, place)
    place = result.place.below("register")
    answer = registers.part_known(_on(result.register, architecture, place), place)
    parties = frozenset(contract.parties)
    return Scope(registers, Moment.ENTRY, names, constants, {}, answer, parties)
