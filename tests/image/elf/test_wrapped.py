"""A kernel in an ELF file that a tool has put around it is read as it is without the file."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image
from tests.image.containers.made import zimage
from tests.image.tiny_kernel import LINK, Layout, tiny_kernel

ALL = 0x7
"""SHF_WRITE, SHF_ALLOC and SHF_EXECINSTR."""


def wrapped(bits: int, sections: Sequence[tuple[str, int, int, int, bytes]]) -> bytes:
    """Make a linked ELF file of sections: name, type, flags, address and content each."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".shstrtab\0"
    rows = [(0, 0, 0, 0, 0, 0)]
    wide = bits == 64
    offset, body = (64 if wide else 52), b""
    listed = [*sections, (".shstrtab", 3, 0, 0, names)]
    for name, kind, flags, address, content in listed:
        at = names.index(b"\0" + name.encode() + b"\0") + 1
        size = int.from_bytes(content, "little") if kind == 8 else len(content)
        rows.append((at, kind, flags, address, offset + len(body), size))
        body += b"" if kind == 8 else content
    start = offset + len(body)
    head = b"\x7fELF" + bytes((2 if wide else 1, 1, 1)) + bytes(9)
    word = "Q" if wide else "I"
    machine = 183 if wide else 40
    head += struct.pack(f"<HHI3{word}", 2, machine, 1, 0, 0, start)
    head += struct.pack("<I6H", 0, offset, 0, 0, 64 if wide else 40, len(rows), len(rows) - 1)
    table = b"".join(
        struct.pack(f"<II4{word}II2{word}", n, k, f, a, o, s, 0, 0, 1, 0)
        for n, k, f, a, o, s in rows
    )
    return head + body + table


def _image(tmp_path: Path, content: bytes) -> tuple[tuple[str, ...], Image]:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}"  # a file that is read is mapped
    path.write_bytes(content)
    loaded = load_image(path)
    return loaded.formats, loaded.images[-1]


def _alike(one: Image, other: Image) -> bool:
    assert [(s.address, bytes(s.content), s.access) for s in one.segments] == [
        (s.address, bytes(s.content), s.access) for s in other.segments
    ]
    return (list(one.symbols), one.version, one.base) == (
        list(other.symbols), other.version, other.base,
    )  # fmt: skip


@pytest.mark.parametrize("layout", [Layout.V6_1, Layout.V6_12])
def test_an_arm64_kernel_is_the_same_in_one_section(tmp_path: Path, layout: Layout) -> None:
    kernel = tiny_kernel(Architecture.ARM64, layout).content
    bss = (".bss", 8, ALL, LINK[Architecture.ARM64] + len(kernel), (1 << 24).to_bytes(4, "little"))
    around = wrapped(64, [(".kernel", 1, ALL, LINK[Architecture.ARM64], kernel), bss])
    formats, image = _image(tmp_path, around)
    assert formats == ("ELF around a kernel",)
    assert _alike(image, _image(tmp_path, kernel)[1])


def test_the_relocations_are_put_back_where_they_were(tmp_path: Path) -> None:
    kernel = tiny_kernel(Architecture.ARM64, Layout.V6_1).content
    mark = (0x403).to_bytes(8, "little")
    start = kernel.index(mark) - 8
    end = start
    while kernel[end + 8 : end + 16] == mark:
        end += 24
    base = LINK[Architecture.ARM64]
    around = wrapped(
        64,
        [
            (".kernel", 1, ALL, base, kernel[:start]),
            (".kernel2", 1, ALL, base + end, kernel[end:]),
            (".rela.dyn", 4, 0, 0, kernel[start:end]),
        ],
    )
    assert end - start >= 24
    assert _alike(_image(tmp_path, around)[1], _image(tmp_path, kernel)[1])


def test_a_32_bit_kernel_is_the_same_in_one_section(tmp_path: Path) -> None:
    kernel = tiny_kernel(Architecture.ARM, Layout.V6_1).content
    base = LINK[Architecture.ARM]
    bss = (".bss", 8, ALL, base + len(kernel), (0x3000).to_bytes(4, "little"))
    formats, image = _image(tmp_path, wrapped(32, [(".kernel", 1, ALL, base, kernel), bss]))
    assert formats == ("ELF around a kernel",)
    assert _alike(image, _image(tmp_path, zimage("gzip", kernel))[1])


def test_a_program_that_may_write_itself_is_no_kernel(tmp_path: Path) -> None:
    code = bytes.fromhex("c0035fd6") * 64
    formats, image = _image(tmp_path, wrapped(64, [(".text", 1, ALL, 0x40080000, code)]))
    assert formats == ("ELF",)
    assert image.segments[0].access is Access.WRITABLE
