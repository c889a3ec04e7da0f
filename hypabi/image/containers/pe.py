"""Read the sections of a PE file, the form of every EFI program.

A unified kernel image (UKI) is one whose section ``.linux`` holds a kernel.  Offsets are those of
Microsoft's PE format specification.
"""

from hypabi.arch.names import ByteOrder
from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.records import frozen

MAGIC = b"MZ"
MAX_SECTIONS = 96
"""Most sections that the specification allows."""
_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0x5064: "RISC-V 64", 0x6264: "LoongArch 64"}
_HEADER = 24
_SECTION = 40


@frozen
class Sections:
    """The sections of a PE file by name."""

    machine: str
    """The machine where it is none of Arm's, else empty."""
    contents: dict[str, Content]
    end: int
    """First position after all of them; what follows is a signature, and not loaded."""


def is_pe(content: Content) -> bool:
    """Tell whether the file begins as a PE file does."""
    return content.read(0, 2) == MAGIC


def read_sections(where: str, content: Content) -> Sections:
    """Read the section table.

    :raises ImageError: the headers are not there, or a section is cut short
    """
    header = content.integer(0x3C, 4, ByteOrder.LITTLE)
    if header is None or content.read(header, 4) != b"PE\0\0":
        raise ImageError(f"{where}: offset 0x3c", "begins with MZ, but has no PE header")
    machine, count, optional = (
        content.integer(header + at, 2, ByteOrder.LITTLE) for at in (4, 6, 20)
    )
    if machine is None or count is None or optional is None or count > MAX_SECTIONS:
        raise ImageError(f"{where}: offset {header:#x}", "PE file whose header makes no sense")
    found: dict[str, Content] = {}
    end = 0
    for index in range(count):
        position = header + _HEADER + optional + _SECTION * index
        row = content.read(position, _SECTION)
        if len(row) < _SECTION:
            raise ImageError(f"{where}: offset {position:#x}", "PE file cut short in its headers")
        name = row[:8].rstrip(b"\0").decode("latin-1")
        size, _, raw, offset = (
            int.from_bytes(row[at : at + 4], "little") for at in (8, 12, 16, 20)
        )
        if offset + raw > len(content):
            what = f"PE file cut short: section {name} has {raw:#x} bytes here"
            raise ImageError(f"{where}: offset {offset:#x}", what)
        end = max(end, offset + raw)
        # The file holds a multiple of its alignment; the size in memory is the true one.
        found.setdefault(name, content.part(offset, offset + (min(size, raw) or raw)))
    return Sections(_MACHINES.get(machine, ""), found, end)
