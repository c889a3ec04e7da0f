"""A trace as text, JSON, JSON lines, a picture, and in Chrome's format."""

import json

import pytest

from hypabi.report.trace import chrome, json_lines, text, timeline
from hypabi.report.trace import json as trace_json
from hypabi.tracing.result import TraceResult
from tests.report.schemas import schema, strict
from tests.tracing.events import KVM_INIT, SET_VECTORS, STUB, back, entered, traced


@pytest.fixture(scope="module")
def result() -> TraceResult:
    """Return a good call, and one that loses x19."""
    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": KVM_INIT})
    good = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT})
    bad = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT, "x19": 5})
    return traced(call, good, call, bad)


LINE = (
    "0.000010 cpu0 stub EL1h hvc __hyp_set_vectors+0x8 "
    "HVC_SET_VECTORS(vectors=0x40080800) = 0x0 <0.000015> => live: kvm-init"
)


def test_a_crossing_is_one_line_and_what_is_amiss_stands_below(result: TraceResult) -> None:
    good, bad = (
        text.write_crossing(each, text.Options(durations=True)) for each in result.crossings
    )
    assert good == LINE + "\n"
    assert bad.splitlines()[0] == LINE
    assert "VIOLATED registers" in bad
    assert "DIFFERS" in bad


def test_patterns_choose_what_is_printed(result: TraceResult) -> None:
    def shown(*patterns: str) -> int:
        return sum(text.is_shown(c, text.Options(patterns=patterns)) for c in result.crossings)

    assert shown() == shown("HVC_SET*") == shown("stub") == shown("cpu0") == 2
    assert (shown("violated"), shown("HVC_RESET*")) == (1, 0)


def test_the_count_says_how_often_each_call_was_made(result: TraceResult) -> None:
    row = text.write_summary(result).splitlines()[-1]
    assert row.split() == ["2", "1", "0.000030", "stub", "HVC_SET_VECTORS"]


def test_json_is_as_its_schema_says(result: TraceResult) -> None:
    document = json.loads(trace_json.write(result))
    strict("trace").validate(document)
    assert trace_json.schema() == schema("trace")
    assert document["counts"]["crossings"]["violated"] == 1
    assert document["exit_status"] == result.exit_status == 13


def test_lines_of_json_are_the_crossings_and_then_the_end(result: TraceResult) -> None:
    document = json.loads(trace_json.write(result))
    lines = [json.loads(json_lines.write_crossing(each)) for each in result.crossings]
    assert lines == document["crossings"]
    assert json.loads(json_lines.write_end(result))["exit_status"] == 13


def test_the_picture_shows_when_the_vectors_change(result: TraceResult) -> None:
    drawn = timeline.write(result).splitlines()
    assert [line.strip() for line in drawn[:4]] == [
        "seconds  cpu0",
        "+-- stub --",
        "0.000010  | HVC_SET_VECTORS",
        "+-- kvm-init --",
    ]
    assert drawn[5].endswith("!")


def test_chrome_gets_each_crossing_and_who_was_live(result: TraceResult) -> None:
    events = json.loads(chrome.write(result))["traceEvents"]
    calls = [each for each in events if each["ph"] == "X" and each["pid"] == chrome.CALLS]
    assert [(e["name"], e["ts"], e["dur"], e["tid"]) for e in calls] == [
        ("HVC_SET_VECTORS", 10, 15, 0)
    ] * 2
    live = [each for each in events if each["ph"] == "X" and each["pid"] == chrome.LIVE]
    assert [each["name"] for each in live][:2] == ["stub", "kvm-init"]
