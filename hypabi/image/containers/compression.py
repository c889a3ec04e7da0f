"""Decompress what a kernel may be compressed with, within a bound.

The formats are those of the kernel's ``lib/decompress_*.c``: gzip, xz, lzma (the ``.lzma`` file),
zstd, lz4 (the *legacy* frame) and lzo (the ``lzop`` file).  A stream must reach its own end: a
truncated or corrupt one is refused, and so is one that grows beyond :data:`MAX_PROGRAM`.
"""

from __future__ import annotations

import enum
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from hypabi.image.model import ImageError
from hypabi.records import frozen

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_PROGRAM = 128 << 20
"""Largest program in bytes; the largest kernel that Debian builds has 48 MB."""
LZ4_BLOCK = 8 << 20
"""Size of a block in a legacy frame (lz4_Frame_format.md)."""
MAX_WINDOW = 128 << 20
"""Largest dictionary that a stream may ask for: that of ``zstd --ultra -22``, the kernel's."""


class Compression(enum.Enum):
    """A compressed format, spelled as the kernel's configuration does."""

    GZIP = "gzip"
    XZ = "xz"
    LZMA = "lzma"
    ZSTD = "zstd"
    LZ4 = "lz4"
    LZO = "lzo"


MAGICS: tuple[tuple[Compression, bytes], ...] = (
    (Compression.GZIP, b"\x1f\x8b\x08"),
    (Compression.XZ, b"\xfd7zXZ\x00"),
    (Compression.LZO, b"\x89LZO\x00\r\n\x1a\n"),
    (Compression.LZ4, b"\x02\x21\x4c\x18"),
    (Compression.ZSTD, b"\x28\xb5\x2f\xfd"),
    (Compression.LZMA, b"\x5d\x00\x00"),
)
"""What each format begins with; ``.lzma`` has no magic, only its usual properties byte."""


@frozen
class Decompressed:
    """A program, and how many bytes of the input its stream took."""

    content: bytes
    consumed: int


def recognise(head: bytes) -> Compression | None:
    """Return the format whose magic ``head`` begins with."""
    return next((kind for kind, magic in MAGICS if head.startswith(magic)), None)


def decompress(
    where: str, kind: Compression, data: memoryview, limit: int = MAX_PROGRAM
) -> Decompressed:
    """Decompress one stream at the start of ``data``; bytes after its end are left alone.

    :raises ImageError: it is corrupt, ends early, or holds more than ``limit`` bytes
    """
    try:
        found = _DECODERS[kind](data, limit)
    except _Refused as refusal:
        raise ImageError(where, f"{kind.value} stream: {refusal}") from None
    if len(found.content) > limit:
        raise ImageError(where, f"{kind.value} stream holds more than {limit >> 20} MiB")
    return found


class StreamError(Exception):
    """A stream that is read piece by piece is corrupt, or ends early."""


class Stream(Protocol):
    """A stream that is decompressed as far as it is read."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


class _Reader(io.RawIOBase):
    """A file over bytes that are not copied."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        part = self._data[self._position : self._position + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)


@contextmanager
def open_stream(kind: Compression, data: memoryview) -> Iterator[Stream]:
    """Decompress ``data`` piece by piece, for what need not be read to its end.

    :raises StreamError: when a piece is corrupt or missing
    """
    import gzip
    import lzma

    import zstandard

    try:
        match kind:
            case Compression.GZIP:
                with gzip.GzipFile(fileobj=io.BufferedReader(_Reader(data))) as stream:
                    yield stream
            case Compression.XZ | Compression.LZMA:
                with lzma.LZMAFile(io.BufferedReader(_Reader(data))) as stream:
                    yield stream
            case Compression.ZSTD:
                yield zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(data)
            case Compression.LZ4 | Compression.LZO:
                raise StreamError(f"{kind.value} is not read piece by piece")
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise StreamError(str(error)) from None


class _Refused(Exception):
    """A stream cannot be decompressed, and why."""


def _gzip(data: memoryview, limit: int) -> Decompressed:
    decoder = zlib.decompressobj(wbits=31)
    try:
        content = decoder.decompress(data, limit + 1)
    except zlib.error as error:
        raise _Refused(f"corrupt ({error})") from None
    if not decoder.eof and len(content) <= limit:
        raise _Refused(f"ends early, after {len(content)} bytes of content")
    return Decompressed(content, len(data) - len(decoder.unused_data))


def _xz(data: memoryview, limit: int) -> Decompressed:
    import lzma

    return _lzma_stream(lzma.FORMAT_XZ, data, limit)


def _lzma(data: memoryview, limit: int) -> Decompressed:
    import lzma

    return _lzma_stream(lzma.FORMAT_ALONE, data, limit)


def _lzma_stream(container: int, data: memoryview, limit: int) -> Decompressed:
    import lzma

    decoder = lzma.LZMADecompressor(format=container, memlimit=MAX_WINDOW + (1 << 20))
    try:
        content = decoder.decompress(data, limit + 1)
    except (lzma.LZMAError, EOFError) as error:
        raise _Refused(f"corrupt ({error})") from None
    if not decoder.eof and len(content) <= limit:
        raise _Refused(f"ends early, after {len(content)} bytes of content")
    return Decompressed(content, len(data) - len(decoder.unused_data))


def _zstd(data: memoryview, limit: int) -> Decompressed:
    import zstandard

    decoder = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
    parts: list[bytes] = []
    total = position = 0
    try:
        size = zstandard.frame_content_size(data[:18]) if len(data) >= 18 else -1
        if size > limit:
            raise _Refused(f"says that it holds {size} bytes, more than the {limit} accepted")
        while not decoder.eof and position < len(data) and total <= limit:
            part = decoder.decompress(data[position : position + 0x10000])
            position += 0x10000
            total += len(part)
            parts.append(part)
    except zstandard.ZstdError as error:
        raise _Refused(f"corrupt ({error})") from None
    if not decoder.eof and total <= limit:
        raise _Refused(f"ends early, after {total} bytes of content")
    return Decompressed(b"".join(parts), min(position, len(data)) - len(decoder.unused_data))


def _lz4(data: memoryview, limit: int) -> Decompressed:
    import lz4.block

    parts: list[bytes] = []
    total, position = 0, 4
    # Each block begins with its size; the last one is the one that is not full.
    while position + 4 <= len(data) and total <= limit:
        size = int.from_bytes(data[position : position + 4], "little")
        block = data[position + 4 : position + 4 + size]
        if len(block) < size or not size:
            raise _Refused(f"ends early, in the block at {position:#x}")
        try:
            part = lz4.block.decompress(block, uncompressed_size=LZ4_BLOCK)
        except lz4.block.LZ4BlockError as error:
            raise _Refused(f"corrupt in the block at {position:#x} ({error})") from None
        parts.append(part)
        total += len(part)
        position += 4 + size
        if len(part) < LZ4_BLOCK:
            break
    if not parts:
        raise _Refused("ends early, before its first block")
    return Decompressed(b"".join(parts), position)


def _lzo(data: memoryview, limit: int) -> Decompressed:
    from hypabi.image.containers.lzo import LzoError, decompress_lzop

    try:
        content, consumed = decompress_lzop(data, limit)
    except LzoError as error:
        raise _Refused(str(error)) from None
    return Decompressed(content, consumed)


_DECODERS: dict[Compression, Callable[[memoryview, int], Decompressed]] = {
    Compression.GZIP: _gzip,
    Compression.XZ: _xz,
    Compression.LZMA: _lzma,
    Compression.ZSTD: _zstd,
    Compression.LZ4: _lz4,
    Compression.LZO: _lzo,
}
