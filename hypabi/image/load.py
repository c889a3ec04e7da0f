"""Open files, go through their containers, and read the programs inside.

One file is a kernel with what is in front of it, or a program; several are objects of one program,
and so is an archive.
"""

import hashlib
import mmap
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hypabi.image.containers.foreign import name_of_foreign, xen_in
from hypabi.image.content import Content
from hypabi.image.digest import Digest, Hashing
from hypabi.image.model import OBJECT, Image, ImageError, Loaded, NoKernelError, Role
from hypabi.records import frozen, replace
from hypabi.regular import STANDARD, standard_input

if TYPE_CHECKING:
    from hypabi.image.elf.headers import Elf

MAX_FILE = 2 << 30
"""Largest file opened, in bytes; a vmlinux with debugging information has about half."""
ELF_MAGIC = b"\x7fELF"
MAX_DEPTH = 8
"""Most containers inside each other."""
MAX_DECOMPRESSED = 256 << 20
"""Most bytes that all containers of a file may hold together: each layer stays in memory."""
MAX_FILES = 1 << 14
"""Most files read as one program, members of thin archives among them."""


@frozen
class _Opened:
    """What a container held, from the outside in."""

    formats: tuple[str, ...]
    images: tuple[Image, ...]
    objects: "tuple[Elf, ...]" = ()
    """Objects that are still to be put together; then there are no images."""


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
    files: "_Files"
    role: Role | None = None
    """Which program of a boot the user says that it is."""

    def inside(self, where: str, content: Content) -> "_Layer":
        """Return what was found in this layer.

        :raises ImageError: what was decompressed so far is more than is accepted
        """
        taken = 0 if content.buffer is self.content.buffer else len(content)
        if taken > self.room:
            what = f"its containers hold more than {MAX_DECOMPRESSED >> 20} MiB together"
            raise ImageError(where, what)
        digest = self.digest.of(content.view())
        depth, room = self.depth - 1, self.room - taken
        return replace(self, where=where, content=content, digest=digest, depth=depth, room=room)


class _Files:
    """The files that are open: mapped while they are read, and not to be changed meanwhile."""

    def __init__(self) -> None:
        self._open: list[tuple[str, os.stat_result]] = []

    def map(self, where: str) -> Content:
        """Open and map a file."""
        if len(self._open) == MAX_FILES:
            raise ImageError(where, f"more than {MAX_FILES} files in one program")
        if where == STANDARD:
            return _standard()
        try:
            descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            raise ImageError(where, _reason(error)) from None
        try:
            status = os.fstat(descriptor)
            content = _map(where, descriptor, status)
        finally:
            os.close(descriptor)
        self._open.append((where, status))
        return content

    def check(self) -> None:
        """Refuse what was changed while it was read."""
        for where, before in self._open:
            try:
                after = Path(where).stat()
            except OSError as error:
                raise ImageError(where, _reason(error)) from None
            if _identity(before) != _identity(after):
                raise ImageError(where, "was changed while it was read")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def load_image(
    path: str | os.PathLike[str], *others: str | os.PathLike[str], role: Role | None = None
) -> Loaded:
    """Read the programs that a file holds: a kernel, and the decompressor in front of it.

    :param path: a kernel image, an ELF file, an archive of objects, or a package that holds a
        kernel
    :param others: further objects and archives of one program
    :param role: which program of a boot it is; where ``None``, what it tells itself
    :raises ImageError: a file cannot be read as any of these
    """
    paths = tuple(os.fspath(each) for each in (path, *others))
    files = _Files()
    with Hashing() as hashing:
        opened: list[_Opened] = []
        digests: list[Digest] = []
        for where in paths:
            content = files.map(where)
            digest = hashing.start(content.view())
            layer = _Layer(where, content, digest, MAX_DEPTH, MAX_DECOMPRESSED, files, role)
            opened.append(_read(layer))
            digests.append(digest)
        files.check()
        sha256 = _sha256_of(digests)
        formats, images = _together(paths, opened, sha256, role)
    files.check()
    return Loaded(paths, sha256, formats, images, role)


