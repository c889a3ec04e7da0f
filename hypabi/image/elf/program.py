"""Turn a linked ELF program into an image, at the addresses that it has."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.elf.headers import (
    EF_ARM_BE8,
    PF_W,
    PF_X,
    PT_LOAD,
    SHF_ALLOC,
    SHT_RELA,
    Elf,
    Kind,
    Section,
)
from hypabi.image.elf.sections import MAX_MEMORY, is_placed, section_access
from hypabi.image.elf.symbols import ElfSymbols, read_symbol_table
from hypabi.image.kallsyms.names import Names
from hypabi.image.kallsyms.tables import MAX_SEARCH, find_tables
from hypabi.image.link_address import Place, place_symbols
from hypabi.image.model import Access, Image, ImageError, NoFixups, Role, Segment, Symbols
from hypabi.image.regions import linker_script_regions, split
from hypabi.image.relative_relocations import Relative, read_relative
from hypabi.image.symbols import KernelSymbols, NoSymbols
from hypabi.image.version import version_in
from hypabi.image.work import Work
from hypabi.records import frozen

SEARCHED = 256
"""How many bytes are searched for the digits among the tokens at the cost of one word."""


@frozen
class _Part:
    """A section or a segment of the file, placed."""

    name: str
    address: int
    size: int
    content: Content
    access: Access


def read_program(elf: Elf, digest: Digest, role: Role | None = None) -> Image:
    """Read a linked program.

    :param role: of the program; where ``None``, what its symbols tell
    :raises ImageError: it contradicts itself, or holds nothing
    """
    if _is_big_arm(elf) and not elf.flags & EF_ARM_BE8:
        where = f"{elf.where}: offset 0x24"
        raise ImageError(where, "big-endian ELF file whose instructions are big-endian (not BE8)")
    parts = _sections(elf) or _program_segments(elf)
    _check_places(elf, parts)
    starts = [part.address for part in parts]
    relative = _relative(elf)
    table = read_symbol_table(elf)
    symbols: Symbols
    if len(table):
        bases = {section.index: 0 for section in elf.sections if section.flags & SHF_ALLOC}
        symbols = ElfSymbols(elf, table, bases, starts)
    else:
        symbols = _own_symbols(elf, parts, relative, starts)
    regions = linker_script_regions(symbols)
    segments = tuple(piece for part in parts for piece in split(_segment(part), regions))
    return Image(
        role=role or _role(symbols),
        architecture=elf.architecture,
        byte_order=elf.order,
        segments=segments,
        entry=elf.entry & -2 if elf.architecture is Architecture.ARM else elf.entry,
        symbols=symbols,
        sha256=digest.hex(),
        version=version_in(_may_tell(parts)),
        base="the addresses in the ELF file",
        fixups=relative if relative.places else NoFixups(),
    )


def _is_big_arm(elf: Elf) -> bool:
    return elf.architecture is Architecture.ARM and elf.order is ByteOrder.BIG


def _sections(elf: Elf) -> list[_Part]:
    """Return the sections of a linked file that are in memory, by address.

    Of an overlay the running program decides which section is there (32-bit Linux since 5.18: the
    vectors for each treatment of Spectre-BHB), so none is.
    """
    overlays = _overlays(elf)
    parts = [
        _Part(
            section.name,
            section.address,
            section.size,
            elf.part(section),
            Access.READ_ONLY if _is_filled_in(elf, section) else section_access(section),
        )
        for section in elf.sections
        if is_placed(section) and section.size and section.address not in overlays
    ]
    return sorted(parts, key=lambda part: part.address)


def _is_filled_in(elf: Elf, section: Section) -> bool:
    """Tell whether a section is a global offset table that the linker has filled for good.

    A loader fills that of a program which may be moved.
    """
    return section.name == ".got" and elf.kind is Kind.EXECUTABLE


def _overlays(elf: Elf) -> frozenset[int]:
    """Return the addresses at which several segments begin that are loaded to places apart."""
    loaded: dict[int, set[int]] = {}
    for header in elf.program_headers:
        if header.type == PT_LOAD and header.size:
            loaded.setdefault(header.address, set()).add(header.loaded_at)
    return frozenset(address for address, places in loaded.items() if len(places) > 1)


def _program_segments(elf: Elf) -> list[_Part]:
    """Return what a loader places, for a file without sections."""
    parts = []
    for header in elf.program_headers:
        if header.type == PT_LOAD and header.size:
            access = Access.WRITABLE if header.flags & PF_W else Access.READ_ONLY
            access = Access.CODE if header.flags & PF_X else access
            content = elf.content.part(header.offset, header.offset + header.held)
            parts.append(_Part("segment", header.address, header.size, content, access))
    return sorted(parts, key=lambda part: part.address)


def _check_places(elf: Elf, parts: Sequence[_Part]) -> None:
    """Refuse parts that overlap, leave the address space, or are not there at all."""
    if not parts:
        raise ImageError(elf.where, "ELF file with nothing to load")
    for part, following in pairwise(parts):
        if part.address + part.size > following.address:
            what = f"{part.name} and {following.name} overlap at {following.address:#x}"
            raise ImageError(elf.where, f"ELF file whose {what}")
    if parts[-1].address + parts[-1].size > 1 << elf.bits:
        raise ImageError(elf.where, f"ELF file whose {parts[-1].name} ends outside memory")
    if sum(part.size for part in parts) > MAX_MEMORY:
        raise ImageError(elf.where, f"ELF file of more than {MAX_MEMORY >> 20} MiB in memory")


def _segment(part: _Part) -> Segment:
    content = part.content.view()
    return Segment(part.address, content, part.access, part.name, part.size - len(content))


def _relative(elf: Elf) -> Relative:
    """Return what an arm64 kernel relocates itself, from the sections that say so."""
    contents = [
        elf.part(section)
        for section in elf.sections
        if section.type == SHT_RELA and section.flags & SHF_ALLOC
    ]
    if elf.architecture is Architecture.ARM:
        contents = []
    return read_relative(contents, elf.order)


def _own_symbols(
    elf: Elf, parts: Sequence[_Part], relative: Relative, starts: Sequence[int]
) -> Symbols:
    """Return the kallsyms of a stripped kernel."""
    text = max(
        (part for part in parts if part.access is Access.CODE),
        key=lambda part: len(part.content),
        default=None,
    )
    work = Work(MAX_SEARCH)
    for part in parts:
        if text is None or part.name not in (".rodata", "segment"):
            continue
        work.spend(1 + len(part.content) // SEARCHED)
        tables = find_tables(part.content, elf.architecture, work, elf.where)
        if tables:
            names = Names(elf.where, tables)
            place = Place(part.address, part.content, text.address, text.content)
            first, state = place_symbols(elf.where, names, elf.architecture, place, relative)
            return KernelSymbols(names, first, starts, thumb=state is InstructionSet.T32)
    return NoSymbols()


def _role(symbols: Symbols) -> Role:
    # Both are in arch/arm/boot/compressed only: misc.c and piggy.S.
    if symbols.find("decompress_kernel") and symbols.find("input_data"):
        return Role.DECOMPRESSOR
    return Role.KERNEL


def _may_tell(parts: Sequence[_Part]) -> Iterator[Content]:
    """Yield what may say which kernel it is."""
    return (p.content for p in parts if p.access is not Access.CODE or p.name == "segment")
