"""A frame is judged register by register, and a suppression of one register hides no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import hypabi
from tests.cli.kernel import stub
from tests.inputs import Assemble
from tests.report.schemas import strict

LOSES = "mov x20, #0\nadd x19, x19, #1"
CALLS = ("HVC_SET_VECTORS", "HVC_RESET_VECTORS")


def suppressions(folder: Path, *registers: str | None) -> str:
    lines = ["suppressions:"]
    for register in registers:
        for call in CALLS:
            lines += [
                f"  - party: stub\n    call: {call}\n    clause: registers",
                *([] if register is None else [f"    register: {register}"]),
                "    reason: it is known\n    expires: 2030-01-01",
            ]
    file = folder / "accepted.yaml"
    file.write_text("\n".join(lines))
    return str(file)


def frames(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        each
        for each in report["verdicts"]
        if each["clause"] == "registers" and each["verdict"] != "proved"
    ]


def test_every_lost_register_is_named_with_its_state(assemble: Assemble) -> None:
    image = stub(assemble, success=LOSES)
    text = hypabi("check", "-v", image).stdout
    assert "  instead     x19 and x20 are lost\n" in text
    assert "  also lost   x20: " in text
    report = json.loads(hypabi("check", "-v", image, "--format", "json").stdout)
    strict("check").validate(report)
    assert [each["call"] for each in frames(report)] == list(CALLS)
    for each in frames(report):
        assert {lost["register"] for lost in each["lost"]} == {"x19", "x20"}
        for lost in each["lost"]:
            (seen,) = lost["observed"]
            assert seen["name"] == lost["register"] and seen["entry"] != seen["exit"]
            assert lost["path"] and lost["suppressed"] is None
    proved = [each for each in report["verdicts"] if each["verdict"] == "proved"]
    assert proved and not any(each["lost"] for each in proved)


def test_a_suppressed_register_hides_no_other(assemble: Assemble, tmp_path: Path) -> None:
    image = stub(assemble, success=LOSES)
    for hidden, left in (("x20", "x19"), ("x19", "x20")):
        file = suppressions(tmp_path, hidden)
        ran = hypabi("check", "-v", image, "--suppressions", file, "--today", "2026-12-01")
        assert ran.returncode == 12
        assert f"  instead     {left} is lost\n" in ran.stdout
        assert f"* stub, HVC_SET_VECTORS: registers: {hidden} is lost\n" in ran.stdout
        assert "also lost" not in ran.stdout
        assert "unused" not in ran.stdout


def test_all_of_them_suppressed_is_suppressed(assemble: Assemble, tmp_path: Path) -> None:
    image = stub(assemble, success=LOSES)
    for registers in (("x19", "x20"), (None,)):
        file = suppressions(tmp_path, *registers)
        ran = hypabi("check", "-v", image, "--suppressions", file, "--today", "2026-12-01")
        assert ran.returncode == 0
        assert ran.stdout.startswith("5.10.0-made: PROVED\n")
        assert ran.stdout.count(" is lost\n") == 4


def test_a_register_that_is_kept_is_an_unused_suppression(
    assemble: Assemble, tmp_path: Path
) -> None:
    file = suppressions(tmp_path, "x21")
    image = stub(assemble, success=LOSES)
    ran = hypabi("check", "-v", image, "--suppressions", file, "--today", "2026-12-01")
    assert ran.returncode == 12
    assert "unused, line 2: stub, HVC_SET_VECTORS: registers, x21" in ran.stdout


def test_what_is_replayed_is_what_is_not_suppressed(assemble: Assemble, tmp_path: Path) -> None:
    image = stub(assemble, success=LOSES)
    for hidden, left in (("x20", "x19"), ("x19", "x20")):
        file = suppressions(tmp_path, hidden)
        folder = tmp_path / left
        options = ("--suppressions", file, "--today", "2026-12-01", "--witness", str(folder))
        report = json.loads(
            hypabi("check", "-v", image, *options, "--confirm", "--format", "json").stdout
        )
        for each in frames(report):
            assert each["replay"]["verdict"] == "confirmed"
            witness = json.loads((folder / Path(each["replay"]["witness"]).name).read_text())
            assert witness["promised"]["register"] == left
            assert [seen["name"] for seen in each["observed"]] == [left]


@pytest.mark.parametrize(
    ("clause", "register", "what"),
    [
        ("success", "x19", "only a frame (registers, system-registers) loses registers"),
        ("registers", "VBAR_EL2", "'VBAR_EL2' is no general register"),
        ("system-registers", "x19", "'x19' is no system register"),
        ("registers", "x91", "'x91' is no general register"),
    ],
)
def test_a_register_is_read_strictly(
    clause: str, register: str, what: str, assemble: Assemble, tmp_path: Path
) -> None:
    file = tmp_path / "accepted.yaml"
    file.write_text(
        f"suppressions:\n  - {{party: stub, call: HVC_SET_VECTORS, clause: {clause},"
        f" register: {register}, reason: why, expires: 2030-01-01}}\n"
    )
    ran = hypabi("check", "-v", stub(assemble), "--suppressions", str(file))
    assert ran.returncode == 1
    assert what in ran.stderr
