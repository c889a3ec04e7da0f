"""`hypabi trace` from the door: imports, recordings, forms, refusals, and how it ends."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.door import COMMAND, environment, hypabi, one_line
from tests.report.schemas import strict
from tests.tracing.events import HEADER, KVM_INIT, LIFE, SET_VECTORS, STUB, back, entered
from tests.tracing.qemu_lines import BACK, HVC
from tests.witness.examples import need_machine

IMAGE = (LIFE, "--kernel-version", "6.1")


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return a recorded trace of one good call."""
    from hypabi.machine.crossing import Ended, EndKind, Event
    from hypabi.tracing.record import spell_event, spell_header

    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": KVM_INIT})
    answer = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT})
    events: tuple[Event, ...] = (call, answer, Ended(40, EndKind.LOG, "enough"))
    path = tmp_path / "trace.jsonl"
    path.write_text(spell_header(HEADER) + "".join(map(spell_event, events)), encoding="utf-8")
    return path


def test_a_recorded_trace_is_told_as_if_it_were_seen_now(recorded: Path) -> None:
    ran = hypabi("trace", *IMAGE, "--import", recorded)
    assert (ran.returncode, ran.stderr) == (0, "")
    first = ran.stdout.splitlines()[0]
    assert first.startswith("0.000010 cpu0 stub EL1h hvc __hyp_set_vectors+0x8 HVC_SET_VECTORS(")
    assert "1 satisfied" in ran.stdout
    assert "made by a test" in ran.stdout


def test_every_form_is_of_the_same_trace(recorded: Path) -> None:
    def form(name: str) -> str:
        ran = hypabi("trace", *IMAGE, "--import", recorded, "--format", name)
        assert (ran.returncode, ran.stderr) == (0, "")
        return ran.stdout

    document = json.loads(form("json"))
    strict("trace").validate(document)
    assert json.loads(form("jsonl").splitlines()[0]) == document["crossings"][0]
    assert any(
        e.get("name") == "HVC_SET_VECTORS" for e in json.loads(form("chrome"))["traceEvents"]
    )
    assert "+-- kvm-init --" in form("timeline")


def test_what_is_recorded_of_a_record_is_the_record(recorded: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    ran = hypabi("trace", *IMAGE, "--import", recorded, "--record", again)
    assert ran.returncode == 0
    assert again.read_bytes() == recorded.read_bytes()


def test_patterns_and_counts(recorded: Path) -> None:
    without = hypabi("trace", *IMAGE, "--import", recorded, "-e", "HVC_RESET*")
    assert "HVC_SET_VECTORS(" not in without.stdout
    assert "1 crossing: 1 satisfied" in without.stdout
    mistyped = hypabi("trace", *IMAGE, "--import", recorded, "-e", "HVC_RESTE*", "-e", "stub")
    assert "no crossing fits HVC_RESTE*" in mistyped.stdout
    assert "HVC_SET_VECTORS(" in mistyped.stdout and "no crossing fits stub" not in mistyped.stdout
    counted = hypabi("trace", *IMAGE, "--import", recorded, "-c")
    assert "     1      0   0.000015  stub             HVC_SET_VECTORS" in counted.stdout


def test_other_cpus_are_printed_where_they_are_asked_for(recorded: Path) -> None:
    recorded.write_text(recorded.read_text("utf-8").replace('"cpu":0', '"cpu":1'), "utf-8")
    line = "cpu1 stub EL1h hvc __hyp_set_vectors"
    without = hypabi("trace", *IMAGE, "--import", recorded)
    assert line not in without.stdout
    assert "crossings of other CPUs than cpu0: 1 (-f)" in without.stdout
    assert "1 crossing: 1 satisfied" in without.stdout
    for words in (("-f",), ("-e", "cpu1")):
        assert line in hypabi("trace", *IMAGE, "--import", recorded, *words).stdout


def test_what_is_amiss_on_another_cpu_is_printed_unasked(recorded: Path) -> None:
    text = recorded.read_text("utf-8").replace('"cpu":0', '"cpu":1')
    recorded.write_text(text.replace('"x19":"0x1013"', '"x19":"0x7"', 1), "utf-8")
    found = hypabi("trace", *IMAGE, "--import", recorded)
    assert "VIOLATED registers" in found.stdout
    assert "cpu1 stub EL1h hvc" in found.stdout


def test_a_log_of_qemu_is_named_and_not_judged(tmp_path: Path) -> None:
    log = tmp_path / "int.log"
    log.write_text(HVC + BACK, encoding="utf-8")
    ran = hypabi("trace", *IMAGE, "--import", log, "-f")
    assert ran.returncode == 16
    assert ran.stdout.startswith("cpu2 stub EL1 hvc __hyp_set_vectors+0x8 HVC_SET_VECTORS(")
    assert "not seen    registers" in ran.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--import", "nothing-there"), "cannot be read"),
        (("--smp", "0"), "is no number from 1 to 64"),
        (("--until", "inf"), "this is no time"),
        (("--until", "-3"), "this is no time"),
        (("--import", "x", "--cpu", "max"), "nothing is booted"),
        (("--import", "x", "--drive", "kvm"), "nothing is booted"),
        (("--module", "brd.ko"), "give --drive"),
        (("--drive", "kvm,kwm"), "there is no step 'kwm'"),
        (("--record", "/nowhere/at/all"), "No such file"),
        (("--cpu", "no-such-processor", "--until", "1"), "no-such-processor"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(words: tuple[str, ...], says: str) -> None:
    need_machine("qemu")
    ran = hypabi("trace", *IMAGE, *words)
    assert ran.returncode in (1, 3)
    assert says in one_line(ran)


def test_text_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("hello\n", encoding="utf-8")
    assert "this is no trace" in one_line(hypabi("trace", *IMAGE, "--import", other))


def test_a_full_disk_ends_a_recording_in_a_line(recorded: Path) -> None:
    ran = hypabi("trace", *IMAGE, "--import", recorded, "--record", "/dev/full")
    assert ran.returncode == 1
    assert "No space left" in ran.stderr


def test_an_interrupt_ends_it_with_what_was_seen(tmp_path: Path) -> None:
    need_machine("qemu")
    record = tmp_path / "t.jsonl"
    words = ["trace", str(LIFE), "--kernel-version", "6.1", "--record", str(record)]
    started = subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(TMPDIR=str(tmp_path)),
    )  # fmt: skip
    for _ in range(1200):
        if record.exists() and '"leave"' in record.read_text("utf-8"):
            break
        time.sleep(0.05)
    os.kill(started.pid, signal.SIGINT)
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "HVC_RESET_VECTORS() = 0x0" in output
    assert "--- interrupted" in output
    assert {path.name for path in tmp_path.iterdir()} == {record.name}
