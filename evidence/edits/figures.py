"""The figures of a run: what became of edits by kind, and those that are not found."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from evidence.edits.edit import Direction, Edit, Kind
from evidence.edits.verdict import Fate, Verdict
from hypabi.records import frozen

OF_BROKEN = (Fate.FOUND, Fate.OTHERWISE, Fate.UNDECIDED, Fate.SILENT)
"""What may become of an edit that breaks something, in the order of the table."""
NOTHING_NEW = (Direction.MENDED, Direction.HARMLESS)


@frozen
class Row:
    """Edits of one kind, by direction and fate."""

    name: str
    fates: Counter[tuple[Direction, Fate]]

    def of(self, direction: Direction, *fates: Fate) -> int:
        """Return how many of a direction have one of these fates; of any, where none is named."""
        return sum(
            number
            for (each, fate), number in self.fates.items()
            if each is direction and (not fates or fate in fates)
        )

    @property
    def false(self) -> int:
        """How many say something though nothing is wrong."""
        return sum(self.of(each, Fate.ALARM, Fate.DOUBT) for each in NOTHING_NEW)


@frozen
class Missed:
    """An edit that is not found, or of which something is said for nothing."""

    name: str
    kind: Kind
    fate: Fate
    what: str
    why: str
    """Where it is known; else what was said."""


@frozen
class Figures:
    """What a run found."""

    command: str
    source: str
    """Package and version of the sources."""
    rows: tuple[Row, ...]
    missed: tuple[Missed, ...]


def figures_of(command: str, source: str, verdicts: Sequence[Verdict]) -> Figures:
    """Return the figures of a run."""
    rows = []
    for kind in Kind:
        fates = ((v.edit.direction, v.fate) for v in verdicts if v.edit.kind is kind)
        rows.append(Row(kind.value, Counter(fates)))
    missed = (
        Missed(v.edit.name, v.edit.kind, v.fate, v.edit.what, v.edit.missed or "; ".join(v.said))
        for v in verdicts
        if v.fate is not Fate.FOUND
    )
    return Figures(command, source, tuple(row for row in rows if row.fates), tuple(missed))


def table(figures: Figures) -> str:
    """Return the tables of a run, in Markdown."""
    return "".join(_tables(figures))


def first_table(edits: Sequence[Edit]) -> str:
    """Return what became of edits that were written before what finds them, in Markdown."""
    lines = ["| kind | broken | found when first judged | recall |", "| --- | ---: | ---: | ---: |"]
    for kind in (*(each.value for each in Kind), "all"):
        first = [e.first for e in edits if e.first and kind in (e.kind.value, "all")]
        found = first.count(Fate.FOUND.value)
        lines.append(f"| {kind} | {len(first)} | {found} | {_share(found, len(first))} |")
    return "\n".join(lines) + "\n"


def _tables(figures: Figures) -> Iterator[str]:
    yield (
        "| kind | broken | found | by another rule | undecided | silent | recall | mended |"
        " silent | harmless | silent | false alarms | precision |\n"
        "| --- |" + " ---: |" * 12 + "\n"
    )
    total: Counter[tuple[Direction, Fate]] = Counter()
    for row in figures.rows:
        total += row.fates
        yield _line(row)
    yield _line(Row("all", total))
    if figures.missed:
        yield "\n| not found | kind | what is wrong | what came of it | why |\n"
        yield "| --- | --- | --- | --- | --- |\n"
    for each in figures.missed:
        cells = (f"`{each.name}`", each.kind.value, each.what, each.fate.value, each.why)
        yield f"| {' | '.join(cells)} |\n"


def _line(row: Row) -> str:
    broken, mended = row.of(Direction.BROKEN), row.of(Direction.MENDED)
    found = row.of(Direction.BROKEN, Fate.FOUND)
    wrong = row.of(Direction.BROKEN, Fate.OTHERWISE) + row.false
    cells = (
        broken,
        *(row.of(Direction.BROKEN, fate) for fate in OF_BROKEN),
        _share(found, broken),
        mended,
        row.of(Direction.MENDED, Fate.FOUND),
        row.of(Direction.HARMLESS),
        row.of(Direction.HARMLESS, Fate.FOUND),
        row.false,
        _share(found, found + wrong),
    )
    return f"| {row.name} | {' | '.join(map(str, cells))} |\n"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""


def save_figures(figures: Figures, path: Path) -> None:
    """Write the figures of a run, for the page that is made from them."""
    rows = [
        {
            "kind": row.name,
            "fates": [
                {"direction": direction.value, "fate": fate.value, "edits": number}
                for (direction, fate), number in sorted(row.fates.items(), key=_by_name)
            ],
        }
        for row in figures.rows
    ]
    missed = [
        {"name": m.name, "kind": m.kind.value, "fate": m.fate.value, "what": m.what, "why": m.why}
        for m in figures.missed
    ]
    tree = {"command": figures.command, "source": figures.source, "rows": rows, "missed": missed}
    path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


def _by_name(item: tuple[tuple[Direction, Fate], int]) -> tuple[str, str]:
    (direction, fate), _ = item
    return direction.value, fate.value


def read_figures(path: Path) -> Figures:
    """Read what :func:`save_figures` wrote."""
    tree = json.loads(path.read_text(encoding="utf-8"))
    rows = tuple(
        Row(
            row["kind"],
            Counter(
                {(Direction(e["direction"]), Fate(e["fate"])): e["edits"] for e in row["fates"]}
            ),
        )
        for row in tree["rows"]
    )
    missed = tuple(
        Missed(m["name"], Kind(m["kind"]), Fate(m["fate"]), m["what"], m["why"])
        for m in tree["missed"]
    )
    return Figures(tree["command"], tree["source"], rows, missed)
