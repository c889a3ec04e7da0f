"""What cannot be read is refused in one line: what it looked like, and where that ended."""

import importlib
import os
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.image.containers import compression
from hypabi.image.load import MAX_FILE, load_image
from hypabi.image.model import ImageError
from tests.image.containers.made import COMPRESSIONS, compress, deb, pe, tar, zboot, zimage
from tests.image.tiny_kernel import Layout, tiny_kernel
from tests.inputs import Assemble, skip_for

ARM64 = tiny_kernel(Architecture.ARM64, Layout.V6_1).content
ARM = tiny_kernel(Architecture.ARM, Layout.V6_1).content


def _refusal(path: Path | str) -> str:
    with pytest.raises(ImageError) as refused:
        load_image(path)
    line = str(refused.value)
    assert isinstance(refused.value, HypabiError)
    assert line.startswith(str(path))
    assert "\n" not in line
    assert len(line) < 600
    return line.removeprefix(str(path))


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], str]:
    def of(content: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(content)
        return _refusal(path)

    return of


def test_missing_file(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "nowhere") == ": No such file or directory"


def test_name_with_a_zero_byte() -> None:
    assert "null" in _refusal("a\0b")


def test_folder(tmp_path: Path) -> None:
    assert _refusal(tmp_path) == ": is not a regular file"


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _refusal(tmp_path / "pipe") == ": is not a regular file"


def test_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "closed"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        skip_for("unprivileged", "this user may read everything")
    assert _refusal(path) == ": Permission denied"


def test_empty_file(refusal: Callable[[bytes], str]) -> None:
    assert refusal(b"") == ": is empty"


def test_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing"
    path.write_bytes(ARM64)
    monkeypatch.setattr(importlib.import_module("hypabi.image.load"), "_read", _grow(path))
    assert _refusal(path) == ": was changed while it was read"


def _grow(path: Path) -> Callable[..., object]:
    def read(*_: object) -> object:
        with path.open("ab") as file:
            file.write(b"x")
        return None

    return read


def test_nothing_reads_on_after_a_refusal(tmp_path: Path) -> None:
    """A mapped file that shrinks kills whoever touches it; only the reading itself may."""
    path = tmp_path / "cut"
    for _ in range(20):
        path.write_bytes(ARM64[:64] + bytes(16 << 20))
        _refusal(path)
        path.write_bytes(b"")


def test_gigantic_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "gigantic"
    with path.open("wb") as file:
        file.write(ARM64)
        file.truncate(1 << 40)
    started = time.monotonic()
    assert f"more than the {MAX_FILE} that are accepted" in _refusal(path)
    assert time.monotonic() - started < 5, "the file was read"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"hello, world\n",
            ": offset 0x0: no kernel image, ELF file or package begins with 68 65",
            id="text",
        ),
        pytest.param(b"\0", ": offset 0x0: no kernel image", id="one byte"),
        pytest.param(
            bytes(0x202) + b"HdrS" + bytes(64), ": offset 0x202: x86 bzImage", id="bzImage"
        ),
        pytest.param(
            b"MZ" + bytes(0x200) + b"HdrS" + bytes(64),
            ": offset 0x202: x86 bzImage",
            id="bzImage with EFI",
        ),
        pytest.param(
            b"MZ" + bytes(0x36) + b"RSC\x05" + bytes(64), ": offset 0x38: RISC-V Image", id="RISC-V"
        ),
        pytest.param(pe({".text": b"x"}, 0x8664), ": EFI program for x86-64", id="EFI for x86"),
        pytest.param(
            pe({".text": b"x"}), ": EFI program without a section .linux", id="EFI program"
        ),
        pytest.param(
            pe({".linux": b"x" * 99}),
            ": section .linux: offset 0x0: no kernel image",
            id="UKI of nothing",
        ),
        pytest.param(
            b"MZ" + bytes(100), ": offset 0x3c: begins with MZ, but has no PE header", id="DOS"
        ),
        pytest.param(
            pe({".linux": ARM64})[:-0x400], "PE file cut short: section .linux", id="UKI cut"
        ),
        pytest.param(
            zboot("gzip", ARM64)[:-1], ": offset 0x8: EFI zboot image cut short", id="zboot cut"
        ),
        pytest.param(
            zboot("gzip", ARM64, "brotli"),
            ": offset 0x18: EFI zboot image compressed with 'brotli'",
            id="zboot brotli",
        ),
        pytest.param(
            zboot("gzip", ARM64, "xz"), ": offset 0x200: xz stream: corrupt", id="zboot that lies"
        ),
        pytest.param(zimage("xz", ARM)[:-0x60], ": offset 0x2c: arm zImage of", id="zImage cut"),
        pytest.param(
            ARM64[:64], "arm64 kernel without kallsyms that hypabi can read", id="header only"
        ),
        pytest.param(
            ARM64[:-0x100] + bytes(1 << 20),
            ": offset 0x10: arm64 Image with image_size",
            id="longer than it says",
        ),
        pytest.param(
            ARM64[:16] + b"\xff" * 8 + ARM64[24:],
            ": offset 0x10: arm64 Image with image_size 0xffffffffffffffff",
            id="image_size",
        ),
        pytest.param(b"!<arch>\n", ": offset 0x8: ar archive without objects", id="empty archive"),
        pytest.param(
            deb(".xz", {"./boot/x": b"x"}),
            "Debian package without a kernel",
            id="package without kernel",
        ),
        pytest.param(
            deb(".xz", {"./boot/vmlinuz-1": b"x"}),
            ": boot/vmlinuz-1: offset 0x0: no kernel",
            id="package of nothing",
        ),
        pytest.param(
            deb(".xz", {"./boot/vmlinuz-1": b""}),
            ": boot/vmlinuz-1: is empty",
            id="package of an empty file",
        ),
        pytest.param(
            deb(".zst", {"./boot/vmlinuz-1": ARM64})[:-5000],
            "Debian package cut short: its member data.tar.zst",
            id="package cut",
        ),
        pytest.param(
            deb(".xz", {"./a": b"a"}).replace(b"data.tar.xz ", b"data.tar.lz4"),
            "in an unknown format",
            id="package with lz4",
        ),
    ],
)
def test_what_is_no_kernel(refusal: Callable[[bytes], str], content: bytes, expected: str) -> None:
    assert expected in refusal(content)


