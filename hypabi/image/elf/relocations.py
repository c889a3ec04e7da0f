"""Apply the relocations of object files among their own sections.

A reference to a symbol that no file defines is resolved to a stand-in and noted
(:mod:`hypabi.image.undefined`): a branch goes there, an instruction computes with an unknown.  A
word of data that holds such an address stays open, and so does a reference of a kind not listed
here: reading its bytes is refused, because what they hold is not what will run.  Codes and
operations are those of the ELF supplements for the Arm architectures, AAELF32 and AAELF64 (there:
S the symbol, A the addend, P the place).
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.elf.headers import (
    SHN_ABS,
    SHN_COMMON,
    SHN_UNDEF,
    SHT_REL,
    SHT_RELA,
    Elf,
    Section,
)
from hypabi.image.elf.relocation_kinds import (
    BASE_PREL,
    BRANCHES,
    DATA,
    GOT_BREL,
    GOTOFF32,
    LD64_GOTPAGE_LO15,
    MARK,
    OF_GOT_ARM,
    THROUGH_GOT,
    THUMB_BRANCHES,
    Computed,
    Patch,
    Unfit,
    addend_arm,
    computed_arm,
    computed_arm64,
    patch_arm,
    patch_arm64,
)
from hypabi.image.elf.symbols import STT_FUNC, Row, SymbolTable
from hypabi.image.model import ImageError
from hypabi.image.undefined import Reference
from hypabi.records import frozen, replace
from hypabi.unknowns import undefined_text

MAX_RELOCATIONS = 1 << 20
"""Most relocations accepted in all objects together."""
STAND_INS = 1 << 16
"""Most symbols that no file defines; a kernel's module refers to some hundred."""
FIRST_STAND_IN, STAND_IN_SIZE, STAND_INS_OF_A_PAGE = 0x700, 0x10, 128
"""Where in a page the first one is, and how far they are apart: each has an offset that tells."""


@frozen
class Open:
    """Bytes that only a linker can fill in."""

    address: int
    size: int
    why: str


@frozen
class Unresolved:
    """The open references of objects, by address: reading one is refused."""

    places: tuple[Open, ...]

    def apply(self, address: int, content: bytes) -> bytes:
        """Return ``content`` unless an open reference lies in it.

        :raises ImageError: one does
        """
        end = address + len(content)
        first = bisect_left(self.places, address - 7, key=lambda place: place.address)
        for place in self.places[first:]:
            if place.address >= end:
                break
            if place.address + place.size > address:
                raise ImageError(f"{place.address:#x}", place.why, "link the object first")
        return content

    def places_of(self, value: int) -> tuple[int, ...]:
        """Return nothing: what is resolved stands in the content already."""
        return ()


