"""A trace as JSON lines: each crossing when it is back, and last what all amount to."""

import json

from hypabi.analysis.results.plain import Plain, plain
from hypabi.tracing.result import TracedCrossing, TraceResult


def write_crossing(crossing: TracedCrossing) -> str:
    """Return the line of a crossing: the fields that it has in ``--format json``."""
    return _line(plain(crossing))


def write_end(traced: TraceResult) -> str:
    """Return the last line: verdict, counts, exit status and why it ended."""
    amounts, end = plain(traced.conclusion), plain(traced.end)
    assert isinstance(amounts, dict)
    return _line({**amounts, "end": end})


def _line(value: Plain) -> str:
    return json.dumps(value, sort_keys=True) + "\n"
