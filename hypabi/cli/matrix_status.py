"""The exit status that the cells of a matrix amount to."""

from collections.abc import Iterable

from hypabi.cli.exit_status import Exit
from hypabi.judgement.cell import Broken, Kept, NotDecided
from hypabi.judgement.life_cycle import When
from hypabi.report.matrix import Judged


def status(judged: Iterable[Judged]) -> Exit:
    """Return the exit status of the cells that can come about."""
    cells = [each.cell for each in judged if each.when is not When.OUT_OF_TURN]
    result = Exit.GOOD
    if any(isinstance(cell, Broken) for cell in cells):
        result |= Exit.REFUTED
    if any(isinstance(cell, NotDecided) for cell in cells):
        result |= Exit.UNDECIDED
    if not any(isinstance(cell, Broken | Kept) for cell in cells):
        result |= Exit.UNDECIDED
    return result
