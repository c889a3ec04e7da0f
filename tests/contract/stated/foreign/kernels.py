"""Debian's kernels of other architectures and their modules, as programs: bytes, symbols, fix-ups.

x86's bzImage holds an ELF file where its header says (Documentation/arch/x86/boot.rst); PowerPC's
kernel is an ELF file; s390's holds its program, packed, without a header.  Where a function starts
says kallsyms, which our own reader finds in all of them but two: there the tables hold absolute
addresses of per-CPU symbols beside negative offsets (scripts/kallsyms.c, ``absolute_percpu``).
"""

import bisect
import contextlib
import io
import lzma
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, SymbolTableSection

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.containers.compression import MAGICS, Compression, decompress
from hypabi.image.content import Content
from hypabi.image.kallsyms.name_tables import align, find_names, find_tokens
from hypabi.image.kallsyms.names import Names
from hypabi.image.kallsyms.tables import MAX_SEARCH, OffsetKind, Tables, find_tables
from hypabi.image.model import ImageError
from hypabi.image.work import Work

LIMIT: Final = 256 << 20
"""Largest program in bytes."""
MODULE: Final = 0x1000_0000
"""Where we put a module."""
TOC: Final = MODULE + 0x8000
"""What r2 holds in a module of PowerPC."""
UNPACKER: Final = 1 << 60
"""Where we put the code in front of s390's packed program."""


@dataclass(frozen=True)
class Part:
    """Bytes at an address."""

    address: int
    content: bytes
    code: bool
    name: str = ""
    """Of the section, where it has one."""
    writable: bool = False
    """What it holds now says nothing of what it holds when the kernel runs."""


@dataclass(frozen=True)
class Program:
    """A kernel or a module.  Addresses of a module are ours: its sections, one behind the other."""

    name: str
    parts: tuple[Part, ...]
    starts: Mapping[str, tuple[int, ...]]
    """Where the symbols of a name are."""

    def part(self, address: int) -> Part | None:
        """Return the part that has an address."""
        return next((e for e in self.parts if 0 <= address - e.address < len(e.content)), None)

    def read(self, address: int, size: int) -> bytes:
        """Return bytes; fewer where the part ends, none where there is none."""
        for part in self.parts:
            if part.address <= address < part.address + len(part.content):
                start = address - part.address
                return part.content[start : start + size]
        return b""

    @cached_property
    def addresses(self) -> tuple[int, ...]:
        """Return the addresses of all symbols, in their order."""
        return tuple(sorted({each for starts in self.starts.values() for each in starts}))

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Return a name of what is at an address."""
        return {at: name for name, found in sorted(self.starts.items()) for at in found}

    def around(self, address: int) -> tuple[int, int]:
        """Return where the function that holds an address starts and ends."""
        place = bisect.bisect_right(self.addresses, address)
        part = self.part(address)
        assert part is not None
        end = part.address + len(part.content)
        start = max(self.addresses[place - 1], part.address) if place else part.address
        after = self.addresses[place] if place < len(self.addresses) else end
        return start, min(after, end)

    def function(self, name: str) -> tuple[int, bytes] | None:
        """Return where a function is and its bytes; nothing where there is not one of the name."""
        found = self.starts.get(name, ())
        if not found or self.part(found[0]) is None:
            return None
        start, end = self.around(found[0])
        return start, self.read(start, end - start)


def open_kernel(name: str, content: bytes) -> Program:
    """Return the kernel that a file of Debian's holds.

    :raises ImageError: the file is none of the three
    """
    if content[:4] == b"\x7fELF":
        return _of_elf(name, content)
    if content[0x202:0x206] == b"HdrS":
        start, size = struct.unpack_from("<II", content, 0x248)
        start += 512 * (1 + content[0x1F1])
        return _of_elf(name, _unpacked(name, content[start : start + size]))
    return _of_s390(name, content)


def _unpacked(name: str, packed: bytes) -> bytes:
    for kind, magic in MAGICS:
        if packed.startswith(magic):
            return decompress(name, kind, memoryview(packed), LIMIT).content
    raise ImageError(name, "this is no kernel that is read here")


def _of_elf(name: str, content: bytes) -> Program:
    elf = ELFFile(io.BytesIO(content))
    sections = [each for each in elf.iter_sections() if each["sh_flags"] & 2 and each["sh_addr"]]
    parts = tuple(
        Part(
            each["sh_addr"],
            each.data(),
            bool(each["sh_flags"] & 4),
            each.name,
            _is_written(each),
        )
        for each in sections
        if each["sh_type"] == "SHT_PROGBITS"
    )
    where = [(each["sh_offset"], each["sh_size"], each["sh_addr"]) for each in sections]
    return Program(name, parts, _symbols(name, content, where))


def _is_written(section: Section) -> bool:
    """Tell whether code may write a section; of PowerPC's table of addresses only a loader does."""
    return bool(section["sh_flags"] & 1) and section.name not in (".toc", ".got")


