"""A kernel is the same kernel in whatever it is packed."""

import hashlib
import struct
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.image.load import load_image
from hypabi.image.model import Access, ImageError, Loaded, Role
from tests.image.containers.made import COMPRESSIONS, compress, deb, pe, zboot, zimage
from tests.image.tiny_kernel import LINK, VERSION, Layout, tiny_kernel

ARM64 = tiny_kernel(Architecture.ARM64, Layout.V6_1)
ARM = tiny_kernel(Architecture.ARM, Layout.V6_1)


def _load(tmp_path: Path, content: bytes) -> Loaded:
    path = tmp_path / "file"
    path.write_bytes(content)
    loaded = load_image(path)
    assert loaded.path == str(path)
    assert loaded.sha256 == hashlib.sha256(content).hexdigest()
    return loaded


def _is_arm64_kernel(loaded: Loaded) -> bool:
    (image,) = loaded.images
    assert image.role is Role.KERNEL
    assert image.version == VERSION
    assert image.sha256 == hashlib.sha256(ARM64.content).hexdigest()
    assert image.segments[0].address == image.entry == LINK[Architecture.ARM64]
    return len(image.symbols) == len(ARM64.symbols)


def test_arm64_image(tmp_path: Path) -> None:
    loaded = _load(tmp_path, ARM64.content)
    assert loaded.formats == ("arm64 Image",)
    assert _is_arm64_kernel(loaded)


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_arm64_image(tmp_path: Path, kind: str) -> None:
    loaded = _load(tmp_path, compress(kind, ARM64.content))
    assert loaded.formats == (kind, "arm64 Image")
    assert _is_arm64_kernel(loaded)


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_zboot(tmp_path: Path, kind: str) -> None:
    loaded = _load(tmp_path, zboot(kind, ARM64.content))
    assert loaded.formats == ("EFI zboot", kind, "arm64 Image")
    assert _is_arm64_kernel(loaded)


@pytest.mark.parametrize("machine", [0xAA64, 0x1C2])
def test_unified_kernel_image(tmp_path: Path, machine: int) -> None:
    sections = {".osrel": b"ID=tiny\n", ".linux": ARM64.content, ".initrd": bytes(5000)}
    loaded = _load(tmp_path, pe(sections, machine))
    assert loaded.formats == ("UKI", "arm64 Image")
    assert _is_arm64_kernel(loaded)


def test_unified_kernel_image_of_a_zboot_image(tmp_path: Path) -> None:
    loaded = _load(tmp_path, pe({".linux": zboot("zstd", ARM64.content)}))
    assert loaded.formats == ("UKI", "EFI zboot", "zstd", "arm64 Image")
    assert _is_arm64_kernel(loaded)


@pytest.mark.parametrize("suffix", [".xz", ".zst", ".gz"])
@pytest.mark.parametrize(
    "name",
    [
        "./boot/vmlinuz-6.1.0-tiny",
        "./usr/lib/modules/7.2-tiny/vmlinuz",
        "./lib/modules/7.2-tiny/vmlinuz",
        "boot/vmlinux-tiny",
    ],
)
def test_package(tmp_path: Path, suffix: str, name: str) -> None:
    files = {"./boot/": b"", "./boot/System.map-6.1": b"x", name: ARM64.content, "./z": bytes(9)}
    loaded = _load(tmp_path, deb(suffix, files))
    assert loaded.formats == ("deb", "arm64 Image")
    assert _is_arm64_kernel(loaded)


@pytest.mark.parametrize("header", ["with table", "before 4.15"])
@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_zimage(tmp_path: Path, kind: str, header: str) -> None:
    table = header == "with table"
    content = zimage(kind, ARM.content, table=table)
    loaded = _load(tmp_path, content)
    assert loaded.formats == ("arm zImage", kind)
    decompressor, kernel = loaded.images
    assert (decompressor.role, kernel.role) == (Role.DECOMPRESSOR, Role.KERNEL)

    assert decompressor.entry == 0
    assert [segment.name for segment in decompressor.segments] == [".text", ".piggydata", "data"]
    assert b"".join(bytes(s.content) for s in decompressor.segments) == content
    assert decompressor.access(0x3FF) is Access.CODE
    assert decompressor.access(0x400) is Access.READ_ONLY
    assert decompressor.access(len(content) - 1) is Access.WRITABLE
    assert len(decompressor.symbols) == 0

    assert kernel.segments[0].address == LINK[Architecture.ARM]
    assert kernel.sha256 == hashlib.sha256(ARM.content).hexdigest()
    end = kernel.segments[-1].end - LINK[Architecture.ARM]
    assert end == len(ARM.content) + (0x3000 if table else 0)


