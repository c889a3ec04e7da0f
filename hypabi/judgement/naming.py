"""What a call site asks for, by the name that a contract gives it.

An identifier that a way knows is looked up in every contract whose conduit is the site's: by its
immediate, and by the register that selects.  Stub calls are numbered from 0, SMCCC's from 2**31, so
that one ``hvc #0`` can serve both.  What is not known is said, never guessed.
"""

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.call_site import CallSite, Function, Origin, Way
from hypabi.frozen import frozen
from hypabi.judgement.architectures import ArchitectureName
from hypabi.judgement.identifier import by_chance, choices, ordered
from hypabi.judgement.revision import Revision
from hypabi.judgement.stated import StatedContract
from hypabi.judgement.version import Version
from hypabi.smt.terms import Value

LOWER: Final = 0xFFFFFFFF
"""SMCCC looks at the lower half of the register only (DEN0028, 2.5)."""
OWNERS: Final = (
    "the architecture", "the CPU", "the silicon partner", "the equipment manufacturer",
    "the standard secure service", "the standard hypervisor service", "the vendor's hypervisor",
)  # fmt: skip
"""Of SMCCC identifiers, by bits 29:24 (DEN0028, table 6-2)."""


@frozen
class Named:
    """A call of a contract."""

    identifier: int
    contract: str
    call: str


@frozen
class OneOf:
    """A number that several contracts give to a call, and nothing says which is meant."""

    identifier: int
    among: tuple[Named, ...]


@frozen
class Unlisted:
    """An identifier that SMCCC gives to somebody, but that no contract lists."""

    identifier: int
    owner: str


@frozen
class NotACall:
    """An identifier that is no call's number in any contract with this conduit."""

    identifier: int


@frozen
class Unresolved:
    """The identifier is not known, and why."""

    reason: str


@frozen
class LeftToChance:
    """Nobody puts an identifier into the register that selects the call."""

    register: str
    why: str
    taken_by: tuple[str, ...]
    """Parties of the contract to which any identifier is as good as another."""


Naming = Named | OneOf | Unlisted | NotACall | Unresolved | LeftToChance


class Interfaces:
    """The contracts of one kernel, to look identifiers up in."""

    def __init__(
        self,
        architecture: Architecture,
        version: Version | None,
        revisions: Iterable[Revision],
        stated: Iterable[StatedContract],
    ) -> None:
        self.architecture = ArchitectureName(architecture.value)
        self.version = version
        self.revisions = tuple(revisions)
        self.stated = tuple(stated)

    def makes(self, function: Function, named: Named) -> bool:
        """Tell whether a contract says that a function of the kernel makes a call."""
        name = function.plain
        for revision in self.revisions:
            if revision.contract == named.contract:
                return any(c.name == named.call and name in c.callers for c in revision.calls)
        stated = next(each for each in self.stated if each.name == named.contract)
        return name in stated.calls[named.call].callers

    def find(self, immediate: int, register: str, identifier: int) -> tuple[Named, ...]:
        """Return the calls that an identifier selects, those of revisions first."""
        found = [
            Named(identifier, revision.contract, call.name)
            for revision in self.revisions
            if (revision.immediate, revision.identifier) == (immediate, register)
            for call in revision.calls
            if call.number == identifier
        ]
        for contract in self.stated:
            for name, conduit in contract.conduits.items():
                if conduit.instruction != "hvc" or conduit.immediate not in (None, immediate):
                    continue
                if conduit.identifier is None:
                    continue
                if conduit.identifier.on(self.architecture) != register:
                    continue
                number = identifier & LOWER
                calls = contract.find(name, number, self.architecture, self.version)
                found += [Named(identifier, contract.name, call) for call in calls]
        return tuple(dict.fromkeys(found))


def names_of(
    site: CallSite, way: Way, interfaces: Interfaces, taken_by: tuple[str, ...] = ()
) -> tuple[Naming, ...]:
    """Return what a way to a call site, or to a call of its function, asks for.

    More than one where the way itself chooses among constants.

    :param taken_by: parties of the site's program that take any identifier
    """
    value = way.request.registers[site.identifier]
    chosen = sorted(choices(value))
    if not chosen:
        return (_unknown(site, way, value, taken_by),)
    return tuple(_known(site, each, interfaces) for each in chosen)


def _known(site: CallSite, identifier: int, interfaces: Interfaces) -> Naming:
    named = interfaces.find(site.immediate, site.identifier, identifier)
    if len(named) > 1:
        # KVM's host calls and what it offers to guests share the range of the vendor's hypervisor.
        made = tuple(each for each in named if interfaces.makes(site.function, each))
        named = made if len(made) == 1 else named
    if named:
        return named[0] if len(named) == 1 else OneOf(identifier, named)
    number = identifier & LOWER
    owner = number >> 24 & 0x3F
    is_smccc = site.immediate == 0 and number >> 24 and owner < len(OWNERS)
    if is_smccc and not number & 0x00FF0000:
        return Unlisted(identifier, OWNERS[owner])
    return NotACall(identifier)


def _unknown(
    site: CallSite, way: Way, value: Value, taken_by: tuple[str, ...]
) -> Unresolved | LeftToChance:
    register = site.identifier
    why = by_chance(register, way)
    if why is not None:
        return LeftToChance(register, why, taken_by)
    reason = way.reason or "; ".join(dict.fromkeys(_because(register, way, value)))
    if site.undecided and not way.reason:
        reason = f"{register} is not a constant; not followed: {site.undecided[0]}"
    sources = [way.sources[symbol.name] for symbol in ordered(value)]
    passed_on = any(source.origin is Origin.ARGUMENT for source in sources)
    anyway = f"; {', '.join(taken_by)} would take any" if taken_by and not passed_on else ""
    return Unresolved(f"{reason}{anyway}")


def _because(register: str, way: Way, value: Value) -> Iterator[str]:
    for symbol in ordered(value):
        source = way.sources[symbol.name]
        match source.origin:
            case Origin.ARGUMENT:
                yield f"{register} depends on {source.register}, an argument of the function"
            case Origin.KEPT:
                yield f"{register} depends on {source.register} as the function's caller left it"
            case Origin.CHANCE:
                yield f"{register} depends on {source.register}, which nobody sets"
            case Origin.RESULT:
                yield f"{register} depends on what the call at {source.address:#x} returns"
            case Origin.MEMORY:
                yield f"{register} is read from memory"
            case Origin.EARLIER:
                yield f"{register} depends on {source.register} at {source.address:#x}"
            case Origin.UNMODELLED:
                yield f"{register} depends on an instruction that is not modelled"
            case _:
                assert_never(source.origin)
