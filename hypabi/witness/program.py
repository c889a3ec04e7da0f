"""The program that a witness runs: where a machine can hold it, and its bytes."""

from hypabi.image.model import Image, ImageError, Segment
from hypabi.records import frozen
from hypabi.witness.layout import ALIGNMENT, IMAGE, OURS, OURS_END, RAM, RAM_END


@frozen
class Region:
    """Addresses from ``start`` to before ``end``."""

    start: int
    end: int

    def meets(self, other: "Region") -> bool:
        """Return whether they share an address."""
        return self.start < other.end and other.start < self.end


def displacement_of(image: Image) -> int:
    """Return what to add to link addresses so that a machine has RAM there; 0 where it has."""
    start, end = image.segments[0].address, image.segments[-1].end
    there = start >= RAM and end <= RAM_END
    if there and not Region(start, end).meets(Region(OURS, OURS_END)):
        return 0
    return (IMAGE + start % ALIGNMENT - start) % (1 << image.architecture.bits)


def content_of(image: Image, address: int, size: int) -> bytes | None:
    """Return bytes of an image, ``None`` where it has none; what no file holds is 0."""
    content = b""
    while len(content) < size:
        at = address + len(content)
        segment = image.segment(at)
        piece = None if segment is None else _piece_of(image, segment, at, size - len(content))
        if piece is None:
            return None
        content += piece
    return content


def _piece_of(image: Image, segment: Segment, address: int, size: int) -> bytes | None:
    """Return bytes of one segment, at most ``size``."""
    end = segment.address + len(segment.content)
    if address >= end:
        return bytes(min(size, segment.end - address))
    try:
        return image.read(address, min(size, end - address))
    except ImageError:
        return None
