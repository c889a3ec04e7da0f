"""What an image is once it has been read: segments, symbols, provenance."""

import enum
from dataclasses import dataclass
from typing import Protocol

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.errors import HypabiError


class ImageError(HypabiError):
    """The input is not an image that can be read, or has no byte at the address asked for."""


class Access(enum.Enum):
    """What the running kernel may do to a region.

    ``INITIAL`` data is written while the kernel boots and is read-only after (``.data..ro_after_init``):
    for the reasoning it is as unknown as ``WRITABLE``.
    """

    CODE = "code"
    READ_ONLY = "read-only"
    INITIAL = "written at boot"
    WRITABLE = "writable"


class Role(enum.Enum):
    """Which program of a boot an image is."""

    KERNEL = "kernel"
    DECOMPRESSOR = "decompressor"


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes placed at an address.  Segments of an image do not overlap and are sorted by address."""

    address: int
    content: bytes | memoryview
    access: Access
    name: str = ""

    @property
    def end(self) -> int:
        """First address after the segment."""
        return self.address + len(self.content)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name and its address; bit 0 is never set (``thumb`` says what it meant)."""

    name: str
    address: int
    thumb: bool = False


class Symbols(Protocol):
    """The symbols of an image; reading them is cheap until they are asked for."""

    def find(self, name: str) -> tuple[Symbol, ...]:
        """Return every symbol of this name, by address."""
        ...

    def around(self, address: int) -> Symbol | None:
        """Return the last symbol at or before ``address`` within its segment."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
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

    def segment(self, address: int) -> Segment | None:
        """Return the segment that holds ``address``."""
        for segment in self.segments:
            if segment.address <= address < segment.end:
                return segment
        return None

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at ``address``.

        :raises ImageError: not all of them lie in one segment
        """
        segment = self.segment(address)
        if segment is None or address + size > segment.end:
            raise ImageError(f"{address:#x}", f"the image has no {size} bytes here")
        offset = address - segment.address
        return bytes(segment.content[offset : offset + size])

    def access(self, address: int) -> Access | None:
        """Return what may happen to the byte at ``address``, ``None`` outside the image."""
        segment = self.segment(address)
        return segment.access if segment else None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file held: its container formats from the outside in, and its programs."""

    path: str
    sha256: str
    """Of the file."""
    formats: tuple[str, ...]
    """For example ``("deb", "zImage", "xz")``."""
    images: tuple[Image, ...]
    """In the order in which a boot runs them."""
