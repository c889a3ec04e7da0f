"""Turn an ELF file into an image: a linked program at its own addresses, an object at ours.

The sections of an object get addresses from :data:`OBJECT_BASE` on, in the order of the file, each
on a page of its own; its references among them are resolved, all others stay open.
"""

from collections.abc import Sequence
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
    SHF_EXECINSTR,
    SHF_TLS,
    SHF_WRITE,
    SHT_RELA,
    Elf,
    Kind,
    Section,
    read_elf,
)
from hypabi.image.elf.relocations import relocate
from hypabi.image.elf.symbols import ElfSymbols, read_symbol_table, swap_instructions
from hypabi.image.kallsyms.names import Names
from hypabi.image.kallsyms.tables import MAX_SEARCH, find_tables
from hypabi.image.link_address import Place, place_symbols
from hypabi.image.model import Access, Image, ImageError, NoFixups, Role, Segment, Symbols
from hypabi.image.regions import linker_script_regions, split
from hypabi.image.relative_relocations import Relative, read_relative
from hypabi.image.symbols import KernelSymbols, NoSymbols
from hypabi.image.version import linux_version
from hypabi.image.work import Work
from hypabi.records import frozen

OBJECT_BASE = 0x10000
OBJECT_ALIGNMENT = 0x1000
"""Where the first section of an object is placed, and to what each is aligned at least."""
KERNEL_TEXT = (".head.text", ".idmap.text", ".hyp.idmap.text", ".hyp.text")
"""Sections that the kernel's linker script puts into its text, though head.S asks for "awx"."""
MAX_MEMORY = 1 << 30
"""Most memory that the sections may take together, and most that one may be aligned to."""
MAX_COPIED = 64 << 20
"""Most bytes of an object's sections, which are copied and may share their place in the file."""


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


def read_elf_image(where: str, content: Content, digest: Digest) -> tuple[str, Image]:
    """Read an ELF file, and return the name of its format with the program.

    :raises ImageError: it is not for arm or arm64, is cut short, or contradicts itself
    """
    elf = read_elf(where, content)
    if elf.kind is Kind.RELOCATABLE:
        return "ELF object", _object(elf, digest)
    return "ELF", _linked(elf, digest)


def _linked(elf: Elf, digest: Digest) -> Image:
    """Read a linked program, at the addresses that it has."""
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
        role=_role(symbols),
        architecture=elf.architecture,
        byte_order=elf.order,
        segments=segments,
        entry=elf.entry & -2 if elf.architecture is Architecture.ARM else elf.entry,
        symbols=symbols,
        sha256=digest.hex(),
        version=_version(parts),
        base="the addresses in the ELF file",
        fixups=relative if relative.places else NoFixups(),
    )


def _object(elf: Elf, digest: Digest) -> Image:
    """Read an object: place its sections, and resolve what refers to them."""
    placed = _place(elf)
    table = read_symbol_table(elf)
    bases = {section.index: address for section, address in placed}
    contents = {
        section.index: bytearray(elf.part(section).view()) for section, _ in placed if section.held
    }
    open_references = relocate(elf, table, bases, contents)
    if _is_big_arm(elf):
        # Only the linker makes BE8 of an object's big-endian instructions (AAELF32, 4.3.2).
        swap_instructions(table, contents)
    segments = tuple(
        Segment(
            address,
            bytes(contents.get(section.index, b"")),
            _section_access(section),
            section.name,
            section.size - section.held,
        )
        for section, address in placed
        if section.size
    )
    starts = [segment.address for segment in segments]
    return Image(
        role=Role.KERNEL,
        architecture=elf.architecture,
        byte_order=elf.order,
        segments=segments,
        entry=segments[0].address if segments else OBJECT_BASE,
        symbols=ElfSymbols(elf, table, bases, starts),
        sha256=digest.hex(),
        version="",
        base=f"object file: its sections are placed from {OBJECT_BASE:#x} on",
        fixups=open_references if open_references.places else NoFixups(),
    )


def _is_big_arm(elf: Elf) -> bool:
    return elf.architecture is Architecture.ARM and elf.order is ByteOrder.BIG


def _is_placed(section: Section) -> bool:
    return bool(section.flags & SHF_ALLOC) and not section.flags & SHF_TLS


def _section_access(section: Section) -> Access:
    if section.flags & SHF_EXECINSTR and not section.flags & SHF_WRITE:
        return Access.CODE
    if section.flags & SHF_EXECINSTR and section.name.startswith(KERNEL_TEXT):
        return Access.CODE
    if "ro_after_init" in section.name:
        return Access.INITIAL
    return Access.WRITABLE if section.flags & SHF_WRITE else Access.READ_ONLY


def _place(elf: Elf) -> list[tuple[Section, int]]:
    """Give every section of an object an address of its own."""
    placed: list[tuple[Section, int]] = []
    position = OBJECT_BASE
    copied = 0
    for section in elf.sections:
        if not _is_placed(section):
            continue
        alignment = max(section.alignment, OBJECT_ALIGNMENT)
        if alignment & alignment - 1 or alignment > MAX_MEMORY or section.size > MAX_MEMORY:
            where = f"{elf.where}: section {section.name}"
            raise ImageError(where, f"{section.size:#x} bytes aligned to {alignment:#x}")
        position = (position + alignment - 1) & -alignment
        placed.append((section, position))
        position += section.size
        copied += section.held
        if copied > MAX_COPIED:
            what = f"ELF object of more than {MAX_COPIED >> 20} MiB of code and data"
            raise ImageError(f"{elf.where}: section {section.name}", what)
        if position > OBJECT_BASE + MAX_MEMORY:
            raise ImageError(f"{elf.where}: section {section.name}", "the sections are too large")
    return placed


def _sections(elf: Elf) -> list[_Part]:
    """Return the sections of a linked file that are in memory, by address."""
    parts = [
        _Part(
            section.name,
            section.address,
            section.size,
            elf.part(section),
            _section_access(section),
        )
        for section in elf.sections
        if _is_placed(section) and section.size
    ]
    return sorted(parts, key=lambda part: part.address)


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


def _version(parts: Sequence[_Part]) -> str:
    for part in parts:
        if part.access is not Access.CODE or part.name == "segment":
            found = linux_version(part.content)
            if found:
                return found
    return ""
