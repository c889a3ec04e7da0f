r"""Read the header of an arm64 Image, the kernel as a boot loader places it.

Documentation/arch/arm64/booting.rst describes the 64 bytes: ``text_offset`` at 8, ``image_size`` at
16, ``flags`` at 24, the magic ``ARM\x64`` at 56.  The header is little-endian always.  Until 3.16
``image_size`` is zero; the first header (Documentation/arm64/booting.txt of 3.7) has 32 bytes: a
branch over it, ``text_offset`` at 8, zeros.
"""

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.containers.pe import is_pe, read_sections
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.kernel import Raw
from hypabi.image.model import ImageError

MAGIC = b"ARM\x64"
MAGIC_POSITION = 56
HEADER = 64
FIRST_HEADER = 32
OVER_FIRST_HEADER = b"\x08\0\0\x14\0\0\0\0"
"""``b`` by 32 bytes, and the reserved word behind it."""
MAX_IMAGE = 1 << 30
"""Largest ``image_size`` accepted; a kernel must fit into what ADRP reaches."""


def is_arm64_image(content: Content) -> bool:
    """Tell whether the header has the magic of an arm64 Image, or is the first one."""
    return content.read(MAGIC_POSITION, 4) == MAGIC or _is_first(content.read(0, FIRST_HEADER))


def _is_first(header: bytes) -> bool:
    offset = int.from_bytes(header[8:16], "little")
    return header[:8] == OVER_FIRST_HEADER and 0 < offset < MAX_IMAGE and not any(header[16:])


def arm64_image(where: str, content: Content, digest: Digest) -> Raw:
    """Read the header of an uncompressed arm64 Image.

    :param where: the file and the way into it, for messages
    :param digest: the SHA-256 of ``content``
    :raises ImageError: its size makes no sense
    """
    size = content.integer(16, 8, ByteOrder.LITTLE) or 0
    program = _without_signature(where, content)
    if len(program) < len(content):
        digest = digest.of(program.view())
    size = size or len(program)
    if not len(program) <= size <= MAX_IMAGE:
        raise ImageError(
            f"{where}: offset 0x10",
            f"arm64 Image with image_size {size:#x}, but {len(program):#x} bytes in the file",
        )
    return Raw(where, program, size, Architecture.ARM64, digest)


def _without_signature(where: str, content: Content) -> Content:
    """Cut off what an EFI loader does not load: the signature of a signed Image.

    :raises ImageError: the file ends before its sections do
    """
    if not is_pe(content):
        return content
    end = read_sections(where, content).end
    return content.part(0, end) if end > HEADER else content