def kernel_file(path: str) -> tuple[str, memoryview]:
    """Return the file that holds a kernel: what a package has for one, else the file itself.

    :return: its name, in the package where it is in one, and its bytes
    :raises ImageError: the file cannot be read, or the package holds no kernel
    """
    from hypabi.image.containers.archive import is_archive
    from hypabi.image.containers.deb import is_deb, kernel_in_package

    content = _Files().map(path)
    if is_archive(content) or not is_deb(content):
        return path, content.view()
    found = kernel_in_package(path, content)
    return found.name, memoryview(found.content)


def _sha256_of(digests: Sequence[Digest]) -> str:
    """Return the SHA-256 of a file; of several, that of their digests, each in a line."""
    if len(digests) == 1:
        return digests[0].hex()
    lines = "".join(f"{digest.hex()}\n" for digest in digests)
    return hashlib.sha256(lines.encode()).hexdigest()


def _together(
    paths: Sequence[str], opened: Sequence[_Opened], sha256: str, role: Role | None
) -> tuple[tuple[str, ...], tuple[Image, ...]]:
    """Return what some files are together."""
    for where, each in zip(paths, opened, strict=True):
        if each.images and len(paths) > 1:
            what = "is a whole program; only objects and archives of them are put together"
            raise ImageError(where, what, "give it alone")
        if role is not None and len(each.images) > 1:
            what = "says itself which programs it holds"
            raise ImageError(where, what, "leave --role out")
    formats = tuple(dict.fromkeys(name for each in opened for name in each.formats))
    images = tuple(image for each in opened for image in each.images)
    if not images:
        from hypabi.image.elf.objects import read_objects

        objects = [elf for each in opened for elf in each.objects]
        return formats, (read_objects(objects, sha256, role),)
    return formats, images


def _standard() -> Content:
    """Take what standard input has."""
    try:
        read = standard_input(MAX_FILE + 1)
    except OSError as error:
        raise ImageError(STANDARD, _reason(error)) from None
    if not read:
        raise ImageError(STANDARD, "is empty")
    if len(read) > MAX_FILE:
        raise ImageError(STANDARD, f"has more than the {MAX_FILE} bytes that are accepted")
    return Content.whole(read)


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
        return _elf(layer)
    from hypabi.image.containers.arm64_image import arm64_image, is_arm64_image
    from hypabi.image.containers.zimage import is_zimage
    from hypabi.image.kernel import read_kernel

    try:
        if is_arm64_image(content):
            kernel = arm64_image(where, content, layer.digest)
            return _Opened(("arm64 Image",), (read_kernel(kernel),))
        if is_zimage(content):
            return _zimage(layer)
    except ImageError:
        xen = xen_in(content)
        if xen is None:
            raise
        raise ImageError(where, xen.what, xen.hint) from None
    return _container(layer)