def test_zimage_of_a_kernel_in_t32(tmp_path: Path) -> None:
    kernel = tiny_kernel(Architecture.ARM, Layout.V4_9, state=InstructionSet.T32)
    _, image = _load(tmp_path, zimage("gzip", kernel.content, table=False)).images
    assert image.entry == kernel.address
    assert all(symbol.thumb for symbol in image.symbols.find("function_0000"))


@pytest.mark.parametrize("order", list(ByteOrder))
def test_zimage_whose_header_does_not_say_the_byte_order(tmp_path: Path, order: ByteOrder) -> None:
    """Before 4.15 the word at 0x30 is an instruction."""
    kernel = tiny_kernel(Architecture.ARM, Layout.V4_4, order)
    content = bytearray(zimage("gzip", kernel.content, table=False))
    content[0x30:0x34] = bytes.fromhex("00900fe1")  # mrs r9, cpsr
    loaded = _load(tmp_path, bytes(content))
    assert [image.byte_order for image in loaded.images] == [order, order]


@pytest.mark.parametrize("release", ["3.8", "3.16"])
def test_arm64_image_that_does_not_say_its_size(tmp_path: Path, release: str) -> None:
    """Until 3.16; before 3.12 the header has half the length and no magic."""
    kernel = tiny_kernel(layout=Layout.V4_4)
    content = bytearray(kernel.content)
    header = struct.pack("<IIQQQ", 0x14000008, 0, 0x80000, 0, 0)
    content[: len(header)] = header
    if release == "3.8":
        content[56:60] = bytes.fromhex("001438d5")  # mrs x0, an instruction where the magic was
    loaded = _load(tmp_path, bytes(content))
    assert loaded.formats == ("arm64 Image",)
    assert loaded.images[0].segments[-1].end == kernel.address + len(content)


def test_a_branch_over_nothing_that_is_known_is_no_arm64_image(tmp_path: Path) -> None:
    header = struct.pack("<IIQQQ", 0x14000008, 0, 0x80000, 0, 1)
    with pytest.raises(ImageError, match="no kernel image, ELF file or package begins with"):
        _load(tmp_path, header + bytes(0x100))


def test_zimage_in_a_package(tmp_path: Path) -> None:
    content = deb(".xz", {"./boot/vmlinuz-tiny": zimage("xz", ARM.content)})
    loaded = _load(tmp_path, content)
    assert loaded.formats == ("deb", "arm zImage", "xz")
    assert [image.role for image in loaded.images] == [Role.DECOMPRESSOR, Role.KERNEL]


def test_appended_devicetree_is_no_part_of_a_zimage(tmp_path: Path) -> None:
    content = zimage("gzip", ARM.content)
    loaded = _load(tmp_path, content + b"\xd0\x0d\xfe\xed" + bytes(4092))
    assert loaded.images[0].segments[-1].end == len(content)


def test_signature_of_a_signed_image_is_not_loaded(tmp_path: Path) -> None:
    """A signed EFI program ends with its certificates, behind all of its sections."""
    kernel = bytearray(ARM64.content)
    # Head of a PE file inside the arm64 header: MZ at 0, where the PE header is at 0x3c.
    inner = pe({".text": b""})
    kernel[0:2], kernel[0x3C:0x40] = b"MZ", (0x40).to_bytes(4, "little")
    kernel[0x40:0x58] = inner[0x40:0x58]
    rest = len(kernel) - 0x1000
    row = b".text\0\0\0" + b"".join(v.to_bytes(4, "little") for v in (rest, 0x1000, rest, 0x1000))
    kernel[0x58:0x80] = row.ljust(40, b"\0")
    signed = bytes(kernel) + b"certificate" * 20
    (image,) = _load(tmp_path, signed).images
    assert sum(len(segment.content) for segment in image.segments) == len(kernel)
    assert image.sha256 == hashlib.sha256(kernel).hexdigest()
