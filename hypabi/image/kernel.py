"""Read a kernel as it lies in memory: its symbols, its address, what may be written in it."""

from typing import assert_never

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.kallsyms.names import Names
from hypabi.image.kallsyms.tables import find_tables
from hypabi.image.link_address import Base, prove_arm, prove_arm64
from hypabi.image.model import Fixups, Image, ImageError, NoFixups, Role
from hypabi.image.regions import cut, kernel_regions
from hypabi.image.relative_relocations import find_relative
from hypabi.image.symbols import KernelSymbols
from hypabi.image.version import linux_version
from hypabi.records import frozen


@frozen
class Raw:
    """A kernel without a container.

    ``size`` counts ``.bss``, which ``content`` does not hold.  The byte order is that of its
    tables: headers say it since 3.17 only.
    """

    where: str
    content: Content
    size: int
    architecture: Architecture
    digest: Digest


def read_kernel(raw: Raw) -> Image:
    """Read a kernel as a boot loader or a decompressor places it.

    :raises ImageError: it has no symbols, or its load address cannot be proved
    """
    tables = find_tables(raw.content, raw.architecture, where=raw.where)
    if tables is None:
        version = linux_version(raw.content)
        named = " ".join(filter(None, (raw.architecture.value, "kernel", version)))
        raise ImageError(
            raw.where,
            f"{named} without kallsyms that hypabi can read",
            "give the ELF vmlinux; kernels built without KALLSYMS, and files cut short, have none",
        )
    names = Names(raw.where, tables)
    fixups: Fixups = NoFixups()
    match raw.architecture:
        case Architecture.ARM64:
            relative = find_relative(raw.content, tables.end, tables.order)
            base = prove_arm64(raw.where, raw.content, raw.size, names, relative)
            fixups = relative
        case Architecture.ARM:
            base = prove_arm(raw.where, raw.content, names)
        case _:
            assert_never(raw.architecture)
    return _image(raw, names, base, fixups)


def _image(raw: Raw, names: Names, base: Base, fixups: Fixups) -> Image:
    thumb = base.state is InstructionSet.T32
    symbols = KernelSymbols(names, base.first, ())
    regions = kernel_regions(names.tables, base.address, symbols)
    segments = cut(base.address, raw.content.view(), raw.size, regions)
    starts = tuple(segment.address for segment in segments)
    return Image(
        role=Role.KERNEL,
        architecture=raw.architecture,
        byte_order=names.tables.order,
        segments=segments,
        entry=base.address,
        symbols=KernelSymbols(names, base.first, starts, thumb=thumb),
        sha256=raw.digest.hex(),
        version=linux_version(raw.content),
        base=base.how,
        fixups=fixups,
    )
