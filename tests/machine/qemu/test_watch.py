"""QEMU boots the reference program, and what the stub saw is what the program did."""

import os
import time
from pathlib import Path

import pytest

from hypabi import trace
from hypabi.machine.crossing import EndKind
from hypabi.tracing.result import DerivedWord, TraceResult
from tests.tracing.events import LIFE, VERSION
from tests.witness.examples import need_machine

LIFE_OF_BOTH = [
    ("stub", "HVC_RESET_VECTORS", "0x0"),
    ("stub", None, "0xbadca11"),
    ("stub", "HVC_FINALISE_EL2", "0xbadca11"),
    ("stub", "HVC_RESET_VECTORS", "0x0"),
    ("stub", "HVC_SET_VECTORS", "0x0"),
    ("kvm-init", "__kvm_hyp_init", "0x0"),
    ("kvm-run", "__kvm_get_mdcr_el2", "0x0"),
    ("kvm-run", None, "0xffffffffffffffff"),
    ("kvm-run", "HVC_SET_VECTORS", "0xbadca11"),
    ("kvm-run", "HVC_RESET_VECTORS", "0x0"),
    ("stub", "HVC_SET_VECTORS", "0x0"),
    ("kvm-init", "__kvm_hyp_init", "0x0"),
    ("kvm-run", "HVC_RESET_VECTORS", "0x0"),
    ("stub", None, "0xbadca11"),
    ("stub", "HVC_RESET_VECTORS", "0x0"),
    ("stub", "HVC_SET_VECTORS", "0x0"),
    ("kvm-init", "__kvm_hyp_init", "0x0"),
    ("kvm-run", "HVC_SOFT_RESTART", None),
    ("stub", None, "0xbadca11"),
    ("stub", "HVC_SOFT_RESTART", None),
]
"""What reference/arm64/life.S does, in its order, and what it prints on its console."""


@pytest.fixture(scope="module")
def life() -> TraceResult:
    need_machine("qemu")
    return trace(LIFE, kernel_version=VERSION, source="gdb-stub")


def test_every_call_of_the_program_is_seen_once_and_by_name(life: TraceResult) -> None:
    seen = [(each.party, each.call, each.result) for each in life.crossings]
    assert seen == LIFE_OF_BOTH


def test_what_a_machine_does_is_what_was_derived(life: TraceResult) -> None:
    compared = [each for each in life.crossings if each.derived is not DerivedWord.NOT_COMPARED]
    assert len(compared) >= 16
    assert {each.derived for each in compared} == {DerivedWord.AGREES}


def test_the_call_that_nobody_is_entitled_to_is_told_while_it_runs(life: TraceResult) -> None:
    violated = [each for each in life.crossings if each.verdict.value == "violated"]
    assert [(each.party, each.call) for each in violated] == [("kvm-run", "HVC_SET_VECTORS")]
    assert life.exit_status & 8


def test_the_end_of_the_machine_is_the_end_of_the_trace(life: TraceResult) -> None:
    assert life.end.kind is EndKind.GONE


def test_text_on_the_console_ends_it_and_nothing_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_machine("qemu")
    (tmp_path / "own").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "own"))
    ended = trace(LIFE, kernel_version=VERSION, until="finalise", record=tmp_path / "t")
    assert ended.end.kind is EndKind.REACHED
    assert 0 < len(ended.crossings) < len(LIFE_OF_BOTH)
    assert not list((tmp_path / "own").iterdir())
    again = trace(LIFE, kernel_version=VERSION, imported=tmp_path / "t")
    assert (again.crossings, again.end) == (ended.crossings, ended.end)


def test_a_kernel_that_does_nothing_hangs_and_is_ended() -> None:
    need_machine("qemu")
    started = time.monotonic()
    ended = trace(LIFE, kernel_version=VERSION, append="", silence=0.0)
    assert ended.end.kind is EndKind.HANG
    assert time.monotonic() - started < 60
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
