"""The symbols of an ELF file, made only when they are asked for."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hypabi.arch.names import Architecture
from hypabi.image.elf import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_ABS,
    SHT_NOBITS,
    SHT_SYMTAB,
    Elf,
    Section,
)
from hypabi.image.model import ImageError, Symbol
from hypabi.image.symbols import rank

MAX_SYMBOLS = 1 << 22
"""Most symbols accepted in a table."""
STB_WEAK = 2
STT_FUNC, STT_SECTION, STT_FILE = 2, 3, 4


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the symbol table; ``name`` is a position in the strings."""

    name: int
    value: int
    type: int
    binding: int
    section: int


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """The symbol table of a file, and its strings; without rows where the file is stripped."""

    rows: Sequence[Row]
    strings: bytes

    def name(self, row: Row) -> str:
        """Return the name of an entry."""
        end = self.strings.find(b"\0", row.name)
        return self.strings[row.name : max(end, 0)].decode("utf-8", "surrogateescape")


def read_symbol_table(elf: Elf) -> SymbolTable:
    """Read the symbol table of a file.

    :raises ImageError: it is too long, or its strings are missing
    """
    section = next((found for found in elf.sections if found.type == SHT_SYMTAB), None)
    if section is None:
        return SymbolTable((), b"")
    if section.link >= len(elf.sections) or section.size > 24 * MAX_SYMBOLS:
        where = f"{elf.where}: offset {section.offset:#x}"
        raise ImageError(where, f"ELF symbol table of {section.size:#x} bytes without strings")
    layout = elf.layout("IBBHQQ" if elf.bits == 64 else "IIIBBH")
    raw = elf.part(section).read(0, section.size - section.size % layout.size)
    strings = elf.sections[section.link]
    rows: list[Row] = []
    for row in layout.iter_unpack(raw):
        if elf.bits == 64:
            name, kind, _, index, value, _ = row
        else:
            name, value, _, kind, _, index = row
        rows.append(Row(name, value, kind & 0xF, kind >> 4, index))
    return SymbolTable(rows, elf.part(strings).read(0, strings.size))


class ElfSymbols:
    """The symbols of an ELF file at their addresses.

    :param bases: for each section that is placed, what its symbols' values count from
    :param starts: where the segments of the image start, ascending
    """

    def __init__(
        self, elf: Elf, table: SymbolTable, bases: Mapping[int, int], starts: Sequence[int]
    ) -> None:
        self._elf = elf
        self._table = table
        self._bases = bases
        self._starts = starts

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Symbol]:
        return (self._symbol(index) for index in self._order)

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        wanted = name.encode("utf-8", "surrogateescape") + b"\0"
        found: list[int] = []
        position = self._table.strings.find(wanted)
        # A string may be the end of a longer one, so each occurrence may be some entry's name.
        while position >= 0:
            found += self._by_string.get(position, ())
            position = self._table.strings.find(wanted, position + 1)
        return tuple(sorted(map(self._symbol, found), key=lambda symbol: symbol.address))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        last = bisect_right(self._addresses, address) - 1
        segment = bisect_right(self._starts, address) - 1
        if last < 0 or segment < 0 or self._addresses[last] < self._starts[segment]:
            return None
        first = last
        while first and self._addresses[first - 1] == self._addresses[last]:
            first -= 1
        return min(map(self._symbol, self._order[first : last + 1]), key=rank)

    @cached_property
    def _order(self) -> list[int]:
        """The entries that name an address, sorted by it."""
        rows = self._table.rows
        return sorted(
            (index for index, row in enumerate(rows) if self._names_address(row)),
            key=lambda index: (self._address(rows[index]), index),
        )

    @cached_property
    def _addresses(self) -> list[int]:
        return [self._address(self._table.rows[index]) for index in self._order]

    @cached_property
    def _by_string(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for index in self._order:
            found.setdefault(self._table.rows[index].name, []).append(index)
        return found

    @cached_property
    def _states(self) -> tuple[list[int], list[str]]:
        """Where the mapping symbols ``$a``, ``$t``, ``$d`` (AAELF32, 4.6.7) are, and which."""
        found = []
        for row in self._table.rows:
            name = self._table.strings[row.name : row.name + 2]
            if name in (b"$a", b"$t", b"$d") and row.section in self._bases:
                found.append((self._address(row), name.decode()))
        found.sort()
        return [address for address, _ in found], [name for _, name in found]

    def _names_address(self, row: Row) -> bool:
        placed = row.section in self._bases or row.section == SHN_ABS
        strings = self._table.strings
        return (
            placed
            and row.type not in (STT_SECTION, STT_FILE)
            and strings[row.name : row.name + 1] not in (b"", b"\0", b"$")
        )

    def _address(self, row: Row) -> int:
        value = row.value & -2 if self._elf.architecture is Architecture.ARM else row.value
        return self._bases.get(row.section, 0) + value

    def _symbol(self, index: int) -> Symbol:
        row = self._table.rows[index]
        address = self._address(row)
        letter = self._letter(row)
        return Symbol(self._table.name(row), address, self._thumb(row, address), letter)

    def _thumb(self, row: Row, address: int) -> bool:
        if self._elf.architecture is Architecture.ARM64 or row.section == SHN_ABS:
            return False
        if row.type == STT_FUNC:
            return bool(row.value & 1)
        # The assembler sets bit 0 for functions only; a label has the state of the code around it.
        addresses, names = self._states
        last = bisect_right(addresses, address) - 1
        return last >= 0 and names[last] == "$t"

    def _letter(self, row: Row) -> str:
        """Return the type letter, as ``nm`` has it."""
        absolute = row.section == SHN_ABS
        letter = "a" if absolute else _section_letter(self._elf.sections[row.section])
        if row.binding == STB_WEAK:
            return "W"
        return letter.upper() if row.binding else letter


def _section_letter(section: Section) -> str:
    if not section.flags & SHF_ALLOC:
        return "n"
    if section.flags & SHF_EXECINSTR:
        return "t"
    if section.type == SHT_NOBITS:
        return "b"
    return "d" if section.flags & SHF_WRITE else "r"


def swap_instructions(table: SymbolTable, section: int, content: bytearray) -> None:
    """Turn the big-endian instructions of a section around, as the linker does for BE8.

    The mapping symbols say which parts are A32 or T32 code and which are data.
    """
    marks = sorted(
        (row.value, table.strings[row.name : row.name + 2])
        for row in table.rows
        if row.section == section and table.strings[row.name : row.name + 1] == b"$"
    )
    ends = [*(start for start, _ in marks[1:]), len(content)]
    for (start, mark), end in zip(marks, ends, strict=False):
        size = {b"$a": 4, b"$t": 2}.get(mark, 0)
        if size:
            for at in range(start, min(end, len(content)) - size + 1, size):
                content[at : at + size] = content[at : at + size][::-1]
