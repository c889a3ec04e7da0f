"""Interfaces that are made otherwise than the kernel's: what selects a call, and what answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.other_interfaces import BY_IMMEDIATE, BY_W8, TABLE
from tests.inputs import Assemble

CONTRACT = """
contract: another
title: another interface
since: "6.0"
architecture: arm64
conduit: {instruction: hvc, CONDUIT because: made}
identifier: IDENTIFIER
result: {register: RESULT, success: 0, error: -38, answers: {busy: -12}, because: made}
frame:
  registers: {may-change: [x0, x5, x9], because: made}
  system-registers: {may-change: [ELR_EL2, SPSR_EL2, ESR_EL2], because: made}
  memory: {because: made}
  returns: {because: made}
owners: {somebody: {section: SOMEBODY}}
parties:
  it:
    title: it
    vectors: vectors
    owner: somebody
    because: made
    any-other: {promises: {refused: {ensures: result == error, because: made}}}
calls:
  ONE:
    summary: one
    number: FIRST
    served-by: [it]
    because: made
    promises: {done: {ensures: result == success, because: made}}
  TWO:
    summary: two
    number: SECOND
    served-by: [it]
    because: made
    promises: {busy: {ensures: result == busy, because: made}}
unserved: {promises: {refused: {ensures: result == error, because: made}}}
life-cycle:
  boot: it
  callers: {anybody: {while: [it], because: made}}
