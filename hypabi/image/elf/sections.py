"""Which sections of an ELF file are in memory, and what the running kernel may do to them."""

from hypabi.image.elf.headers import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_TLS,
    SHF_WRITE,
    Section,
)
from hypabi.image.model import Access

KERNEL_TEXT = (".head.text", ".idmap.text", ".hyp.idmap.text", ".hyp.text")
"""Sections that the kernel's linker script puts into its text, though head.S asks for "awx"."""
MAX_MEMORY = 1 << 30
"""Most memory that the sections may take together, and most that one may be aligned to."""


def is_placed(section: Section) -> bool:
    """Tell whether a section is in memory, once and not for each thread."""
    return bool(section.flags & SHF_ALLOC) and not section.flags & SHF_TLS


def section_access(section: Section) -> Access:
    """Return what the running kernel may do to a section."""
    if section.flags & SHF_EXECINSTR and not section.flags & SHF_WRITE:
        return Access.CODE
    if section.flags & SHF_EXECINSTR and section.name.startswith(KERNEL_TEXT):
        return Access.CODE
    if "ro_after_init" in section.name:
        return Access.INITIAL
    return Access.WRITABLE if section.flags & SHF_WRITE else Access.READ_ONLY
