"""Kernels of a few hundred functions, made as the kernel's build makes real ones.

``scripts/kallsyms.c`` and ``scripts/link-vmlinux.sh`` are the model for the tables,
``arch/*/kernel/vmlinux.lds.S`` for what stands where.  Everything in them is known, so the readers
can be held against it.
"""

from __future__ import annotations

import enum
import functools
import random
import re
import struct
from dataclasses import dataclass, field, replace

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet

HEAD = 0x10000
"""How far ``_stext`` is from the start: SEGMENT_ALIGN of arm64."""
FUNCTIONS = 700
BSS = 0x3000
OBJECT = 104
"""How long each object of data is: 16 short of what divides HEAD."""
LINK = {Architecture.ARM64: 0xFFFF_8000_0800_0000, Architecture.ARM: 0xC020_8000}
LONG_NAME = "a_name_whose_length_takes_two_bytes_" + "x" * 120
VERSION = "6.1.0-tiny"

_FRAME = {
    InstructionSet.A64: (0xA9BF7BFD, 0x910003FD, 0xD65F03C0),  # stp x29, x30; mov x29, sp; ret
    InstructionSet.A32: (0xE92D4010, 0xE1A04000, 0xE8BD8010),  # push {r4, lr}; mov; pop {r4, pc}
    InstructionSet.T32: (0x4604B510, 0x1C401C40, 0xBD104620),  # the same, with two adds between
}
_FILLER = {
    InstructionSet.A64: 0x91000400,
    InstructionSet.A32: 0xE2800001,
    InstructionSet.T32: 0x1C401C40,
}
"""add #1; two of them in T32."""


class Layout(enum.Enum):
    """The orders of the tables, named after a release that has it."""

    V4_4 = "4.4"
    V4_9 = "4.9"
    V5_10 = "5.10"
    V6_1 = "6.1"
    V6_12 = "6.12"
    V7_2 = "7.2"


_PADDED = (Layout.V4_4, Layout.V4_9)
"""Those whose tables stand on 16 bytes (arm) or 256 (arm64): ``.align 4`` and ``.align 8``."""
_PADDING = {Architecture.ARM: 16, Architecture.ARM64: 256}


class Lengths(enum.Enum):
    """How long the functions are."""

    ODD = "all different"
    REGULAR = "all the same, so that the code looks the same a page further on"


@dataclass(frozen=True, slots=True)
class TinySymbol:
    """A symbol as it was put in; ``offset`` counts from the start of the image."""

    letter: str
    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class TinyKernel:
    """An image, and all that is in it."""

    content: bytes
    size: int
    symbols: tuple[TinySymbol, ...]
    address: int
    tables: int
    """Where the tables of symbols start."""
    tables_end: int
    pointer: int
    """Where a pointer to ``function_0001`` stands, in data."""
    objects: int
    """Where the first object of data starts."""


