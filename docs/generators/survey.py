"""The survey of an archive's kernels, from the store that a sweep of it wrote."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hypabi.store.records import Fate, FindingLine, HistoryResult, Item, SweptKernel

HEAD = """# Kernels of Debian's archive against `linux-hyp-abi`

A survey of {date}, written by `docs/survey` from what `hypabi sweep {sources}` kept with {made_by}. The archive drops point releases, so nobody
else may get the same, and neither CI nor `docs/generate` makes the page again: [Debian's kernels](kernels.md) is the one that is kept. What
differs between neighbours, and why, is told in [one case](../cases/2026-11-neighbouring-versions.md), what callers ask for in
[another](../cases/2026-11-callers-of-debian.md). {covers} Seconds are of reading the image and `check` in a worker that had others before, on two
cores that others used too; MB is the most that the worker had taken until then.

| kernel | in packages | verdict | clauses proved | refuted | undecided | vacuous | callers good | violated | undecided | seconds | MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
AMISS = frozenset({"violated", "undecided", "unscheduled"})


def page(
    date: str,
    sources: Sequence[str],
    made_by: str,
    kernels: Sequence[tuple[SweptKernel, Sequence[Item]]],
    history: HistoryResult,
    fates: Sequence[tuple[str, Fate, str]],
) -> str:
    """Return the whole page.

    :param kernels: each with everything that was judged in it
    :param fates: name, fate and reason of everything that was looked at
    """
    counts = Counter(fate for _, fate, _ in fates)
    packages = counts[Fate.JUDGED]
    covers = f"{packages} packages hold {len(kernels)} kernels."
    text = HEAD.format(date=date, sources=" ".join(sources), made_by=made_by, covers=covers)
    text += "".join(_row(kernel, items) for kernel, items in kernels)
    text += "\n## Findings\n" + ("".join(_findings(history)) or "\nNone.\n")
    text += "\n## Not judged\n\n" + ("".join(_not_judged(fates)) or "None.\n")
    text += "\n## Images\n\n| kernel | SHA-256 of the image |\n| --- | --- |\n"
    return text + "".join(f"| {_name(kernel)} | `{kernel.sha256}` |\n" for kernel, _ in kernels)


def _name(kernel: SweptKernel) -> str:
    return f"{kernel.architecture} {kernel.version} {kernel.flavour}"


def _row(kernel: SweptKernel, items: Sequence[Item]) -> str:
    clauses = Counter(item.word for item in items if item.unit == "clauses")
    callers = Counter(item.word for item in items if item.unit == "call sites")
    good = sum(number for word, number in callers.items() if word not in AMISS)
    cells = (
        _name(kernel), len(kernel.found_in), kernel.verdicts.get("check", ""), clauses["proved"],
        clauses["refuted"], clauses["undecided"], clauses["vacuous"], good, callers["violated"],
        callers["undecided"] + callers["unscheduled"], kernel.seconds, kernel.megabytes,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |\n"


def _findings(history: HistoryResult) -> Iterator[str]:
    for each in history.findings:
        finding = each.finding
        where = ", ".join(filter(None, (finding.party, finding.call, finding.name)))
        yield f"\n### {where}: {finding.word}\n\n`{finding.rule}`: {finding.text}\n\n"
        yield "| kernels | not yet in | from | to | mended in | how many |\n"
        yield "| --- | --- | --- | --- | --- | --- |\n"
        for line in each.lines:
            yield _line(line)


def _line(line: FindingLine) -> str:
    name = f"{line.architecture} {line.series} {line.flavour}".rstrip()
    since, mended = line.since or "none was read", line.mended_in or "not in what was read"
    return f"| {name} | {since} | {line.first} | {line.last} | {mended} | {line.kernels} |\n"


def _not_judged(fates: Sequence[tuple[str, Fate, str]]) -> Iterator[str]:
    for name, fate, reason in fates:
        if fate is not Fate.JUDGED:
            yield f"- {name}: {fate.value}: {reason}\n"
