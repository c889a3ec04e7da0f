"""``hypabi diff`` of what lies beside the calls: who calls, what enters, what a side promises."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.kernel import FROM_EL1, FROM_EL2H, slots, stub
from tests.cli.matrix_report import caller
from tests.inputs import ROOT, Assemble
from tests.report.schemas import strict

CHANGED = 4
REFUTED = 12
RESET = "__hyp_reset_vectors"
GOOD = ("mov x0, #2", "hvc #0", "cbnz x0, 1f", "ret", "1: mov x0, #-1", "ret")
LOST = ("mov x0, #2", "mov x0, x9", "hvc #0", "ret")


def compared(old: Path, new: Path, *more: str) -> dict[str, Any]:
    ran = hypabi("diff", old, new, "--format", "json", *more)
    assert ran.stderr == ""
    found: dict[str, Any] = json.loads(ran.stdout)
    strict("diff").validate(found)
    assert found["exit_status"] == ran.returncode
    return found


def promises(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["about"], each["who"], each["change"]) for each in found["promises"]]


def test_a_caller_that_lost_its_number_is_found_though_no_handler_changed(
    assemble: Assemble,
) -> None:
    old = stub(assemble, callers=caller(RESET, *GOOD))
    new = stub(assemble, callers=caller(RESET, *LOST))
    found = compared(old, new)
    assert {each["change"] for each in found["changes"]} == {"equal"}
    assert ("caller", RESET, "newly broken") in promises(found)
    assert (found["verdict"], found["exit_status"]) == ("incompatible", REFUTED)
    text = hypabi("diff", old, new).stdout
    assert "New breaks what its own contract promises" in text
    assert compared(new, new)["exit_status"] == 0, "what is broken in both is said, and no change"
    assert promises(compared(new, new)) == [("caller", RESET, "broken in both")]
    assert ("caller", RESET, "newly broken") not in promises(compared(new, old))


def test_a_renamed_caller_is_no_change(assemble: Assemble) -> None:
    old = stub(assemble, callers=caller("asks", *GOOD))
    new = stub(assemble, callers=caller("asks_renamed", *GOOD))
    assert (compared(old, new)["verdict"], promises(compared(old, new))) == ("equal", [])


def test_a_caller_that_calls_no_more_is_a_change(assemble: Assemble) -> None:
    old, new = stub(assemble, callers=caller(RESET, *GOOD)), stub(assemble)
    found = compared(old, new)
    assert (found["verdict"], found["exit_status"]) == ("changed", CHANGED)
    assert promises(found) == [("caller", RESET, "gone")]


IRQ_FROM_EL1 = 9


@pytest.mark.parametrize(
    ("version", "entered"), [("5.10.0-made", FROM_EL2H), ("6.1.0-made", IRQ_FROM_EL1)]
)
def test_a_slot_that_is_newly_entered_is_found(
    assemble: Assemble, version: str, entered: int
) -> None:
    own = () if version.startswith("5.") else (FROM_EL2H,)
    table = slots(FROM_EL1, *own, entered)
    found = compared(stub(assemble, version), stub(assemble, version, table=table))
    assert promises(found) == [("vector slot", "stub", "newly broken")]
    assert found["exit_status"] == REFUTED


def test_the_same_bytes_break_a_contract_that_asks_for_more() -> None:
    """KVM of 2012 never learned the number of 2016: it calls address 0 at HYP."""
    image = ROOT / "hypabi/reference/arm-kvm-a4-a32.elf"
    old = ("--old-contract", "arm-hyp-stub-2012", "--old-kernel-version", "4.9")
    new = ("--new-contract", "arm-hyp-stub-2016-series", "--new-kernel-version", "4.11")
    found = compared(image, image, *old, *new)
    broken = {
        (each["who"], *each["what"]): each["new"]
        for each in found["promises"]
        if each["change"] == "newly broken"
    }
    said = broken["kvm-run", "HVC_SET_VECTORS: returns"]
    assert said == "broken: control goes to address 0 at HYP, as to a function"
    assert found["exit_status"] & REFUTED == REFUTED
    kept = ("--contract", "arm-hyp-stub-2012", "--kernel-version", "4.9")
    assert compared(image, image, *kept)["exit_status"] == 0


def test_who_asks_is_named_and_what_nobody_asks_for_is_no_break(assemble: Assemble) -> None:
    old = stub(assemble, callers=caller(RESET, *GOOD))
    # Another answer to each call that succeeds; only RESET is asked for.
    new = stub(assemble, success="mov x19, #1", callers=caller(RESET, *GOOD))
    found = compared(old, new)
    by_call = {
        each["call"]: each for each in found["changes"] if each["direction"] == "old-callers"
    }
    assert by_call["HVC_RESET_VECTORS"]["made"] == "by somebody"
    assert by_call["HVC_RESET_VECTORS"]["asked_by"] == [
        {"image": side, "function": RESET, "answer": "tests the answer"} for side in ("old", "new")
    ]
    assert by_call["HVC_SOFT_RESTART"]["made"] == "by nobody"
    assert by_call["HVC_SOFT_RESTART"]["asked_by"] == []
    text = hypabi("diff", old, new).stdout
    assert f"old asks    {RESET} (tests the answer)" in text


def test_a_call_that_nobody_makes_is_out_of_the_headline(assemble: Assemble) -> None:
    source = stub(assemble, callers=caller(RESET, *GOOD))
    other = stub(assemble, callers=caller(RESET, *GOOD, "mov x0, xzr"), unknown="mov x19, #1")
    found = compared(source, other)
    weaker = {each["call"]: each["made"] for each in found["changes"] if each["change"] == "weaker"}
    assert weaker == {None: "untold"}
    assert found["exit_status"] == REFUTED, "of every other identifier nobody knows who asks"


def test_a_saved_form_keeps_what_lies_beside_the_calls(assemble: Assemble, tmp_path: Path) -> None:
    old = stub(assemble, callers=caller(RESET, *GOOD))
    new = stub(assemble, callers=caller(RESET, *LOST))
    saved = tmp_path / "old.json"
    hypabi("derive", old, "--save", saved)
    assert promises(compared(saved, new)) == promises(compared(old, new))


def test_a_saved_form_without_it_is_refused_in_a_line(assemble: Assemble, tmp_path: Path) -> None:
    saved = tmp_path / "old.json"
    hypabi("derive", stub(assemble), "--save", saved)
    plain = json.loads(saved.read_text())
    plain["schema"]["version"] = 1
    del plain["promises"], plain["askers"]
    saved.write_text(json.dumps(plain))
    said = one_line(hypabi("diff", saved, saved))
    assert "wants 2, has the number 1" in said and "hypabi derive --save" in said
