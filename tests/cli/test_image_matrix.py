"""``hypabi matrix IMAGE``: a kernel's own callers against its own parties.

A real kernel for what Debian ships; kernels of one page for what no shipped caller does wrong.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.kernel import stub
from tests.cli.matrix_report import caller, points, report
from tests.inputs import Assemble, Kernel
from tests.report.schemas import strict

Cells = dict[tuple[str, str, str], tuple[str, str]]

SET = "HVC_SET_VECTORS"
RESTART = "HVC_SOFT_RESTART"
RESET = "HVC_RESET_VECTORS"


def cells(found: dict[str, Any]) -> Cells:
    """Return verdict and reachability of each cell, by function, call and party."""
    return {
        (each["caller"]["function"], each["caller"]["revision"], each["live"]["party"]): (
            each["verdict"],
            each["when"],
        )
        for each in found["cells"]
    }


def test_the_callers_of_a_shipped_arm64_kernel_get_what_they_ask_for(kernel: Kernel) -> None:
    found = report(kernel("6.1-arm64"))
    at = cells(found)
    assert at["__hyp_set_vectors", SET, "stub"] == ("kept", "reachable")
    assert at["__hyp_set_vectors", SET, "kvm-run"] == ("kept", "unreachable")
    for party in ("stub", "kvm-init", "kvm-run"):
        assert at["__hyp_reset_vectors", RESET, party] == ("kept", "reachable")
        assert at["cpu_soft_restart", RESTART, party] == ("kept", "reachable")
    assert all(verdict == "kept" for verdict, when in at.values() if when == "reachable")
    assert (found["verdict"], found["exit_status"]) == ("refuted", 12)
    assert found["counts"]["cells"]["refuted"] == 0
    assert found["counts"]["call sites"]["violated"] == 1
    moves = {(each["source"], each["to"]): each["by"] for each in found["callers"]["moves"]}
    assert [site["function"] for site in moves["stub", "kvm-init"]] == ["__hyp_set_vectors"]
    assert [site["function"] for site in moves["stub", "kernel-at-el2"]] == ["finalise_el2"]


def test_resuming_from_hibernation_asks_by_chance_until_that_was_repaired(kernel: Kernel) -> None:
    """docs/cases/2026-11-hibernate-resume.md: what 5.16 broke, stable kernels repaired in 2026."""

    def resuming(name: str) -> list[tuple[str, str, str]]:
        checks = report(kernel(name))["callers"]["checks"]
        return [
            (each["party"], each["verdict"], each["answers"][0]["text"])
            for each in checks
            if each["caller"]["function"] == "swsusp_arch_suspend_exit"
            and each["when"] == "reachable"
        ]

    ((party, verdict, text),) = resuming("6.12-arm64")
    assert (party, verdict) == ("trans-pgd", "violated")
    assert text.startswith("x0 is uninitialised: ")
    ((party, verdict, _),) = resuming("7.2-arm64")
    assert (party, verdict) == ("trans-pgd", "depends on its caller")
    ((party, verdict, _),) = resuming("5.10-arm64")
    assert (party, verdict) == ("hibernate", "satisfied")


def test_nothing_serves_a_call_that_the_32_bit_kernel_no_longer_makes(kernel: Kernel) -> None:
    found = report(kernel("6.1-armmp"))
    assert cells(found)["__hyp_set_vectors", SET, "stub"] == ("kept", "unreachable")
    assert "__hyp_set_vectors" in [each["function"] for each in found["callers"]["never_run"]]
    assert found["exit_status"] == 0


def test_a_caller_that_keeps_a_value_where_the_stub_writes_is_refuted(assemble: Assemble) -> None:
    reset = ("mov x4, x1", "mov x0, #2", "hvc #0", "mov x0, x4", "ret")
    lost = caller("__hyp_reset_vectors", *reset)
    found = report(stub(assemble, success="mov x4, #0", callers=lost))
    assert points(found, "__hyp_reset_vectors")["survives"][0] == "violated"
    assert "x4 is lost" in points(found, "__hyp_reset_vectors")["survives"][1]
    assert found["exit_status"] == 12
    lucky = report(stub(assemble, success="mov x5, #0", callers=lost))
    assert points(lucky, "__hyp_reset_vectors")["survives"][0] == "satisfied beyond the contract"
    both = ("mov x4, x1", "mov x6, x2", "mov x0, #2", "hvc #0", "add x0, x4, x6", "ret")
    luckier = report(
        stub(assemble, success="mov x5, #0", callers=caller("__hyp_reset_vectors", *both))
    )
    said = points(luckier, "__hyp_reset_vectors")["survives"]
    assert said[0] == "satisfied beyond the contract"
    assert said[1].startswith("x4 and x6, which the contract lets a call lose, are read at 0x")
    kept = caller(
        "__hyp_reset_vectors", "mov x19, x1", "mov x0, #2", "hvc #0", "mov x0, x19", "ret"
    )
    found = report(stub(assemble, success="mov x4, #0", callers=kept))
    assert points(found, "__hyp_reset_vectors")["survives"][0] == "satisfied"


def test_a_suppression_is_of_one_call_of_a_call_site(assemble: Assemble, tmp_path: Path) -> None:
    choice = ("cmp x1, #0", "mov x0, #2", "csel x0, x0, xzr, eq", "mov x5, x2", "hvc #0")
    lost = caller("__hyp_set_vectors", *choice, "mov x0, x5", "ret")
    image = stub(assemble, success="mov x5, #0", callers=lost)
    file = tmp_path / "lived-with.yaml"
    file.write_text(LIVED_WITH.format(caller="__hyp_set_vectors", party="any"))
    ran = hypabi("check", image, "--suppressions", file, "--today", "2026-12-01", "--format=json")
    found = json.loads(ran.stdout)
    words = {each["call"]: each["verdict"] for each in found["callers"]["checks"]}
    assert words == {RESET: "suppressed", SET: "violated"}
    assert ran.returncode == 12


def test_a_caller_that_does_not_look_at_an_error_is_refuted(assemble: Assemble) -> None:
    deaf = caller("_deaf", "mov x0, #3", "hvc #0", "mov x0, #0", "ret")
    looks = caller("_looks", "mov x0, #3", "hvc #0", "cbnz x0, 1f", "mov x0, #7", "1: ret")
    found = report(stub(assemble, version="6.1.0-made", callers=deaf + looks))
    assert points(found, "_deaf")["understood"][0] == "violated"
    assert points(found, "_looks")["understood"][0] == "satisfied"


def test_a_caller_that_reads_where_no_answer_is_is_refuted(assemble: Assemble) -> None:
    reads = caller("__hyp_reset_vectors", "mov x0, #2", "hvc #0", "mov x0, x3", "ret")
    found = report(stub(assemble, success="mov x3, #1", callers=reads))
    assert points(found, "__hyp_reset_vectors")["read from"][0] == "violated"


def test_an_argument_that_breaks_a_precondition_is_refuted(assemble: Assemble) -> None:
    bad = caller("__hyp_set_vectors", "mov x1, #8", "mov x0, #0", "hvc #0", "ret")
    found = report(stub(assemble, callers=bad))
    assert points(found, "__hyp_set_vectors")["preconditions"][0] == "violated"
    good = caller("__hyp_set_vectors", "mov x1, #0x800", "mov x0, #0", "hvc #0", "ret")
    found = report(stub(assemble, callers=good))
    assert points(found, "__hyp_set_vectors")["preconditions"][0] == "satisfied"


@pytest.mark.parametrize("option", ["--caller", "--party", "--image"])
def test_what_chooses_among_references_is_refused(assemble: Assemble, option: str) -> None:
    ran = hypabi("matrix", stub(assemble), option, "A5")
    assert option in one_line(ran)
    assert ran.returncode == 3


def test_an_image_without_callers_is_refused(assemble: Assemble) -> None:
    assert "no call site" in one_line(hypabi("matrix", stub(assemble)))


LIVED_WITH = """
suppressions:
  - caller: {caller}
    party: {party}
    call: HVC_RESET_VECTORS
    reason: it is going to be repaired
    expires: 2027-06-01
