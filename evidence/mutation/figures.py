"""The figures of a run: how many mutants of which code, and what became of those drawn."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from evidence.mutation.fates import Fate, Judged
from evidence.mutation.run import Population
from hypabi.records import frozen

GROUPS = (
    ("stubs, A32", "arm-*-a32* *stub"),
    ("stubs, T32", "arm-*-t32* *stub"),
    ("the decompressor's way back to HYP", "arm-* zimage-reentry"),
    ("KVM at HYP, A32", "arm-kvm-*-a32* kvm-*"),
    ("KVM at HYP, T32", "arm-kvm-*-t32* kvm-*"),
    ("installers, A32", "arm-*-a32* __hyp_stub_install*"),
    ("installers, T32", "arm-*-t32* __hyp_stub_install*"),
    ("stubs and their copies, A64", "arm64-* stub"),
    ("stubs and their copies, A64", "arm64-* trans-pgd"),
    ("KVM at EL2, A64", "arm64-kvm-* kvm-*"),
    ("callers, A32", "arm-*-a32* caller *"),
    ("callers, T32", "arm-*-t32* caller *"),
    ("callers, A64", "arm64-* caller *"),
)
"""What a subject is called in the table, by a pattern over its name; others are called by it."""


@frozen
class Row:
    """Mutants that are counted together."""

    name: str
    mutants: int
    """How many there are, drawn or not; of a kind of change, how many were drawn."""
    fates: Counter[Fate]
    """Of those that were drawn."""


@frozen
class Figures:
    """What a run found."""

    command: str
    """Which repeats it."""
    code: tuple[Row, ...]
    changes: tuple[Row, ...]


def group_of(subject: str) -> str:
    """Return in which row of the table a subject counts."""
    own = subject.partition(" caller ")[0] + " callers" if " caller " in subject else subject
    return next((name for name, pattern in GROUPS if fnmatchcase(subject, pattern)), own)


def count_fates(command: str, found: Sequence[Population], judged: Sequence[Judged]) -> Figures:
    """Return the figures of a run."""
    there: Counter[str] = Counter()
    for each in found:
        there[group_of(each.subject)] += each.mutants
    by_code = _counted(judged, lambda each: group_of(each.subject))
    by_kind = _counted(judged, lambda each: each.mutation.kind.value)
    return Figures(
        command,
        tuple(Row(name, there[name], by_code.get(name, Counter())) for name in there),
        tuple(Row(name, by_kind[name].total(), by_kind[name]) for name in sorted(by_kind)),
    )


def _counted(judged: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Counter[Fate]]:
    found: dict[str, Counter[Fate]] = {}
    for each in judged:
        found.setdefault(key(each), Counter())[each.fate] += 1
    return found


def save_figures(figures: Figures, path: Path) -> None:
    """Write figures as JSON: names and numbers alone."""
    content = {
        "command": figures.command,
        "code": list(map(_row_out, figures.code)),
        "changes": list(map(_row_out, figures.changes)),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _row_out(row: Row) -> dict[str, object]:
    fates = {fate.name.lower(): row.fates[fate] for fate in Fate if row.fates[fate]}
    return {"name": row.name, "mutants": row.mutants, **fates}


def read_figures(path: Path) -> Figures:
    """Read what `save_figures` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    code, changes = (tuple(map(_row_in, content[key])) for key in ("code", "changes"))
    return Figures(content["command"], code, changes)


def _row_in(row: dict[str, int | str]) -> Row:
    fates = Counter({fate: int(row[key]) for fate in Fate if (key := fate.name.lower()) in row})
    return Row(str(row["name"]), int(row["mutants"]), fates)


def tables(figures: Figures) -> str:
    """Return both tables in Markdown: by code, and by what is changed."""
    return "\n".join([*_table("code", figures.code), "", *_table("change", figures.changes), ""])


def _table(what: str, rows: Iterable[Row]) -> Iterator[str]:
    heads = [what, "mutants", "judged", *(fate.value for fate in Fate)]
    yield f"| {' | '.join(heads)} |"
    yield "| --- " + "| ---: " * (len(heads) - 1) + "|"
    there, total = 0, Counter[Fate]()
    for row in rows:
        there, total = there + row.mutants, total + row.fates
        yield _line(row)
    yield _line(Row("all", there, total))


def _line(row: Row) -> str:
    numbers = [row.mutants, row.fates.total(), *(row.fates[fate] for fate in Fate)]
    return f"| {row.name} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


def survivors(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield a line for each mutant that stays proved, though it differs and nobody reviewed it."""
    for each in judged:
        if each.fate is Fate.SURVIVOR:
            yield (
                f"{each.subject}: {each.mutation.address:#x}: {each.old} -> {each.new}"
                f" ({each.mutation.kind.value}): {each.why}"
            )
