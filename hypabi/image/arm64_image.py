"""Read an arm64 Image, the kernel as a boot loader places it.

Documentation/arch/arm64/booting.rst describes the 64-byte header: ``text_offset`` at 8, ``image_size``
at 16, ``flags`` at 24 (bit 0: big-endian kernel), the magic ``ARM\\x64`` at 56.  The header is
little-endian always.  ``image_size`` counts ``.bss``, which the file does not hold.
"""

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.base import prove_arm64
from hypabi.image.content import Content
from hypabi.image.kallsyms import Tables, find_tables
from hypabi.image.model import Access, Image, ImageError, Role
from hypabi.image.regions import Boundary, Region, between, cut
from hypabi.image.relocations import find_relative
from hypabi.image.symbols import KernelSymbols
from hypabi.image.version import linux_version

MAGIC = b"ARM\x64"
MAGIC_POSITION = 56
MAX_IMAGE = 1 << 30
"""Largest ``image_size`` accepted; a kernel must fit the 2 GiB around it that branches and ADRP reach."""

_BOUNDARIES = (
    Boundary("_text", "_stext", Access.CODE, ".head.text"),
    Boundary("_stext", "_etext", Access.CODE, ".text"),
    Boundary("__start_rodata", "__start_ro_after_init", Access.READ_ONLY, ".rodata"),
    Boundary("__start_ro_after_init", "__end_ro_after_init", Access.INITIAL, ".data..ro_after_init"),
    Boundary("__end_ro_after_init", "__end_rodata", Access.READ_ONLY, ".rodata, second part"),
    Boundary(
        "__hyp_rodata_start",
        "__kvm_nvhe___hyp_section_.hyp.rodata",
        Access.INITIAL,
        ".hyp.data..ro_after_init",
    ),
    Boundary(
        "__kvm_nvhe___hyp_section_.hyp.rodata", "__hyp_rodata_end", Access.READ_ONLY, ".hyp.rodata"
    ),
    Boundary("__entry_tramp_text_start", "__idmap_text_end", Access.CODE, ".rodata.text"),
    Boundary("_sinittext", "_einittext", Access.CODE, ".init.text"),
)


def is_arm64_image(content: Content) -> bool:
    """Tell whether the header has the magic of an arm64 Image."""
    return content.read(MAGIC_POSITION, 4) == MAGIC


def read_arm64_image(where: str, content: Content, sha256: str) -> Image:
    """Read an uncompressed arm64 Image.

    :param where: the file and the way into it, for messages
    :raises ImageError: it is cut short, has no symbols, or its load address cannot be proved
    """
    size = content.integer(16, 8, ByteOrder.LITTLE) or 0
    flags = content.integer(24, 8, ByteOrder.LITTLE) or 0
    order = ByteOrder.BIG if flags & 1 else ByteOrder.LITTLE
    if not len(content) <= size <= MAX_IMAGE:
        raise ImageError(
            f"{where}: offset 16",
            f"arm64 Image whose image_size is {size:#x}, with {len(content):#x} bytes in the file",
        )
    tables = find_tables(content, Architecture.ARM64)
    if tables is None:
        raise ImageError(
            where,
            "arm64 Image without a symbol table (kallsyms) that holds together",
            "the file is cut short, or built without KALLSYMS: give the ELF vmlinux",
        )
    relative = find_relative(content, tables.end, order)
    base = prove_arm64(where, content, size, tables, relative)
    regions = _regions(tables, base.address, KernelSymbols(tables, base.symbols, ()))
    segments = cut(base.address, content.view(), size, regions)
    starts = tuple(segment.address for segment in segments)
    return Image(
        role=Role.KERNEL,
        architecture=Architecture.ARM64,
        byte_order=order,
        segments=segments,
        entry=base.address,
        symbols=KernelSymbols(tables, base.symbols, starts),
        sha256=sha256,
        version=linux_version(content),
        base=base.how,
        fixups=relative,
    )


def _regions(tables: Tables, address: int, symbols: KernelSymbols) -> list[Region]:
    """Return what the linker script's symbols show, and else what the place of kallsyms shows."""
    names = {name for boundary in _BOUNDARIES for name in (boundary.first, boundary.last)}
    found = {name: symbols.find(name) for name in sorted(names)}
    addresses = {name: at[0].address for name, at in found.items() if len(at) == 1}
    addresses.setdefault("_text", address)
    regions = between(_BOUNDARIES, addresses)
    text_end = addresses.get("_etext")
    if "__start_rodata" not in addresses and text_end is not None:
        end = address + tables.end
        regions.append(Region(text_end, end, Access.READ_ONLY, ".rodata up to kallsyms"))
    return regions
