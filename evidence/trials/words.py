"""The words whose meaning is tried: what EL2 and HYP run, and the functions that call them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hypabi.analysis.program import Program
from hypabi.analysis.session import open_image
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.callsites.hvc_words import hvc_words
from hypabi.code.function_bounds import function_extent
from hypabi.home import REFERENCES
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image
from hypabi.records import frozen

TEXT: Final = (
    ("__hyp_idmap_text_start", "__hyp_idmap_text_end"),
    ("__hyp_text_start", "__hyp_text_end"),
    ("__idmap_text_start", "__idmap_text_end"),
)
"""Boundaries of what arm64's linker script puts aside for EL2, and of the identity map."""
MOST_FUNCTION: Final = 1 << 17
"""Bytes of the longest function whose words are taken."""
NEAR_TABLE: Final = 0x800
"""Bytes from a vector table on, which hold the stub's handlers too."""
INSTALLERS: Final = ("__hyp_stub_install", "__hyp_stub_install_secondary", "init_kernel_el")


@frozen
class Word:
    """An instruction's bytes, as they lie in memory, and its instruction set."""

    state: str
    content: bytes

    @property
    def instruction_set(self) -> InstructionSet:
        """The instruction set."""
        return InstructionSet[self.state]

    @property
    def number(self) -> int:
        """The word as the lifter takes it."""
        return int.from_bytes(self.content, "little")


def words_of_kernel(path: Path) -> frozenset[Word]:
    """Return every distinct word of a kernel's EL2 or HYP text, and of the functions that call."""
    session = open_image(path)
    found: set[Word] = set()
    for program in session.programs.values():
        for start, end, state in _extents(program):
            found.update(_words(program.image, start, end, state))
    return frozenset(found)


def words_of_reference(path: Path) -> frozenset[Word]:
    """Return every distinct word of a reference image; its name says the instruction set."""
    state = InstructionSet[path.stem.rpartition("-")[2].removesuffix("be").upper()]
    found: set[Word] = set()
    for image in load_image(path).images:
        for segment in image.segments:
            if segment.access is Access.CODE:
                end = segment.address + len(segment.content)
                found.update(_words(image, segment.address, end, state))
    return frozenset(found)


def references() -> tuple[Path, ...]:
    """Return every file of the reference images."""
    return tuple(sorted(REFERENCES.glob("*.elf")))


def _extents(program: Program) -> Iterator[tuple[int, int, InstructionSet]]:
    image = program.image
    usual = InstructionSet.A64 if image.architecture is Architecture.ARM64 else InstructionSet.A32
    for first, last in TEXT:
        start, end = image.symbols.find(first), image.symbols.find(last)
        if len(start) == len(end) == 1:
            yield start[0].address, end[0].address, usual
    for word in hvc_words(image):
        extent = function_extent(image, word.address, word.state)
        if extent.end - extent.start <= MOST_FUNCTION:
            yield extent.start, extent.end, word.state
    for name in INSTALLERS:
        for symbol in image.symbols.find(name):
            extent = function_extent(image, symbol.address, usual)
            yield extent.start, extent.end, usual
    for table in program.tables().values():
        state = usual if usual is InstructionSet.A64 else table.state
        yield table.address, table.address + NEAR_TABLE, state


def _words(image: Image, start: int, end: int, state: InstructionSet) -> Iterator[Word]:
    segment = image.segment(start)
    if segment is None:
        return
    end = min(end, segment.address + len(segment.content))
    content = image.read(start, end - start)
    at = 0
    while at + 4 <= len(content):
        size = 4
        # DDI 0406C, A6.1: 0b11101, 0b11110 and 0b11111 start a 32-bit instruction.
        if state is InstructionSet.T32 and content[at + 1] >> 3 not in (0b11101, 0b11110, 0b11111):
            size = 2
        yield Word(state.name, bytes(content[at : at + size]))
        at += size