@pytest.mark.parametrize("suffix", [".xz", ".zst", ".gz"])
def test_corrupt_package(refusal: Callable[[bytes], str], suffix: str) -> None:
    content = bytearray(deb(suffix, {"./boot/vmlinuz-1": ARM64}))
    start = content.rindex(b"`\n") + 2
    content[start + 100 : start + 120] = b"\xa5" * 20
    assert f"Debian package whose data.tar{suffix} is corrupt or cut short" in refusal(
        bytes(content)
    )


def test_what_is_no_tar_archive(refusal: Callable[[bytes], str]) -> None:
    content = deb(".gz", {"./boot/vmlinuz-1": ARM64})
    start = content.rindex(b"`\n") + 2
    inner = compress("gzip", b"x" * 5000).ljust(len(content) - start, b"\0")
    assert "data.tar.gz is no tar archive" in refusal(content[:start] + inner)


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_kernel_cut_anywhere(refusal: Callable[[bytes], str], kind: str) -> None:
    whole = compress(kind, ARM64)
    for part in (0.1, 0.5, 0.9, 0.999):
        line = refusal(whole[: int(len(whole) * part)])
        assert f": offset 0x0: {kind} stream: " in line
        assert "ends early" in line or "corrupt" in line


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_corrupt_compressed_kernel(refusal: Callable[[bytes], str], kind: str) -> None:
    content = bytearray(compress(kind, ARM64))
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(byte ^ 0x5A for byte in content[middle : middle + 64])
    line = refusal(bytes(content))
    # lzma and lz4 have no checksum: they may end as a kernel whose tables do not hold together.
    assert kind in line
    assert "corrupt" in line or "early" in line or "kallsyms" in line or "Image" in line


