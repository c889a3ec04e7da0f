"""A trace in the format of Chrome's trace viewer, which Perfetto reads, too.

Each CPU is a thread; a second row of it says who is live.  Crossings without a time stand in their
order, a microsecond apart.
"""

import json
from collections.abc import Iterator
from typing import Final

from hypabi.analysis.results.plain import Plain, plain
from hypabi.report.trace.live import LiveSpan, at, live_spans
from hypabi.tracing.result import TracedCrossing, TraceResult

CALLS: Final = 1
LIVE: Final = 2
"""Process identifiers of the two rows."""


def write(traced: TraceResult) -> str:
    """Return the trace as one JSON object."""
    events = [*_names(traced), *map(_crossing, traced.crossings), *map(_span, live_spans(traced))]
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
        "ph": "X", "pid": CALLS, "tid": crossing.cpu, "ts": at(crossing),
        "dur": crossing.duration or 0, "cat": crossing.party or "unknown",
        "name": crossing.call or crossing.identifier or crossing.place or "unknown",
        "args": plain(crossing),
    }  # fmt: skip


def _span(span: LiveSpan) -> dict[str, Plain]:
    return {
        "ph": "X", "pid": LIVE, "tid": span.cpu, "ts": span.start, "dur": span.end - span.start,
        "name": span.party, "cat": "live",
    }  # fmt: skip
