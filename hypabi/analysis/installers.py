"""The code of a file that makes a party live without a call, and what it does.

A CPU runs it before the kernel has any mapping of its own, with the MMU off or an identity map, so
where the kernel was loaded and not where it is linked.  It is followed there: an address that code
takes from its own place is then not the one that is linked into it.  Which of the two is right is
another question where the code leaves the identity map for a party that is mapped where it is
linked (:attr:`Standing.IDENTITY`).
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, assert_never

from hypabi.analysis.party_detection import ROLES, Found, address_of, find_once
from hypabi.analysis.program import Program
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.derive import Given, derive_installer
from hypabi.behaviour.outcome import Called, Left
from hypabi.code.displacement import identity_mapped
from hypabi.code.openings import find_looks_at_hyp, mode_read_in, opening_at, switch_to_t32
from hypabi.code.vector_base_writers import find_base_writer
from hypabi.code.vector_tables import VectorTable
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
from hypabi.contract.model import Span, Standing, StartedIn, ToldBy
from hypabi.contract.registers import is_general, is_status_part
from hypabi.contract.revision import Installation, Revision, Row
from hypabi.image.model import Image, Role, Symbol
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.symbolic.entry import entry_below, installer_entry
from hypabi.symbolic.explore import Explorer

LOADED: Final = (0x4000_0000, 0x8000_0000)
"""Addresses at which a kernel may have been loaded: the first that it is not linked at."""
ALIGNMENT: Final = 1 << 21
"""A kernel is loaded at a multiple of this from where it is linked (booting.rst)."""


NOWHERE: Final[Mapping[int, str]] = MappingProxyType({})
ENTERED: Final = {StartedIn.HYPERVISOR: installer_entry, StartedIn.KERNEL: entry_below}
STUB_INSTALLERS: Final = ("__hyp_stub_install", "__hyp_stub_install_secondary")
"""What puts the stub in place on 32-bit Arm."""
CALLED_FROM_HYP: Final = 8
"""Offset of the slot that an hvc of HYP enters (DDI 0406C, B1.8.1)."""


@frozen
class Installer:
    """Code that a contract names, and where a program has it."""

    installation: Installation
    role: Role
    symbol: Symbol
    end: int | None = None
    """Where its span ends, ``None`` where it is followed until it leaves or hands over."""

    @property
    def row(self) -> tuple[str, str | None]:
        """Return the party and the function under which findings speak of it."""
        return self.installation.row.party, self.installation.row.call

    def by(self, programs: Mapping[Role, Program]) -> int:
        """Return how far from its link address it stands while a CPU runs it."""
        if self.installation.runs is Standing.LINKED:
            return 0
        return displacement_of_loaded(programs[self.role].image)

    @property
    def ends(self) -> frozenset[str]:
        """Return the compiled functions at which it ends, beside what no contract follows."""
        of = self.installation
        return frozenset((*of.row.handed_to, *of.ends_at) if self.end is None else ())

    def where_it_stands(self, programs: Mapping[Role, Program]) -> Program:
        """Return its program where that stands while a CPU runs it."""
        program, by = programs[self.role], self.by(programs)
        if self.installation.runs is Standing.IDENTITY:
            return program.moved(by, _linked_at(program.image, self.ends))
        return program.moved(by) if by else program

    def derived(self, explorer: Explorer, by: int) -> Behaviour:
        """Return what it does.

        :param explorer: of its program where it stands, up to where the row is handed to
        :param by: how far that is from its link address
        """
        architecture = explorer.image.architecture
        state = InstructionSet.T32 if self.symbol.thumb else InstructionSet.A32
        found = derive_installer(
            explorer,
            (self.symbol.address + by) % (1 << architecture.bits),
            InstructionSet.A64 if architecture is Architecture.ARM64 else state,
            Given(_pinned(self.installation.row.assumes), self.installation.every_cpu),
            self._ends(by, 1 << architecture.bits),
            ENTERED[self.installation.started_in],
        )
        if self.installation.runs is not Standing.IDENTITY:
            return found
        cases = tuple(_left_mapped(case, explorer.image) for case in found.cases)
        return replace(found, cases=cases)

    def _ends(self, by: int, limit: int) -> Mapping[int, str]:
        if self.end is None:
            return NOWHERE
        return {(self.end + by) % limit: self.installation.functions[0]}


@frozen
class Unfound:
    """Code that a contract names, and a program has not."""

    installation: Installation
    role: Role


FoundInstaller = Installer | Unfound


def find_installers(
    revision: Revision, programs: Mapping[Role, Program], found: Found
) -> tuple[FoundInstaller, ...]:
    """Return the installers that a contract names of the parties that a file has.

    By its symbol; in a program without symbols by what it does: the one function that is called and
    puts the party's table into the vector base.
    """
    return tuple(_sought(revision, programs, found))


def _sought(
    revision: Revision, programs: Mapping[Role, Program], found: Found
) -> Iterator[FoundInstaller]:
    for each in revision.installations:
        party = revision.party(each.row.party)
        assert party is not None, each.name
        role = ROLES[party.program]
        if party.name not in found or role not in programs:
            continue
        image, table = programs[role].image, found[party.name][1]
        symbol = _symbol(image, each.functions)
        if symbol is None and _may_lack_symbol(each, image):
            symbol = _by_conduct(each.told_by, image, table)
        if each.span is not Span.WHOLE:
            yield from _opening(each, role, symbol, image, table)
        elif each.told_by is ToldBy.CALL_FROM_HYP:
            yield from _called_from_hyp(each, role, image, table)
        else:
            yield Unfound(each, role) if symbol is None else Installer(each, role, symbol)


def _may_lack_symbol(installation: Installation, image: Image) -> bool:
    """Tell whether an installer is told by what it does where its symbol is not found.

    That of a kernel's entry lies in front of what kallsyms names.
    """
    match installation.told_by:
        case ToldBy.SETS_THE_TABLE:
            return not len(image.symbols) and installation.left_out is None
        case ToldBy.LOOKS_AT_HYP:
            return not len(image.symbols)
        case ToldBy.PROGRAM_ENTRY:
            return bool(image.version) or not len(image.symbols)
        case ToldBy.CALL_FROM_HYP:
            return True
        case _:
            assert_never(installation.told_by)


def _opening(
    installation: Installation,
    role: Role,
    symbol: Symbol | None,
    image: Image,
    table: VectorTable,
) -> Iterator[FoundInstaller]:
    """Yield an installer of which the opening is judged, nothing where its code is none."""
    if symbol is None:
        return
    state = _entered_in(image, symbol)
    start: int | None = symbol.address
    if installation.span is Span.FROM_ITS_MODE:
        start = mode_read_in(image, symbol.address, state)
    if start is None:
        return
    opening = opening_at(image, start, state, _stub_installers(image, table))
    if opening is not None and opening.end > opening.start:
        thumb = state is InstructionSet.T32
        entered = Symbol(symbol.name, opening.start, thumb=thumb)
        yield Installer(installation, role, entered, opening.end)


def _entered_in(image: Image, symbol: Symbol) -> InstructionSet:
    """Return the instruction set in which a function is entered.

    Without symbols of an ELF all functions of a Thumb-2 kernel count as T32, also those that are
    entered in A32 and change over.
    """
    if symbol.thumb and switch_to_t32(image, symbol.address) is None:
        return InstructionSet.T32
    return InstructionSet.A32


def _called_from_hyp(
    installation: Installation, role: Role, image: Image, table: VectorTable
) -> Iterator[FoundInstaller]:
    """Yield the slot of an hvc of HYP, nothing where no code of the program stays in HYP."""
    if find_looks_at_hyp(image, table.state):
        thumb = table.state is InstructionSet.T32
        slot = Symbol("", table.address + CALLED_FROM_HYP, thumb=thumb)
        yield Installer(installation, role, slot)


def _stub_installers(image: Image, stub: VectorTable) -> frozenset[int]:
    """Return the functions that an opening may call, in a program without symbols by conduct."""
    named = {s.address for name in STUB_INSTALLERS for s in find_once(image, name)}
    if named or len(image.symbols):
        return frozenset(named)
    address = find_base_writer(image, stub.address, stub.state)
    return frozenset() if address is None else frozenset({address})


def _by_conduct(told_by: ToldBy, image: Image, table: VectorTable) -> Symbol | None:
    if image.architecture is not Architecture.ARM:
        return None
    thumb = table.state is InstructionSet.T32
    match told_by:
        case ToldBy.SETS_THE_TABLE:
            address = find_base_writer(image, table.address, table.state)
        case ToldBy.PROGRAM_ENTRY:
            address, thumb = image.entry, False
        case ToldBy.LOOKS_AT_HYP:
            address = _only(find_looks_at_hyp(image, table.state))
        case ToldBy.CALL_FROM_HYP:
            address = None
        case _:
            assert_never(told_by)
    return None if address is None else Symbol("", address, thumb=thumb)


def _only(places: frozenset[int]) -> int | None:
    return next(iter(places)) if len(places) == 1 else None


def _symbol(image: Image, functions: tuple[str, ...]) -> Symbol | None:
    """Return the first of these symbols that stands once in code."""
    named = (symbol for name in functions for symbol in find_once(image, name))
    return next((each for each in named if image.segment(each.address) is not None), None)


def displacement_of_loaded(image: Image) -> int:
    """Return how far from its link address a kernel is taken to have been loaded."""
    start, end = image.segments[0].address, image.segments[-1].end
    free = next(at for at in LOADED if not start < at + (end - start) or end <= at)
    return (free - start // ALIGNMENT * ALIGNMENT) % (1 << image.architecture.bits)


def derive_installers(
    installers: Sequence[Installer],
    revision: Revision,
    programs: Mapping[Role, Program],
    surroundings: Surroundings,
) -> tuple[HeldRow, ...]:
    """Return what installers do where their program stands, with the rows that they are held to.

    :param surroundings: of the file, at link addresses
    """
    behaviours = [_derived(each, programs) for each in installers]
    return hold_installers(installers, behaviours, revision, programs, surroundings)


def hold_installers(
    installers: Sequence[Installer],
    behaviours: Sequence[Behaviour],
    revision: Revision,
    programs: Mapping[Role, Program],
    surroundings: Surroundings,
) -> tuple[HeldRow, ...]:
    """Return the rows that installers are held to, with what each does.

    :param surroundings: of the file, at link addresses
    """
    words: dict[tuple[Role, int], dict[str, int]] = {}
    for each, behaviour in zip(installers, behaviours, strict=True):
        known = words.setdefault((each.role, each.by(programs)), {})
        for name, address in _written(each.installation.row, behaviour):
            known.setdefault(name, address)
    held = []
    for each, behaviour in zip(installers, behaviours, strict=True):
        row = each.installation.row
        party = revision.party(row.party)
        assert party is not None, each.installation.name
        around = _moved(each, programs, surroundings, words)
        held.append(HeldRow(revision, party, row, behaviour, around))
    return tuple(held)


def _moved(
    installer: Installer,
    programs: Mapping[Role, Program],
    linked: Surroundings,
    words: Mapping[tuple[Role, int], Mapping[str, int]],
) -> Surroundings:
    """Return what names stand for where an installer stands.

    A symbol that the image lacks is the word of memory that an installer writes under its name.
    """
    image, by = programs[installer.role].image, installer.by(programs)
    limit = 1 << image.architecture.bits
    written = words[installer.role, by]

    def address(name: str) -> int | None:
        linked_at = address_of(name, image)
        return written.get(name) if linked_at is None else (linked_at + by) % limit

    tables = {name: at for name, at in linked.tables.items() if isinstance(at, int)}
    own = _mapped(installer, tables)
    moved = {name: at if name in own else (at + by) % limit for name, at in tables.items()}
    return replace(linked, tables=moved, symbol=address)


def _mapped(installer: Installer, tables: Mapping[str, int]) -> frozenset[str]:
    """Return the parties whose tables are where they are linked when an installer is through."""
    if installer.installation.runs is not Standing.IDENTITY:
        return frozenset()
    own = tables.get(installer.installation.row.party)
    return frozenset(name for name, at in tables.items() if at == own)


def _derived(installer: Installer, programs: Mapping[Role, Program]) -> Behaviour:
    program = installer.where_it_stands(programs)
    return installer.derived(program.explorer_ending_at(installer.ends), installer.by(programs))


def _linked_at(image: Image, functions: frozenset[str]) -> Mapping[int, str]:
    """Return the functions of these names that are not made to run identity-mapped."""
    is_low = identity_mapped(image)
    symbols = (symbol for name in sorted(functions) for symbol in find_once(image, name))
    return {each.address: each.name for each in symbols if is_low(each.address) is False}


def _left_mapped(case: Case, moved: Image) -> Case:
    """Return a case that does not end in a function where that is not mapped."""
    match case.outcome:
        case Called(_, address) if moved.segment(address) is not None:
            if identity_mapped(moved)(address) is False:
                return replace(case, outcome=Left(address, "EL2h"))
        case _:
            pass
    return case


def _written(row: Row, behaviour: Behaviour) -> Iterator[tuple[str, int]]:
    """Yield the name of the one symbol that an installer may write at, where it writes no more.

    Kernels without KALLSYMS_ALL name no data: the symbol is the lowest address that is written.
    """
    regions = [
        region
        for clause in row.clauses
        if isinstance(clause.statement, KeepsMemory)
        for region in clause.statement.may_write
    ]
    stores = {(s.base, s.offset, s.size) for case in behaviour.cases for s in case.stores}
    spans = [(at, at + size) for base, at, size in stores if base is None and isinstance(at, int)]
    match regions:
        case [Region(AddressOf(name, _), size)] if spans and len(spans) == len(stores):
            start = min(first for first, _ in spans)
            if max(last for _, last in spans) - start == size:
                yield name, start
        case _:
            return


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


def registers_left(row: HeldRow, images: Sequence[Image]) -> list[str]:
    """Return the system registers that some way through an installer changes, and to what.

    Only numbers are told, and none that is an address of this build.
    """
    left: dict[str, set[Value]] = {}
    for case in row.behaviour.cases:
        for name, value in case.registers.items():
            left.setdefault(name, set()).add(value)
    architecture = row.revision.architecture
    return [
        _left(name, values, images)
        for name, values in sorted(left.items())
        if not is_general(architecture, name) and not is_status_part(name)
    ]


def _left(name: str, values: set[Value], images: Sequence[Image]) -> str:
    numbers = sorted(value for value in values if isinstance(value, int))
    if len(numbers) < len(values) or any(_lies_in(value, images) for value in numbers):
        return name
    return f"{name} = {' or '.join(f'{value:#x}' for value in numbers)}"


def _lies_in(value: int, images: Sequence[Image]) -> bool:
    """Tell whether a number is an address of an image, linked or where it is taken to be loaded."""
    for image in images:
        loaded = (value - displacement_of_loaded(image)) % (1 << image.architecture.bits)
        if image.segment(value) is not None or image.segment(loaded) is not None:
            return True
    return False
