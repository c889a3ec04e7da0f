"""A path as a reader of assembly knows it: addresses, symbols, mnemonics, registers by name."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hypabi.arch.aarch64_encodings import SYSTEM_REGISTERS
from hypabi.frozen import frozen
from hypabi.image.model import Loaded
from hypabi.report.lines import COLUMNS, cut

HEAD: Final = 8
TAIL: Final = 16
"""Instructions shown of a long path; the end is where the clause fails, so more of it."""

NAMING: Final = 4
"""Instructions shown besides, because they name the register that the clause is about."""

FAR: Final = 0x1000
"""From here on a symbol says nothing of an address: symbols are missing between the two."""

_ADDRESS: Final = re.compile(r"(?<![\w.])(-?)0x([0-9a-f]{4,16})\b")
_LEVEL: Final = re.compile(r"_EL\d+$")
"""With HCR_EL2.E2H set, the name of an EL1 register reaches EL2's (DDI 0487, D8.1.5)."""

_ENCODING: Final = re.compile(
    r"sreg\(0x([23]), 0x([0-7]), c0x([0-9a-f]), c0x([0-9a-f]), 0x([0-7])\)"
)


class Places:
    """Names addresses of a file's programs by their symbols."""

    def __init__(self, loaded: Loaded) -> None:
        self._images = loaded.images
        self._mask = (1 << loaded.images[-1].architecture.bits) - 1
        self._found: dict[int, tuple[str, int]] = {}

    def name(self, address: int) -> str:
        """Return ``symbol+0x10``, or the address where no symbol stands before it."""
        symbol, offset = self.around(address)
        if not symbol:
            return f"{address:#x}"
        return f"{symbol}+{offset:#x}" if offset else symbol

    def around(self, address: int) -> tuple[str, int]:
        """Return the symbol shortly before an address and the distance to it; empty for none."""
        found = self._found.get(address)
        if found is None:
            found = self._found[address] = self._around(address)
        return found

    def _around(self, address: int) -> tuple[str, int]:
        for image in self._images:
            if image.segment(address) is not None:
                symbol = image.symbols.around(address)
                if symbol is not None and address - symbol.address < FAR:
                    return symbol.name, address - symbol.address
                return "", 0
        return "", 0

    def inside(self, text: str) -> str:
        """Return text with the addresses in it replaced by symbols.

        SLEIGH prints the upper half of the address space as negative numbers.
        """
        return _ADDRESS.sub(self._named, text)

    def beside(self, text: str) -> str:
        """Return text with a symbol beside every address that has one."""

        def both(match: re.Match[str]) -> str:
            named = self._named(match)
            return match[0] if named == match[0] else f"{match[0]} ({named})"

        return _ADDRESS.sub(both, text)

    def _named(self, match: re.Match[str]) -> str:
        value = int(match[2], 16)
        address = -value & self._mask if match[1] else value
        if self.around(address)[0]:
            return self.name(address)
        return f"{address:#x}" if match[1] and value > self._mask >> 17 else match[0]


def disassembled(text: str, places: Places) -> str:
    """Return SLEIGH's text of an instruction as readers write it."""
    return _ENCODING.sub(_system_register, places.inside(text))


def _system_register(match: re.Match[str]) -> str:
    """Name a system register by its encoding (Arm ARM DDI 0487, C5.1.2)."""
    op0, op1, crn, crm, op2 = (int(part, 16) for part in match.groups())
    name = SYSTEM_REGISTERS.get(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)
    return name.lower() if name else f"s{op0}_{op1}_c{crn}_c{crm}_{op2}"


@frozen
class Line:
    """One instruction of a path."""

    address: int
    text: str


def lines_of(trail: Sequence[int], texts: Callable[[int], str], places: Places) -> tuple[Line, ...]:
    """Return a path as disassembly."""
    return tuple(Line(address, disassembled(texts(address), places)) for address in trail)


def listing(
    lines: Sequence[Line], about: Sequence[str], places: Places, indent: str
) -> Iterator[str]:
    """Yield a path under its functions' names; of a long one the ends and what it is about.

    :param about: registers; the last instructions that name one are shown wherever they stand
    """
    shown = sorted(_shown(lines, about))
    width = max((len(f"{line.address:x}") for line in lines), default=0)
    function, last = None, -1
    for at in shown:
        line = lines[at]
        if at != last + 1:
            yield f"{indent}... {at - last - 1} more ..."
            function = None
        last = at
        symbol, _ = places.around(line.address)
        if symbol != function:
            function = symbol
            name = places.name(line.address) if symbol else "no symbol"
            yield cut(f"{indent}{name}:", COLUMNS)
        yield cut(f"{indent}  {line.address:0{width}x}  {line.text}", COLUMNS)


def _shown(lines: Sequence[Line], about: Sequence[str]) -> set[int]:
    """Return the positions of a path to show: few enough for a mail, all of a short one."""
    if len(lines) <= HEAD + TAIL + NAMING:
        return set(range(len(lines)))
    shown = {*range(HEAD), *range(len(lines) - TAIL, len(lines))}
    if about:
        stems = "|".join(re.escape(_LEVEL.sub("", name)) for name in about)
        names = re.compile(rf"\b(?:{stems})(?:_EL\d+)?\b", re.IGNORECASE)
        naming = [at for at, line in enumerate(lines) if names.search(line.text)]
        shown.update(naming[-NAMING:])
    return shown