"""
IMMEDIATE = {"CONDUIT": "", "IDENTIFIER": "immediate", "RESULT": "x0", "FIRST": "1", "SECOND": "2"}
W8 = {
    "CONDUIT": "immediate: 0,",
    "IDENTIFIER": "w8",
    "RESULT": "w5",
    "FIRST": "-5",
    "SECOND": "7",
}
MADE = [(BY_IMMEDIATE, IMMEDIATE), (BY_W8, W8)]


def contract(folder: Path, meant: dict[str, str]) -> Path:
    text = CONTRACT
    for name, value in meant.items():
        text = text.replace(name, value)
    path = folder / "another.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def checked(image: Path, meant: dict[str, str], *options: str) -> dict[str, Any]:
    named = ("--contract", contract(image.parent, meant), "--format", "json")
    report: dict[str, Any] = json.loads(hypabi("check", image, *named, *options).stdout)
    return report


@pytest.mark.parametrize(("handler", "meant"), MADE)
def test_a_program_that_keeps_its_interface_is_proved_with_its_callers(
    assemble: Assemble, handler: str, meant: dict[str, str]
) -> None:
    report = checked(assemble(TABLE + handler, "arm64", text=0x40080000), meant)
    assert report["verdict"] == "proved"
    assert report["counts"]["clauses"]["proved"] == 15
    assert report["counts"]["call sites"]["satisfied"] == 1


@pytest.mark.parametrize(("handler", "meant"), MADE)
def test_a_call_that_answers_otherwise_is_refuted_and_confirmed(
    assemble: Assemble, handler: str, meant: dict[str, str]
) -> None:
    image = assemble(TABLE + handler.replace("#-12", "#-11"), "arm64", text=0x40080000)
    report = checked(image, meant, "--confirm")
    (refuted,) = (each for each in report["verdicts"] if each["verdict"] == "refuted")
    assert (refuted["call"], refuted["clause"]) == ("TWO", "busy")
    assert report["counts"]["replays"]["confirmed"] == 1


def test_any_other_immediate_is_a_row_of_its_own(assemble: Assemble) -> None:
    wrong = BY_IMMEDIATE.replace("#-38", "#-37")
    report = checked(assemble(TABLE + wrong, "arm64", text=0x40080000), IMMEDIATE, "--confirm")
    (refuted,) = (each for each in report["verdicts"] if each["verdict"] == "refuted")
    assert (refuted["call"], refuted["clause"]) == (None, "refused")
    assert report["counts"]["replays"]["confirmed"] == 1


@pytest.mark.parametrize(("handler", "meant"), MADE)
def test_a_caller_is_named_by_what_selects_the_call(
    assemble: Assemble, handler: str, meant: dict[str, str]
) -> None:
    image = assemble(TABLE + handler, "arm64", text=0x40080000)
    named = hypabi("callers", image, "--contract", contract(image.parent, meant))
    assert "asks for   ONE (" in named.stdout


def test_the_upper_half_does_not_select_where_the_identifier_is_w8(assemble: Assemble) -> None:
    image = assemble(TABLE + BY_W8, "arm64", text=0x40080000)
    assert checked(image, {**W8, "IDENTIFIER": "x8", "RESULT": "w5"})["verdict"] == "refuted"


@pytest.mark.parametrize(("handler", "selects"), [(BY_IMMEDIATE, "immediate"), (BY_W8, "w8")])
def test_derive_finds_by_itself_what_selects(
    assemble: Assemble, handler: str, selects: str
) -> None:
    image = assemble(TABLE + handler.replace("sync:", "sync: msr tpidr_el2, xzr\n"), "arm64")
    report = json.loads(hypabi("derive", image, "--format", "json").stdout)
    assert report["identifier"] == selects
    assert len(report["entries"][0]["calls"]) == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"CONDUIT": "immediate: 0,"}, "the immediate selects the call, so it is not one number"),
        ({"IDENTIFIER": "x0"}, "the key is missing, or the identifier is 'immediate'"),
        ({"FIRST": "0x10000"}, "0x10000 does not fit into 16 bits"),
    ],
)
def test_a_contract_says_how_calls_are_made_in_one_way(
    tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    wrong = contract(tmp_path, {**IMMEDIATE, **changed})
    ran = hypabi("contract", "lint", wrong)
    assert ran.returncode == 1
    assert told.partition(",")[0] in one_line(ran)
    assert hypabi("contract", "lint", contract(tmp_path, IMMEDIATE)).returncode == 0


def test_entries_are_not_looked_at_where_the_immediate_selects(assemble: Assemble) -> None:
    image = assemble(TABLE + BY_IMMEDIATE, "arm64", text=0x40080000)
    path = contract(image.parent, IMMEDIATE)
    ran = hypabi("check", image, "--contract", path, "--entries")
    assert ran.returncode == 1
    assert "leave --entries out" in one_line(ran)


def test_an_address_means_the_same_symbol_in_two_builds(assemble: Assemble, tmp_path: Path) -> None:
    handler = "sync: adrp x0, spare\n add x0, x0, :lo12:spare\n eret\n .global spare\nspare: nop\n"
    path = contract(tmp_path, W8)
    text = path.read_text(encoding="utf-8").replace("identifier: w8", "identifier: x0")
    for wrong in ("result == success", "result == busy", "result == error"):
        text = text.replace(wrong, "x0 == address_of('spare')")
    path.write_text(text, encoding="utf-8")
    old = assemble(TABLE + handler, "arm64", text=0x40080000)
    new = assemble(TABLE + handler.replace("spare:", "nop\nspare:"), "arm64", text=0x40090000)
    ran = hypabi("diff", old, new, "--contract", path, "--format", "json")
    assert json.loads(ran.stdout)["verdict"] == "equal"


def test_a_number_that_is_compared_in_two_fields_is_told_from_others(assemble: Assemble) -> None:
    handler = """
sync:   msr     tpidr_el2, xzr
        lsr     w9, w0, #24
        cmp     w9, #0x86
        b.ne    1f
        and     w9, w0, #0xffff
        cmp     w9, #3
        b.ne    1f
        mov     x0, #7
        eret
1:      mov     x0, #-1
        eret
"""
    image = assemble(TABLE + handler, "arm64", text=0x40080000)
    report = json.loads(hypabi("derive", image, "--format", "json").stdout)
    calls = {each["number"]: each["cases"] for each in report["entries"][0]["calls"]}
    (case,) = (each for each in calls["0x86000003"] if each["when"] == "1")
    assert case["registers"]["x0"] == "0x7"
