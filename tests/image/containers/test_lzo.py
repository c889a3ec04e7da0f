"""LZO is decompressed as it was compressed."""

import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.image.containers.lzo import LzoError, decompress_lzop
from tests.image.lzop import BLOCK, lzop
from tests.inputs import find_tool

LIMIT = 8 << 20


def _mixed(size: int, seed: int) -> bytes:
    """Return bytes that repeat at every distance that LZO1X has an instruction for."""
    chance = random.Random(seed)
    content = bytearray(chance.randbytes(300))
    while len(content) < size:
        distance = chance.choice((1, 2, 7, 300, 2048, 2049, 3000, 5000, 16384, 16385, 40000))
        length = chance.choice((3, 4, 5, 8, 9, 33, 34, 300, 1200))
        if distance <= len(content):
            for _ in range(length):
                content.append(content[-distance])
        content += chance.randbytes(chance.choice((0, 1, 2, 3, 4, 18, 19, 300)))
    return bytes(content)


@pytest.mark.parametrize("size", [1, 3, 4, 17, 18, 238, 239, 5000, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_content_survives(size: int) -> None:
    for seed in range(3):
        content = _mixed(size, seed)[:size]
        stream = lzop(content)
        assert decompress_lzop(memoryview(stream + b"after"), LIMIT) == (content, len(stream))


@given(st.binary(max_size=600))
def test_any_content_survives(content: bytes) -> None:
    repeated = content * 3
    assert decompress_lzop(memoryview(lzop(repeated)), LIMIT)[0] == repeated


def test_what_the_real_lzop_wrote_is_read() -> None:
    tool = find_tool("lzop")
    content = _mixed(700_000, 9)
    for level in ("-1", "-9"):
        ran = subprocess.run([tool, level, "-c"], input=content, capture_output=True, check=True)
        assert decompress_lzop(memoryview(ran.stdout), LIMIT) == (content, len(ran.stdout))


def test_a_stream_cut_anywhere_is_refused() -> None:
    stream = lzop(_mixed(3000, 1))
    for end in range(9, len(stream), 7):
        with pytest.raises(LzoError):
            decompress_lzop(memoryview(stream[:end]), LIMIT)


def test_a_changed_byte_is_noticed() -> None:
    """The checksum of each block covers its content; the header's fields are not content."""
    content = _mixed(3000, 2)
    stream = lzop(content)
    for position in range(38 + 12, len(stream) - 4, 5):
        broken = bytearray(stream)
        broken[position] ^= 0x40
        with pytest.raises(LzoError):
            decompress_lzop(memoryview(bytes(broken)), LIMIT)


def test_more_content_than_accepted_is_refused() -> None:
    with pytest.raises(LzoError, match="more than is accepted"):
        decompress_lzop(memoryview(lzop(bytes(2 * BLOCK))), BLOCK)
