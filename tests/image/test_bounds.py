"""What a small file may ask of a reader is counted, and what is beyond is refused in one line."""

import gzip
import lzma
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.code.alternatives import Patches
from hypabi.image.containers import compression
from hypabi.image.containers.compression import Compression, StreamError, decompress, open_stream
from hypabi.image.containers.lzo import LzoError, decompress_lzop
from hypabi.image.content import Content
from hypabi.image.kallsyms.tables import MAX_SEARCH, find_tables
from hypabi.image.load import load_image
from hypabi.image.model import ImageError
from hypabi.image.work import Work
from tests.image.containers.made import compress, deb, tar, zimage
from tests.image.tiny_kernel import Layout, tiny_kernel

ARM64 = tiny_kernel(Architecture.ARM64, Layout.V6_1).content


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], str]:
    def refuse(content: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(ImageError) as refused:
            load_image(path)
        line = str(refused.value)
        assert "\n" not in line
        return line

    return refuse


def zstd_of_runs(blocks: int) -> bytes:
    """Return a frame whose every block is four bytes for 128 KiB (RFC 8878, 3.1.1.2)."""
    header = b"\x28\xb5\x2f\xfd\x00\x38"
    rows = [
        ((128 << 10) << 3 | 1 << 1 | (number == blocks - 1)).to_bytes(3, "little") + b"\0"
        for number in range(blocks)
    ]
    return header + b"".join(rows)


def lzo_of(packed: bytes, size: int) -> bytes:
    """Return an lzop file of one block without a checksum."""
    fields = (0x1030, 0x20A0, 0x0940, 1, 5, 0x03000000, 0o100644, 0, 0, 0)
    header = b"\x89LZO\x00\r\n\x1a\n" + struct.pack(">HHHBBIIIIB", *fields) + bytes(4)
    return header + struct.pack(">II", size, len(packed)) + packed + bytes(4)


def test_a_decoder_of_zstd_writes_no_more_than_a_piece_beyond_the_limit() -> None:
    written: list[int] = []

    class Watched(compression._Output):
        def write(self, part: bytes) -> None:
            written.append(len(part))
            super().write(part)

    limit = 4 << 20
    with pytest.raises(compression._Refused, match="holds more than"):
        compression._zstd(memoryview(zstd_of_runs(16_000)), Watched(limit))
    assert sum(written) <= limit + (compression.ZSTD_PIECE // 4 + 1) * (128 << 10)


@pytest.mark.parametrize("kind", ["gzip", "xz", "lzma", "zstd"])
def test_what_a_stream_costs_is_told_whether_it_is_good_or_not(kind: str) -> None:
    content = compress(kind, bytes(3 << 20))
    good, bad = Work(1 << 30), Work(1 << 30)
    decompress("x", Compression(kind), memoryview(content), work=good)
    assert (1 << 30) - good.left >= 3 << 20
    with pytest.raises(ImageError):
        decompress("x", Compression(kind), memoryview(content[:-20]), work=bad)
    assert (1 << 30) - bad.left >= len(content) - 20


def test_a_match_of_lzo_that_is_longer_than_its_block_is_never_copied() -> None:
    # Four literals, then a match of 31 + 255 * zeros + 1 + 2 bytes, 1 back.
    packed = bytes((17 + 4,)) + b"abcd" + b"\x20" + bytes(100_000) + b"\x01\0\0"
    with pytest.raises(LzoError, match="corrupt"):
        decompress_lzop(memoryview(lzo_of(packed, 1 << 20)), 128 << 20)


def test_lzo_that_packs_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypabi.image.containers.lzo.MAX_PACKED", 1 << 10)
    with pytest.raises(LzoError, match="are packed"):
        decompress_lzop(memoryview(lzo_of(bytes(2 << 10), 4 << 10)), 128 << 20)


@pytest.mark.parametrize("kind", ["xz", "lzma"])
def test_a_dictionary_larger_than_any_kernel_is_compressed_with_is_refused(
    refusal: Callable[[bytes], str], kind: str
) -> None:
    huge = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    if kind == "xz":
        content = lzma.compress(b"x", lzma.FORMAT_XZ, filters=huge)
    else:
        content = b"\x5d" + (1 << 30).to_bytes(4, "little") + compress("lzma", b"x" * 99)[5:]
    assert f"{kind} stream: corrupt (Memory usage limit" in refusal(content)
    suffix = {"xz": ".xz", "lzma": ".lzma"}[kind]
    package = bytearray(deb(".gz", {"a": b"x"}))
    member = b"data.tar.gz"
    at = package.index(member)
    package[at : at + 16] = f"data.tar{suffix}".ljust(16).encode()
    package[at + 48 : at + 58] = str(len(content)).ljust(10).encode()
    package[at + 60 :] = content
    assert "Memory usage limit" in refusal(bytes(package))


def test_streams_behind_each_other_are_read_as_one_but_not_without_end() -> None:
    few = gzip.compress(b"a") + gzip.compress(b"") + gzip.compress(b"b")
    with open_stream(Compression.GZIP, memoryview(few)) as stream:
        assert stream.read(1) + stream.read(9) == b"ab"
    many = gzip.compress(b"") * 100
    with (
        pytest.raises(StreamError, match="more than 64 streams"),
        open_stream(Compression.GZIP, memoryview(many)) as stream,
    ):
        stream.read(1)


def test_xz_streams_with_padding_are_read_as_one() -> None:
    content = lzma.compress(b"a") + bytes(8) + lzma.compress(b"b")
    with open_stream(Compression.XZ, memoryview(content)) as stream:
        assert stream.read(1) + stream.read(1) + stream.read(1) == b"ab"


def test_containers_together_hold_no_more_than_the_bound(
    refusal: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["hypabi.image.load"], "MAX_DECOMPRESSED", 3 << 20)
    inner = compress("gzip", bytes(2 << 20))
    outer = compress("gzip", inner + bytes((2 << 20) - len(inner)))
    assert "its containers hold more than 3 MiB together" in refusal(outer)


def test_what_looks_like_the_kernel_of_a_zimage_is_tried_within_a_bound(
    refusal: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = zimage("gzip", tiny_kernel(Architecture.ARM, Layout.V6_1).content, table=False)
    assert load_formats(good) == ("arm zImage", "gzip")
    broken = gzip.compress(bytes(1 << 20))[:-8] + bytes(64)
    head = bytearray(good[:0x400] + broken * 4 + good[0x400:])
    head[0x2C:0x30] = len(head).to_bytes(4, "little")
    assert load_formats(bytes(head)) == ("arm zImage", "gzip")
    monkeypatch.setattr("hypabi.image.containers.zimage.MAX_ATTEMPTED", 2 << 20)
    assert "too much that looks like its compressed kernel" in refusal(bytes(head))


def load_formats(content: bytes) -> tuple[str, ...]:
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return load_image(file.name).formats


SIZES = [
    b"+0000000001",
    b"0_1",
    b"-1",
    b"0x10",
    b"0o7",
    b" 9",
    b"8",
    b"1 1",
    b"\xb2\xb9",
    b"\x80\0\0\0\0\0\0\0\0\0\x10\0",
    b"\xff" * 12,
    b"1\n",
]
"""What is no size of a tar member, though ``int`` may take it for one."""


@pytest.mark.parametrize("size", SIZES)
def test_a_size_of_a_tar_member_is_octal_digits(
    refusal: Callable[[bytes], str], size: bytes
) -> None:
    archive = bytearray(tar({"./boot/vmlinuz-1": ARM64}))
    archive[124:136] = size.ljust(12, b"\0")[:12]
    archive[148:156] = b" " * 8
    archive[148:156] = f"{sum(archive[:512]):06o}\0 ".encode()
    assert "is no tar archive 0x0 bytes into it" in refusal(package(bytes(archive)))


def package(archive: bytes) -> bytes:
    """Return a Debian package around a tar archive."""
    found = bytearray(b"!<arch>\n")
    content = gzip.compress(archive)
    name = "data.tar.gz"
    found += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
    return bytes(found + content)


@pytest.mark.parametrize("size", [b"-1", b"+1", b"0_1", b"1e9", b"\xb2"])
def test_a_size_of_an_ar_member_is_decimal_digits(
    refusal: Callable[[bytes], str], size: bytes
) -> None:
    found = bytearray(package(tar({"a": b"x"})))
    found[8 + 48 : 8 + 58] = size.ljust(10)
    assert "Debian package cut short" in refusal(bytes(found))


def kallsyms_like(area: bytes) -> Content:
    """Return an area behind which a table of tokens stands, and nothing that fits to it."""
    tokens = [bytes((n,)) if 48 <= n < 58 else b"ab%03d" % n for n in range(256)]
    text = b"".join(token + b"\0" for token in tokens)
    starts = [sum(len(token) + 1 for token in tokens[:n]) for n in range(256)]
    aligned = text + bytes(-len(text) % 8)
    return Content.whole(area + aligned + struct.pack("<256H", *starts))


@pytest.mark.parametrize(
    "area",
    [
        struct.pack("<I", 512) * 32_768 + struct.pack("<III", 0, 520, 1) * 200,
        (struct.pack("<I", 49_999) + b"\1a\1a") * 16_000
        + b"\1a" * 50_000
        + struct.pack("<196I", *range(0, 196 * 512, 512)),
    ],
    ids=["many markers", "long walks"],
)
def test_the_search_for_kallsyms_ends_where_its_cost_does(area: bytes) -> None:
    work = Work(MAX_SEARCH)
    with pytest.raises(ImageError, match="the search for it was given up"):
        find_tables(kallsyms_like(area), Architecture.ARM64, work)
    assert work.spent
    assert work.left > -MAX_SEARCH // 8


def test_a_real_search_is_far_from_its_bound() -> None:
    work = Work(MAX_SEARCH)
    assert find_tables(Content.whole(ARM64), Architecture.ARM64, work) is not None
    assert work.left > MAX_SEARCH * 99 // 100


def elf(sections: list[tuple[int, int, int]], strings: bytes, code: bytes, kind: int = 2) -> bytes:
    """Return an ELF file of code sections: position of the name, address and size of each."""
    offset = 64
    body = code + strings
    table = (offset + len(body) + 7) & -8
    rows = [bytes(64)]
    rows += [
        struct.pack("<IIQQQQIIQQ", name, 1, 6, address, offset, size, 0, 0, 4, 0)
        for name, address, size in sections
    ]
    rows.append(
        struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, offset + len(code), len(strings), 0, 0, 1, 0)
    )
    count = len(rows)
    fields = (kind, 183, 1, 0x80000, 0, table, 0, 64, 56, 0, 64, count, count - 1)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", *fields)
    return (header + body).ljust(table, b"\0") + b"".join(rows)


def test_sections_that_share_the_longest_name_are_refused(
    refusal: Callable[[bytes], str],
) -> None:
    long = elf([(1, 0x80000, 4)], b"\0" + b"a" * 5000 + b"\0", bytes(4))
    assert "ELF section whose name has more than 4096 characters" in refusal(long)
    many = [(1 + n % 100, 0x80000 + 4 * n, 4) for n in range(6000)]
    shared = elf(many, b"\0" + b"a" * 4000 + b"\0", bytes(4))
    assert "ELF sections whose names have more than" in refusal(shared)


def test_sections_of_an_object_that_share_their_bytes_are_not_copied_without_end(
    refusal: Callable[[bytes], str],
) -> None:
    many = [(1, 0, 1 << 20) for _ in range(100)]
    assert "of more than 64 MiB of code and data" in refusal(elf(many, b"\0a\0", bytes(1 << 20), 1))


def test_thousands_of_sections_are_found_by_address(tmp_path: Path) -> None:
    rows = [(1, 0x80000 + 0x1000 * n, 4) for n in range(5000)]
    path = tmp_path / "file"
    path.write_bytes(elf(rows, b"\0.text\0", bytes(4)))
    image = load_image(path).images[0]
    for _, address, size in rows[::97]:
        segment = image.segment(address + size - 1)
        assert segment is not None
        assert segment.address == address
        assert image.segment(address + size) is None
    assert image.segment(0x7FFFF) is None


def test_alternatives_without_end_at_one_word_are_refused() -> None:
    class Many:
        count = 2000

        def starts(self) -> list[int]:
            return [0x1000] * self.count

    with pytest.raises(ImageError, match="alternatives are here"):
        Patches((Many(),)).at(0x1000)  # type: ignore[arg-type]
