import json
import re
from collections import Counter
from typing import Any

import pytest

from hypabi.analysis.results.conclusion import spell_counts
from tests.cli.door import hypabi, hypabi_process
from tests.cli.kernel import SLOTS, stub
from tests.inputs import Assemble, Kernel, KernelResult
from tests.kernel_results import JSON, TEXT
from tests.report.schemas import strict


def refuted(report: dict[str, Any]) -> list[tuple[str, str]]:
    found = [each for each in report["verdicts"] if each["verdict"] == "refuted"]
    return [(each["call"], each["clause"]) for each in found]


def test_a_stub_that_keeps_its_promises_is_proved(assemble: Assemble) -> None:
    ran = hypabi("check", stub(assemble))
    assert ran.stderr == ""
    first, counts, *_ = ran.stdout.splitlines()
    assert first == "5.10.0-made: PROVED"
    assert re.match(r"(\d+) clauses: \1 proved; ", counts)
    assert ran.returncode == 0


def test_a_stub_that_loses_a_register_is_refuted_with_a_counterexample(assemble: Assemble) -> None:
    image = stub(assemble, success="add x19, x19, #1")
    ran = hypabi("check", "-v", image)
    assert ran.returncode == 12
    assert ran.stdout.startswith("5.10.0-made: REFUTED\n")
    assert "instead     x19 is lost" in ran.stdout
    assert "  add x19, x19, #0x1\n" in ran.stdout

    report = json.loads(hypabi("check", image, "--format", "json").stdout)
    assert refuted(report) == [("HVC_SET_VECTORS", "registers"), ("HVC_RESET_VECTORS", "registers")]
    evidence = next(each for each in report["verdicts"] if each["verdict"] == "refuted")
    (observed,) = evidence["observed"]
    before, after = int(observed["entry"], 16), int(observed["exit"], 16)
    assert (observed["name"], after) == ("x19", (before + 1) % 2**64)
    assert evidence["counterexample"]["x19"] == observed["entry"]


def test_an_instruction_without_a_meaning_is_undecided_and_never_proved(assemble: Assemble) -> None:
    image = stub(assemble, success=".inst 0x00c0ffee")
    ran = hypabi("check", image)
    assert ran.returncode == 16
    assert ran.stdout.startswith("5.10.0-made: UNDECIDED\n")
    report = json.loads(hypabi("check", image, "--format", "json").stdout)
    undecided = {each["call"] for each in report["verdicts"] if each["verdict"] == "undecided"}
    assert undecided == {"HVC_SET_VECTORS", "HVC_RESET_VECTORS"}
    assert all(each["reason"] for each in report["verdicts"] if each["verdict"] == "undecided")


def test_refuted_and_undecided_are_both_in_the_exit_status(assemble: Assemble) -> None:
    image = stub(assemble, success=".inst 0x00c0ffee", unknown="mov x20, #0")
    ran = hypabi("check", image)
    assert ran.returncode == 12 | 16
    assert ran.stdout.startswith("5.10.0-made: REFUTED and UNDECIDED\n")


def test_the_exit_status_is_in_the_report(assemble: Assemble) -> None:
    image = stub(assemble, unknown="mov x20, #0")
    ran = hypabi("check", image, "--format", "json")
    assert json.loads(ran.stdout)["exit_status"] == ran.returncode == 12


def test_the_kernel_version_can_be_given(assemble: Assemble) -> None:
    image = stub(assemble, version="none", table=SLOTS)
    assert hypabi("check", image).returncode == 1
    ran = hypabi("check", image, "--kernel-version", "5.10")
    assert ran.returncode == 0
    assert ran.stdout.startswith("5.10: PROVED\n") or "as of 5.10 on arm64" in ran.stdout


@pytest.mark.parametrize("name", ["6.1-arm64", "5.10-arm64", "7.2-arm64"])
def test_a_real_kernel_is_reported_as_published_and_within_75_columns(
    kernel_result: KernelResult, name: str
) -> None:
    result = kernel_result("check", name)
    report, text = json.loads(JSON["check"](result)), TEXT["check"](result)
    strict("check").validate(report)
    found = {each["name"] for each in report["parties"] if each["found"]}
    assert {"stub", "kvm-init", "kvm-run"} <= found
    first = f"{report['image']['version']}: {report['verdict'].upper()}"
    assert text.splitlines()[0] == first
    said, _, _ = text.removeprefix(first).partition("\n\n")
    told = spell_counts(report["counts"])  # JSON has it in another order
    assert sorted(re.findall(r"\w+", said)) == sorted(re.findall(r"\w+", told))
    clauses = Counter(each["verdict"] for each in report["verdicts"])
    assert {w: n for w, n in report["counts"]["clauses"].items() if n} == clauses
    assert max(map(len, text.splitlines())) <= 75


@pytest.mark.parametrize(("command", "style"), [("check", "text"), ("derive", "json")])
def test_the_same_input_gives_the_same_bytes(kernel: Kernel, command: str, style: str) -> None:
    path = kernel("6.1-arm64")
    arguments = ["--party", "kvm-run"] if command == "derive" else []
    one, other = (
        hypabi_process(command, path, "--format", style, *arguments, PYTHONHASHSEED=seed)
        for seed in ("1", "4242")
    )
    assert one.stdout
    assert (one.stdout, one.stderr, one.returncode) == (
        other.stdout,
        other.stderr,
        other.returncode,
    )


def test_a_counterexample_is_the_same_under_any_hash_seed(assemble: Assemble) -> None:
    image = stub(assemble, success="add x19, x19, #1", unknown="mov x20, #0")
    runs = {hypabi_process("check", image, PYTHONHASHSEED=seed).stdout for seed in ("0", "7", "99")}
    assert len(runs) == 1
