"""Where a call's number stands: in a general register, in the low half of one, or in the ``hvc``.

``x8`` is the whole register, ``w8`` its bits 31 to 0 (DDI 0487, B1.2.1), ``immediate`` is that of
the instruction, which exception entry puts into the low 16 bits of the syndrome (D19.2.37; for HYP
DDI 0406C, B3.13.6).
"""

import re
from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture

IMMEDIATE: Final = "immediate"
"""What selects a call where it is the instruction's immediate."""
IMMEDIATE_BITS: Final = 16
IDENTIFIERS: Final[Mapping[Architecture, str]] = {
    Architecture.ARM: "r0",
    Architecture.ARM64: "x0",
}
"""Where the kernel's own calls have it."""

SYNDROMES: Final[Mapping[Architecture, str]] = {
    Architecture.ARM: "HSR",
    Architecture.ARM64: "ESR_EL2",
}
"""Register that holds the immediate."""

_HALF: Final = re.compile(r"w(\d|[12]\d|30)")


def whole_register(name: str) -> str:
    """Return the general register of which a name is the low half; else the name itself."""
    half = _HALF.fullmatch(name)
    return f"x{half[1]}" if half else name


def identifier_bits(name: str, bits: int) -> int:
    """Return how many bits a call's number has.

    :param name: where it stands
    :param bits: of a general register
    """
    if name == IMMEDIATE:
        return IMMEDIATE_BITS
    return 32 if _HALF.fullmatch(name) else bits
