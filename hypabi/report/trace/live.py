"""Who is live on which CPU from when to when, as far as crossings tell."""

from collections.abc import Iterator

from hypabi.records import frozen
from hypabi.tracing.result import FIRMWARE, GUEST, TracedCrossing, TraceResult


@frozen
class LiveSpan:
    """A stretch of time in which one party was live on one CPU."""

    cpu: int
    party: str
    start: int
    """Microseconds."""
    end: int


def at(crossing: TracedCrossing) -> int:
    """Return when a crossing began; without a time they stand in their order, 1 us apart."""
    return crossing.number if crossing.time is None else crossing.time


def live_spans(traced: TraceResult) -> Iterator[LiveSpan]:
    """Yield the spans, each when it ends, and last those that do not."""
    live: dict[int, tuple[str, int]] = {}
    last = 0
    for each in traced.crossings:
        start, last = at(each), max(last, at(each) + (each.duration or 0))
        if each.party in (FIRMWARE, GUEST):
            continue
        party = each.party or "unknown"
        if each.cpu not in live or live[each.cpu][0] != party:
            yield from _span(each.cpu, live, start)
            live[each.cpu] = (party, start)
        if each.live is not None:
            end = start + (each.duration or 0)
            yield from _span(each.cpu, live, end)
            live[each.cpu] = (each.live, end)
    for cpu in sorted(live):
        yield from _span(cpu, live, last)


def _span(cpu: int, live: dict[int, tuple[str, int]], end: int) -> Iterator[LiveSpan]:
    if cpu in live:
        party, start = live[cpu]
        yield LiveSpan(cpu, party, start, end)
