"""Open a file, go through its containers, and read the programs inside."""

import mmap
import os
import stat

from hypabi.image.containers.foreign import name_of_foreign
from hypabi.image.content import Content
from hypabi.image.digest import Digest, Hashing
from hypabi.image.model import Image, ImageError, Loaded
from hypabi.records import frozen

MAX_FILE = 2 << 30
"""Largest file opened, in bytes; a vmlinux with debugging information has about half."""
ELF_MAGIC = b"\x7fELF"
MAX_DEPTH = 8
"""Most containers inside each other."""
MAX_DECOMPRESSED = 256 << 20
"""Most bytes that all containers of a file may hold together: each layer stays in memory."""


@frozen
class _Opened:
    """What a container held, from the outside in."""

    formats: tuple[str, ...]
    images: tuple[Image, ...]


@frozen
class _Layer:
    """What is read next: the file, or what a container held.

    ``depth`` is how many containers may still be opened, ``room`` how many bytes those may hold.
    """

    where: str
    content: Content
    digest: Digest
    depth: int
    room: int

    def inside(self, where: str, content: Content) -> "_Layer":
        """Return what was found in this layer.

        :raises ImageError: what was decompressed so far is more than is accepted
        """
        taken = 0 if content.buffer is self.content.buffer else len(content)
        if taken > self.room:
            what = f"its containers hold more than {MAX_DECOMPRESSED >> 20} MiB together"
            raise ImageError(where, what)
        digest = self.digest.of(content.view())
        return _Layer(where, content, digest, self.depth - 1, self.room - taken)


def load_image(path: str | os.PathLike[str]) -> Loaded:
    """Read the programs that a file holds: a kernel, and the decompressor in front of it.

    :param path: a kernel image, an ELF file, or a package that holds a kernel
    :raises ImageError: the file cannot be read as any of these
    """
    where = os.fspath(path)
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise ImageError(where, _reason(error)) from None
    try:
        before = os.fstat(descriptor)
        content = _map(where, descriptor, before)
        with Hashing() as hashing:
            digest = hashing.start(content.view())
            opened = _read(_Layer(where, content, digest, MAX_DEPTH, MAX_DECOMPRESSED))
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ImageError(where, "was changed while it was read")
    return Loaded(where, digest.hex(), opened.formats, opened.images)


def _map(where: str, descriptor: int, status: os.stat_result) -> Content:
    """Map a file into memory."""
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(where, "is not a regular file")
    if status.st_size == 0:
        raise ImageError(where, "is empty")
    if status.st_size > MAX_FILE:
        what = f"has {status.st_size} bytes, more than the {MAX_FILE} that are accepted"
        raise ImageError(where, what)
    try:
        return Content.whole(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ImageError(where, _reason(error)) from None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read(layer: _Layer) -> _Opened:
    """Read a program, or open the container that it is in."""
    where, content = layer.where, layer.content
    if content.read(0, len(ELF_MAGIC)) == ELF_MAGIC:
        from hypabi.image.elf.program import read_elf_image

        name, image = read_elf_image(where, content, layer.digest)
        return _Opened((name,), (image,))
    from hypabi.image.containers.arm64_image import arm64_image, is_arm64_image
    from hypabi.image.kernel import read_kernel

    if is_arm64_image(content):
        kernel = arm64_image(where, content, layer.digest)
        return _Opened(("arm64 Image",), (read_kernel(kernel),))
    from hypabi.image.containers.zimage import is_zimage

    return _zimage(layer) if is_zimage(content) else _container(layer)


def _zimage(layer: _Layer) -> _Opened:
    from hypabi.image.containers.zimage import decompressor_of, kernel_in, open_zimage
    from hypabi.image.kernel import read_kernel

    payload = open_zimage(layer.where, layer.content)
    inside = f"{layer.where}: kernel in the zImage"
    kernel = read_kernel(kernel_in(inside, payload, layer.digest))
    front = decompressor_of(layer.content, payload, layer.digest, kernel.byte_order)
    images = (front, kernel)
    return _Opened(("arm zImage", payload.compression.value), images)


def _container(layer: _Layer) -> _Opened:
    """Open a container, and read what is in it."""
    from hypabi.image.containers.compression import decompress, recognise
    from hypabi.image.containers.deb import is_deb, kernel_in_package
    from hypabi.image.containers.pe import is_pe
    from hypabi.image.containers.zboot import is_zboot, open_zboot

    where, content = layer.where, layer.content
    if layer.depth == 0:
        raise ImageError(where, f"more than {MAX_DEPTH} containers inside each other")
    if is_deb(content):
        found = kernel_in_package(where, content)
        return _inside(layer, found.name, found.content, ("deb",))
    if is_zboot(content):
        compression, kernel = open_zboot(where, content)
        name = "kernel in the EFI zboot image"
        return _inside(layer, name, kernel, ("EFI zboot", compression.value))
    foreign = name_of_foreign(content)
    if foreign:
        raise ImageError(f"{where}: offset {foreign.position:#x}", foreign.what, foreign.hint)
    if is_pe(content):
        return _unified(layer)
    kind = recognise(content.read(0, 16))
    if kind:
        program = decompress(f"{where}: offset 0x0", kind, content.view()).content
        return _inside(layer, f"{kind.value} content", program, (kind.value,))
    start = content.read(0, 8).hex(" ")
    raise ImageError(
        f"{where}: offset 0x0",
        f"no kernel image, ELF file or package begins with {start}",
        "hypabi reads .deb, arm64 Image, EFI zboot, UKI, arm zImage, and ELF, compressed or not",
    )


def _inside(
    layer: _Layer, name: str, program: bytes | bytearray, formats: tuple[str, ...]
) -> _Opened:
    """Read what a container held."""
    where = f"{layer.where}: {name}"
    if not program:
        raise ImageError(where, "is empty")
    return _wrapped(formats, layer.inside(where, Content.whole(program)))


def _unified(layer: _Layer) -> _Opened:
    """Read the kernel in a unified kernel image, where it lies."""
    from hypabi.image.containers.pe import read_sections

    sections = read_sections(layer.where, layer.content)
    if sections.machine:
        what = f"EFI program for {sections.machine}"
        raise ImageError(layer.where, what, "hypabi reads kernels for arm and arm64")
    kernel = sections.contents.get(".linux")
    if not kernel:
        what = "EFI program without a section .linux, so no unified kernel image"
        raise ImageError(layer.where, what)
    return _wrapped(("UKI",), layer.inside(f"{layer.where}: section .linux", kernel))


def _wrapped(formats: tuple[str, ...], layer: _Layer) -> _Opened:
    opened = _read(layer)
    return _Opened((*formats, *opened.formats), opened.images)
