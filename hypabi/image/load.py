"""Open a file, go through its containers, and read the programs inside."""

import hashlib
import mmap
import os
import stat

from hypabi.image.arm64_image import arm64_image, is_arm64_image
from hypabi.image.content import Content
from hypabi.image.kernel_image import read_kernel
from hypabi.image.model import ImageError, Loaded
from hypabi.image.zimage import decompressor_of, is_zimage, kernel_in, open_zimage

MAX_FILE = 2 << 30
"""Largest file opened, in bytes; an unstripped vmlinux with debugging information has about half."""


def load(path: str | os.PathLike[str]) -> Loaded:
    """Read the programs that a file holds: a kernel, and the decompressor in front of it.

    :param path: a kernel image, an ELF file, or a package that holds a kernel
    :raises ImageError: the file cannot be read as any of these
    """
    where = os.fspath(path)
    content = _open(where)
    digest = hashlib.sha256(content.view()).hexdigest()
    formats: tuple[str, ...] = ()
    if is_arm64_image(content):
        image = read_kernel(arm64_image(where, content, digest))
        return Loaded(where, digest, (*formats, "arm64 Image"), (image,))
    if is_zimage(content):
        payload = open_zimage(where, content)
        kernel = read_kernel(kernel_in(f"{where} (kernel in zImage)", content, payload))
        images = (decompressor_of(content, payload), kernel)
        return Loaded(where, digest, (*formats, "arm zImage", payload.format.value), images)
    raise ImageError(f"{where}: offset 0", "no format of a kernel is recognised")


def _open(where: str) -> Content:
    """Map a file into memory."""
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ImageError(where, error.strerror or "cannot be opened") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(where, "is not a regular file")
        if status.st_size == 0:
            raise ImageError(where, "is empty")
        if status.st_size > MAX_FILE:
            raise ImageError(
                where, f"has {status.st_size} bytes, more than the {MAX_FILE} accepted"
            )
        return Content.whole(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ImageError(where, error.strerror or "cannot be read") from None
    finally:
        os.close(descriptor)