def test_compressed_kernel_whose_frame_header_is_corrupt(refusal: Callable[[bytes], str]) -> None:
    content = bytearray(compress("zstd", ARM64))
    content[4] = 0xFF
    assert "zstd stream: corrupt" in refusal(bytes(content))


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_zimage_whose_kernel_is_corrupt(refusal: Callable[[bytes], str], kind: str) -> None:
    content = bytearray(zimage(kind, ARM))
    content[0x600:0x640] = bytes(byte ^ 0x5A for byte in content[0x600:0x640])
    line = refusal(bytes(content))
    assert "zImage" in line
    assert "stream" in line or "no compressed kernel" in line or "kallsyms" in line


def test_zimage_that_holds_nothing(refusal: Callable[[bytes], str]) -> None:
    content = bytearray(zimage("gzip", ARM, table=False))
    content[0x400:0x403] = b"\0\0\0"
    assert "arm zImage: holds no compressed kernel" in refusal(bytes(content))


def test_zimage_with_two_kernels_is_not_guessed(refusal: Callable[[bytes], str]) -> None:
    whole = zimage("gzip", ARM, table=False)
    second = compress("xz", ARM)
    content = bytearray(whole + second)
    content[0x2C:0x30] = len(content).to_bytes(4, "little")
    assert "arm zImage: holds 2 compressed kernels" in refusal(bytes(content))


def test_zimage_whose_kernel_is_not_of_the_size_it_says(refusal: Callable[[bytes], str]) -> None:
    content = bytearray(zimage("xz", ARM))
    at = struct.unpack_from("<I", content, 0x308)[0]
    content[at : at + 4] = (len(ARM) + 4).to_bytes(4, "little")
    assert "arm zImage: " in refusal(bytes(content))


def test_zimage_whose_table_points_outside(refusal: Callable[[bytes], str]) -> None:
    content = bytearray(zimage("xz", ARM))
    content[0x308:0x30C] = b"\xff\xff\xff\xff"
    assert ": offset 0x308: arm zImage whose compressed kernel ends at 0xffffffff" in refusal(
        bytes(content)
    )


