"""A real kernel in the memory of a machine, away from its link address."""

from functools import cache
from pathlib import Path

from hypabi.image.load import load_image
from hypabi.image.model import Image, Role
from hypabi.machine.state import Extent

PLACE = 0x4020_0000
CALLER = 0x5000_0000
TARGET = 0x5010_0000
READ = (
    "CPACR_EL1", "MAIR_EL1", "MDCR_EL2", "TCR_EL1", "TPIDR_EL1", "TTBR0_EL1", "TTBR1_EL1",
)  # fmt: skip
"""System registers that FINALISE_EL2 reads when the CPU has VHE, as this one has."""


@cache
def kernel_at(path: Path) -> tuple[Image, Extent, int]:
    """Return an image, its content placed in RAM, and how far from its link address that is."""
    image = next(i for i in load_image(path).images if i.role is Role.KERNEL)
    low = min(segment.address for segment in image.segments) & -0x1_0000
    content = bytearray(max(segment.end for segment in image.segments) - low)
    for segment in image.segments:
        start_ = segment.address - low
        content[start_ : start_ + len(segment.content)] = segment.content
    return image, Extent(PLACE, bytes(content)), PLACE - low
