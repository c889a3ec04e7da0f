"""Read a kernel as it lies in memory: its symbols, its address, what may be written in it."""

from typing import assert_never

from hypabi.arch.names import Architecture, ByteOrder
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

    ``size`` counts ``.bss``, which ``content`` does not hold.
    """

    where: str
    content: Content
    size: int
    architecture: Architecture
    order: ByteOrder
    digest: Digest


def read_kernel(raw: Raw) -> Image:
    """Read a kernel as a boot loader or a decompressor places it.

    :raises ImageError: it has no symbols, or its load address cannot be proved
    """
    tables = find_tables(raw.content, raw.architecture, where=raw.where)
    if tables is None:
        raise ImageError(
            raw.where,
            f"{raw.architecture.value} kernel without kallsyms, or with tables that disagree",
            "the file is cut short, or built without KALLSYMS: give the ELF vmlinux",
        )
    names = Names(raw.where, tables)
    fixups: Fixups = NoFixups()
    match raw.architecture:
        case Architecture.ARM64:
            relative = find_relative(raw.content, tables.end, raw.order)
            base = prove_arm64(raw.where, raw.content, raw.size, names, relative)
            fixups = relative
        case Architecture.ARM:
            base = prove_arm(raw.where, raw.content, names)
        case _:
            assert_never(raw.architecture)
    return _image(raw, names, base, fixups)


def _image(raw: Raw, names: Names, base: Base, fixups: Fixups) -> Image:
    symbols = KernelSymbols(names, base.first, ())
    regions = kernel_regions(names.tables, base.address, symbols)
    segments = cut(base.address, raw.content.view(), raw.size, regions)
    starts = tuple(segment.address for segment in segments)
    return Image(
        role=Role.KERNEL,
        architecture=raw.architecture,
        byte_order=raw.order,
        segments=segments,
        entry=base.address,
        symbols=KernelSymbols(names, base.first, starts),
        sha256=raw.digest.hex(),
        version=linux_version(raw.content),
        base=base.how,
        fixups=fixups,
    )
