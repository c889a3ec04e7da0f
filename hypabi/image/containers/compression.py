"""Decompress what a kernel may be compressed with, within a bound.

The formats are those of the kernel's ``lib/decompress_*.c``: gzip, xz, lzma (the ``.lzma`` file),
zstd, lz4 (the *legacy* frame) and lzo (the ``lzop`` file); and lz4's present frame, which no kernel
unpacks but people put around one.  A stream must reach its own end: a
truncated or corrupt one is refused, and so is one that grows beyond :data:`MAX_PROGRAM`.
"""

from __future__ import annotations

import enum
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from hypabi.image.model import ImageError
from hypabi.image.work import Work
from hypabi.records import frozen

MAX_PROGRAM = 128 << 20
"""Largest program in bytes; the largest kernel that Debian builds has 48 MB."""
LZ4_BLOCK = 8 << 20
"""Size of a block in a legacy frame (lz4_Frame_format.md)."""
MAX_WINDOW = 128 << 20
"""Largest dictionary that a stream may ask for: that of ``zstd --ultra -22``, the kernel's."""
MAX_MEMORY = MAX_WINDOW + (1 << 20)
"""Most memory in bytes that an xz or lzma decoder may ask for: a dictionary, and its tables."""
MAX_STREAMS = 64
"""Most streams behind each other that are read as one; an empty one takes 20 bytes."""
PIECE = 1 << 16
"""How many bytes a decoder is given at once."""
WRITTEN = 1 << 20
"""How many bytes a decoder may write at once."""
ZSTD_PIECE = 1 << 10
"""What a zstd decoder is given at once: four bytes make a block of 128 KiB, so 32 MiB at most."""
READ_COST = 8
"""A byte that is read costs as much as so many that are written."""
LZO_COST = 2
"""A byte of LZO, of which our decoder is slow, costs as much as so many of another format."""


class Compression(enum.Enum):
    """A compressed format, spelled as the kernel's configuration does."""

    GZIP = "gzip"
    XZ = "xz"
    LZMA = "lzma"
    ZSTD = "zstd"
    LZ4 = "lz4"
    LZ4_FRAME = "lz4 frame"
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
LZ4_FRAME = b"\x04\x22\x4d\x18"
"""What lz4's own frame begins with (lz4_Frame_format.md); no kernel unpacks one."""


@frozen
class Decompressed:
    """A program, and how many bytes of the input its stream took."""

    content: bytes
    consumed: int


def recognise(head: bytes) -> Compression | None:
    """Return the format whose magic ``head`` begins with."""
    if head.startswith(LZ4_FRAME):
        return Compression.LZ4_FRAME
    return next((kind for kind, magic in MAGICS if head.startswith(magic)), None)


def decompress(
    where: str,
    kind: Compression,
    data: memoryview,
    limit: int = MAX_PROGRAM,
    work: Work | None = None,
) -> Decompressed:
    """Decompress one stream at the start of ``data``; bytes after its end are left alone.

    :param work: told what the attempt cost, whether it succeeds or not
    :raises ImageError: it is corrupt, ends early, or holds more than ``limit`` bytes
    """
    output = _Output(limit)
    try:
        consumed = _DECODERS[kind](data, output)
    except _Refused as refusal:
        # What the step that failed had written is not told.
        output.total += WRITTEN
        raise ImageError(where, f"{kind.value} stream: {refusal}") from None
    finally:
        if work is not None:
            work.spend(READ_COST * output.read + output.total)
    return Decompressed(output.content(), consumed)


class _Output:
    """What a decoder has written so far; it never holds more than the limit and one piece."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.read = 0
        """How many bytes of the input the decoder was given."""
        self.total = 0
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        """Take a piece.

        :raises _Refused: with it, there is more than the limit
        """
        self.total += len(part)
        if self.total > self.limit:
            raise _Refused(f"holds more than {self.limit} bytes")
        self._parts.append(part)

    def content(self) -> bytes:
        """Return all of it."""
        return b"".join(self._parts)


class StreamError(Exception):
    """A stream that is read piece by piece is corrupt, or ends early."""


class Stream(Protocol):
    """A stream that is decompressed as far as it is read."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


@contextmanager
def open_stream(kind: Compression, data: memoryview) -> Iterator[Stream]:
    """Decompress ``data`` piece by piece, for what need not be read to its end.

    :raises StreamError: when a piece is corrupt or missing
    """
    import lzma

    import zstandard

    try:
        match kind:
            case Compression.GZIP:
                yield _Pieces(data, _GzipDecoder)
            case Compression.XZ:
                yield _Pieces(data, partial(_lzma_decoder, lzma.FORMAT_XZ))
            case Compression.LZMA:
                yield _Pieces(data, partial(_lzma_decoder, lzma.FORMAT_ALONE))
            case Compression.ZSTD:
                yield zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(data)
            case Compression.LZ4 | Compression.LZ4_FRAME | Compression.LZO:
                raise StreamError(f"{kind.value} is not read piece by piece")
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise StreamError(str(error)) from None


