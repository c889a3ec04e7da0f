"""Whether a call path runs at EL2 or HYP: by an instruction that is UNDEFINED below.

An ``hvc`` that is issued there enters the slots of the level itself, and not the one for calls from
below (DDI 0487, D1.3.1.4; DDI 0406C, B1.8.1: at HYP the hypervisor call vector of its own).
"""

from collections.abc import Iterable
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code.function_body import Body
from hypabi.image.model import Image, ImageError

A64_EL2: Final = (0xFFDC0000, 0xD51C0000)
"""MSR and MRS with op0 = 3 and op1 = 4 or more: registers of EL2, and EL1's by their EL12 names."""
OP1: Final = (4, 5)
A32_HYP: Final = (0x0FE00F10, 0x0E800F10)
"""MCR and MRC of CP15 with opc1 = 4 (DDI 0406C, B3.17): registers of HYP."""


def privileged(image: Image, body: Body, path: Iterable[int], state: InstructionSet) -> int | None:
    """Return the first instruction of a path that only EL2 or HYP can execute.

    T32 is not looked at.
    """
    for address in path:
        found = False
        match state:
            case InstructionSet.A64:
                word = body.step(address).word
                found = word & A64_EL2[0] == A64_EL2[1] and word >> 16 & 7 in OP1
            case InstructionSet.A32:
                found = _word(image, address) & A32_HYP[0] == A32_HYP[1]
            case InstructionSet.T32:
                pass
        if found:
            return address
    return None


def _word(image: Image, address: int) -> int:
    try:
        return int.from_bytes(image.read(address, 4), "little")
    except ImageError:
        return 0
