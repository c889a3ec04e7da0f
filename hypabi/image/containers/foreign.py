"""Name the kernels that are not for Arm, so that a refusal says more than "not recognised"."""

from hypabi.image.content import Content
from hypabi.records import frozen

_HINT = "hypabi reads kernels for arm and arm64"
_EXTRACT = "extract the kernel with dumpimage first"


@frozen
class Foreign:
    """What a file is, and where that shows."""

    position: int
    what: str
    hint: str


# Each magic with its place: Documentation/arch/x86/boot.rst, arch/riscv/boot-image-header.rst,
# arch/loongarch/booting.rst; U-Boot's include/image.h; the flattened devicetree of a FIT image.
_MAGICS = (
    (0x202, b"HdrS", Foreign(0x202, "x86 bzImage", _HINT)),
    (0x38, b"RSC\x05", Foreign(0x38, "RISC-V Image", _HINT)),
    (0x38, b"\x62\x64\x00\x00", Foreign(0x38, "LoongArch Image", _HINT)),
    (0, b"\x27\x05\x19\x56", Foreign(0, "U-Boot legacy image (uImage)", _EXTRACT)),
    (0, b"\xd0\x0d\xfe\xed", Foreign(0, "devicetree or U-Boot FIT image", _EXTRACT)),
)


def name_of_foreign(content: Content) -> Foreign | None:
    """Return what kernel of another machine, or image of a boot loader, this is."""
    found = (kind for position, magic, kind in _MAGICS if content.read(position, 4) == magic)
    return next(found, None)
