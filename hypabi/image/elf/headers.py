"""Read the headers of an ELF file: what it is for, and its sections.

Ours, because the one library for it takes 0.09 s to import, a third of what one vector table of an
ELF file may take in all; the tests hold this reader against that library.  Names of fields are
those of the specification (System V ABI, chapter 4); their layout differs between the classes only
in width.
"""

import enum
import struct
from collections.abc import Sequence

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.records import frozen

MAGIC = b"\x7fELF"
MAX_SECTIONS = 1 << 16
"""Most sections accepted; a kernel has about a hundred, an object with one for each function a few
thousand."""
MAX_NAME = 4096
"""Longest name of a section."""
MAX_NAMES = 16 << 20
"""Most characters that all names of sections have: they may all share one string."""

_MACHINES = {40: Architecture.ARM, 183: Architecture.ARM64}
_FOREIGN = {
    3: "x86",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC 64",
    22: "S390",
    62: "x86-64",
    243: "RISC-V",
}

SHN_UNDEF, SHN_ABS, SHN_COMMON = 0, 0xFFF1, 0xFFF2
SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 2, 4, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 0x1, 0x2, 0x4, 0x400
EF_ARM_BE8 = 0x00800000
PT_LOAD = 1
PF_X, PF_W = 1, 2


class Kind(enum.Enum):
    """``e_type``."""

    RELOCATABLE = 1
    EXECUTABLE = 2
    SHARED = 3


@frozen
class Section:
    """A section header, its name resolved."""

    index: int
    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int

    @property
    def held(self) -> int:
        """How many of its bytes the file holds."""
        return 0 if self.type == SHT_NOBITS else self.size


@frozen
class ProgramHeader:
    """What a loader places, for a file without sections."""

    type: int
    flags: int
    offset: int
    address: int
    held: int
    size: int
    loaded_at: int
    """Its physical address: that of an overlay is its own, where its virtual one is shared."""


@frozen
class Elf:
    """An ELF file for arm or arm64."""

    where: str
    content: Content
    architecture: Architecture
    bits: int
    order: ByteOrder
    kind: Kind
    entry: int
    flags: int
    sections: tuple[Section, ...]
    program_headers: tuple[ProgramHeader, ...]

    def layout(self, fields: str) -> struct.Struct:
        """Return the layout of ``fields``, where ``A`` is as wide as an address."""
        return _layout(self.order, self.bits, fields)

    def part(self, section: Section) -> Content:
        """Return what the file holds of a section."""
        return self.content.part(section.offset, section.offset + section.held)

    def section(self, name: str) -> Section | None:
        """Return the first section of this name."""
        return next((section for section in self.sections if section.name == name), None)


@frozen
class _Header:
    kind: Kind
    entry: int
    program_offset: int
    section_offset: int
    flags: int
    program_size: int
    program_count: int
    section_size: int
    section_count: int
    names: int


def read_elf(where: str, content: Content) -> Elf:
    """Read the headers of an ELF file.

    :raises ImageError: it is for another machine, cut short, or contradicts itself
    """
    ident = content.read(0, 20)
    if len(ident) < 20 or ident[4] not in (1, 2) or ident[5] not in (1, 2):
        raise ImageError(
            f"{where}: offset 0x4", "ELF file whose class or byte order is not defined"
        )
    order = ByteOrder.LITTLE if ident[5] == 1 else ByteOrder.BIG
    bits = 32 * ident[4]
    machine = int.from_bytes(ident[18:20], "little" if order is ByteOrder.LITTLE else "big")
    if machine not in _MACHINES:
        name = _FOREIGN.get(machine, f"machine {machine}")
        raise ImageError(
            f"{where}: offset 0x12",
            f"ELF file for {name}",
            "hypabi reads kernels for arm and arm64",
        )
    if bits != _MACHINES[machine].bits:
        raise ImageError(
            f"{where}: offset 0x4", f"{bits}-bit ELF file for {_MACHINES[machine].value}"
        )
    header = _header(where, content, order, bits)
    return Elf(
        where=where,
        content=content,
        architecture=_MACHINES[machine],
        bits=bits,
        order=order,
        kind=header.kind,
        entry=header.entry,
        flags=header.flags,
        sections=_sections(where, content, order, bits, header),
        program_headers=_program_headers(where, content, order, bits, header),
    )


def _layout(order: ByteOrder, bits: int, fields: str) -> struct.Struct:
    letter = "<" if order is ByteOrder.LITTLE else ">"
    return struct.Struct(letter + fields.replace("A", "I" if bits == 32 else "Q"))