def _of_s390(name: str, content: bytes) -> Program:
    """Find the packed program, which starts at its first symbol (s390's vmlinux.lds.S)."""
    at, unpacked = _packed(name, content)
    starts = _symbols(name, unpacked)
    (base,) = starts["_text"]
    parts = [Part(base, unpacked, code=False)]
    for first, last in (("_stext", "_etext"), ("_sinittext", "_einittext")):
        start, end = starts[first][0], starts[last][0]
        parts.insert(0, Part(start, unpacked[start - base : end - base], code=True, name=first))
    parts.append(Part(UNPACKER, content[:at], code=True, name="unpacker"))
    return Program(name, tuple(parts), starts)


def _packed(name: str, content: bytes) -> tuple[int, bytes]:
    """Return where the packed program is, and what it is; it is longer than the file."""
    for _, magic in (each for each in MAGICS if each[0] is not Compression.LZMA):
        at = content.find(magic)
        while at >= 0:
            with contextlib.suppress(ImageError):
                unpacked = _unpacked(name, content[at:])
                if len(unpacked) > len(content):
                    return at, unpacked
            at = content.find(magic, at + 1)
    raise ImageError(name, "this is no kernel that is read here")


def _symbols(
    name: str, content: bytes, sections: Sequence[tuple[int, int, int]] = ()
) -> dict[str, tuple[int, ...]]:
    """Return where the symbols of each name are.

    :param sections: position, size and address of parts of the file, where they lie apart
    """
    whole = Content.whole(content)
    # Its word has 64 bits; nothing else of the architecture matters to the tables.
    found = find_tables(whole, Architecture.ARM64, where=name)
    if found is None:
        found = _per_cpu_tables(name, whole)
    base = 0
    if found.kind is OffsetKind.BASE:
        base = whole.integer(found.base_position, 8, found.order) or 0
    elif found.kind is OffsetKind.PLACE:
        base = next(
            (address - at for at, size, address in sections if at <= found.start < at + size), 0
        )
    starts: dict[str, list[int]] = {}
    for text, offset in zip(Names(name, found).texts, found.offsets, strict=True):
        starts.setdefault(text[1:], []).append(base + offset)
    return {each: tuple(places) for each, places in starts.items()}


def _per_cpu_tables(name: str, content: Content) -> Tables:
    """Return the tables of x86 until 6.14: an offset below zero counts from the base, downwards."""
    for digits in content.occurrences(b"".join(bytes((each, 0)) for each in b"0123456789"), 64):
        tokens = find_tokens(content, digits, ord("0"), ByteOrder.LITTLE)
        names = tokens and find_names(content, tokens, ByteOrder.LITTLE, Work(MAX_SEARCH))
        if not tokens or not names:
            continue
        size = 4 * names.count
        # Up to 6.3 they stand in front of the count, then behind the tokens.
        before = names.count_position - 8 - align(size, 8)
        after = align(tokens.end, 8)
        for start, end in ((before, names.count_position - 8), (after, align(after + size, 8))):
            base = content.integer(end, 8, ByteOrder.LITTLE) or 0
            numbers = struct.unpack(f"<{names.count}i", content.read(start, size))
            if base >> 40 != 0xFFFFFF or not any(each < 0 for each in numbers):
                continue
            offsets = tuple(each if each >= 0 else base - 1 - each for each in numbers)
            return Tables(
                order=ByteOrder.LITTLE, count=names.count, names=names.names,
                markers=names.markers, tokens=tokens.tokens, offsets=offsets,
                kind=OffsetKind.NOTHING, base_position=-1, sequence=b"", start=start, end=end,
            )  # fmt: skip
    raise ImageError(name, "it has no kallsyms that is read here")


