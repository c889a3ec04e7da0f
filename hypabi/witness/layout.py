"""Where a witness puts what it brings along: RAM that is the same on every machine of ours.

QEMU's ``virt`` has RAM from 0x4000_0000 on.  An image that is linked elsewhere runs displaced, from
IMAGE on; between the two lie the caller, memory that registers point to, and places to leave to.
"""

from typing import Final

RAM: Final = 0x4000_0000
OURS: Final = 0x4700_0000
CALLER: Final = OURS
"""Address of the caller's ``hvc``."""
TARGETS: Final = OURS + 0x1_0000
SCRATCH: Final = OURS + 0x2_0000
STEP: Final = 0x1000
"""Between two targets and between two pieces of scratch memory; each piece has this size."""
OURS_END: Final = OURS + 0x10_0000
IMAGE: Final = 0x4800_0000
"""Where a displaced image begins, but for what its address is modulo ALIGNMENT."""
ALIGNMENT: Final = 0x20_0000
"""Displacements are multiples of it, so that no alignment that code relies on changes."""
RAM_END: Final = 0x8000_0000


def scratch(number: int) -> int:
    """Return the middle of a piece of scratch memory: offsets go both ways."""
    return SCRATCH + STEP * number + STEP // 2


def target(number: int) -> int:
    """Return a place to leave to, where nothing is."""
    return TARGETS + STEP * number
