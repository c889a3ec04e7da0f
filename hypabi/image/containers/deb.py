"""Find the kernel in a Debian package.

A package is an ``ar`` archive (deb(5)) whose member ``data.tar`` is compressed; the kernel is
``boot/vmlinuz-VERSION``, from 7.x on ``usr/lib/modules/VERSION/vmlinuz``.  It stands near the
front, and nothing behind it is decompressed.
"""

import re

from hypabi.image.containers.compression import (
    MAX_PROGRAM,
    Compression,
    Stream,
    StreamError,
    open_stream,
)
from hypabi.image.content import Content
from hypabi.image.model import ImageError, NoKernelError
from hypabi.records import frozen

MAGIC = b"!<arch>\n"
MAX_MEMBERS = 16
"""Most members of an archive; a package has three."""
MAX_FILES = 1 << 17
"""Most files looked at; a kernel's package has about five thousand."""
MAX_SCANNED = 1 << 30
"""Most bytes decompressed in search of the kernel."""

_HEADER = 60
_BLOCK = 512
_CHUNK = 1 << 20
_KERNEL = re.compile(r"(\./)?(boot/vmlinu[xz]-[^/]+|(usr/)?lib/modules/[^/]+/vmlinu[xz])")
_OCTAL = re.compile(rb"[0-7]*")
_DECIMAL = re.compile(rb"[0-9]{1,10}")
_COMPRESSIONS = {
    ".xz": Compression.XZ,
    ".zst": Compression.ZSTD,
    ".gz": Compression.GZIP,
    ".lzma": Compression.LZMA,
}


@frozen
class Found:
    """A kernel in a package: its name there, and its bytes."""

    name: str
    content: bytearray


def is_deb(content: Content) -> bool:
    """Tell whether the file begins as an ``ar`` archive does."""
    return content.read(0, len(MAGIC)) == MAGIC


def kernel_in_package(where: str, content: Content) -> Found:
    """Return the kernel of a package.

    :raises ImageError: the package is corrupt or cut short, or holds no kernel
    """
    position = len(MAGIC)
    for _ in range(MAX_MEMBERS):
        header = content.read(position, _HEADER)
        if len(header) < _HEADER or header[58:] != b"`\n":
            break
        name = header[:16].decode("latin-1").rstrip(" /")
        size = _decimal(header[48:58])
        start = position + _HEADER
        if size is None or start + size > len(content):
            what = f"Debian package cut short: its member {name} ends after the file"
            raise ImageError(f"{where}: offset {position:#x}", what)
        if name.startswith("data.tar"):
            return _search(f"{where}: offset {start:#x}", name, content.part(start, start + size))
        position = start + size + size % 2
    raise ImageError(
        f"{where}: offset {position:#x}", "ar archive without data.tar, so not a Debian package"
    )


def _decimal(field: bytes) -> int | None:
    text = field.rstrip(b" ")
    return int(text) if _DECIMAL.fullmatch(text) else None


def _search(where: str, name: str, member: Content) -> Found:
    """Walk through the compressed tar archive up to the kernel."""
    suffix = name.removeprefix("data.tar")
    if suffix not in _COMPRESSIONS:
        raise ImageError(where, f"Debian package whose {name} is in an unknown format")
    try:
        with open_stream(_COMPRESSIONS[suffix], member.view()) as stream:
            return _walk(where, name, stream)
    except StreamError as error:
        raise ImageError(
            where, f"Debian package whose {name} is corrupt or cut short: {error}"
        ) from None


def _walk(where: str, name: str, stream: Stream) -> Found:
    """Read the headers of the tar archive (POSIX ustar) one after the other."""
    scanned = 0
    for _ in range(MAX_FILES):
        header = _exactly(stream, _BLOCK)
        if not any(header):
            break
        path, size = _path(header), _size(header)
        if size is None:
            raise ImageError(where, f"{name} is no tar archive {scanned:#x} bytes into it")
        padded = (size + _BLOCK - 1) & -_BLOCK
        if header[156] in b"0\0" and _KERNEL.fullmatch(path):
            if size > MAX_PROGRAM:
                raise ImageError(
                    where, f"{path} has {size} bytes, more than {MAX_PROGRAM >> 20} MiB"
                )
            return Found(path.removeprefix("./"), _exactly(stream, size))
        scanned += _BLOCK + padded
        if scanned > MAX_SCANNED:
            raise ImageError(where, f"no kernel in the first {MAX_SCANNED >> 20} MiB of {name}")
        _skip(stream, padded)
    raise NoKernelError(
        where,
        f"Debian package without a kernel: no boot/vmlinuz-* or lib/modules/*/vmlinuz in {name}",
        "the image may be in another package of the same version",
    )


def _path(header: bytearray) -> str:
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    path = header[:100].split(b"\0")[0]
    return (prefix + b"/" + path if prefix else path).decode("utf-8", "replace")


def _size(header: bytearray) -> int | None:
    """Read the size; ``None`` where the header is not one (its checksum says)."""
    checksum, size = _octal(header[148:156]), _octal(header[124:136])
    right = checksum == sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return size if right else None


def _octal(field: bytearray) -> int | None:
    """Read octal digits between spaces or NULs (POSIX ustar); ``None`` where it is anything else.

    GNU's base-256 numbers are for files of 8 GiB and more, which no package of a kernel has.
    """
    digits = field.strip(b" \0")
    return int(digits or b"0", 8) if _OCTAL.fullmatch(digits) else None


def _exactly(stream: Stream, size: int) -> bytearray:
    found = bytearray(size)
    position = 0
    while position < size:
        part = stream.read(min(size - position, _CHUNK))
        if not part:
            raise StreamError("ends early")
        found[position : position + len(part)] = part
        position += len(part)
    return found


def _skip(stream: Stream, size: int) -> None:
    while size:
        part = stream.read(min(size, _CHUNK))
        if not part:
            raise StreamError("ends early")
        size -= len(part)
