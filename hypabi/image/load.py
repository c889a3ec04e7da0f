"""Open a file, go through its containers, and read the programs inside."""

import mmap
import os
import stat
from dataclasses import dataclass

from hypabi.image.arm64_image import arm64_image, is_arm64_image
from hypabi.image.content import Content
from hypabi.image.digest import Digest
from hypabi.image.foreign import name_of_foreign
from hypabi.image.kernel_image import read_kernel
from hypabi.image.model import Image, ImageError, Loaded

MAX_FILE = 2 << 30
"""Largest file opened, in bytes; a vmlinux with debugging information has about half."""
MAX_DEPTH = 8
"""Most containers inside each other."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a container held, from the outside in."""

    formats: tuple[str, ...]
    images: tuple[Image, ...]


def load(path: str | os.PathLike[str]) -> Loaded:
    """Read the programs that a file holds: a kernel, and the decompressor in front of it.

    :param path: a kernel image, an ELF file, or a package that holds a kernel
    :raises ImageError: the file cannot be read as any of these
    """
    where = os.fspath(path)
    content = _open(where)
    digest = Digest(content.view())
    opened = _read(where, content, digest, MAX_DEPTH)
    return Loaded(where, digest.hex(), opened.formats, opened.images)


def _open(where: str) -> Content:
    """Map a file into memory."""
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise ImageError(where, _reason(error)) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(where, "is not a regular file")
        if status.st_size == 0:
            raise ImageError(where, "is empty")
        if status.st_size > MAX_FILE:
            what = f"has {status.st_size} bytes, more than the {MAX_FILE} that are accepted"
            raise ImageError(where, what)
        return Content.whole(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ImageError(where, _reason(error)) from None
    finally:
        os.close(descriptor)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read(where: str, content: Content, digest: Digest, depth: int) -> _Opened:
    """Read a program, or open the container that it is in.

    :param digest: the SHA-256 of ``content``
    """
    if is_arm64_image(content):
        return _Opened(("arm64 Image",), (read_kernel(arm64_image(where, content, digest)),))
    from hypabi.image.elf import is_elf
    from hypabi.image.zimage import is_zimage

    if is_zimage(content):
        return _zimage(where, content)
    if is_elf(content):
        from hypabi.image.elf_image import read_elf_image

        name, image = read_elf_image(where, content, digest)
        return _Opened((name,), (image,))
    return _container(where, content, depth)


def _zimage(where: str, content: Content) -> _Opened:
    from hypabi.image.zimage import decompressor_of, kernel_in, open_zimage

    payload = open_zimage(where, content)
    kernel = read_kernel(kernel_in(f"{where}: kernel in the zImage", content, payload))
    images = (decompressor_of(content, payload), kernel)
    return _Opened(("arm zImage", payload.compression.value), images)


def _container(where: str, content: Content, depth: int) -> _Opened:
    """Open a container, and read what is in it."""
    from hypabi.image.compression import decompress, recognise
    from hypabi.image.deb import is_deb, kernel_in_package
    from hypabi.image.pe import is_pe
    from hypabi.image.zboot import is_zboot, open_zboot

    if depth == 0:
        raise ImageError(where, f"more than {MAX_DEPTH} containers inside each other")
    if is_deb(content):
        found = kernel_in_package(where, content)
        return _inside(f"{where}: {found.name}", found.content, ("deb",), depth)
    if is_zboot(content):
        compression, kernel = open_zboot(where, content)
        names = ("EFI zboot", compression.value)
        return _inside(f"{where}: kernel in the EFI zboot image", kernel, names, depth)
    foreign = name_of_foreign(content)
    if foreign:
        raise ImageError(f"{where}: offset {foreign.position:#x}", foreign.what, foreign.hint)
    if is_pe(content):
        return _unified(where, content, depth)
    kind = recognise(content.read(0, 16))
    if kind:
        program = decompress(f"{where}: offset 0x0", kind, content.view()).content
        return _inside(f"{where}: {kind.value} content", program, (kind.value,), depth)
    start = content.read(0, 8).hex(" ")
    raise ImageError(
        f"{where}: offset 0x0",
        f"no kernel image, ELF file or package begins with {start}",
        "hypabi reads .deb, arm64 Image, EFI zboot, UKI, arm zImage, and ELF, compressed or not",
    )


def _inside(
    where: str, program: bytes | bytearray, formats: tuple[str, ...], depth: int
) -> _Opened:
    """Read what a container held."""
    if not program:
        raise ImageError(where, "is empty")
    digest = Digest(memoryview(program))
    opened = _read(where, Content.whole(program), digest, depth - 1)
    return _Opened((*formats, *opened.formats), opened.images)


def _unified(where: str, content: Content, depth: int) -> _Opened:
    """Read the kernel in a unified kernel image, where it lies."""
    from hypabi.image.pe import read_sections

    sections = read_sections(where, content)
    if sections.machine:
        what = f"EFI program for {sections.machine}"
        raise ImageError(where, what, "hypabi reads kernels for arm and arm64")
    kernel = sections.contents.get(".linux")
    if not kernel:
        raise ImageError(where, "EFI program without a section .linux, so no unified kernel image")
    digest = Digest(kernel.view())
    opened = _read(f"{where}: section .linux", kernel, digest, depth - 1)
    return _Opened(("UKI", *opened.formats), opened.images)
