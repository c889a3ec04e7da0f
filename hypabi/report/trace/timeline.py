"""Who is live when on which CPU, and every crossing on a line of time, as text.

Time goes down, each CPU has a column; a change of the vectors is drawn across it.
"""

from collections.abc import Iterator
from typing import Final

from hypabi.report.shared.text_layout import cut, printable
from hypabi.tracing.result import FIRMWARE, GUEST, TracedCrossing, TraceResult

WIDTH: Final = 34
"""Of the column of a CPU."""


def write(traced: TraceResult) -> str:
    """Return the picture."""
    return "".join(f"{printable(line.rstrip())}\n" for line in _lines(traced))


def _lines(traced: TraceResult) -> Iterator[str]:
    cpus = sorted({each.cpu for each in traced.crossings})
    yield _row("seconds", {cpu: f"cpu{cpu}" for cpu in cpus}, cpus)
    live: dict[int, str] = {}
    for each in traced.crossings:
        party = each.party or "?"
        if party not in (FIRMWARE, GUEST) and live.get(each.cpu) != party:
            yield _row("", {cpu: _bar(live.get(cpu), cpu == each.cpu, party) for cpu in cpus}, cpus)
            live[each.cpu] = party
        at = "" if each.time is None else f"{each.time / 1e6:.6f}"
        mark = "" if each.verdict.value != "violated" else "  !"
        name = each.call or each.identifier or each.place or "?"
        texts = {cpu: "|" if cpu in live else "" for cpu in cpus}
        texts[each.cpu] = f"| {'  ' * each.depth}{name}{_answer(each)}{mark}"
        yield _row(at, texts, cpus)
        if each.live is not None:
            texts = {cpu: _bar(live.get(cpu), cpu == each.cpu, each.live) for cpu in cpus}
            yield _row("", texts, cpus)
            live[each.cpu] = each.live
    yield f"{traced.end.kind.value}: {traced.end.text}"


def _bar(live: str | None, changes: bool, party: str) -> str:  # noqa: FBT001 - of one caller
    if changes:
        return f"+-- {party} --"
    return "" if live is None else "|"


def _answer(crossing: TracedCrossing) -> str:
    if not crossing.returned:
        return " ..."
    return "" if crossing.result in (None, "0x0") else f" = {crossing.result}"


def _row(first: str, texts: dict[int, str], cpus: list[int]) -> str:
    columns = (f"{cut(texts.get(cpu, ''), WIDTH - 2):<{WIDTH}}" for cpu in cpus)
    return f"{first:>12}  " + "".join(columns)