def _header(where: str, content: Content, order: ByteOrder, bits: int) -> _Header:
    """Read what follows ``e_ident``."""
    layout = _layout(order, bits, "HHIAAAIHHHHHH")
    raw = content.read(16, layout.size)
    if len(raw) < layout.size:
        raise ImageError(f"{where}: offset {len(content):#x}", "ELF file cut short in its header")
    kind, _, _, entry, *places, flags, _, phsize, phcount, shsize, shcount, names = layout.unpack(
        raw
    )
    if kind not in (1, 2, 3):
        raise ImageError(f"{where}: offset 0x10", f"ELF file of type {kind}, which is no program")
    return _Header(
        Kind(kind), entry, places[0], places[1], flags, phsize, phcount, shsize, shcount, names
    )


def _sections(
    where: str, content: Content, order: ByteOrder, bits: int, header: _Header
) -> tuple[Section, ...]:
    """Read the section headers and their names."""
    layout = _layout(order, bits, "IIAAAAIIAA")
    if header.section_offset == 0:
        return ()
    first = content.read(header.section_offset, layout.size)
    if len(first) < layout.size or header.section_size != layout.size:
        raise ImageError(
            f"{where}: offset {header.section_offset:#x}",
            "ELF file whose section headers are not there",
            "the file is cut short" if len(first) < layout.size else "",
        )
    # Numbers that do not fit the header stand in the section header 0 (gABI, "Sections").
    count = header.section_count or layout.unpack(first)[5]
    names = header.names if header.names != 0xFFFF else layout.unpack(first)[6]
    if count > MAX_SECTIONS:
        raise ImageError(f"{where}: offset 0x30", f"ELF file of {count} sections")
    table = content.read(header.section_offset, layout.size * count)
    if len(table) < layout.size * count or names >= count:
        raise ImageError(
            f"{where}: offset {len(content):#x}",
            f"ELF file cut short inside its {count} section headers",
        )
    rows = list(layout.iter_unpack(table))
    strings = content.read(rows[names][4], rows[names][5])
    texts = _names(where, strings, [row[0] for row in rows])
    found = [Section(i, texts[i], *row[1:]) for i, row in enumerate(rows)]
    for section in found:
        if section.held and section.offset + section.held > len(content):
            raise ImageError(
                f"{where}: offset {section.offset:#x}",
                f"ELF file cut short: section {section.name} has {section.size:#x} bytes here",
            )
    return tuple(found)


def _names(where: str, strings: bytes, starts: Sequence[int]) -> list[str]:
    """Return the names at some positions of a table of strings; one that has no end is empty.

    :raises ImageError: one is too long, or all together are
    """
    found: list[str] = []
    total = 0
    for start in starts:
        end = strings.find(b"\0", start, start + MAX_NAME + 1)
        if end < 0 and start + MAX_NAME < len(strings):
            raise ImageError(where, f"ELF section whose name has more than {MAX_NAME} characters")
        total += max(end - start, 0)
        if total > MAX_NAMES:
            raise ImageError(where, f"ELF sections whose names have more than {MAX_NAMES} bytes")
        found.append(strings[start:end].decode("utf-8", "surrogateescape") if end >= 0 else "")
    return found


def _program_headers(
    where: str, content: Content, order: ByteOrder, bits: int, header: _Header
) -> tuple[ProgramHeader, ...]:
    """Read the program headers."""
    layout = _layout(order, bits, "IIIIIIII" if bits == 32 else "IIQQQQQQ")
    if header.program_offset == 0 or header.program_count == 0:
        return ()
    table = content.read(header.program_offset, layout.size * header.program_count)
    if len(table) < layout.size * header.program_count or header.program_size != layout.size:
        raise ImageError(
            f"{where}: offset {header.program_offset:#x}",
            "ELF file whose program headers are not there",
        )
    found = []
    for row in layout.iter_unpack(table):
        if bits == 32:
            kind, offset, address, loaded, held, size, flags, _ = row
        else:
            kind, flags, offset, address, loaded, held, size, _ = row
        found.append(ProgramHeader(kind, flags, offset, address, held, size, loaded))
        if kind == PT_LOAD and (offset + held > len(content) or held > size):
            raise ImageError(
                f"{where}: offset {offset:#x}",
                f"ELF file cut short: the segment at {address:#x} has {held:#x} bytes here",
            )
    return tuple(found)
