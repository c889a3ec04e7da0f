"""What a boot loader is given holds the same kernel, or is refused in one line."""

import struct
from pathlib import Path

import lz4.frame
import pytest

from hypabi.arch.names import Architecture
from hypabi.image.load import load_image
from hypabi.image.model import ImageError, Loaded, Role
from tests.image.containers.made import compress, zimage
from tests.image.tiny_kernel import VERSION, Layout, tiny_kernel

ARM64 = tiny_kernel(Architecture.ARM64, Layout.V6_1).content
ARM = tiny_kernel(Architecture.ARM, Layout.V6_1).content


def uimage(content: bytes, kind: int = 2) -> bytes:
    """Put a kernel into an image of U-Boot's (include/image.h)."""
    head = struct.pack(
        ">7I4B32s", 0x27051956, 0, 0, len(content), 0, 0, 0, 5, 22, kind, 0, b"linux"
    )
    return head + content


def android(content: bytes, version: int, page: int = 2048) -> bytes:
    """Put a kernel into a boot image of Android's (bootimg.h)."""
    paged = not 3 <= version <= 4
    head = bytearray(page if paged else 4096)
    struct.pack_into("<8sI", head, 0, b"ANDROID!", len(content))
    if paged:
        struct.pack_into("<II", head, 36, page, version)
    else:
        struct.pack_into("<I", head, 40, version)
    return bytes(head) + content + bytes(-len(content) % page)


def _load(tmp_path: Path, content: bytes) -> Loaded:
    path = tmp_path / "file"
    path.write_bytes(content)
    return load_image(path)


@pytest.mark.parametrize(
    ("content", "formats"),
    [
        (uimage(ARM64), ("uImage", "arm64 Image")),
        (uimage(compress("gzip", ARM64)), ("uImage", "gzip", "arm64 Image")),
        (
            uimage(struct.pack(">3I", len(ARM64), 4, 0) + ARM64 + b"more", kind=4),
            ("uImage", "arm64 Image"),
        ),
        (android(ARM64, 0), ("Android boot image", "arm64 Image")),
        (android(compress("lz4", ARM64), 2), ("Android boot image", "lz4", "arm64 Image")),
        (android(ARM64, 4), ("Android boot image", "arm64 Image")),
        (android(ARM64, 0x5000), ("Android boot image", "arm64 Image")),
        (
            b"UNCOMPRESSED_IMG" + struct.pack("<I", len(ARM64)) + ARM64,
            ("Qualcomm's uncompressed image", "arm64 Image"),
        ),
        (lz4.frame.compress(ARM64), ("lz4 frame", "arm64 Image")),
        (lz4.frame.compress(ARM64) + b"behind", ("lz4 frame", "arm64 Image")),
        (ARM, ("arm Image",)),
        (uimage(ARM), ("uImage", "arm Image")),
    ],
)
def test_a_kernel_is_found_in_what_a_boot_loader_is_given(
    tmp_path: Path, content: bytes, formats: tuple[str, ...]
) -> None:
    loaded = _load(tmp_path, content)
    assert loaded.formats == formats
    (image,) = loaded.images
    assert (image.role, image.version) == (Role.KERNEL, VERSION)


def test_a_zimage_in_a_uimage_has_its_decompressor(tmp_path: Path) -> None:
    loaded = _load(tmp_path, uimage(zimage("gzip", ARM)))
    assert [image.role for image in loaded.images] == [Role.DECOMPRESSOR, Role.KERNEL]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (uimage(ARM64)[:-1], "uImage cut short: its kernel has"),
        (uimage(b"echo", kind=6), "uImage that holds a script, and no kernel"),
        (uimage(b"", kind=2), "kernel in the uImage: is empty"),
        (uimage(b"\xff" * 200, kind=4), "uImage of more than 16 images, or cut short"),
        (android(ARM64, 0)[:4096], "Android boot image cut short"),
        (android(ARM64, 0, page=2048).replace(b"\0\x08\0\0", b"\1\x08\0\0", 1), "pages of 0x801"),
        (b"VNDRBOOT" + bytes(4096), "Android vendor_boot image"),
        (b"BC\xc0\xde" + bytes(64), "LLVM bitcode: intermediate language, no code; let the link"),
        (b"\xde\xc0\x17\x0b" + bytes(64), "LLVM bitcode"),
        (b"; ModuleID = 'a.c'\n" + bytes(64), "LLVM assembly: intermediate language, no code"),
        (b"BZh91AY&SY" + bytes(64), "bzip2, which is not read; give what bunzip2 makes"),
        (b"070701" + bytes(104), "cpio archive: a RAM disk, no kernel"),
        (b"\x3a\xff\x26\xed" + bytes(64), "Android sparse image; unpack it"),
        (lz4.frame.compress(ARM64)[:-4], "lz4 frame stream: ends early"),
        (b"\x04\x22\x4d\x18" + b"\xff" * 64, "lz4 frame stream: corrupt"),
        (
            ARM64[:64] + b"Xen version %d.%d%s (%s@%s) (%s) %s %s",
            "Xen, whose image has no symbols; give its ELF file, xen-syms",
        ),
    ],
)
def test_what_holds_no_kernel_is_refused_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ImageError) as refused:
        _load(tmp_path, content)
    assert said in str(refused.value)
