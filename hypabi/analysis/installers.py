"""The code of a file that makes a party live without a call, and what it does.

A CPU runs it before the kernel has any mapping of its own, with the MMU off or an identity map, so
where the kernel was loaded and not where it is linked.  It is followed there: an address that code
takes from its own place is then not the one that is linked into it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hypabi.analysis.party_detection import ROLES
from hypabi.analysis.program import Program
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.derive import derive_installer
from hypabi.contract.clause import Premise
from hypabi.contract.expression import (
    Bits,
    Comparison,
    Conjunction,
    Integer,
    Predicate,
    Read,
    Relation,
)
from hypabi.contract.revision import NVHE_PREFIX, Installation, Revision
from hypabi.image.model import Image, Role, Symbol
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.prover import Installed
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Value

LOADED: Final = (0x4000_0000, 0x8000_0000)
"""Addresses at which a kernel may have been loaded: the first that it is not linked at."""
ALIGNMENT: Final = 1 << 21
"""A kernel is loaded at a multiple of this from where it is linked (booting.rst)."""


@frozen
class Installer:
    """Code that a contract names, and where a program has it."""

    installation: Installation
    role: Role
    symbol: Symbol

    @property
    def row(self) -> tuple[str, str | None]:
        """Return the party and the function under which findings speak of it."""
        return self.installation.row.party, self.installation.row.call


@frozen
class Unfound:
    """Code that a contract names, and a program has not."""

    installation: Installation
    role: Role


FoundInstaller = Installer | Unfound


def find_installers(
    revision: Revision, programs: Mapping[Role, Program], found: Mapping[str, object]
) -> tuple[FoundInstaller, ...]:
    """Return the installers that a contract names of the parties that a file has.

    :param found: the parties of the file, by name
    """
    return tuple(_sought(revision, programs, found))


def _sought(
    revision: Revision, programs: Mapping[Role, Program], found: Mapping[str, object]
) -> Iterator[FoundInstaller]:
    for each in revision.installations:
        party = revision.party(each.row.party)
        assert party is not None, each.name
        role = ROLES[party.program]
        if party.name not in found or role not in programs:
            continue
        symbol = _symbol(programs[role].image, each.functions)
        yield Unfound(each, role) if symbol is None else Installer(each, role, symbol)


def _symbol(image: Image, functions: tuple[str, ...]) -> Symbol | None:
    """Return the first of these symbols that stands once in code."""
    for name in functions:
        for spelled in (name, NVHE_PREFIX + name):
            symbols = image.symbols.find(spelled)
            if len(symbols) == 1 and image.segment(symbols[0].address) is not None:
                return symbols[0]
    return None


def displacement_of_loaded(image: Image) -> int:
    """Return how far from its link address a kernel is taken to have been loaded."""
    start, end = image.segments[0].address, image.segments[-1].end
    free = next(at for at in LOADED if not start < at + (end - start) or end <= at)
    return (free - start // ALIGNMENT * ALIGNMENT) % (1 << image.architecture.bits)


def installed(
    installer: Installer, program: Program, by: int, surroundings: Surroundings
) -> Installed:
    """Return what an installer does where its program was loaded.

    :param by: how far the program stands from its link address
    :param surroundings: at the link address
    """
    bits = program.image.architecture.bits

    def moved(address: int) -> int:
        return (address + by) % (1 << bits)

    image = program.image
    pinned = _pinned(installer.installation.row.assumes)
    state = _state(image, installer.symbol)
    behaviour = derive_installer(
        program.moved(by).explorer, moved(installer.symbol.address), state, pinned
    )
    tables = {name: moved(at) for name, at in surroundings.tables.items() if isinstance(at, int)}
    symbol = _address_of(image, moved)
    around = replace(surroundings, tables=tables, symbol=symbol)
    return Installed(installer.installation, behaviour, around)


def _address_of(image: Image, moved: Callable[[int], int]) -> Callable[[str], int | None]:
    def address(name: str) -> int | None:
        found = image.symbols.find(name)
        return moved(found[0].address) if len(found) == 1 else None

    return address


def _state(image: Image, symbol: Symbol) -> InstructionSet:
    if image.architecture is Architecture.ARM64:
        return InstructionSet.A64
    return InstructionSet.T32 if symbol.thumb else InstructionSet.A32


def _pinned(premises: tuple[Premise, ...]) -> Mapping[str, Value]:
    """Return the registers to which premises give a value, or to bits of which they do.

    That spares paths that cannot be.
    """
    pinned: dict[str, Value] = {}
    for part in (part for premise in premises for part in _parts(premise.holds)):
        match part:
            case Comparison(Relation.EQUAL, Read(name, _, _), Integer(value, _)):
                pinned[name] = value
            case Comparison(
                Relation.EQUAL, Bits(Read(name, width, _), high, low), Integer(value, _)
            ):
                mask = (1 << high + 1) - (1 << low)
                before = pinned.get(name, terms.symbol(name, width))
                kept = terms.and_(before, ~mask & (1 << width) - 1, width)
                pinned[name] = terms.or_(kept, value << low, width)
            case _:
                continue
    return pinned


def _parts(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, Conjunction) else (predicate,)


def at_link_address(finding: Finding, by: int, bits: int) -> Finding:
    """Return a finding with the path of its refutation where the program is linked."""
    if not isinstance(finding.verdict, Refuted):
        return finding
    limit = 1 << bits

    def linked(refuted: Refuted) -> Refuted:
        trail = tuple((address - by) % limit for address in refuted.trail)
        return replace(refuted, trail=trail, others=tuple(map(linked, refuted.others)))

    return replace(finding, verdict=linked(finding.verdict))
