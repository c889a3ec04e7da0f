"""A compressor that writes what ``lzop`` writes, with every kind of instruction that LZO1X has.

Greedy, with a hash of three bytes: good enough to exercise the decoder, and independent of it.
"""

import struct
import zlib
from collections.abc import Iterator

BLOCK = 256 << 10
_FLAGS = 0x03000001  # F_OS_UNIX, F_ADLER32_D


def lzop(content: bytes) -> bytes:
    """Compress as ``lzop -1 --no-name`` lays it out."""
    header = struct.pack(">HHHBBIIIIB", 0x1030, 0x20A0, 0x0940, 1, 5, _FLAGS, 0o100644, 0, 0, 0)
    output = bytearray(b"\x89LZO\x00\r\n\x1a\n" + header)
    output += struct.pack(">I", zlib.adler32(header))
    for start in range(0, len(content), BLOCK):
        block = content[start : start + BLOCK]
        packed = lzo1x(block)
        if len(packed) >= len(block):
            packed = block
        output += struct.pack(">III", len(block), len(packed), zlib.adler32(block)) + packed
    return bytes(output) + bytes(4)


def lzo1x(block: bytes) -> bytes:
    """Compress one block."""
    output = bytearray()
    tail = 0  # How many literals follow the last match: they stand in its low bits.
    last_match = -1
    for literals, distance, length in _parse(block):
        tail = _literals(output, literals, last_match)
        last_match = _match(output, distance, length, tail)
    return bytes(output)


def _parse(block: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield literals and the match after them; the last one has distance 0."""
    known: dict[bytes, int] = {}
    start = position = 0
    while position < len(block):
        seen = known.get(block[position : position + 3], -1)
        known[block[position : position + 3]] = position
        distance = position - seen
        # A run of four literals must come first: the first instruction is never a match.
        if seen < 0 or distance > 0xBFFF or position < 4 or position + 3 > len(block):
            position += 1
            continue
        length = 3
        while position + length < len(block) and block[position + length] == block[seen + length]:
            length += 1
        yield block[start:position], distance, length
        position += length
        start = position
    yield block[start:], 0, 0


def _literals(output: bytearray, literals: bytes, last_match: int) -> int:
    """Write a run of literals, and return the state that it leaves."""
    count = len(literals)
    if last_match < 0 and count < 238:
        output.append(count + 17)
        output += literals
        return min(count, 4)
    if 0 < count < 4 and last_match >= 0:
        output[last_match] |= count
        output += literals
        return count
    if count >= 4 or last_match < 0:
        output += _number(count - 3, 0, 15) + literals
        return 4
    return 0


def _number(value: int, opcode: int, mask: int) -> bytes:
    if value <= mask:
        return bytes((opcode | value,))
    zeros, rest = divmod(value - mask - 1, 255)
    return bytes((opcode,)) + bytes(zeros) + bytes((rest + 1,))


def _match(output: bytearray, distance: int, length: int, state: int) -> int:
    """Write a match, and return where its low two bits are."""
    if distance == 0:
        output += b"\x11\x00\x00"
        return -1
    if length == 3 and state == 4 and 2048 < distance <= 3072:
        far = distance - 2049
        output += bytes(((far & 3) << 2, far >> 2))
        return len(output) - 2
    if length <= 4 and distance <= 2048:
        far = distance - 1
        output += bytes((0x40 | (length - 3) << 5 | (far & 7) << 2, far >> 3))
        return len(output) - 2
    if length <= 8 and distance <= 2048:
        far = distance - 1
        output += bytes(((length - 1) << 5 | (far & 7) << 2, far >> 3))
        return len(output) - 2
    if distance <= 16384:
        output += _number(length - 2, 0x20, 31)
        far = (distance - 1) << 2
    else:
        output += _number(length - 2, 0x10 | (distance - 16384) >> 14 << 3, 7)
        far = ((distance - 16384) & 0x3FFF) << 2
    output += struct.pack("<H", far)
    return len(output) - 2
