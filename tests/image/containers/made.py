"""Containers around a kernel, made by the test."""

import gzip
import io
import lzma
import struct
import tarfile

import lz4.block
import zstandard

from tests.image.lzop import lzop

COMPRESSIONS = ("gzip", "xz", "lzma", "zstd", "lz4", "lzo")


def compress(kind: str, content: bytes) -> bytes:
    """Compress as the kernel's build does (scripts/Makefile.lib)."""
    match kind:
        case "gzip":
            return gzip.compress(content, 6, mtime=0)
        case "xz":
            return lzma.compress(content, lzma.FORMAT_XZ, lzma.CHECK_CRC32, preset=1)
        case "lzma":
            return lzma.compress(content, lzma.FORMAT_ALONE, preset=1)
        case "zstd":
            return zstandard.ZstdCompressor(level=3).compress(content)
        case "lz4":
            return _lz4_legacy(content)
        case "lzo":
            return lzop(content)
        case _:
            raise ValueError(kind)


def _lz4_legacy(content: bytes) -> bytes:
    frame = bytearray(b"\x02\x21\x4c\x18")
    for start in range(0, len(content), 8 << 20):
        block = lz4.block.compress(content[start : start + (8 << 20)], store_size=False)
        frame += struct.pack("<I", len(block)) + block
    return bytes(frame)


def with_size(kind: str, content: bytes) -> bytes:
    """Compress, and append the size as ``size_append`` does; gzip has it already."""
    compressed = compress(kind, content)
    return compressed if kind == "gzip" else compressed + struct.pack("<I", len(content))


def zimage(kind: str, kernel: bytes, *, table: bool = True, bss: int = 0x3000) -> bytes:
    """Put a kernel behind a decompressor (arch/arm/boot/compressed)."""
    head = bytearray(0x400)
    struct.pack_into("<8I", head, 0, *[0xE1A00000] * 8)
    at = 0x300
    piggy = with_size(kind, kernel)
    end = len(head) + len(piggy)
    total = (end + 0x40 + 7) & -8
    struct.pack_into("<IIIII", head, 0x24, 0x016F2818, 0, total, 0x04030201, 0)
    if table:
        struct.pack_into("<II", head, 0x34, 0x45454545, at)
        struct.pack_into("<6I", head, at, 6, 0x5A534C4B, end - 4, bss, 0x208000, 0)
    return bytes(head) + piggy + bytes(total - end)


def zboot(kind: str, kernel: bytes, name: str = "") -> bytes:
    """Put a kernel into an EFI zboot image (drivers/firmware/efi/libstub/zboot-header.S)."""
    head = bytearray(0x200)
    payload = with_size(kind, kernel)
    size = len(payload) - (0 if kind == "gzip" else 4)
    struct.pack_into("<2s2x4sII8x", head, 0, b"MZ", b"zimg", len(head), size)
    names = {"xz": "xzkern", "zstd": "zstd22"}
    text = (name or names.get(kind, kind)).encode()
    head[24 : 24 + len(text)] = text
    return bytes(head) + payload


def pe(sections: dict[str, bytes], machine: int = 0xAA64) -> bytes:
    """Make a PE file of sections."""
    head = bytearray(0x40)
    head[:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, 0x40)
    head += struct.pack("<4sHHIIIHH", b"PE\0\0", machine, len(sections), 0, 0, 0, 0, 0)
    start = (len(head) + 40 * len(sections) + 0x1FF) & -0x200
    table, body = bytearray(), bytearray()
    for name, content in sections.items():
        raw = (len(content) + 0x1FF) & -0x200
        at = start + len(body)
        table += struct.pack("<8sIIII16x", name.encode(), len(content), 0x1000, raw, at)
        body += content.ljust(raw, b"\0")
    return bytes(head + table).ljust(start, b"\0") + bytes(body)


def tar(files: dict[str, bytes]) -> bytes:
    """Make a tar archive as dpkg-deb does."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


def deb(suffix: str, files: dict[str, bytes]) -> bytes:
    """Make a Debian package (deb(5))."""
    kinds = {".xz": "xz", ".zst": "zstd", ".gz": "gzip"}
    data = tar(files)
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": compress("xz", tar({"./control": b"Package: linux\n"})),
        f"data.tar{suffix}": compress(kinds[suffix], data),
    }
    archive = bytearray(b"!<arch>\n")
    for name, content in members.items():
        archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        archive += content + b"\n" * (len(content) % 2)
    return bytes(archive)
