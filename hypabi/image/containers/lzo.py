"""Decompress what ``lzop`` writes.

Ours, because the one binding that is kept (python-lzo) is under the GPL, which does not fit this
project's licence.  Written from the description of the bit stream that the kernel's documentation
has (Documentation/staging/lzo.rst); only the plain stream, which ``lzop`` writes, is understood.
"""

import zlib
from collections.abc import Iterator

from hypabi.records import frozen

MAX_BLOCK = 64 << 20
"""Largest block accepted; ``lzop`` writes 256 KiB, its format allows this."""
MAX_BLOCKS = 1 << 16
MAX_PACKED = 24 << 20
"""Most bytes that are unpacked; a kernel of Debian's for arm64 has two thirds of that."""
_END_DISTANCE = 16384
"""The distance that means the end of a block."""

_ADLER32_D, _ADLER32_C, _CRC32_D, _CRC32_C = 0x1, 0x2, 0x100, 0x200
_FILTER, _EXTRA, _MULTIPART = 0x800, 0x40, 0x400


class LzoError(Exception):
    """The stream is not what ``lzop`` writes."""


@frozen
class _Header:
    flags: int
    end: int


def decompress_lzop(data: memoryview, limit: int) -> tuple[bytes, int]:
    """Decompress an ``lzop`` file, and return its content and how many bytes it took.

    :raises LzoError: it is corrupt, ends early, or holds more than ``limit`` bytes
    """
    found = list(read_lzop(data, limit))
    return b"".join(part for part, _ in found), found[-1][1]


def read_lzop(data: memoryview, limit: int) -> Iterator[tuple[bytes, int]]:
    """Yield the content of each block of an ``lzop`` file, and how many bytes were taken so far.

    :raises LzoError: it is corrupt, ends early, or holds more than ``limit`` bytes
    """
    header = _header(data)
    position = header.end
    total = packed = 0
    for _ in range(MAX_BLOCKS):
        size = _number(data, position, 4)
        if size == 0:
            yield b"", position + 4
            return
        total += size
        packed += _number(data, position + 4, 4)
        if size > MAX_BLOCK or total > limit:
            raise LzoError(f"the block at {position:#x} holds {size} bytes, more than is accepted")
        if packed > MAX_PACKED:
            raise LzoError(f"more than {MAX_PACKED >> 20} MiB are packed")
        part, position = _block(data, position, size, header.flags)
        yield part, position
    raise LzoError(f"has more than {MAX_BLOCKS} blocks")


def _number(data: memoryview, position: int, size: int) -> int:
    if position + size > len(data):
        raise LzoError(f"ends early, at {position:#x}")
    return int.from_bytes(data[position : position + size], "big")


def _header(data: memoryview) -> _Header:
    """Read the header: magic, versions, method, flags, mode, time, name, checksum."""
    version = _number(data, 9, 2)
    modern = version >= 0x0940
    position = 15 if modern else 13
    method = _number(data, position, 1)
    if method not in (1, 2, 3):
        raise LzoError(f"compression method {method} at {position:#x} is not LZO1X")
    position += 2 if modern else 1
    flags = _number(data, position, 4)
    if flags & (_FILTER | _EXTRA | _MULTIPART):
        raise LzoError(f"flags {flags:#x} at {position:#x} ask for a filter or for several parts")
    position += 4 + 4 + (8 if modern else 4)
    position += 1 + _number(data, position, 1)
    _number(data, position, 4)
    return _Header(flags, position + 4)


def _block(data: memoryview, start: int, size: int, flags: int) -> tuple[bytes, int]:
    """Decompress the block whose sizes stand at ``start``, and return where the next one starts."""
    packed = _number(data, start + 4, 4)
    if not 0 < packed <= size:
        raise LzoError(f"the block at {start:#x} has {packed} bytes for {size}")
    position = start + 8
    adler = _number(data, position, 4) if flags & _ADLER32_D else None
    position += 4 * bool(flags & _ADLER32_D) + 4 * bool(flags & _CRC32_D)
    if packed < size:
        position += 4 * bool(flags & _ADLER32_C) + 4 * bool(flags & _CRC32_C)
    source = bytes(data[position : position + packed])
    if len(source) < packed:
        raise LzoError(f"ends early, in the block at {start:#x}")
    try:
        content = source if packed == size else _lzo1x(source, size)
    except IndexError:
        raise LzoError(f"the block at {start:#x} is corrupt") from None
    if len(content) != size or (adler is not None and zlib.adler32(content) != adler):
        raise LzoError(f"the block at {start:#x} is corrupt (checksum)")
    return content, position + packed


def _lzo1x(source: bytes, size: int) -> bytes:
    """Decompress one LZO1X block of at most ``size`` bytes.

    Each instruction copies a match from what was written, then 0 to 3 literals; a zero where a
    match would follow fewer than four literals starts a long run of them.

    :raises IndexError: an instruction reaches outside the source, or a match over the end
    """
    output = bytearray()
    position, literals = 0, 0
    if source[0] > 17:
        position, count = 1, source[0] - 17
        output += source[1 : 1 + count]
        position, literals = 1 + count, min(count, 4)
    while len(output) <= size:
        code = source[position]
        position += 1
        if code < 16 and literals == 0:
            count, position = _length(source, position, code, 15)
            output += source[position : position + count + 3]
            position, literals = position + count + 3, 4
            continue
        if code >= 64:
            count = (code >> 5) + 1 if code >= 128 else 3 + (code >> 5 & 1)
            distance = (source[position] << 3) + (code >> 2 & 7) + 1
            tail, position = code & 3, position + 1
        elif code < 16:
            count, distance = (3, 2049) if literals == 4 else (2, 1)
            distance += (source[position] << 2) + (code >> 2)
            tail, position = code & 3, position + 1
        else:
            mask = 31 if code >= 32 else 7
            count, position = _length(source, position, code & mask, mask)
            word = source[position] | source[position + 1] << 8
            position, tail, count = position + 2, word & 3, count + 2
            distance = (word >> 2) + 1
            if code < 32:
                distance += _END_DISTANCE - 1 + ((code & 8) << 11)
                if distance == _END_DISTANCE:
                    return bytes(output)
        if count > size - len(output):
            raise IndexError
        _copy(output, distance, count)
        output += source[position : position + tail]
        position, literals = position + tail, tail
    raise IndexError


def _length(source: bytes, position: int, low: int, mask: int) -> tuple[int, int]:
    """Read a length: the low bits, or the mask plus 255 for every zero byte plus the next byte."""
    if low:
        return low, position
    zeros = 0
    while source[position + zeros] == 0:
        zeros += 1
    return mask + 255 * zeros + source[position + zeros], position + zeros + 1


def _copy(output: bytearray, distance: int, count: int) -> None:
    """Copy ``count`` bytes from ``distance`` back; where they overlap, what is written repeats."""
    start = len(output) - distance
    if start < 0:
        raise IndexError
    if count <= distance:
        output += output[start : start + count]
    else:
        pattern = output[start:]
        output += (pattern * (count // distance + 1))[:count]
