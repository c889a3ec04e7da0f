"""Read an arm zImage: the decompressor, and the kernel compressed inside it.

The header (arch/arm/boot/compressed/head.S) has the magic 0x016f2818 at 0x24, start and end at 0x28
and 0x2c.  Since 4.15 there is 0x45454545 at 0x34 and at 0x38 the position of a table: its size in
words, "ZSLK", where the last word of the compressed kernel is (which holds the kernel's size), the
size of ``.bss``, and TEXT_OFFSET.  All are little-endian always.
"""

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.containers.compression import MAGICS, MAX_PROGRAM, Compression, decompress
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.kernel import Raw
from hypabi.image.model import Access, Image, ImageError, Role
from hypabi.image.regions import Region, cut
from hypabi.image.symbols import NoSymbols
from hypabi.image.work import Work
from hypabi.records import frozen

MAGIC = 0x016F2818
MAGIC_POSITION = 0x24
HEADER = 0x30
MAX_DECOMPRESSOR = 1 << 20
"""Furthest into a zImage that the compressed kernel may start."""
MAX_CANDIDATES = 64
"""How many places that look like a compressed stream are tried."""
MAX_ATTEMPTED = 128 << 20
"""How much all streams together may cost that turn out to be none, as decompressing counts it."""
MAX_BSS = 256 << 20
_TABLE_MAGIC = 0x45454545
_TABLE_KIND = 0x5A534C4B


@frozen
class Payload:
    """The kernel in a zImage: where its stream is, and what the header says about it."""

    start: int
    end: int
    compression: Compression
    kernel: bytes
    bss: int


@frozen
class _Table:
    """What the table says; ``size_position`` is that of the word after the stream."""

    size_position: int
    kernel_size: int
    bss: int


def is_zimage(content: Content) -> bool:
    """Tell whether the header has the magic of an arm zImage."""
    return content.integer(MAGIC_POSITION, 4, ByteOrder.LITTLE) == MAGIC


def open_zimage(where: str, content: Content) -> Payload:
    """Find and decompress the kernel in a zImage.

    :raises ImageError: it is cut short, or no stream in it, or more than one, can be the kernel
    """
    end = (_word(content, 0x2C) - _word(content, 0x28)) & 0xFFFFFFFF
    if not HEADER < end <= len(content):
        raise ImageError(
            f"{where}: offset 0x2c",
            f"arm zImage of {end:#x} bytes, but the file has {len(content):#x}",
            "the file is cut short" if end > len(content) else "",
        )
    zimage = content.part(0, end)
    table = _table(zimage)
    if table is not None and not 0 < table.size_position <= len(zimage) - 4:
        raise ImageError(
            f"{where}: offset {_word(zimage, 0x38) + 8:#x}",
            f"arm zImage whose compressed kernel ends at {table.size_position:#x}, outside it",
        )
    return _payload(where, zimage, table)


def kernel_in(where: str, payload: Payload, digest: Digest) -> Raw:
    """Describe the kernel that the decompressor places in memory.

    :param digest: to make that of the kernel
    """
    inner = Content.whole(payload.kernel)
    size = len(inner) + payload.bss
    return Raw(
        where,
        inner,
        size,
        Architecture.ARM,
        digest.of(memoryview(payload.kernel)),
    )


def decompressor_of(content: Content, payload: Payload, digest: Digest, order: ByteOrder) -> Image:
    """Describe the code in front of the compressed kernel, placed at 0.

    :param order: that of the kernel

    It is position-independent.  What follows the compressed kernel is its global offset table and
    the EFI stub's data, which it writes (arch/arm/boot/compressed/vmlinux.lds.S).
    """
    end = (_word(content, 0x2C) - _word(content, 0x28)) & 0xFFFFFFFF
    regions = (
        Region(0, payload.start, Access.CODE, ".text"),
        Region(payload.start, payload.end, Access.READ_ONLY, ".piggydata"),
    )
    view = content.part(0, end).view()
    return Image(
        role=Role.DECOMPRESSOR,
        architecture=Architecture.ARM,
        byte_order=order,
        segments=cut(0, view, end, regions),
        entry=0,
        symbols=NoSymbols(),
        sha256=digest.of(view[: payload.start]).hex(),
        version="",
        base="position-independent; placed at 0",
    )


def _word(content: Content, position: int) -> int:
    return content.integer(position, 4, ByteOrder.LITTLE) or 0


def _table(content: Content) -> _Table | None:
    """Read the table, ``None`` where there is none."""
    at = _word(content, 0x38)
    if _word(content, 0x34) != _TABLE_MAGIC or _word(content, at + 4) != _TABLE_KIND:
        return None
    position = _word(content, at + 8)
    bss = _word(content, at + 12)
    return _Table(position, _word(content, position), bss if bss <= MAX_BSS else 0)


def _payload(where: str, content: Content, table: _Table | None) -> Payload:
    """Try every place that looks like a stream; exactly one must be a whole one."""
    found: list[Payload] = []
    refusal = "holds no compressed kernel"
    work = Work(MAX_ATTEMPTED)
    for start, kind in _candidates(content, table):
        if found and start < found[-1].end:
            continue
        if work.spent:
            what = "arm zImage with too much that looks like its compressed kernel"
            raise ImageError(f"{where}: offset {start:#x}", what)
        try:
            payload = _try(where, content, start, kind, table, work)
        except ImageError as error:
            refusal = f"at {start:#x}: {error.what}"
            continue
        if payload:
            found.append(payload)
        if len(found) > 1:
            break
    if len(found) != 1:
        what = refusal if not found else f"holds {len(found)} compressed kernels"
        raise ImageError(f"{where}: offset {0:#x}", f"arm zImage: {what}")
    return found[0]


def _candidates(content: Content, table: _Table | None) -> list[tuple[int, Compression]]:
    """Return where a stream may start, in the order of the file."""
    head = content.part(0, MAX_DECOMPRESSOR)
    found = []
    for kind, magic in MAGICS:
        positions = head.occurrences(magic, MAX_CANDIDATES)
        found += [(at, kind) for at in positions if _plausible(content, at, kind, table)]
    return sorted(found, key=lambda candidate: candidate[0])


def _plausible(content: Content, start: int, kind: Compression, table: _Table | None) -> bool:
    """Tell by the header whether a stream may be the kernel; only the weak magics need it."""
    match kind:
        case Compression.LZMA:
            # The .lzma header: properties, dictionary size, then the size or all ones.
            size = content.integer(start + 5, 8, ByteOrder.LITTLE)
            known = table.kernel_size if table else size
            return size in (known, 0xFFFF_FFFF_FFFF_FFFF)
        case Compression.GZIP:
            return content.read(start + 3, 1) < b"\x20"
        case _:
            return True


def _try(
    where: str,
    content: Content,
    start: int,
    kind: Compression,
    table: _Table | None,
    work: Work,
) -> Payload | None:
    """Decompress one candidate; ``None`` if it is a stream but not the kernel.

    :raises ImageError: it is no whole stream
    """
    # A gzip stream ends with the size itself; the kernel's build appends it to the others.
    end = len(content)
    if table:
        end = table.size_position + (4 if kind is Compression.GZIP else 0)
    if end <= start:
        return None
    limit = min(table.kernel_size, MAX_PROGRAM) if table else MAX_PROGRAM
    found = decompress(where, kind, content.part(start, end).view(), limit, work)
    if table and (start + found.consumed != end or len(found.content) != table.kernel_size):
        return None
    return Payload(start, start + found.consumed, kind, found.content, table.bss if table else 0)
