"""The figures of a run: words and states of each instruction set, and what came of them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from evidence.trials.comparison import EXCLUSIONS
from evidence.trials.run import Found
from evidence.trials.words import Word
from hypabi.records import frozen


@frozen
class Row:
    """One instruction set."""

    state: str
    words: int
    """Distinct words that were found."""
    without_meaning: int
    """Words that the lifter refuses: data among the code, and what has no meaning here."""
    without_register: int
    """Words that name a system register that the processor lacks."""
    compared: int
    """Words of which states were compared."""
    forms: int
    """Forms of those: mnemonic, kinds of operands, system registers."""
    states: int
    big: int
    """States whose data are big-endian."""
    lower: int
    """States that start at EL1 or PL1; all others start at EL2 or in Hyp mode."""
    refused: int
    """States of which our semantics give no end: never compared, and undecided in a proof."""
    differences: int


@frozen
class Figures:
    """What a run found."""

    command: str
    """Which repeats it."""
    sources: tuple[str, ...]
    """Kernels whose words were taken; the reference images come to them."""
    rows: tuple[Row, ...]
    excluded: Mapping[str, int]
    """States in which a thing was not compared, by the exclusion's name."""
    refused: Mapping[str, int]
    """States of which our semantics give no end, by their reason; the most frequent."""


NUMBERS = (
    "words", "without_meaning", "without_register", "compared", "forms", "states", "big", "lower",
    "refused", "differences",
)  # fmt: skip
"""The fields of a row that are numbers, in the order of the table."""
MOST_REASONS = 12


def figures_of(
    command: str,
    sources: Sequence[str],
    words: Mapping[str, Sequence[Word]],
    found: Mapping[str, tuple[Found, Counter[str]]],
) -> Figures:
    """Return the figures of a run."""
    excluded: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for one, _ in found.values():
        excluded += one.excluded
        refused += one.refused
    reasons = sorted(refused.items(), key=lambda each: (-each[1], each[0]))[:MOST_REASONS]
    rows = tuple(_row(state, len(words[state]), *found[state]) for state in sorted(found))
    return Figures(command, tuple(sources), rows, dict(sorted(excluded.items())), dict(reasons))


def _row(state: str, words: int, found: Found, left: Counter[str]) -> Row:
    lacking = sum(count for why, count in left.items() if why.startswith("the processor"))
    return Row(
        state,
        words,
        left.total() - lacking,
        lacking,
        len(found.words),
        len(found.forms),
        found.states["all"],
        found.states["big-endian"],
        found.states["lower"],
        found.refused.total(),
        len(found.differences),
    )


def save_figures(figures: Figures, path: Path) -> None:
    """Write figures as JSON: names and numbers alone."""
    content = {
        "command": figures.command,
        "sources": list(figures.sources),
        "rows": [
            {name: getattr(row, name) for name in ("state", *NUMBERS)} for row in figures.rows
        ],
        "excluded": dict(figures.excluded),
        "refused": dict(figures.refused),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> Figures:
    """Read what `save_figures` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = tuple(Row(**row) for row in content["rows"])
    sources = tuple(content["sources"])
    return Figures(content["command"], sources, rows, content["excluded"], content["refused"])


HEADS = (
    "instruction set", "distinct words", "no meaning here", "not on this processor", "compared",
    "forms", "states compared", "big-endian", "from EL1 or PL1", "refused by our semantics",
    "differences",
)  # fmt: skip


def tables(figures: Figures) -> str:
    """Return the tables in Markdown: by instruction set, what was excluded, what was refused."""
    lines = [f"| {' | '.join(HEADS)} |", "| --- " + "| ---: " * (len(HEADS) - 1) + "|"]
    lines += [_line(row.state, _numbers(row)) for row in figures.rows]
    lines += [
        _line("all", [sum(column) for column in zip(*map(_numbers, figures.rows), strict=True)])
    ]
    lines += ["", "| not compared | states | clause |", "| --- | ---: | --- |", *_excluded(figures)]
    lines += ["", "| why our semantics give no end | states |", "| --- | ---: |"]
    lines += [f"| {reason} | {count:,} |" for reason, count in figures.refused.items()]
    return "\n".join([*lines, ""])


def _numbers(row: Row) -> list[int]:
    return [getattr(row, name) for name in NUMBERS]


def _line(name: str, numbers: Iterable[int]) -> str:
    return f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


def _excluded(figures: Figures) -> Iterator[str]:
    for each in EXCLUSIONS:
        yield f"| {each.name} | {figures.excluded.get(each.name, 0):,} | {each.clause} |"