def _elf(layer: _Layer) -> _Opened:
    from hypabi.image.elf.headers import Kind, read_elf

    elf = read_elf(layer.where, layer.content)
    if elf.kind is Kind.RELOCATABLE:
        return _Opened((OBJECT,), (), (elf,))
    from hypabi.image.elf.wrapped import kernel_in_elf

    kernel = kernel_in_elf(elf, layer.digest)
    if kernel is not None:
        from hypabi.image.kernel import read_kernel

        return _Opened(("ELF around a kernel",), (read_kernel(kernel),))
    from hypabi.image.elf.program import read_program

    return _Opened(("ELF",), (read_program(elf, layer.digest, layer.role),))


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
    from hypabi.image.containers.archive import is_archive
    from hypabi.image.containers.compression import decompress, recognise
    from hypabi.image.containers.deb import is_deb, kernel_in_package
    from hypabi.image.containers.pe import is_pe
    from hypabi.image.containers.zboot import is_zboot, open_zboot

    where, content = layer.where, layer.content
    if layer.depth == 0:
        raise ImageError(where, f"more than {MAX_DEPTH} containers inside each other")
    if is_archive(content):
        return _archive(layer)
    if is_deb(content):
        found = kernel_in_package(where, content)
        return _inside(layer, found.name, found.content, ("deb",))
    if is_zboot(content):
        compression, kernel = open_zboot(where, content)
        name = "kernel in the EFI zboot image"
        return _inside(layer, name, kernel, ("EFI zboot", compression.value))
    loaders = _boot_loaders(layer)
    if loaders is not None:
        return loaders
    foreign = name_of_foreign(content)
    if foreign:
        raise NoKernelError(f"{where}: offset {foreign.position:#x}", foreign.what, foreign.hint)
    if is_pe(content):
        return _unified(layer)
    kind = recognise(content.read(0, 16))
    if kind:
        program = decompress(f"{where}: offset 0x0", kind, content.view()).content
        return _inside(layer, f"{kind.value} content", program, (kind.value,))
    bare = _bare(layer)
    if bare is not None:
        return bare
    start = content.read(0, 8).hex(" ")
    raise NoKernelError(
        f"{where}: offset 0x0",
        f"no kernel image, ELF file or package begins with {start}",
        "hypabi reads .deb, arm64 Image, EFI zboot, UKI, arm zImage and Image, ELF, archives of "
        "objects, uImage, FIT and Android boot images, compressed or not",
    )


def _boot_loaders(layer: _Layer) -> _Opened | None:
    """Read the kernel in a boot loader's container, ``None`` where the file is none."""
    from hypabi.image.containers.boot_loaders import wrapped_kernel
    from hypabi.image.containers.fit import is_devicetree, kernel_in_fit

    wrapped = wrapped_kernel(layer.where, layer.content)
    if wrapped:
        return _held(layer, f"kernel in the {wrapped.format}", wrapped.content, wrapped.format)
    if not is_devicetree(layer.content):
        return None
    name, image = kernel_in_fit(layer.where, layer.content)
    return _held(layer, f"image {name} of the FIT", image, "FIT image")


def _bare(layer: _Layer) -> _Opened | None:
    """Read a 32-bit kernel without any header, ``None`` where it is none."""
    from hypabi.arch.names import Architecture
    from hypabi.image.kernel import Raw, read_kernel
    from hypabi.image.version import linux_version

    content = layer.content
    if not linux_version(content):
        return None
    raw = Raw(layer.where, content, len(content), Architecture.ARM, layer.digest)
    try:
        return _Opened(("arm Image",), (read_kernel(raw),))
    except ImageError:
        return None


def _archive(layer: _Layer) -> _Opened:
    """Read the objects of an archive."""
    from hypabi.image.containers.archive import members
    from hypabi.image.elf.headers import Kind, read_elf

    found: list[Elf] = []
    for member in members(layer.where, layer.content):
        where, content = f"{layer.where}({member.name})", member.content
        if content is None:
            content = layer.files.map(str(Path(layer.where).parent / member.name))
        foreign = name_of_foreign(content)
        if foreign:
            raise ImageError(where, foreign.what, foreign.hint)
        if content.read(0, len(ELF_MAGIC)) != ELF_MAGIC:
            raise ImageError(where, "no ELF object", "hypabi reads archives of objects")
        elf = read_elf(where, content)
        if elf.kind is not Kind.RELOCATABLE:
            raise ImageError(where, "a linked ELF file and no object", "give it alone")
        found.append(elf)
    if not found:
        what = "ar archive without objects, and without data.tar, so not a Debian package"
        raise ImageError(f"{layer.where}: offset 0x8", what)
    return _Opened(("archive", OBJECT), (), tuple(found))


def _held(layer: _Layer, name: str, kernel: Content, format_: str) -> _Opened:
    """Read a kernel where it lies in its container."""
    where = f"{layer.where}: {name}"
    if not len(kernel):
        raise ImageError(where, "is empty")
    return _wrapped((format_,), layer.inside(where, kernel))


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
    return replace(opened, formats=(*formats, *opened.formats))