def open_module(name: str, content: bytes) -> Program:
    """Return a module, its sections one behind the other, with what a loader would put in."""
    if content.startswith(b"\xfd7zXZ"):
        content = lzma.decompress(content)
    elf = ELFFile(io.BytesIO(content))
    places, parts, address = dict[int, int](), dict[int, Part](), MODULE
    for index, section in enumerate(elf.iter_sections()):
        flags = section["sh_flags"]
        if flags & 2:
            address = align(address, max(section["sh_addralign"], 16))
            places[index] = address
            held = b"" if section["sh_type"] == "SHT_NOBITS" else section.data()
            executed, written = bool(flags & 4), _is_written(section)
            parts[index] = Part(address, held, executed, section.name, written)
            address += section["sh_size"] + 16
    starts: dict[str, list[int]] = {}
    symbols = _module_symbols(elf)
    for symbol in symbols:
        if symbol.kind in NAMING and symbol.section in places and symbol.name:
            starts.setdefault(symbol.name, []).append(places[symbol.section] + symbol.value)
    outside: dict[str, int] = {}
    for index, relocated in _relocated(elf, symbols, places, parts, align(address, 4096), outside):
        parts[index] = replace(parts[index], content=relocated)
    for each, at in outside.items():
        starts.setdefault(each, []).append(at)
    return Program(name, tuple(parts.values()), {e: tuple(f) for e, f in starts.items()})


@dataclass(frozen=True)
class Symbol:
    """A symbol of a module."""

    name: str
    kind: int
    section: int
    value: int


NAMING: Final = (0, 1, 2)
"""STT_NOTYPE, STT_OBJECT, STT_FUNC."""


def _module_symbols(elf: ELFFile) -> list[Symbol]:
    """Read ``Elf64_Sym`` by hand: pyelftools takes a hundred times as long for a whole table."""
    table = elf.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    names = elf.get_section(table["sh_link"]).data()
    order = "<" if elf.little_endian else ">"
    return [
        Symbol(names[at : names.index(b"\0", at)].decode(), info & 15, section, value)
        for at, info, _, section, value, _ in struct.iter_unpack(f"{order}IBBHQQ", table.data())
    ]


def _relocated(
    elf: ELFFile,
    symbols: Sequence[Symbol],
    places: Mapping[int, int],
    parts: Mapping[int, Part],
    first: int,
    outside: dict[str, int],
) -> Iterator[tuple[int, bytes]]:
    """Yield the sections that have relocations (``Elf64_Rela``), as a loader makes them.

    :param first: address of the first symbol of other programs
    :param outside: where those are, which is added to
    """
    order = "<" if elf.little_endian else ">"
    machine = elf["e_machine"]
    for section in elf.iter_sections():
        index = section["sh_info"]
        if not isinstance(section, RelocationSection) or index not in places:
            continue
        content = bytearray(parts[index].content)
        for at, info, addend in struct.iter_unpack(f"{order}QQq", section.data()):
            symbol = symbols[info >> 32]
            if symbol.name == ".TOC.":
                target = TOC
            elif symbol.section in places:
                target = places[symbol.section] + symbol.value
            else:
                target = outside.setdefault(symbol.name, first + 16 * len(outside))
            kind = info & 0xFFFFFFFF
            _relocate(content, at, kind, places[index], target + addend, machine)
        yield index, bytes(content)


def _relocate(content: bytearray, at: int, kind: int, base: int, value: int, machine: str) -> None:
    """Put an address where a loader would.

    The psABI of each architecture has the kinds.  What is not here is left alone.
    """
    place = base + at
    match machine, kind:
        case ("EM_X86_64", 1) | ("EM_PPC64", 38):  # R_X86_64_64, R_PPC64_ADDR64
            struct.pack_into("<Q", content, at, value)
        case "EM_X86_64", 2 | 4:  # PC32, PLT32
            struct.pack_into("<i", content, at, value - place)
        case "EM_X86_64", 10 | 11:  # 32, 32S
            struct.pack_into("<I", content, at, value & 0xFFFFFFFF)
        case "EM_PPC64", 10:  # REL24
            (word,) = struct.unpack_from("<I", content, at)
            struct.pack_into("<I", content, at, word & 0xFC000003 | value - place & 0x3FFFFFC)
        case "EM_PPC64", 26:  # REL32
            struct.pack_into("<i", content, at, value - place)
        case "EM_PPC64", 44:  # REL64
            struct.pack_into("<q", content, at, value - place)
        case "EM_PPC64", 50 | 48 | 63 | 64 | 250 | 252:  # TOC16_HA, _LO, _DS, _LO_DS, REL16_LO, _HA
            offset = value - (place if kind >= 250 else TOC)
            half = offset + 0x8000 >> 16 if kind in (50, 252) else offset
            (word,) = struct.unpack_from("<H", content, at)
            kept = 3 if kind in (63, 64) else 0
            struct.pack_into("<H", content, at, half & 0xFFFF & ~kept | word & kept)
        case "EM_S390", 19 | 20:  # PC32DBL, PLT32DBL
            struct.pack_into(">i", content, at, value - place >> 1)
        case "EM_S390", 22:  # 64
            struct.pack_into(">Q", content, at, value)
        case _:
            pass
