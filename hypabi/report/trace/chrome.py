"""A trace in the format of Chrome's trace viewer, which Perfetto reads, too.

Each CPU is a thread; a second row of it says who is live.  Crossings without a time stand in their
order, a microsecond apart.
"""

import json
from collections.abc import Iterator
from typing import Final

from hypabi.analysis.results.plain import Plain, plain
from hypabi.tracing.result import TracedCrossing, TraceResult

CALLS: Final = 1
LIVE: Final = 2
"""Process identifiers of the two rows."""


def write(traced: TraceResult) -> str:
    """Return the trace as one JSON object."""
    events = [*_names(traced), *map(_crossing, traced.crossings), *_spans(traced)]
    about = {"image": traced.image.sha256, "source": traced.source, "end": traced.end.text}
    whole = {"displayTimeUnit": "ms", "otherData": about, "traceEvents": events}
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def _names(traced: TraceResult) -> Iterator[dict[str, Plain]]:
    for process, name in ((CALLS, "crossings"), (LIVE, "live")):
        yield {"ph": "M", "pid": process, "name": "process_name", "args": {"name": name}}
        for cpu in sorted({each.cpu for each in traced.crossings}):
            thread = {"name": f"cpu{cpu}"}
            yield {"ph": "M", "pid": process, "tid": cpu, "name": "thread_name", "args": thread}


def _crossing(crossing: TracedCrossing) -> dict[str, Plain]:
    return {
        "ph": "X", "pid": CALLS, "tid": crossing.cpu, "ts": _at(crossing),
        "dur": crossing.duration or 0, "cat": crossing.party or "unknown",
        "name": crossing.call or crossing.identifier or crossing.place or "unknown",
        "args": plain(crossing),
    }  # fmt: skip


def _at(crossing: TracedCrossing) -> int:
    return crossing.number if crossing.time is None else crossing.time


def _spans(traced: TraceResult) -> Iterator[dict[str, Plain]]:
    """Yield how long each party was live on each CPU, as far as crossings tell."""
    live: dict[int, tuple[str, int]] = {}
    last = 0
    for each in traced.crossings:
        at, last = _at(each), max(last, _at(each) + (each.duration or 0))
        party = each.party or "unknown"
        if each.cpu not in live or live[each.cpu][0] != party:
            yield from _span(each.cpu, live, at)
            live[each.cpu] = (party, at)
        if each.live is not None:
            end = at + (each.duration or 0)
            yield from _span(each.cpu, live, end)
            live[each.cpu] = (each.live, end)
    for cpu in sorted(live):
        yield from _span(cpu, live, last)


def _span(cpu: int, live: dict[int, tuple[str, int]], end: int) -> Iterator[dict[str, Plain]]:
    if cpu in live:
        party, start = live[cpu]
        yield {
            "ph": "X", "pid": LIVE, "tid": cpu, "ts": start, "dur": end - start, "name": party,
            "cat": "live",
        }  # fmt: skip
