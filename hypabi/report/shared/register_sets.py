"""Sets of registers in few words: ``x0-x2, x18, SP_EL1``."""

from collections.abc import Collection, Iterable

from hypabi.arch.names import Architecture
from hypabi.arch.register_order import natural_order
from hypabi.contract.registers import registers_of


def ranges(names: Iterable[str]) -> str:
    """Spell a set of registers; consecutive numbers become a range."""
    runs: list[tuple[str, int, int]] = []
    plain: list[str] = []
    for rank, number, name in sorted(natural_order(name) for name in set(names)):
        head = rank.partition(" ")[2]
        if number < 0:
            plain.append(name)
        elif runs and runs[-1][0] == head and runs[-1][2] == number - 1:
            runs[-1] = (head, runs[-1][1], number)
        else:
            runs.append((head, number, number))
    return ", ".join([*(_run(*run) for run in runs), *plain])


def kept_in_words(architecture: Architecture, kept: Collection[str]) -> str:
    """Spell the registers that are kept; the many banked copies of AArch32 as one where all are."""
    banked = [name for name in registers_of(architecture).general if natural_order(name)[1] < 0]
    if not banked or not set(banked) <= set(kept):
        return ranges(kept)
    return ", ".join([ranges(set(kept) - set(banked)), "every banked copy"])


def _run(head: str, first: int, last: int) -> str:
    return f"{head}{first}" if first == last else f"{head}{first}-{head}{last}"
