"""What an image is once it has been read: segments, symbols, provenance."""

import enum
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.errors import HypabiError
from hypabi.image.undefined import Reference
from hypabi.records import field, frozen

OBJECT: Final = "ELF object"
"""The format of what is not linked."""


class ImageError(HypabiError):
    """The input is not an image that can be read, or has no byte at the address asked for."""


class NoKernelError(ImageError):
    """The input can be read, and is and holds no kernel for Arm."""


class Access(enum.Enum):
    """What the running kernel may do to a region.

    ``INITIAL`` data is written while the kernel boots and is read-only after
    (``.data..ro_after_init``): for the reasoning it is as unknown as ``WRITABLE``.
    """

    CODE = "code"
    READ_ONLY = "read-only"
    INITIAL = "written at boot"
    WRITABLE = "writable"


class Role(enum.Enum):
    """Which program of a boot an image is."""

    KERNEL = "kernel"
    DECOMPRESSOR = "decompressor"


@frozen
class Segment:
    """Bytes placed at an address.  Segments of an image do not overlap and are sorted by address.

    ``content`` is as it lies in the file; :meth:`Image.read` applies the image's fixups to it.
    Instructions have no fixups in a linked kernel, so code may be searched in ``content``.
    """

    address: int
    content: bytes | memoryview
    access: Access
    name: str = ""
    unheld: int = 0
    """Bytes after ``content`` that belong to the segment but not to the file (``.bss``)."""

    @property
    def end(self) -> int:
        """First address after the segment."""
        return self.address + len(self.content) + self.unheld


@frozen
class Symbol:
    """A name and its address; bit 0 is never set (``thumb`` says what it meant)."""

    name: str
    address: int
    thumb: bool = False
    letter: str = ""
    """Type letter as ``nm`` prints it (``T``, ``t``, ``D``...), empty where the table has none."""


class Fixups(Protocol):
    """What is still to be written into the content before the program's own code reads it.

    A relocatable arm64 kernel writes its pointers itself while it boots (``relocate_kernel``); up
    to 6.x the file holds zero in their place.  An object file has references that only a linker
    resolves.
    """

    def apply(self, address: int, content: bytes) -> bytes:
        """Return ``content`` of ``address`` as the program sees it at its link address.

        :raises ImageError: a byte of it depends on something outside the image
        """
        ...

    def places_of(self, value: int) -> tuple[int, ...]:
        """Return the addresses at which the pointer ``value`` is written."""
        ...


@frozen
class NoFixups:
    """The content is what the program sees."""

    def apply(self, address: int, content: bytes) -> bytes:
        """Return ``content``."""
        return content

    def places_of(self, value: int) -> tuple[int, ...]:
        """Return nothing: no pointer is written."""
        return ()


class Symbols(Protocol):
    """The symbols of an image; reading them is cheap until they are asked for."""

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        ...

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Symbol]:
        """Yield every symbol by address; this decodes the whole table."""
        ...


@frozen
class Image:
    """One program: a kernel, or the decompressor in front of it."""

    role: Role
    architecture: Architecture
    byte_order: ByteOrder
    segments: tuple[Segment, ...]
    entry: int
    symbols: Symbols
    sha256: str
    """Of the uncompressed program."""
    version: str
    """``Linux version`` up to the first space, empty where the program carries none."""
    base: str
    """How the load address was established, for the report."""
    fixups: Fixups = NoFixups()
    references: Mapping[int, Reference] = field(default_factory=dict)
    """By address, what has part of the address of a symbol in it that no file defines."""
    stand_ins: Mapping[int, str] = field(default_factory=dict)
    """The symbols that no file defines, by the address that a direct branch to them has."""
    is_linked: bool = True
    """Not made of objects, of which each segment is a section that a linker has yet to place."""

    def segment(self, address: int) -> Segment | None:
        """Return the segment that holds ``address``."""
        # An object may have thousands.
        last = bisect_right(self.segments, address, key=_start) - 1
        if last < 0 or address >= self.segments[last].end:
            return None
        return self.segments[last]

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at ``address``, with the fixups applied.

        :raises ImageError: not all of them lie in one segment, or the file does not hold them all
        """
        segment = self.segment(address)
        if segment is None or address + size > segment.end:
            raise ImageError(f"{address:#x}", f"the image has no {size} bytes here")
        offset = address - segment.address
        if offset + size > len(segment.content):
            raise ImageError(f"{address:#x}", f"{segment.name or 'this'} is not held by the file")
        return self.fixups.apply(address, bytes(segment.content[offset : offset + size]))

    def access(self, address: int) -> Access | None:
        """Return what may happen to the byte at ``address``, ``None`` outside the image."""
        segment = self.segment(address)
        return segment.access if segment else None


def _start(segment: Segment) -> int:
    return segment.address


@frozen
class Loaded:
    """What a file held: its container formats from the outside in, and its programs."""

    paths: tuple[str, ...]
    """One file, or the objects and archives that are one program."""
    sha256: str
    """Of the file; of several, that of their digests, each in a line."""
    formats: tuple[str, ...]
    """For example ``("deb", "zImage", "xz")``."""
    images: tuple[Image, ...]
    """In the order in which a boot runs them."""
    told: Role | None = None
    """Which program of a boot the user said that it is."""

    @property
    def is_part(self) -> bool:
        """Whether other files may hold more of the program: it is of objects, not linked."""
        return OBJECT in self.formats

    @property
    def path(self) -> str:
        """The file, or the files, as a message names them."""
        return " ".join(self.paths)