class _Decoder(Protocol):
    """What the standard library's bounded decoders have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        """Return at most ``max_length`` bytes."""
        ...


def _lzma_decoder(container: int) -> _Decoder:
    import lzma

    return lzma.LZMADecompressor(format=container, memlimit=MAX_MEMORY)


class _GzipDecoder:
    """zlib's decoder with the interface of lzma's."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        found = self._decoder.decompress(data or self._decoder.unconsumed_tail, max_length)
        self.eof, self.unused_data = self._decoder.eof, self._decoder.unused_data
        # With nothing left to take, what is held back comes with the next input.
        self.needs_input = not self._decoder.unconsumed_tail and len(found) < max_length
        return found


class _Pieces:
    """Streams behind each other, read as one."""

    def __init__(self, data: memoryview, new: Callable[[], _Decoder]) -> None:
        self._data = data
        self._new = new
        self._decoder = new()
        self._position = 0
        self._streams = 1

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        while True:
            if self._decoder.eof and not self._next_stream():
                return b""
            decoder = self._decoder
            piece: bytes | memoryview = b""
            if decoder.needs_input:
                piece = self._data[self._position : self._position + PIECE]
                if not piece:
                    return b""
                self._position += len(piece)
            found = decoder.decompress(piece, size)
            if found:
                return found

    def _next_stream(self) -> bool:
        """Go on to the stream behind one that ended, and say whether there is one."""
        self._position -= len(self._decoder.unused_data)
        self._streams += 1
        while bytes(self._data[self._position : self._position + 4]) == bytes(4):
            self._position += 4  # the padding of xz streams (xz-file-format.txt, 2.2)
        if self._position >= len(self._data):
            return False
        if self._streams > MAX_STREAMS:
            raise StreamError(f"more than {MAX_STREAMS} streams behind each other")
        self._decoder = self._new()
        return True


class _Refused(Exception):
    """A stream cannot be decompressed, and why."""


def _gzip(data: memoryview, output: _Output) -> int:
    return _bounded(_GzipDecoder(), data, output)


def _xz(data: memoryview, output: _Output) -> int:
    import lzma

    return _bounded(_lzma_decoder(lzma.FORMAT_XZ), data, output)


def _lzma(data: memoryview, output: _Output) -> int:
    import lzma

    return _bounded(_lzma_decoder(lzma.FORMAT_ALONE), data, output)


def _bounded(decoder: _Decoder, data: memoryview, output: _Output) -> int:
    """Decompress one stream in bounded steps, and return how many bytes it took."""
    import lzma

    try:
        while not decoder.eof:
            piece = data[output.read : output.read + PIECE] if decoder.needs_input else b""
            if decoder.needs_input and not piece:
                raise _Refused(f"ends early, after {output.total} bytes of content")
            output.read += len(piece)
            output.write(decoder.decompress(piece, WRITTEN))
    except (zlib.error, lzma.LZMAError, EOFError) as error:
        raise _Refused(f"corrupt ({error})") from None
    return output.read - len(decoder.unused_data or b"")  # lz4 has None for nothing


def _zstd(data: memoryview, output: _Output) -> int:
    import zstandard

    try:
        size = zstandard.frame_content_size(data[:18]) if len(data) >= 18 else -1
        if size > output.limit:
            raise _Refused(f"says that it holds {size} bytes, more than {output.limit}")
        decoder = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
        while not decoder.eof and (piece := data[output.read : output.read + ZSTD_PIECE]):
            output.read += len(piece)
            output.write(decoder.decompress(piece))
    except zstandard.ZstdError as error:
        raise _Refused(f"corrupt ({error})") from None
    if not decoder.eof:
        raise _Refused(f"ends early, after {output.total} bytes of content")
    return output.read - len(decoder.unused_data or b"")  # lz4 has None for nothing


def _lz4(data: memoryview, output: _Output) -> int:
    import lz4.block

    position = 4
    # Each block begins with its size; the last one is the one that is not full.
    while position + 4 <= len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        block = data[position + 4 : position + 4 + size]
        if len(block) < size or not size:
            raise _Refused(f"ends early, in the block at {position:#x}")
        output.read += size
        try:
            part = lz4.block.decompress(block, uncompressed_size=LZ4_BLOCK)
        except lz4.block.LZ4BlockError as error:
            raise _Refused(f"corrupt in the block at {position:#x} ({error})") from None
        output.write(part)
        position += 4 + size
        if len(part) < LZ4_BLOCK:
            break
    if not output.read:
        raise _Refused("ends early, before its first block")
    return position


def _lz4_frame(data: memoryview, output: _Output) -> int:
    import lz4.frame

    try:
        return _bounded(lz4.frame.LZ4FrameDecompressor(), data, output)
    except RuntimeError as error:
        raise _Refused(f"corrupt ({error})") from None


def _lzo(data: memoryview, output: _Output) -> int:
    from hypabi.image.containers.lzo import LzoError, read_lzop

    consumed = 0
    try:
        for part, consumed in read_lzop(data, output.limit):
            # An instruction takes as long as sixteen bytes of the other formats.
            output.read = LZO_COST * consumed
            output.write(part)
    except LzoError as error:
        raise _Refused(str(error)) from None
    return consumed


_DECODERS: dict[Compression, Callable[[memoryview, _Output], int]] = {
    Compression.GZIP: _gzip,
    Compression.XZ: _xz,
    Compression.LZMA: _lzma,
    Compression.ZSTD: _zstd,
    Compression.LZ4: _lz4,
    Compression.LZ4_FRAME: _lz4_frame,
    Compression.LZO: _lzo,
}
