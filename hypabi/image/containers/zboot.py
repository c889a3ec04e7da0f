"""Open an EFI zboot image: a kernel that decompresses itself as an EFI program.

The header (drivers/firmware/efi/libstub/zboot-header.S) has ``zimg`` at 4, where the compressed
kernel starts at 8, its size at 12, and the name of the compression at 24.
"""

from hypabi.arch.names import ByteOrder
from hypabi.image.containers.compression import Compression, decompress
from hypabi.image.content import Content
from hypabi.image.model import ImageError

MAGIC = b"zimg"
_NAMES = {
    "gzip": Compression.GZIP,
    "lz4": Compression.LZ4,
    "lzma": Compression.LZMA,
    "lzo": Compression.LZO,
    "xz": Compression.XZ,
    "xzkern": Compression.XZ,
    "zstd": Compression.ZSTD,
    "zstd22": Compression.ZSTD,
}
"""The names that drivers/firmware/efi/libstub/Makefile.zboot has given them."""


def is_zboot(content: Content) -> bool:
    """Tell whether the header has the magic of an EFI zboot image."""
    return content.read(0, 2) == b"MZ" and content.read(4, 4) == MAGIC


def open_zboot(where: str, content: Content) -> tuple[Compression, bytes]:
    """Decompress the kernel in an EFI zboot image.

    :raises ImageError: it is cut short or corrupt, or compressed in another way
    """
    start = content.integer(8, 4, ByteOrder.LITTLE)
    size = content.integer(12, 4, ByteOrder.LITTLE)
    name = content.read(24, 32).split(b"\0")[0].decode("latin-1")
    if start is None or size is None or start + size > len(content):
        what = (
            f"EFI zboot image cut short: its kernel ends after the file's {len(content):#x} bytes"
        )
        raise ImageError(f"{where}: offset 0x8", what)
    if name not in _NAMES:
        what = f"EFI zboot image compressed with {name!r}, which is not read"
        raise ImageError(f"{where}: offset 0x18", what, "give the Image that it was made of")
    kind = _NAMES[name]
    found = decompress(
        f"{where}: offset {start:#x}", kind, content.part(start, start + size).view()
    )
    return kind, found.content
