"""Instructions as readers of assembly write them: symbols, and system registers by name."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hypabi.analysis.results.shared import Instruction
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.image.symbolizer import Places

_ENCODING: Final = re.compile(
    r"sreg\(0x([23]), 0x([0-7]), c0x([0-9a-f]), c0x([0-9a-f]), 0x([0-7])\)"
)


def disassembled(text: str, places: Places) -> str:
    """Return SLEIGH's text of an instruction as readers write it."""
    return _ENCODING.sub(_system_register, places.inside(text))


def _system_register(match: re.Match[str]) -> str:
    """Name a system register by its encoding (Arm ARM DDI 0487, C5.1.2)."""
    op0, op1, crn, crm, op2 = (int(part, 16) for part in match.groups())
    name = SYSTEM_REGISTERS.get(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)
    return name.lower() if name else f"s{op0}_{op1}_c{crn}_c{crm}_{op2}"


def instructions_of(
    trail: Sequence[int], texts: Callable[[int], str], places: Places
) -> Iterator[Instruction]:
    """Yield a path as disassembly.

    :param texts: disassembly of the instruction at an address
    """
    for address in trail:
        symbol, _ = places.around(address)
        text = disassembled(texts(address), places)
        yield Instruction(places.name(address), symbol or None, text)
