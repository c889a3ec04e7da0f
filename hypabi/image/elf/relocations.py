"""Apply the relocations of an object file among its own sections.

A reference to a symbol that the object does not define stays open, and so does one of a kind not
listed here: reading its bytes is refused, because what they hold is not what will run.  Codes and
operations are those of the ELF supplements for the Arm architectures, AAELF32 and AAELF64 (there:
S the symbol, A the addend, P the place).
"""

from bisect import bisect_left
from collections.abc import Mapping

from hypabi.arch.names import Architecture
from hypabi.image.elf.headers import SHN_ABS, SHT_REL, SHT_RELA, Elf, Section
from hypabi.image.elf.relocation_kinds import Patch, Unfit, patch_arm, patch_arm64
from hypabi.image.elf.symbols import STT_FUNC, Row, SymbolTable
from hypabi.image.model import ImageError
from hypabi.records import frozen

MAX_RELOCATIONS = 1 << 20
"""Most relocations accepted in an object."""


@frozen
class Open:
    """Bytes that only a linker can fill in."""

    address: int
    size: int
    why: str


@frozen
class Unresolved:
    """The open references of an object, by address: reading one is refused."""

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


def relocate(
    elf: Elf, table: SymbolTable, bases: Mapping[int, int], contents: Mapping[int, bytearray]
) -> Unresolved:
    """Apply what can be applied to the contents, and return what stays open.

    :param bases: the address of each section that is placed
    :param contents: the bytes of each section that the file holds, written in place
    :raises ImageError: a relocation lies outside its section, or there are too many
    """
    places: list[Open] = []
    count = 0
    for section in elf.sections:
        if section.type in (SHT_REL, SHT_RELA) and section.info in contents:
            layout = elf.layout("AAA" if section.type == SHT_RELA else "AA")
            count += section.size // layout.size
            if count > MAX_RELOCATIONS:
                where = f"{elf.where}: offset {section.offset:#x}"
                raise ImageError(where, f"ELF object of more than {MAX_RELOCATIONS} relocations")
            raw = elf.part(section).read(0, section.size - section.size % layout.size)
            target = _Target(elf, table, bases, section.info, contents[section.info])
            for offset, info, *addend in layout.iter_unpack(raw):
                places += target.apply(section, offset, info, addend[0] if addend else None)
    return Unresolved(tuple(sorted(places, key=lambda place: (place.address, place.why))))


@frozen
class _Target:
    """A section whose relocations are applied."""

    elf: Elf
    table: SymbolTable
    bases: Mapping[int, int]
    index: int
    content: bytearray

    def apply(
        self, section: Section, offset: int, info: int, addend: int | None
    ) -> tuple[Open, ...]:
        """Apply one relocation, or return the place that stays open."""
        code, symbol = (info & 0xFF, info >> 8)
        if self.elf.bits == 64:
            code, symbol = info & 0xFFFFFFFF, info >> 32
        if symbol >= len(self.table) or offset + 2 > len(self.content):
            where = f"{self.elf.where}: offset {section.offset:#x}"
            raise ImageError(
                where, f"ELF relocation in {section.name} of {offset:#x} is out of bounds"
            )
        place = self.bases[self.index] + offset
        row = self.table.row(symbol)
        value = self._value(row)
        try:
            if value is None and code:
                raise Unfit(4, f"refers to {self._name(row)}, which this object does not define")
            thumb = row.type == STT_FUNC and bool(row.value & 1)
            patch = Patch(self.content, offset, place, value or 0, thumb, self.elf.order)
            match self.elf.architecture:
                case Architecture.ARM64:
                    patch_arm64(patch, code, addend)
                case Architecture.ARM:
                    patch_arm(patch, code, addend)
        except Unfit as unfit:
            return (Open(place, unfit.size, unfit.why),)
        return ()

    def _value(self, row: Row) -> int | None:
        """Return S, without the Thumb bit; ``None`` where the object has none."""
        if row.section == SHN_ABS:
            return row.value
        base = self.bases.get(row.section)
        if base is None:
            return None
        return base + (row.value & -2 if row.type == STT_FUNC else row.value)

    def _name(self, row: Row) -> str:
        if row.section < len(self.elf.sections) and row.section:
            return f"section {self.elf.sections[row.section].name}"
        return self.table.name(row)
