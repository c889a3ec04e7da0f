"""Where compiled code starts: the functions that assembler calls and that are not followed."""

from collections.abc import Callable
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.image.model import Image, ImageError

PROLOGUE: Final = 4
"""Instructions in which a compiled function sets its frame up, if it has one."""

PACIASP: Final = 0xD503233F
STP_FRAME_RECORD: Final = (0xFFC07FFF, 0xA9807BFD)
"""``stp x29, x30, [sp, #-n]!`` (AAPCS64 6.4.6, the frame record)."""
SUB_SP: Final = (0xFF8003FF, 0xD10003FF)
"""``sub sp, sp, #n``."""
PASSED_OVER: Final = frozenset({0xD503201F, 0xD503245F, 0xD503233F})
"""``nop`` and ``bti c``, where tracers and branch targets leave their room."""


def is_compiled(image: Image) -> Callable[[int], str | None]:
    """Return a function that names the compiled function at an address, ``None`` where none starts.

    A function is compiled if its first instructions make a frame as the procedure-call standard
    says; one without a symbol goes by its address.  Assembler in the kernel's EL2 code makes none.
    Taking assembler for compiled code would end a path early, as ``Called``; it could never prove
    anything.
    """

    def name_at(address: int) -> str | None:
        if image.architecture is not Architecture.ARM64 or not _makes_a_frame(image, address):
            return None
        symbol = image.symbols.around(address)
        if symbol is not None and symbol.address == address:
            return symbol.name
        return f"{address:#x}"

    return name_at


def _makes_a_frame(image: Image, address: int) -> bool:
    for position in range(PROLOGUE):
        try:
            word = int.from_bytes(image.read(address + 4 * position, 4), "little")
        except ImageError:
            return False
        if word == PACIASP or any(word & m == v for m, v in (STP_FRAME_RECORD, SUB_SP)):
            return True
        if word not in PASSED_OVER:
            return False
    return False
