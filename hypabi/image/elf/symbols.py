"""The symbols of an ELF file, made only when they are asked for."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.elf.headers import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_ABS,
    SHT_NOBITS,
    SHT_SYMTAB,
    Elf,
    Section,
)
from hypabi.image.kallsyms.names import MAX_ALIKE
from hypabi.image.model import ImageError, Symbol
from hypabi.image.symbols import MAX_TOGETHER, rank
from hypabi.records import frozen

MAX_SYMBOLS = 1 << 22
"""Most symbols accepted in a table."""
MAX_NAME = 1 << 16
"""Longest name of a symbol: those of C++ and Rust have some thousand characters."""
FEW_PLACES = 16
"""Up to how many places of a string are looked up one by one."""
STB_LOCAL, STB_WEAK = 0, 2
STT_FUNC, STT_SECTION, STT_FILE = 2, 3, 4
_UNPLACED = (STT_SECTION, STT_FILE)


@frozen
class Row:
    """An entry of the symbol table; ``name`` is a position in the strings."""

    name: int
    value: int
    type: int
    binding: int
    section: int


@frozen
class SymbolTable:
    """The symbol table of a file by columns, and its strings; empty where the file is stripped.

    A kernel has hundreds of thousands of entries, of which a run asks for some dozens.
    """

    names: array[int]
    values: array[int]
    kinds: bytes
    sections: array[int]
    strings: bytes

    def __len__(self) -> int:
        return len(self.names)

    def row(self, index: int) -> Row:
        """Return an entry."""
        kind = self.kinds[index]
        return Row(
            self.names[index], self.values[index], kind & 0xF, kind >> 4, self.sections[index]
        )

    def rows(self) -> Iterator[Row]:
        """Yield every entry."""
        return map(self.row, range(len(self)))

    def name(self, row: Row) -> str:
        """Return the name of an entry."""
        end = self.strings.find(b"\0", row.name, row.name + MAX_NAME + 1)
        if end < 0 and row.name + MAX_NAME < len(self.strings):
            raise ImageError("ELF symbol table", f"a name has more than {MAX_NAME} characters")
        return self.strings[row.name : max(end, 0)].decode("utf-8", "surrogateescape")

    def named(self, name: str) -> list[int]:
        """Return the indices of the entries of this name."""
        # A string may be the end of a longer one, so each occurrence may be some entry's name.
        wanted = name.encode("utf-8", "surrogateescape") + b"\0"
        places: list[int] = []
        position = self.strings.find(wanted)
        while position >= 0:
            places.append(position)
            position = self.strings.find(wanted, position + 1)
        if len(places) > FEW_PLACES:
            chosen = frozenset(places)
            return [index for index, place in enumerate(self.names) if place in chosen]
        column = self.names.tobytes()
        return [index for place in places for index in _occurrences(column, place)]


def _occurrences(column: bytes, number: int) -> Iterator[int]:
    """Yield where a 32-bit number stands in a column of them."""
    wanted = array("I", (number,)).tobytes()
    at = column.find(wanted)
    while at >= 0:
        if at % 4 == 0:
            yield at // 4
        at = column.find(wanted, at + 1)


def read_symbol_table(elf: Elf) -> SymbolTable:
    """Read the symbol table of a file.

    :raises ImageError: it is too long, or its strings are missing
    """
    section = next((found for found in elf.sections if found.type == SHT_SYMTAB), None)
    if section is None:
        return SymbolTable(array("I"), array("Q"), b"", array("H"), b"")
    if section.link >= len(elf.sections) or section.size > 24 * MAX_SYMBOLS:
        where = f"{elf.where}: offset {section.offset:#x}"
        raise ImageError(where, f"ELF symbol table of {section.size:#x} bytes without strings")
    strings = elf.sections[section.link]
    # Elf64_Sym: name 4, info 1, other 1, section 2, value 8, size 8.
    # Elf32_Sym: name 4, value 4, size 4, info 1, other 1, section 2.
    size = 24 if elf.bits == 64 else 16
    raw = elf.part(section).read(0, section.size - section.size % size)
    words, halves = _numbers(elf, "I", raw), _numbers(elf, "H", raw)
    if elf.bits == 64:
        columns = (words[0::6], _numbers(elf, "Q", raw)[1::3], raw[4::24], halves[3::12])
    else:
        columns = (words[0::4], words[1::4], raw[12::16], halves[7::8])
    return SymbolTable(*columns, elf.part(strings).read(0, strings.size))


def _numbers(elf: Elf, code: str, raw: bytes) -> array[int]:
    numbers = array(code, raw)
    if (sys.byteorder == "little") != (elf.order is ByteOrder.LITTLE):
        numbers.byteswap()
    return numbers


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
        """Return every symbol of this name, by address; an absolute one at its number."""
        named = self._table.named(name)
        if len(named) > MAX_ALIKE:
            raise ImageError(self._elf.where, f"more than {MAX_ALIKE} symbols are called {name}")
        found = [index for index in named if self._names_address(self._table.row(index))]
        return tuple(sorted(map(self._symbol, found), key=lambda symbol: symbol.address))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        last = bisect_right(self._addresses, address) - 1
        segment = bisect_right(self._starts, address) - 1
        if last < 0 or segment < 0 or self._addresses[last] < self._starts[segment]:
            return None
        first = bisect_left(self._addresses, self._addresses[last])
        if last - first >= MAX_TOGETHER:
            what = f"more than {MAX_TOGETHER} symbols have this address"
            raise ImageError(f"{address:#x}", what)
        return min(map(self._symbol, self._order[first : last + 1]), key=rank)

    @cached_property
    def _order(self) -> list[int]:
        """The entries that name an address, sorted by it."""
        return [index for _, index in self._placed]

    @cached_property
    def _addresses(self) -> list[int]:
        return [address for address, _ in self._placed]

    @cached_property
    def _placed(self) -> list[tuple[int, int]]:
        """The address of each entry that names one, and its index; by columns, for speed."""
        table, strings = self._table, self._table.strings
        bases = self._bases  # an absolute symbol (SHN_ABS) is a number, and no place
        mask = -2 if self._elf.architecture is Architecture.ARM else -1
        columns = zip(table.names, table.values, table.kinds, table.sections, strict=True)
        return sorted(
            (bases[section] + (value & mask), index)
            for index, (name, value, kind, section) in enumerate(columns)
            if section in bases
            and kind & 0xF not in _UNPLACED
            and name < len(strings)
            and strings[name] not in b"\0$"
        )

    @cached_property
    def _states(self) -> tuple[list[int], list[str]]:
        """Where the mapping symbols ``$a``, ``$t``, ``$d`` (AAELF32, 4.6.7) are, and which."""
        found = []
        for row in self._table.rows():
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
            and row.type not in _UNPLACED
            and strings[row.name : row.name + 1] not in (b"", b"\0", b"$")
        )

    def _address(self, row: Row) -> int:
        value = row.value & -2 if self._elf.architecture is Architecture.ARM else row.value
        return self._bases.get(row.section, 0) + value

    def _symbol(self, index: int) -> Symbol:
        row = self._table.row(index)
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


class JoinedSymbols:
    """The symbols of several objects of one program.

    :param parts: of each the first address, ascending, and its symbols
    """

    def __init__(self, parts: Sequence[tuple[int, ElfSymbols]]) -> None:
        self._firsts = [first for first, _ in parts]
        self._parts = [part for _, part in parts]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[Symbol]:
        return (symbol for part in self._parts for symbol in part)

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        found = (symbol for part in self._parts for symbol in part.find(name))
        return tuple(sorted(found, key=lambda symbol: symbol.address))

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        last = bisect_right(self._firsts, address) - 1
        return self._parts[last].around(address) if last >= 0 else None


def _section_letter(section: Section) -> str:
    if not section.flags & SHF_ALLOC:
        return "n"
    if section.flags & SHF_EXECINSTR:
        return "t"
    if section.type == SHT_NOBITS:
        return "b"
    return "d" if section.flags & SHF_WRITE else "r"


def swap_instructions(table: SymbolTable, contents: Mapping[int, bytearray]) -> None:
    """Turn the big-endian instructions of sections around, as the linker does for BE8.

    The mapping symbols say which parts are A32 or T32 code and which are data.
    """
    marks: dict[int, list[tuple[int, bytes]]] = {}
    for row in table.rows():
        if row.section in contents and table.strings[row.name : row.name + 1] == b"$":
            mark = (row.value, table.strings[row.name : row.name + 2])
            marks.setdefault(row.section, []).append(mark)
    for section, unsorted in marks.items():
        found, content = sorted(unsorted), contents[section]
        ends = [*(start for start, _ in found[1:]), len(content)]
        for (start, kind), end in zip(found, ends, strict=False):
            size = {b"$a": 4, b"$t": 2}.get(kind, 0)
            if size:
                for at in range(start, min(end, len(content)) - size + 1, size):
                    content[at : at + size] = content[at : at + size][::-1]