"""


@pytest.mark.parametrize(
    ("named", "party", "today", "status", "covered"),
    [
        ("__hyp_reset_vectors", "stub", "2026-12-01", 0, True),
        ("__hyp_reset_vectors", "any", "2026-12-01", 0, True),
        ("__hyp_reset_vectors", "stub", "2027-06-01", 12, False),
        ("somebody_else", "stub", "2026-12-01", 12, False),
    ],
)
def test_a_refuted_caller_is_lived_with(
    assemble: Assemble,
    tmp_path: Path,
    named: str,
    party: str,
    today: str,
    status: int,
    covered: bool,  # noqa: FBT001 - what is expected
) -> None:
    lost = caller("__hyp_reset_vectors", "mov x0, #2", "hvc #0", "mov x0, x3", "ret")
    image = stub(assemble, success="mov x3, #1", callers=lost)
    file = tmp_path / "lived-with.yaml"
    file.write_text(LIVED_WITH.format(caller=named, party=party))
    ran = hypabi("check", image, "--suppressions", file, "--today", today, "--format", "json")
    assert ran.returncode == status, ran.stderr
    found = json.loads(ran.stdout)
    strict("check").validate(found)
    (met,) = [m for m in found["callers"]["checks"] if m["verdict"] in ("violated", "suppressed")]
    assert met["verdict"] == ("suppressed" if covered else "violated")
    assert (met["suppressed"] is not None) is covered
    assert bool(found["suppressions"]["unused"]) is (named == "somebody_else")
    assert bool(found["suppressions"]["expired"]) is (today == "2027-06-01")
    text = hypabi("check", "-v", image, "--suppressions", file, "--today", today).stdout
    assert text.splitlines()[0].endswith(": PROVED") is covered
