"""Name what is no kernel for Arm, so that a refusal says more than "not recognised"."""

from hypabi.image.content import Content
from hypabi.records import frozen

_HINT = "hypabi reads kernels for arm and arm64"
_BITCODE = "let the link make code of it: give vmlinux, vmlinux.o, or an object of ld -r"


@frozen
class Foreign:
    """What a file is, and where that shows."""

    position: int
    what: str
    hint: str


# Each magic with its place: Documentation/arch/x86/boot.rst, arch/riscv/boot-image-header.rst,
# arch/loongarch/booting.rst; LLVM's BitCodeFormat.rst, "Magic Numbers" and "Wrapper Format".
_MAGICS = (
    (0x202, b"HdrS", Foreign(0x202, "x86 bzImage", _HINT)),
    (0x38, b"RSC\x05", Foreign(0x38, "RISC-V Image", _HINT)),
    (0x38, b"\x62\x64\x00\x00", Foreign(0x38, "LoongArch Image", _HINT)),
    (
        0,
        b"BZh",
        Foreign(0, "compressed by bzip2, which is not read", "give what bunzip2 makes of it"),
    ),
    (0, b"070701", Foreign(0, "cpio archive: a RAM disk, no kernel", _HINT)),
    (0, b"\x3a\xff\x26\xed", Foreign(0, "Android sparse image", "unpack it by simg2img")),
    (0, b"; ModuleID =", Foreign(0, "LLVM assembly: intermediate language, no code", _BITCODE)),
    (0, b"BC\xc0\xde", Foreign(0, "LLVM bitcode: intermediate language, no code", _BITCODE)),
    (0, b"\xde\xc0\x17\x0b", Foreign(0, "LLVM bitcode: intermediate language, no code", _BITCODE)),
)

_XEN = b"Xen version %d.%d"
"""What Xen prints first (xen/drivers/char/console.c)."""


def xen_in(content: Content) -> Foreign | None:
    """Return that a file is Xen: its images have the headers of Linux's, and no symbols."""
    position = content.find(_XEN)
    if position < 0:
        return None
    return Foreign(position, "Xen, whose image has no symbols", "give its ELF file, xen-syms")


def name_of_foreign(content: Content) -> Foreign | None:
    """Return what kernel of another machine, or what else without code for Arm, this is."""
    found = (
        kind for position, magic, kind in _MAGICS if content.read(position, len(magic)) == magic
    )
    return next(found, None)
