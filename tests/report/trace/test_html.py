"""The page of a trace: every crossing is in it, nothing loads, and any screen is wide enough."""

import re
from html import unescape
from pathlib import Path

from hypabi.records import replace
from hypabi.report.trace.html import write
from hypabi.report.trace.live import LiveSpan, live_spans
from hypabi.report.trace.text import Options
from hypabi.tracing.result import DrivenStep, DrivenWord, TraceResult
from tests.report.html.browser import look_at
from tests.tracing.events import KVM_INIT, SET_VECTORS, STUB, back, entered, traced

LONG = "<b>a_very_long_word_" * 20


def result() -> TraceResult:
    """Return a good call, one that loses x19, and a step whose text is long and has markup."""
    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": KVM_INIT})
    good = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT})
    bad = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT, "x19": 5})
    found = traced(call, good, call, bad)
    return replace(found, steps=(DrivenStep("kvm", DrivenWord.FAILS, LONG),))


def test_every_crossing_that_is_wanted_is_told() -> None:
    page = write(result(), Options())
    told = unescape(re.sub("<[^>]*>", "", page))
    assert told.count("HVC_SET_VECTORS(vectors=0x40080800)") == 2
    assert "registers:" in told
    assert "kvm: fails" in told
    assert "<b>" not in page
    assert "HVC_SET" not in write(result(), Options(patterns=("HVC_RESET*",)))


def test_who_is_live_is_told_from_crossing_to_crossing() -> None:
    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": KVM_INIT})
    found = traced(call, back(call, {"x0": 0, "VBAR_EL2": KVM_INIT}))
    assert list(live_spans(found)) == [
        LiveSpan(0, "stub", 10, 25), LiveSpan(0, "kvm-init", 25, 25)
    ]  # fmt: skip


def test_the_page_is_readable_on_any_screen(tmp_path: Path) -> None:
    for (_, width), seen in look_at(
        {"trace": write(result(), Options())}, (400, 1280), tmp_path
    ).items():
        assert seen["page"] <= width, (width, seen["out"])
        assert (seen["out"], seen["unreachable"], seen["loaded"]) == ([], [], [])
        assert (seen["scripts"], seen["marked"]) == (0, 0)


def test_a_trace_without_a_crossing_has_a_page() -> None:
    assert "Who is live when" not in write(traced(), Options())
