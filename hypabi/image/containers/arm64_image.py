r"""Read the header of an arm64 Image, the kernel as a boot loader places it.

Documentation/arch/arm64/booting.rst describes the 64 bytes: ``text_offset`` at 8, ``image_size`` at
16, ``flags`` at 24 (bit 0: big-endian kernel), the magic ``ARM\x64`` at 56.  The header is
little-endian always.
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
MAX_IMAGE = 1 << 30
"""Largest ``image_size`` accepted; a kernel must fit into what ADRP reaches."""


def is_arm64_image(content: Content) -> bool:
    """Tell whether the header has the magic of an arm64 Image."""
    return content.read(MAGIC_POSITION, 4) == MAGIC


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
    flags = content.integer(24, 8, ByteOrder.LITTLE) or 0
    order = ByteOrder.BIG if flags & 1 else ByteOrder.LITTLE
    if not len(program) <= size <= MAX_IMAGE:
        raise ImageError(
            f"{where}: offset 0x10",
            f"arm64 Image with image_size {size:#x}, but {len(program):#x} bytes in the file",
        )
    return Raw(where, program, size, Architecture.ARM64, order, digest)


def _without_signature(where: str, content: Content) -> Content:
    """Cut off what an EFI loader does not load: the signature of a signed Image.

    :raises ImageError: the file ends before its sections do
    """
    if not is_pe(content):
        return content
    end = read_sections(where, content).end
    return content.part(0, end) if end > HEADER else content
