"""Draw words and states, run them on both sides, and count, on several processes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from random import Random
from typing import Final

from evidence.trials import program_a32, program_a64, starts_a32, starts_a64
from evidence.trials.board import Board, BoardError
from evidence.trials.board import run as run_board
from evidence.trials.comparison import Difference, compared
from evidence.trials.operands import Operands, operands_of
from evidence.trials.ours import Ours
from evidence.trials.program_a32 import ProgramA32
from evidence.trials.program_a64 import SCRATCHES, ProgramA64
from evidence.trials.start import End, Reach, Refusal, Start
from evidence.trials.starts import place_of, placed
from evidence.trials.starts_a32 import MakerA32
from evidence.trials.starts_a64 import MakerA64
from evidence.trials.words import Word
from hypabi.arch import aarch64
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.records import field, frozen, replace

BOARDS: Final[Mapping[str, Board]] = {
    "A64": Board(Architecture.ARM64, "max"),
    "A32": Board(Architecture.ARM, "cortex-a15"),
    "T32": Board(Architecture.ARM, "cortex-a15"),
}
"""Where the words of each instruction set run: what has most of the registers that they name."""
ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "A64": starts_a64.ALWAYS, "A32": starts_a32.ALWAYS, "T32": starts_a32.ALWAYS,
}  # fmt: skip
SCRATCH: Final[Mapping[str, frozenset[str]]] = {
    "A64": frozenset(program_a64.SCRATCH),
    "A32": frozenset(program_a32.SCRATCH),
    "T32": frozenset(program_a32.SCRATCH),
}
PLAIN: Final = 400
"""Words of one batch that name no system register."""
SYSTEM: Final = 24
"""Words of one batch that do; all that they name are set and shown for each."""
OTHERWISE: Final = frozenset({"CURRENTEL", "DAIF", "NZCV", "SPSEL", "SP_EL0", "SP_EL1"})
"""System registers by name that every program sets and shows in another way, or cannot."""

CHANGING: Final = aarch64.VOLATILE | aarch64.UNSTEADY
"""Registers that change by themselves: they are neither set nor shown."""

lifters = cache(Lifter)
Processor = Mapping[str, Reach]


@frozen
class Tried:
    """A word that is given a meaning, and what decides where it reaches."""

    word: Word
    operands: Operands
    form: str


@frozen
class Batch:
    """Words that one board runs."""

    words: tuple[Tried, ...]
    system: Mapping[str, Reach]
    states: int
    """How many for each word."""
    seed: str


@frozen
class Found:
    """What came of some states."""

    states: Counter[str] = field(default_factory=Counter)
    """How many were compared, by what they are: all, big-endian, below the hypervisor."""
    words: frozenset[Word] = frozenset()
    """Words of which at least one state was compared."""
    forms: frozenset[str] = frozenset()
    excluded: Counter[str] = field(default_factory=Counter)
    """States in which a thing was not compared, by the name of the exclusion."""
    refused: Counter[str] = field(default_factory=Counter)
    """States of which our semantics give no end, by their reason."""
    differences: tuple[str, ...] = ()

    def __add__(self, other: "Found") -> "Found":
        return Found(
            self.states + other.states,
            self.words | other.words,
            self.forms | other.forms,
            self.excluded + other.excluded,
            self.refused + other.refused,
            self.differences + other.differences,
        )


def form_of(text: str, named: frozenset[str]) -> str:
    """Return an instruction without its numbers: mnemonic, kinds of operands, system registers."""
    plain = re.sub(r"#?-?0x[0-9a-f]+|#-?\d+", "n", text)
    plain = re.sub(r"\b([xwr])\d+\b", r"\1", plain)
    system = " ".join(sorted(each for each in named if "_EL" in each or each.isupper()))
    return f"{plain} {system}".strip()


def tried(words: Sequence[Word], processor: Processor) -> tuple[list[Tried], Counter[str]]:
    """Return the words that can be tried, and why others cannot."""
    found: list[Tried] = []
    left: Counter[str] = Counter()
    for word in words:
        lifter = lifters(word.instruction_set, ByteOrder.LITTLE)
        lifted = lifter.lift(0x4E00_0000, word.content)
        if isinstance(lifted, Undecodable):
            left[f"the lifter refuses it: {_plain(lifted.reason)}"] += 1
            continue
        assert isinstance(lifted, Instruction)
        if any(op.user == "WFI" for op in lifted.ops):
            left["it waits for an interrupt, and none comes"] += 1
            continue
        operands = operands_of(lifted)
        missing = _system(operands, word) - processor.keys()
        if missing:
            left["the processor has no such system register"] += 1
            continue
        text = " ".join(lifter.text(0x4E00_0000, word.content).split())
        found.append(Tried(word, operands, form_of(text, operands.named)))
    return found, left


def _plain(reason: str) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+", "n", reason)


def _system(operands: Operands, word: Word) -> frozenset[str]:
    if word.instruction_set is InstructionSet.A64:
        return (starts_a64.meant(operands.named) & starts_a64.NAMES) - OTHERWISE
    return (operands.named & starts_a32.NAMES) - OTHERWISE


def batches(
    words: Sequence[Tried], processor: Processor, states: int, seed: str
) -> Iterator[Batch]:
    """Yield words that run together: those that name no system register, and the others."""
    plain = [each for each in words if not _system(each.operands, each.word)]
    system = [each for each in words if _system(each.operands, each.word)]
    groups = [*_groups(plain, PLAIN), *_groups(system, SYSTEM)]
    for index, together in enumerate(groups):
        state = together[0].word.state
        names = set(ALWAYS[state]).union(*(_system(each.operands, each.word) for each in together))
        reach = {name: processor[name] for name in sorted(names - CHANGING) if name in processor}
        yield Batch(together, reach, states, f"{seed}/{state}/{index}")


def _groups(words: Sequence[Tried], size: int) -> Iterator[tuple[Tried, ...]]:
    """Cut words into groups that leave the program registers to work with."""
    together: list[Tried] = []
    taken: set[str] = set()
    for each in words:
        scratch = SCRATCH[each.word.state]
        more = taken | _system(each.operands, each.word) & scratch
        if together and (len(together) == size or len(scratch - more) < SCRATCHES):
            yield tuple(together)
            together, more = [], set(_system(each.operands, each.word) & scratch)
        together.append(each)
        taken = set(more)
    if together:
        yield tuple(together)


def judge(batch: Batch) -> Found:
    """Run a batch on both sides; a word at which the board stops is a difference, and left out."""
    found = Found()
    while batch.words:
        try:
            return found + _judge(batch)
        except Stopped as stopped:
            found += Found(differences=(str(stopped),))
            words = tuple(each for each in batch.words if each is not stopped.at)
            batch = replace(batch, words=words)
    return found


class Stopped(Exception):
    """A board stopped at a word."""

    def __init__(self, start: Start, at: Tried, why: BoardError) -> None:
        super().__init__(f"{_named(start, at)}, as {start.code.hex()}: {why}")
        self.at = at


def _judge(batch: Batch) -> Found:
    source = Random(batch.seed)
    place = place_of(source)
    state = batch.words[0].word.state
    constant = frozenset(name for name, reach in batch.system.items() if not reach.writable)
    a64 = state == "A64"
    program = (ProgramA64 if a64 else ProgramA32)(place, tuple(batch.system), constant)
    ours = Ours(program, lifters)
    starts: list[tuple[Start, Tried]] = []
    refused: Counter[str] = Counter()
    for each in batch.words:
        maker = (MakerA64 if a64 else MakerA32)(each.word, each.operands, place, batch.system)
        for _ in range(batch.states):
            start = placed(maker.start(source), each.operands, maker, ours, source)
            if isinstance(start, Refusal):
                refused[_plain(start.reason)] += 1
            else:
                starts.append((start, each))
    size, shown = program.sizes
    records = b"".join(program.record(start) for start, _ in starts) + bytes(8)
    try:
        said = run_board(BOARDS[state], program.content, records, shown * len(starts))
    except BoardError as error:
        if error.offset is None:
            raise
        raise Stopped(*starts[error.offset // size], error) from None
    found = Found(refused=refused)
    for index, (start, each) in enumerate(starts):
        before, theirs = program.end(start, said[shown * index : shown * (index + 1)])
        held = replace(start, registers={**start.registers, **before})
        found = _counted(found, held, each, ours.end(held), theirs)
    return found


def _counted(found: Found, start: Start, each: Tried, ours: End | Refusal, theirs: End) -> Found:
    if isinstance(ours, Refusal):
        found.refused[_plain(ours.reason)] += 1
        return found
    differences, exclusions = compared(start, ours, theirs)
    found.excluded.update({exclusion.name for exclusion in exclusions})
    found.states["all"] += 1
    found.states["big-endian"] += start.order is ByteOrder.BIG
    found.states["lower"] += start.lower
    if each.word in found.words and not differences:
        return found
    return replace(
        found,
        words=found.words | {each.word},
        forms=found.forms | {each.form},
        differences=(*found.differences, *_told(start, each, differences)),
    )


def _told(start: Start, each: Tried, differences: Sequence[Difference]) -> Iterator[str]:
    if differences:
        what = "; ".join(f"{d.what} {d.ours[:40]}, QEMU {d.theirs[:40]}" for d in differences)
        yield f"{_named(start, each)}: {what}"


def _named(start: Start, each: Tried) -> str:
    level = "below" if start.lower else "at"
    return f"{each.word.state} {each.word.content.hex()} ({each.form}) {level}"


def run(
    words: Mapping[str, Sequence[Word]], states: int, seed: int, jobs: int
) -> dict[str, tuple[Found, Counter[str]]]:
    """Return what came of each instruction set's words, and why some were not tried."""
    processors: dict[Board, Processor] = {}
    work: list[tuple[str, Batch]] = []
    left: dict[str, Counter[str]] = {}
    for state, some in words.items():
        board = BOARDS[state]
        if board not in processors:
            reaches = starts_a64.reaches if state == "A64" else starts_a32.reaches
            processors[board] = reaches(board.processor)
        able, left[state] = tried(some, processors[board])
        work += [(state, each) for each in batches(able, processors[board], states, str(seed))]
    found = {state: Found() for state in words}
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        for (state, _), one in zip(work, pool.map(judge, [b for _, b in work]), strict=True):
            found[state] += one
    return {state: (found[state], left[state]) for state in words}
