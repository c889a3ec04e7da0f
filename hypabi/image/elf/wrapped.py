"""A kernel in an ELF file that a tool has put around it, as vmlinux-to-elf does.

Such a file has the kernel as it lies in memory in sections that may all be written and executed,
in the order of their addresses; where the tool knows the table of ``R_AARCH64_RELATIVE`` entries it
leaves a hole, and the entries stand in a section of relocations.  What the sections say is no
evidence of anything, so the kernel is read as it is without the file.
"""

from collections.abc import Sequence
from itertools import pairwise

from hypabi.arch.names import Architecture
from hypabi.image.containers.arm64_image import arm64_image, is_arm64_image
from hypabi.image.containers.compression import MAX_PROGRAM
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.elf.headers import (
    PF_W,
    PF_X,
    PT_LOAD,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHT_RELA,
    Elf,
    Section,
)
from hypabi.image.kallsyms.tables import find_tables
from hypabi.image.kernel import Raw

MOST_SECTIONS = 4
_ALL = SHF_ALLOC | SHF_EXECINSTR | SHF_WRITE


def kernel_in_elf(elf: Elf, digest: Digest) -> Raw | None:
    """Return the kernel that an ELF file was put around, ``None`` of any other file."""
    found = _whole_memory(elf)
    if found is None:
        return None
    content, size = found
    digest = digest.of(content.view())
    if elf.architecture is Architecture.ARM64:
        return arm64_image(elf.where, content, digest) if is_arm64_image(content) else None
    if find_tables(content, Architecture.ARM, where=elf.where) is None:
        return None
    return Raw(elf.where, content, size, Architecture.ARM, digest)


def _whole_memory(elf: Elf) -> tuple[Content, int] | None:
    """Return what lies in memory, and how much that is with what the file does not hold."""
    placed = [section for section in elf.sections if section.flags & SHF_ALLOC and section.size]
    if not elf.sections:
        loads = [header for header in elf.program_headers if header.type == PT_LOAD]
        if len(loads) != 1 or loads[0].flags & (PF_W | PF_X) != PF_W | PF_X:
            return None
        load = loads[0]
        return elf.content.part(load.offset, load.offset + load.held), load.size
    held = [section for section in placed if section.held]
    wrapped = all(section.flags & _ALL == _ALL for section in placed)
    if not held or not wrapped or len(placed) > MOST_SECTIONS:
        return None
    ends = [section.address + section.size for section in placed]
    size = max(ends) - held[0].address
    if len(held) == 1:
        return elf.part(held[0]), size
    return _joined(elf, held, size)


def _joined(elf: Elf, held: Sequence[Section], size: int) -> tuple[Content, int] | None:
    """Put sections together, with the relocations in the hole between them."""
    base = held[0].address
    ordered = all(one.address + one.size <= two.address for one, two in pairwise(held))
    end = held[-1].address + held[-1].size - base
    if not ordered or end > MAX_PROGRAM:
        return None
    memory = bytearray(end)
    for section in held:
        start = section.address - base
        memory[start : start + section.size] = elf.part(section).view()
    hole = held[0].size
    tables = [section for section in elf.sections if section.type == SHT_RELA]
    for section in tables[:1]:
        room = held[1].address - base - hole
        entries = elf.part(section).read(0, room)
        memory[hole : hole + len(entries)] = entries
    return Content.whole(memory), size
