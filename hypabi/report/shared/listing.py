"""A path as a reader of assembly knows it: addresses, symbols, mnemonics, registers by name."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hypabi.analysis.summaries.listing import disassembled
from hypabi.image.symbolizer import Places
from hypabi.records import frozen
from hypabi.report.shared.text_layout import COLUMNS, cut

HEAD: Final = 8
TAIL: Final = 16
"""Instructions shown of a long path; the end is where the clause fails, so more of it."""

NAMING: Final = 4
"""Instructions shown besides, because they name the register that the clause is about."""


_LEVEL: Final = re.compile(r"_EL\d+$")
"""With HCR_EL2.E2H set, the name of an EL1 register reaches EL2's (DDI 0487, D8.1.5)."""


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