@dataclass(slots=True)
class _Layouter:
    """The image while it grows."""

    architecture: Architecture
    order: ByteOrder
    layout: Layout
    link: int
    lengths: Lengths
    state: InstructionSet
    content: bytearray = field(default_factory=bytearray)
    symbols: list[TinySymbol] = field(default_factory=list)
    relocations: list[tuple[int, int]] = field(default_factory=list)

    def mark(self, letter: str, name: str) -> None:
        self.symbols.append(TinySymbol(letter, name, len(self.content)))

    def align(self, alignment: int) -> None:
        self.content += bytes(-len(self.content) % alignment)

    def code(self, *words: int) -> None:
        self.content += struct.pack(f"<{len(words)}I", *words)

    def number(self, value: int, size: int) -> None:
        little = self.order is ByteOrder.LITTLE
        self.content += (value & (1 << 8 * size) - 1).to_bytes(size, "little" if little else "big")

    def pointer(self, value: int) -> None:
        """Write a pointer, as RELA where arm64 kernels of that release have it."""
        rela = self.layout in (Layout.V4_9, Layout.V5_10, Layout.V6_1)
        if self.architecture is Architecture.ARM64 and rela:
            self.relocations.append((self.link + len(self.content), value))
            value = 0
        self.number(value, self.architecture.bits // 8)


@functools.cache
def tiny_kernel(
    architecture: Architecture = Architecture.ARM64,
    layout: Layout = Layout.V6_1,
    order: ByteOrder = ByteOrder.LITTLE,
    link: int | None = None,
    lengths: Lengths = Lengths.ODD,
    objects: int = 0,
    state: InstructionSet | None = None,
) -> TinyKernel:
    """Make a kernel, at an address of its own where one is given.

    :param objects: how many objects of data with a symbol each stand behind the code
    :param state: what its functions are, of 32 bits A32 where it is not said
    """
    link = LINK[architecture] if link is None else link
    is_arm64 = architecture is Architecture.ARM64
    state = state or (InstructionSet.A64 if is_arm64 else InstructionSet.A32)
    image = _Layouter(architecture, order, layout, link, lengths, state)
    _head(image)
    _text(image)
    first_object = len(image.content)
    for number in range(objects):
        image.mark("d", f"o{number:x}")
        image.content += bytes(OBJECT)
    tables, tables_end = _rodata(image)
    _init_text(image)
    pointer = _data(image)
    size = len(image.content) + BSS
    if architecture is Architecture.ARM64:
        flags = 2 | (order is ByteOrder.BIG)
        struct.pack_into(
            "<IIQQQQQQ4sI", image.content, 0, 0x14000000, 0, 0, size, flags, 0, 0, 0, b"ARM\x64", 0
        )
    return TinyKernel(
        content=bytes(image.content),
        size=size,
        symbols=tuple(image.symbols),
        address=link,
        tables=tables,
        tables_end=tables_end,
        pointer=pointer,
        objects=first_object,
    )


def _head(image: _Layouter) -> None:
    if image.layout is Layout.V6_12:
        image.mark("T", "_text")
    image.content += bytes(64)
    image.align(HEAD)


def _text(image: _Layouter) -> None:
    """Write functions; where their lengths are odd, shifted symbols do not meet functions again."""
    chance = random.Random(1)
    image.mark("T", "_stext")
    first, second, last = _FRAME[image.state]
    for number in range(FUNCTIONS):
        image.mark("T" if number % 3 else "t", f"function_{number:04d}")
        odd = image.lengths is Lengths.ODD
        filler = [_FILLER[image.state]] * (chance.randrange(1, 40) if odd else 13)
        image.code(first, second, *filler, last)
    ancient = image.layout in (Layout.V4_4, Layout.V4_9, Layout.V5_10)
    image.mark("t", "a_name" if ancient else LONG_NAME)
    image.code(first, last)
    for _ in range(2):
        image.mark("t", "twice")
        image.code(first, second, last)
    _vectors(image)
    image.align(0x1000)
    image.mark("D", "_etext")


def _vectors(image: _Layouter) -> None:
    match image.state:
        case InstructionSet.A64:
            image.align(0x800)
            image.mark("T", "__hyp_stub_vectors")
            for _ in range(16):
                image.code(0x14000000, *[0xD503201F] * 31)
        case InstructionSet.A32:
            image.align(32)
            image.mark("T", "__hyp_stub_vectors")
            image.code(*[0xEAFFFFFE] * 8)
        case InstructionSet.T32:
            image.align(32)
            image.mark("T", "__hyp_stub_vectors")
            image.code(*[0xBFFEF7FF] * 8)  # b.w to itself


def _rodata(image: _Layouter) -> tuple[int, int]:
    """Write the banner and the tables, and return where the tables are."""
    image.content += f"Linux version {VERSION} (nobody@nowhere)\n".encode() + b"\0"
    image.align(8)
    # _sinittext and _einittext come after the tables, which must hold them already.
    start = len(image.content)
    written = _with_init_symbols(image, start)
    written = _with_init_symbols(image, len(written.content))
    image.content, image.symbols = written.content, written.symbols
    image.relocations += written.relocations
    return start, len(image.content)


def _with_init_symbols(image: _Layouter, end: int) -> _Layouter:
    """Write the tables as they are when they end at ``end``."""
    init = (end + 0xFFF) & -0x1000
    added = [TinySymbol("T", "_sinittext", init), TinySymbol("T", "_einittext", init + 0x40)]
    written = replace(
        image,
        content=bytearray(image.content),
        symbols=[*image.symbols, *added],
        relocations=[],
    )
    _tables(written)
    return written


def _init_text(image: _Layouter) -> None:
    image.align(0x1000)
    first, second, last = _FRAME[image.state]
    image.code(first, *[second] * 14, last)


def _data(image: _Layouter) -> int:
    image.align(0x1000)
    place = len(image.content)
    functions = [symbol for symbol in image.symbols if symbol.name.startswith("function_")]
    for symbol in [functions[1], *functions]:
        image.pointer(image.link + symbol.offset)
    for where, value in sorted(image.relocations):
        for number in (where, 0x403, value):
            image.number(number, 8)
    image.align(0x200)
    return place


def _tables(image: _Layouter) -> None:
    """Write the tables in the order of the layout."""
    names = _compress(image)
    match image.layout:
        case Layout.V4_4:
            _addresses(image)
            _count_names_and_markers(image, names)
            _tokens_and_index(image, names)
        case Layout.V4_9 | Layout.V5_10:
            _offsets_and_base(image)
            _count_names_and_markers(image, names)
            _tokens_and_index(image, names)
        case Layout.V6_1:
            _offsets_and_base(image)
            _count_names_and_markers(image, names)
            _sequence(image)
            _tokens_and_index(image, names)
        case Layout.V6_12:
            _count_names_and_markers(image, names)
            _tokens_and_index(image, names)
            _offsets_and_base(image)
            _sequence(image)
        case Layout.V7_2:
            _count_names_and_markers(image, names)
            _tokens_and_index(image, names)
            _offsets_alone(image)
            _sequence(image)


def _word(image: _Layouter) -> int:
    """Return how long a word of the CPU is."""
    return image.architecture.bits // 8


def _alignment(image: _Layouter) -> int:
    """Return what each table is aligned to."""
    return _PADDING[image.architecture] if image.layout in _PADDED else _word(image)


def _addresses(image: _Layouter) -> None:
    image.align(_alignment(image))
    for symbol in image.symbols:
        image.number(image.link + symbol.offset, _word(image))


def _offsets_and_base(image: _Layouter) -> None:
    image.align(_alignment(image))
    first = image.symbols[0].offset
    for symbol in image.symbols:
        image.number(symbol.offset - first, 4)
    image.align(_alignment(image))
    image.pointer(image.link + first)


def _offsets_alone(image: _Layouter) -> None:
    for symbol in image.symbols:
        here = len(image.content)
        relative = image.architecture is Architecture.ARM64
        image.number(symbol.offset - here if relative else image.link + symbol.offset, 4)


def _count_names_and_markers(image: _Layouter, names: _Compressed) -> None:
    size = _word(image) if image.layout in _PADDED else 4
    image.align(_alignment(image))
    image.number(len(image.symbols), size)
    image.align(_alignment(image))
    image.content += names.names
    image.align(_alignment(image))
    for marker in names.markers:
        image.number(marker, size)


def _tokens_and_index(image: _Layouter, names: _Compressed) -> None:
    image.align(_alignment(image))
    image.content += names.tokens
    image.align(_alignment(image))
    for entry in names.index:
        image.number(entry, 2)


def _sequence(image: _Layouter) -> None:
    image.align(4)
    by_name = sorted(
        range(len(image.symbols)), key=lambda i: (image.symbols[i].name, image.symbols[i].offset)
    )
    for position in by_name:
        image.content += position.to_bytes(3, "big")


@dataclass(frozen=True, slots=True)
class _Compressed:
    names: bytes
    markers: tuple[int, ...]
    tokens: bytes
    index: tuple[int, ...]


def _compress(image: _Layouter) -> _Compressed:
    """Compress the names with a token for each character and for a few pairs."""
    tokens = [bytes((code,)) if 32 < code < 127 else b"" for code in range(256)]
    tokens[1], tokens[0x80], tokens[0xFF] = b"Tfunction_", b"unction_", b"xxxx"
    longest = sorted((token for token in tokens if token), key=len, reverse=True)
    shapes = re.compile(b"|".join(map(re.escape, longest)))
    names, markers = bytearray(), []
    for number, symbol in enumerate(image.symbols):
        if number % 256 == 0:
            markers.append(len(names))
        text = (symbol.letter + symbol.name).encode()
        codes = bytes(tokens.index(token) for token in shapes.findall(text))
        length = len(codes)
        names += bytes((length,) if length < 128 else (length & 0x7F | 0x80, length >> 7)) + codes
    table, index = bytearray(), []
    for token in tokens:
        index.append(len(table))
        table += token + b"\0"
    return _Compressed(bytes(names), tuple(markers), bytes(table), tuple(index))