@pytest.mark.parametrize("kind", ["gzip", "xz", "lzma", "zstd", "lz4", "lzo"])
def test_decompression_bomb(
    refusal: Callable[[bytes], str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is lowered for the test, so that making the input takes no minute."""
    monkeypatch.setattr(compression.decompress, "__defaults__", (4 << 20, None))
    line = refusal(compress(kind, bytes(12 << 20)))
    assert f"{kind} stream" in line
    assert "more than" in line


def test_containers_inside_each_other(refusal: Callable[[bytes], str]) -> None:
    content = ARM64
    for _ in range(12):
        content = compress("gzip", content)
    assert "more than 8 containers inside each other" in refusal(content)


def test_kernel_of_a_package_too_large(
    refusal: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypabi.image.containers.deb.MAX_PROGRAM", 1 << 16)
    assert "boot/vmlinuz-1 has" in refusal(deb(".xz", {"./boot/vmlinuz-1": ARM64}))


def test_kernel_too_far_inside_a_package(
    refusal: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypabi.image.containers.deb.MAX_SCANNED", 1 << 20)
    files = {"./a": bytes(2 << 20), "./boot/vmlinuz-1": ARM64}
    assert "no kernel in the first 1 MiB of data.tar.xz" in refusal(deb(".xz", files))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param((18, b"\x3e\0"), ": offset 0x12: ELF file for x86-64", id="x86-64"),
        pytest.param((18, b"\x03\0"), ": offset 0x12: ELF file for x86", id="x86"),
        pytest.param((18, b"\xf3\0"), ": offset 0x12: ELF file for RISC-V", id="RISC-V"),
        pytest.param((18, b"\x28\0"), ": offset 0x4: 64-bit ELF file for arm", id="arm of 64 bits"),
        pytest.param((4, b"\x07"), ": offset 0x4: ELF file whose class", id="class"),
        pytest.param((16, b"\x04\0"), ": offset 0x10: ELF file of type 4", id="core dump"),
        pytest.param(
            (0x28, b"\xff" * 7),
            "section headers are not there; the file is cut short",
            id="headers outside",
        ),
        pytest.param((0x3A, b"\x01\0"), "section headers are not there", id="size of a header"),
        pytest.param(
            (0x3C, b"\xff\xff"), "cut short inside its 65535 section headers", id="65535 sections"
        ),
        pytest.param((0x3E, b"\xfe\xff"), "cut short inside its", id="names outside"),
    ],
)
def test_elf_files(
    assemble: Assemble, refusal: Callable[[bytes], str], change: tuple[int, bytes], expected: str
) -> None:
    content = bytearray(assemble("f: ret", "arm64").read_bytes())
    position, new = change
    content[position : position + len(new)] = new
    assert expected in refusal(bytes(content))


def test_elf_of_more_sections_than_a_header_can_say(
    assemble: Assemble, refusal: Callable[[bytes], str]
) -> None:
    content = bytearray(assemble("f: ret", "arm64").read_bytes())
    headers = int.from_bytes(content[0x28:0x30], "little")
    content[0x3C:0x3E] = b"\0\0"
    content[headers + 32 : headers + 40] = (1 << 30).to_bytes(8, "little")
    assert f": offset 0x30: ELF file of {1 << 30} sections" in refusal(bytes(content))


def test_elf_cut_short(assemble: Assemble, refusal: Callable[[bytes], str]) -> None:
    content = assemble("f: ret\n.data\n.quad f", "arm64").read_bytes()
    for end in range(4, len(content) - 1, 37):
        assert "ELF" in refusal(content[:end])


def test_elf_with_nothing_to_load(assemble: Assemble, refusal: Callable[[bytes], str]) -> None:
    content = bytearray(assemble("f: ret", "arm64", text=0x1000).read_bytes())
    content[0x28:0x30] = content[0x20:0x28] = bytes(8)
    content[0x38:0x40] = bytes(8)
    assert ": ELF file with nothing to load" in refusal(bytes(content))


def test_elf_whose_sections_overlap(assemble: Assemble, refusal: Callable[[bytes], str]) -> None:
    content = bytearray(assemble("f: ret\n.data\n.quad f", "arm64", text=0x1000).read_bytes())
    headers = int.from_bytes(content[0x28:0x30], "little")
    second = headers + 2 * 64
    content[second + 16 : second + 24] = (0x1000).to_bytes(8, "little")
    assert ".text and .data overlap at 0x1000" in refusal(bytes(content))


def test_elf_with_an_overlay_is_read_without_it(assemble: Assemble, tmp_path: Path) -> None:
    """Sections at one address, each loaded to its own: the vectors of 32-bit Linux since 5.18."""
    unit = assemble('f: bx lr\n.section .one, "ax"\nnop\n.section .two, "ax"\nnop', "arm")
    script = tmp_path / "script"
    overlay = "OVERLAY 0xffff0000 : AT(0x20000) { .one { *(.one) } .two { *(.two) } }"
    script.write_text(f"SECTIONS {{ . = 0x10000; .text : {{ *(.text) }} {overlay} }}")
    linked = tmp_path / "linked"
    subprocess.run(["arm-linux-gnueabihf-ld", "-T", script, "-o", linked, unit], check=True)
    segments = load_image(linked).images[-1].segments
    assert [each.address for each in segments] == [0x10000]


def test_tar_of_the_test_is_what_the_reader_expects() -> None:
    assert tar({"./a": b"x"})[257:262] == b"ustar"
