"""The code of a file that makes a party live without a call, and what it does.

A CPU runs it before the kernel has any mapping of its own, with the MMU off or an identity map, so
where the kernel was loaded and not where it is linked.  It is followed there: an address that code
takes from its own place is then not the one that is linked into it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hypabi.analysis.party_detection import ROLES
from hypabi.analysis.program import Program
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_installer
from hypabi.contract.clause import KeepsMemory, Premise, Region
from hypabi.contract.expression import (
    AddressOf,
    Bits,
    Comparison,
    Conjunction,
    Integer,
    Predicate,
    Read,
    Relation,
)
from hypabi.contract.revision import NVHE_PREFIX, Installation, Revision, Row
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


def derive_installers(
    installers: Sequence[Installer], programs: Mapping[Role, Program], surroundings: Surroundings
) -> tuple[Installed, ...]:
    """Return what installers do where their program was loaded.

    :param surroundings: of the file, at link addresses
    """
    behaviours = [_derived(each, programs[each.role]) for each in installers]
    words = {role: _Loaded(programs[role].image, {}) for role in programs}
    for each, behaviour in zip(installers, behaviours, strict=True):
        for name, address in _written(each.installation.row, behaviour):
            words[each.role].words.setdefault(name, address)
    return tuple(
        Installed(each.installation, behaviour, words[each.role].surroundings(surroundings))
        for each, behaviour in zip(installers, behaviours, strict=True)
    )


@frozen
class _Loaded:
    """A program where it was loaded, and words of memory that its installers write."""

    image: Image
    words: dict[str, int]
    """By the name that a contract has for the address."""

    def moved(self, address: int) -> int:
        by = displacement_of_loaded(self.image)
        return (address + by) % (1 << self.image.architecture.bits)

    def address(self, name: str) -> int | None:
        """Return the address of a symbol; one that the image lacks is what an installer writes."""
        found = self.image.symbols.find(name)
        return self.moved(found[0].address) if len(found) == 1 else self.words.get(name)

    def surroundings(self, linked: Surroundings) -> Surroundings:
        tables = {name: at for name, at in linked.tables.items() if isinstance(at, int)}
        moved = {name: self.moved(at) for name, at in tables.items()}
        return replace(linked, tables=moved, symbol=self.address)


def _derived(installer: Installer, program: Program) -> Behaviour:
    by = displacement_of_loaded(program.image)
    address = (installer.symbol.address + by) % (1 << program.image.architecture.bits)
    pinned = _pinned(installer.installation.row.assumes)
    state = _state(program.image, installer.symbol)
    return derive_installer(program.moved(by).explorer, address, state, pinned)


def _written(row: Row, behaviour: Behaviour) -> Iterator[tuple[str, int]]:
    """Yield the name of the one symbol that an installer may write at, where it writes one word.

    Kernels without KALLSYMS_ALL name no data.
    """
    regions = [
        region
        for clause in row.clauses
        if isinstance(clause.statement, KeepsMemory)
        for region in clause.statement.may_write
    ]
    stores = {(s.base, s.offset, s.size) for case in behaviour.cases for s in case.stores}
    match regions, list(stores):
        case [Region(AddressOf(name, _), size)], [(None, int(offset), int(written))] if (
            size == written
        ):
            yield name, offset
        case _:
            return


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