class StandIns:
    """An address for each symbol that no file defines, in the order in which they are met."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._known: dict[str, int] = {}

    def address(self, name: str) -> int:
        """Return the stand-in of a symbol.

        :raises ImageError: there are too many
        """
        found = self._known.get(name)
        if found is None:
            count = len(self._known)
            if count == STAND_INS:
                raise ImageError(name, f"more than {STAND_INS} symbols are not defined")
            page, slot = divmod(count, STAND_INS_OF_A_PAGE)
            found = self._base + 0x1000 * page + FIRST_STAND_IN + STAND_IN_SIZE * slot
            self._known[name] = found
        return found

    def names(self) -> Mapping[int, str]:
        """Return each symbol by its stand-in."""
        return {address: name for name, address in self._known.items()}


class OffsetTable:
    """The global offset table: a word for each address that code loads from it."""

    def __init__(self, base: int, order: ByteOrder, size: int) -> None:
        """Start without an entry.

        :param base: of a page
        :param size: of a word in bytes
        """
        self.base = base
        self.size = size
        self.content = bytearray()
        self._order = order
        self._known: dict[tuple[str, int], int] = {}

    def entry(self, name: str, value: int) -> tuple[int, bool]:
        """Return where the entry of an address is, and whether it has just been made.

        :param name: of the symbol where nobody knows where it is, and ``value`` is behind it
        :raises ImageError: there are too many
        """
        found = self._known.get((name, value))
        if found is not None:
            return found, False
        if len(self._known) == STAND_INS:
            raise ImageError(name or f"{value:#x}", f"a table of more than {STAND_INS} addresses")
        at = self._known[name, value] = self.base + len(self.content)
        word = 0 if name else value & (1 << 8 * self.size) - 1
        little = self._order is ByteOrder.LITTLE
        self.content += word.to_bytes(self.size, "little" if little else "big")
        return at, True


class Linking:
    """What relocating all files of a program leaves behind."""

    def __init__(self, base: int, order: ByteOrder, size: int) -> None:
        """Start without anything.

        :param base: behind all sections
        :param size: of an address in bytes
        """
        self.stand_ins = StandIns(base)
        self.table = OffsetTable(base + STAND_INS // STAND_INS_OF_A_PAGE * 0x1000, order, size)
        self.references: dict[int, Reference] = {}
        self.open: list[Open] = []
        self.left = MAX_RELOCATIONS

    def unresolved(self) -> Unresolved:
        """Return what stays open."""
        return Unresolved(tuple(sorted(self.open, key=lambda place: (place.address, place.why))))


@frozen
class Placed:
    """An object with its sections placed."""

    elf: Elf
    table: SymbolTable
    bases: Mapping[int, int]
    """The address of each section that is placed, by its index."""
    contents: Mapping[int, bytearray]
    """The bytes of each section that the file holds, written in place."""


@frozen
class Elsewhere:
    """A symbol of another object: where it is, and whether it is a function in T32."""

    address: int
    thumb: bool


Find = Callable[[str], Elsewhere | None]
"""Finds what another file defines."""


def relocate(placed: Placed, find: Find, linking: Linking) -> None:
    """Apply what can be applied to the contents of an object, and note what cannot.

    :raises ImageError: a relocation lies outside its section, or there are too many
    """
    elf = placed.elf
    for section in elf.sections:
        if section.type in (SHT_REL, SHT_RELA) and section.info in placed.contents:
            layout = elf.layout("AAA" if section.type == SHT_RELA else "AA")
            linking.left -= section.size // layout.size
            if linking.left < 0:
                where = f"{elf.where}: offset {section.offset:#x}"
                raise ImageError(where, f"ELF objects of more than {MAX_RELOCATIONS} relocations")
            raw = elf.part(section).read(0, section.size - section.size % layout.size)
            target = _Target(placed, section.info, find, linking)
            for offset, info, *addend in layout.iter_unpack(raw):
                target.apply(section, offset, info, addend[0] if addend else None)


@frozen
class _Target:
    """A section whose relocations are applied."""

    placed: Placed
    index: int
    find: Find
    linking: Linking

    @property
    def content(self) -> bytearray:
        return self.placed.contents[self.index]

    def apply(self, section: Section, offset: int, info: int, addend: int | None) -> None:
        """Apply one relocation, or note what stays open."""
        elf, table = self.placed.elf, self.placed.table
        code, symbol = (info & 0xFF, info >> 8)
        if elf.bits == 64:
            code, symbol = info & 0xFFFFFFFF, info >> 32
        if symbol >= len(table) or offset + 2 > len(self.content):
            where = f"{elf.where}: offset {section.offset:#x}"
            raise ImageError(
                where, f"ELF relocation in {section.name} of {offset:#x} is out of bounds"
            )
        place = self.placed.bases[self.index] + offset
        row = table.row(symbol)
        try:
            found = self._defined(row)
            if elf.architecture is Architecture.ARM64 and code in THROUGH_GOT:
                entry = self._entry(row, found, addend or 0)
                code, addend, found = THROUGH_GOT[code], 0, Elsewhere(entry, thumb=False)
                if code == LD64_GOTPAGE_LO15:
                    addend = -self.linking.table.base
            elif elf.architecture is Architecture.ARM and code in OF_GOT_ARM:
                code, found = OF_GOT_ARM[code], self._from_table(row, found, code)
            if found is None and code:
                self._refer(row, code, place, offset, addend)
                return
            at, thumb = (0, False) if found is None else (found.address, found.thumb)
            self._patch(Patch(self.content, offset, place, at, thumb, elf.order), code, addend)
        except Unfit as unfit:
            self.linking.open.append(Open(place, unfit.size, unfit.why))

    def _patch(self, patch: Patch, code: int, addend: int | None) -> None:
        match self.placed.elf.architecture:
            case Architecture.ARM64:
                patch_arm64(patch, code, addend)
            case Architecture.ARM:
                patch_arm(patch, code, addend)

    def _from_table(self, row: Row, found: Elsewhere | None, code: int) -> Elsewhere | None:
        """Return what a reference of AArch32 by way of the global offset table comes to.

        :raises Unfit: it is of a section that is not in memory
        """
        base = self.linking.table.base
        if code == BASE_PREL:
            return Elsewhere(base, thumb=False)
        if code == GOTOFF32:
            return None if found is None else replace(found, address=found.address - base)
        value = None if found is None else replace(found, address=found.address | found.thumb)
        entry = self._entry(row, value, 0)
        return Elsewhere(entry - base if code == GOT_BREL else entry, thumb=False)

    def _entry(self, row: Row, found: Elsewhere | None, addend: int) -> int:
        """Return where the address of a symbol stands in the global offset table.

        :raises Unfit: it is of a section that is not in memory
        """
        table = self.linking.table
        if found is not None:
            return table.entry("", found.address + addend)[0]
        name = self._name(row)
        if row.section not in (SHN_UNDEF, SHN_COMMON):
            raise Unfit(4, f"refers to {undefined_text(name)}")
        at, is_new = table.entry(name, addend)
        if is_new:
            self.linking.open.append(Open(at, table.size, f"refers to {undefined_text(name)}"))
            self.linking.references[at] = Reference(name, addend, (1 << 8 * table.size) - 1, 0)
        return at

    def _refer(self, row: Row, code: int, place: int, offset: int, addend: int | None) -> None:
        """Note a reference to what no file defines.

        :raises Unfit: its kind is not known here
        """
        name, elf = self._name(row), self.placed.elf
        why = f"refers to {undefined_text(name)}"
        stand_in = self.linking.stand_ins.address(name)
        patch = Patch(self.content, offset, place, stand_in, thumb=False, order=elf.order)
        if code in BRANCHES[elf.architecture]:
            self._patch(replace(patch, thumb=code in THUMB_BRANCHES), code, addend)
            return
        computed = self._computed(patch, code, addend)
        size = DATA[elf.architecture].get(code)
        if computed is None or row.section not in (SHN_UNDEF, SHN_COMMON):
            raise Unfit(size or 4, why)
        if size is not None:
            self.linking.open.append(Open(place, size, why))
            value = 0
        else:
            if computed.shift is not None:
                patch = replace(patch, symbol=(MARK << computed.shift) - computed.addend)
            self._patch(patch, code, addend)
            value = (patch.symbol + computed.addend) & computed.mask
        self.linking.references[place] = Reference(
            name, computed.addend, computed.mask, value, computed.shift or 0
        )

    def _computed(self, patch: Patch, code: int, addend: int | None) -> Computed | None:
        if self.placed.elf.architecture is Architecture.ARM64:
            return None if addend is None else computed_arm64(code, patch.place, addend)
        return computed_arm(code, patch.place, addend_arm(patch, code))

    def _defined(self, row: Row) -> Elsewhere | None:
        """Return where S is, without the Thumb bit; ``None`` where no file defines it."""
        thumb = row.type == STT_FUNC and bool(row.value & 1)
        if row.section == SHN_ABS:
            return Elsewhere(row.value, thumb)
        base = self.placed.bases.get(row.section)
        if base is not None:
            return Elsewhere(base + (row.value & -2 if row.type == STT_FUNC else row.value), thumb)
        if row.section not in (SHN_UNDEF, SHN_COMMON):
            return None
        return self.find(self.placed.table.name(row))

    def _name(self, row: Row) -> str:
        sections = self.placed.elf.sections
        if row.section < len(sections) and row.section != SHN_UNDEF:
            return f"section {sections[row.section].name}"
        return self.placed.table.name(row)
