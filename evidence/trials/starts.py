"""Random states from which a word does something that can be compared."""

import random
import struct
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from evidence.trials.board import (
    CODE_SIZE,
    NEAR,
    PROGRAM,
    PROGRAM_SIZE,
    TARGETS,
    TEST_PAGES,
    WINDOW_SIZE,
    WINDOWS,
)
from evidence.trials.operands import Operands
from evidence.trials.ours import Ours, Run
from evidence.trials.start import Refusal, Start
from hypabi.arch.names import InstructionSet
from hypabi.machine.observation import Ending, Unmodelled
from hypabi.machine.state import Extent
from hypabi.records import replace

TRIES: Final = 6
"""How often the addresses of one state are chosen anew."""
ROOM: Final = range(PROGRAM - WINDOW_SIZE, PROGRAM + PROGRAM_SIZE)
"""Where the program is."""
NO_STATE: Final = "no state was found in which it accesses the window only"


def interesting(source: random.Random, bits: int) -> int:
    """Return a number that is likely to find the edges of an operation."""
    match source.randrange(4):
        case 0:
            return source.getrandbits(bits)
        case 1:
            numbers = (0, 1, 2, 31, 32, 63, 64, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
            return source.choice(numbers) & (1 << bits) - 1
        case 2:
            near = source.choice((0, 1 << bits - 1, 1 << 31)) - source.randrange(3)
            return near & (1 << bits) - 1
        case _:
            return source.getrandbits(source.choice((8, 16, bits // 2, bits - 1)))


def registers(
    source: random.Random, names: Sequence[str], bits: int, named: Iterable[str]
) -> dict[str, int]:
    """Return random registers; those that the word names are more likely to be at an edge."""
    drawn = source.randbytes(bits // 8 * len(names))
    values = struct.unpack(f"<{len(names)}{'Q' if bits == 64 else 'I'}", drawn)
    found = dict(zip(names, values, strict=True))
    return found | {name: interesting(source, bits) for name in named if name in found}


def target(source: random.Random) -> int:
    """Return an address where control may go."""
    return source.randrange(TARGETS.start, TARGETS.stop, TARGETS.step)


class Maker(Protocol):
    """Knows the registers of an architecture."""

    @property
    def bits(self) -> int:
        """Return the width of its registers."""
        ...

    def start(self, source: random.Random) -> Start:
        """Return a state without regard to what the word does with it."""
        ...

    def physical(self, start: Start, name: str) -> str:
        """Return which copy of a register an instruction names."""
        ...

    def end(self, state: InstructionSet) -> bytes:
        """Return an instruction that ends the run."""
        ...


def placed(
    start: Start, operands: Operands, maker: Maker, ours: Ours, source: random.Random
) -> Start | Refusal:
    """Return the state with addresses that lie in the window.

    Where there is no such state, say why: our semantics refuse the word, or it was not found.
    """
    bases = [maker.physical(start, name) for name in sorted(operands.addresses)]
    for attempt in range(TRIES if operands.accesses else 0):
        base = bases[attempt % len(bases)] if bases else ""
        found = _with_addresses(start, bases, base, source) if bases else start
        run, ending = ours.first(found)
        if ending is not None and not run.core.accesses:
            return _refusal(ending)
        moved = _moved(found, base, run, maker, source) if bases else _around(found, run, source)
        if moved is not None and _fits(moved, ours):
            return _ended(moved, maker, ours) if operands.transfers else moved
    if operands.accesses:
        return Refusal(NO_STATE)
    return _ended(start, maker, ours) if operands.transfers else start


def _refusal(ending: Ending) -> Refusal:
    return Refusal(ending.reason if isinstance(ending, Unmodelled) else str(ending))


def _with_addresses(start: Start, bases: Iterable[str], base: str, source: random.Random) -> Start:
    moved = {name: 8 * source.randrange(8) for name in bases}
    moved[base] = start.window + WINDOW_SIZE // 2 & -16
    return replace(start, registers={**start.registers, **moved})


def _moved(start: Start, base: str, run: Run, maker: Maker, source: random.Random) -> Start | None:
    """Move the base so that what is accessed lies in the window, and is aligned."""
    accesses = run.core.accesses
    if not accesses:
        return start
    low, high = _span(run)
    largest = max(size for _, size in accesses)
    stack = "sp" in base.lower()
    step = 16 if stack else min(largest, 8)
    if high - low > WINDOW_SIZE - 16:
        return None
    wanted = start.window + step * source.randrange((WINDOW_SIZE - 16 - high + low) // step + 1)
    wanted += low % 16 if stack else 0
    moved = start.registers[base] + wanted - low & (1 << maker.bits) - 1
    return replace(start, registers={**start.registers, base: moved})


def _span(run: Run) -> tuple[int, int]:
    accesses = run.core.accesses
    return min(a for a, _ in accesses), max(a + size for a, size in accesses)


def _around(start: Start, run: Run, source: random.Random) -> Start | None:
    """Put the window where a fixed address is, if the word itself is not there."""
    if not run.core.accesses:
        return start
    low, high = _span(run)
    if high - low > WINDOW_SIZE - 16:
        return None
    window = low - source.randrange(WINDOW_SIZE - 16 - (high - low)) & -16
    if window not in NEAR or window in ROOM:
        return None
    if window < start.place + CODE_SIZE and start.place < window + WINDOW_SIZE:
        return start
    return replace(start, window=window)


def _fits(start: Start, ours: Ours) -> bool:
    """Tell whether the word accesses the window only."""
    run, ending = ours.first(start)
    end = start.window + WINDOW_SIZE
    inside = all(start.window <= a and a + size <= end for a, size in run.core.accesses)
    return inside and ending is None


def _ended(start: Start, maker: Maker, ours: Ours) -> Start | Refusal:
    """Put an instruction that ends the run where the word sends control."""
    run, ending = ours.first(start)
    if ending is not None:
        return _refusal(ending)
    pc = run.core.registers["pc"]
    code = range(start.place, start.place + CODE_SIZE)
    if start.place <= pc <= start.place + 2 * start.prefixed:
        return Refusal("it branches to itself, or to the IT before it")
    if pc in code or pc in ROOM:
        return start
    poke = Extent(pc & -4, maker.end(run.rules.instruction_set(run.core)))
    window = range(start.window - 3, start.window + WINDOW_SIZE)
    free = poke.address in NEAR or TARGETS.start <= poke.address < TARGETS.stop
    if not free or poke.address in window:
        return Refusal("it sends control where nothing can be")
    if poke.address in code or poke.end - 1 in code:
        return start
    return replace(start, poke=poke)


def place_of(source: random.Random) -> int:
    """Return where a word may stand."""
    return source.choice(TEST_PAGES) + 4 * source.randrange(0x3F0)


def window_of(source: random.Random) -> int:
    """Return where its memory may lie."""
    return source.choice(WINDOWS)
