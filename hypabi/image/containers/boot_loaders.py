"""Find the kernel in what boot loaders are given: uImage, Android's boot.img, Qualcomm's wrapper.

Headers: U-Boot's include/image.h; system/tools/mkbootimg of Android, ``bootimg.h``.
"""

from collections.abc import Callable

from hypabi.arch.names import ByteOrder
from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.records import frozen

UIMAGE = b"\x27\x05\x19\x56"
ANDROID = b"ANDROID!"
VENDOR = b"VNDRBOOT"
QUALCOMM = b"UNCOMPRESSED_IMG"

_UIMAGE_HEADER, _QUALCOMM_HEADER = 64, 20
_UIMAGE_KERNELS = {2: False, 4: True, 14: False}
"""Types that are a kernel, and whether it is the first of several images: IH_TYPE_KERNEL, _MULTI,
_KERNEL_NOLOAD."""
_UIMAGE_TYPES = {
    1: "a standalone program",
    3: "a RAM disk",
    5: "firmware",
    6: "a script",
    8: "a devicetree",
}
_MAX_IMAGES = 16
_OLDEST_WITH_PAGE = 3
"""From this version of boot.img on a page has 4096 bytes always."""
_LAST_VERSION = 4


@frozen
class Wrapped:
    """A kernel in a boot loader's container: what that is called, and the bytes."""

    format: str
    content: Content


def wrapped_kernel(where: str, content: Content) -> Wrapped | None:
    """Return the kernel in a boot loader's container, ``None`` where the file is none.

    :raises ImageError: it is cut short, or holds something else
    """
    readers: dict[bytes, Callable[[str, Content], Wrapped]] = {
        UIMAGE: _uimage, ANDROID: _android, QUALCOMM: _qualcomm, VENDOR: _vendor,
    }  # fmt: skip
    return next((read(where, content) for m, read in readers.items() if _begins(content, m)), None)


def _begins(content: Content, magic: bytes) -> bool:
    return content.read(0, len(magic)) == magic


def _part(where: str, content: Content, start: int, size: int, what: str) -> Content:
    if start + size > len(content):
        raise ImageError(
            f"{where}: offset {start:#x}", f"{what} cut short: its kernel has {size:#x} bytes"
        )
    return content.part(start, start + size)


def _uimage(where: str, content: Content) -> Wrapped:
    name = "uImage"
    size = content.integer(12, 4, ByteOrder.BIG) or 0
    kind = content.integer(30, 1, ByteOrder.BIG) or 0
    if kind not in _UIMAGE_KERNELS:
        what = _UIMAGE_TYPES.get(kind, f"an image of type {kind}")
        raise ImageError(f"{where}: offset 0x1e", f"uImage that holds {what}, and no kernel")
    whole = _part(where, content, _UIMAGE_HEADER, size, name)
    return Wrapped(name, _first_of(where, whole) if _UIMAGE_KERNELS[kind] else whole)


def _first_of(where: str, content: Content) -> Content:
    """Return the first image of several: their sizes stand in front of them, ended by 0."""
    sizes = [content.integer(4 * at, 4, ByteOrder.BIG) or 0 for at in range(_MAX_IMAGES)]
    if 0 not in sizes:
        raise ImageError(where, f"uImage of more than {_MAX_IMAGES} images, or cut short")
    return _part(where, content, 4 * (sizes.index(0) + 1), sizes[0], "uImage")


def _android(where: str, content: Content) -> Wrapped:
    size, page, version = (content.integer(at, 4, ByteOrder.LITTLE) or 0 for at in (8, 36, 40))
    # Before there were versions, the word held the size of a devicetree.
    if _OLDEST_WITH_PAGE <= version <= _LAST_VERSION:
        page = 4096
    name = "Android boot image"
    if page & page - 1 or not 2048 <= page <= 1 << 20:
        raise ImageError(f"{where}: offset 0x24", f"{name} with pages of {page:#x} bytes")
    return Wrapped(name, _part(where, content, page, size, name))


def _vendor(where: str, content: Content) -> Wrapped:  # noqa: ARG001 - as the others
    what = "Android vendor_boot image: RAM disk and devicetree, no kernel"
    raise ImageError(where, what, "give boot.img")


def _qualcomm(where: str, content: Content) -> Wrapped:
    size = content.integer(len(QUALCOMM), 4, ByteOrder.LITTLE) or 0
    name = "Qualcomm's uncompressed image"
    return Wrapped(name, _part(where, content, _QUALCOMM_HEADER, size, name))
