"""``hypabi diff`` from the door: a stub with one change in it, saved forms, real kernels."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.cli.door import hypabi, hypabi_process, one_line
from tests.cli.kernel import BASE, SLOTS, SOURCE
from tests.inputs import ROOT, Assemble, Kernel
from tests.report.schemas import schema, strict

CHANGING = {"incompatible", "weaker", "renumbered", "stronger", "undecided"}


def stub(assemble: Assemble, *changes: tuple[str, str], version: str = "5.10.0-made") -> Path:
    """Assemble the kernel of a page with some of its text replaced."""
    source = SOURCE.format(slots=SLOTS, version=version, success="nop", unknown="nop", callers="")
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return assemble(source, "arm64", text=BASE)


def report(old: Path, new: Path, *more: str) -> tuple[dict[str, Any], int]:
    ran = hypabi("diff", old, new, "--format", "json", *more)
    assert ran.stderr == ""
    printed: dict[str, Any] = json.loads(ran.stdout)
    strict("diff").validate(printed)
    assert printed["exit_status"] == ran.returncode
    return printed, ran.returncode


def counted(printed: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = printed["counts"]["comparisons"]
    assert sum(found.values()) == len(printed["changes"])
    return found


def changed(printed: dict[str, Any], direction: str) -> dict[str | None, str]:
    return {
        each["call"]: each["change"]
        for each in printed["changes"]
        if each["direction"] == direction and each["change"] in CHANGING
    }


def differences(printed: dict[str, Any], direction: str, call: str | None) -> list[dict[str, Any]]:
    cell = next(
        each
        for each in printed["changes"]
        if (each["direction"], each["call"]) == (direction, call)
    )
    found: list[dict[str, Any]] = cell["differences"]
    return found


def first(printed: dict[str, Any], direction: str, call: str | None) -> dict[str, Any]:
    return differences(printed, direction, call)[0]


def test_what_only_the_layout_changes_is_no_difference(assemble: Assemble) -> None:
    moved = stub(assemble, ("sync:\n", "sync:\n    nop\n    nop\n"))
    printed, status = report(stub(assemble), moved)
    assert status == 0
    assert not any(each["differences"] for each in printed["changes"])
    text = hypabi("diff", stub(assemble), moved).stdout
    assert text.splitlines()[:2] == ["5.10.0-made -> 5.10.0-made: EQUAL", "8 comparisons: 8 equal"]


def test_other_instructions_that_do_the_same_are_proved_equal(assemble: Assemble) -> None:
    other = stub(
        assemble,
        (
            "9:  nop\n    mov x0, xzr",
            "9:  add x19, x19, x3\n    eor x0, x3, x3\n    sub x19, x19, x3",
        ),
        ("ldr x0, =0xbadca11", "mov x0, #0xca11\n    movk x0, #0xbad, lsl #16"),
    )
    printed, status = report(stub(assemble), other)
    assert (counted(printed)["equal"], status) == (8, 0)


LOST = ("9:  nop", "9:  cmp x3, #7\n    csinc x19, x19, x19, ne")


def test_a_lost_register_is_weaker_for_old_callers_and_stronger_for_new(
    assemble: Assemble,
) -> None:
    printed, status = report(stub(assemble), stub(assemble, LOST))
    assert status == 12
    calls = {"HVC_SET_VECTORS", "HVC_RESET_VECTORS"}
    assert changed(printed, "old-callers") == dict.fromkeys(calls, "weaker")
    assert changed(printed, "new-callers") == dict.fromkeys(calls, "stronger")
    found = first(printed, "old-callers", "HVC_RESET_VECTORS")
    assert (found["aspect"], found["subject"]) == ("register", "x19")
    assert found["entry"] == {"x0": "0x2", "x3": "0x7"}
    assert found["old"] == "x19 is kept"
    assert found["new"].endswith("(1)")


def test_a_register_that_the_contract_lets_change_is_a_harmless_change(
    assemble: Assemble,
) -> None:
    printed, status = report(stub(assemble), stub(assemble, ("9:  nop", "9:  mov x5, #3")))
    assert status == 4
    assert changed(printed, "old-callers") == changed(printed, "new-callers") == {}
    assert first(printed, "old-callers", "HVC_SET_VECTORS")["bearing"] == "harmless"
    text = hypabi("diff", stub(assemble), stub(assemble, ("9:  nop", "9:  mov x5, #3"))).stdout
    assert text.splitlines()[0].endswith(": CHANGED")
    assert text.splitlines()[1].endswith("; nobody breaks")
    assert "\n  harmless: x5\n" in text


@pytest.mark.parametrize(
    ("change", "calls", "aspect", "entry"),
    [
        (("mov x0, xzr", "mov x0, #1"), {"HVC_SET_VECTORS", "HVC_RESET_VECTORS"}, "result", None),
        (("br x4", "br x2"), {"HVC_SOFT_RESTART"}, "end", {"x0": "0x1", "x1": "0x1"}),
        (("mov x1, x3", "mov x1, x5"), {"HVC_SOFT_RESTART"}, "promised", None),
        (("msr vbar_el2, x1", "msr vbar_el2, x2"), {"HVC_SET_VECTORS"}, "promised", None),
        (("=0xbadca11", "=0xbadca12"), {None}, "result", None),
    ],
)
def test_another_end_or_result_is_incompatible_in_both_directions(
    assemble: Assemble,
    change: tuple[str, str],
    calls: set[str | None],
    aspect: str,
    entry: dict[str, str] | None,
) -> None:
    printed, status = report(stub(assemble), stub(assemble, change))
    assert status == 12
    for direction in ("old-callers", "new-callers"):
        assert changed(printed, direction) == dict.fromkeys(calls, "incompatible")
        for call in calls:
            found = first(printed, direction, call)
            assert (found["aspect"], found["bearing"]) == (aspect, "breaks")
            assert entry is None or len(found["entry"]) == len(entry)


def test_lost_system_registers_and_written_memory_are_weaker(assemble: Assemble) -> None:
    for instruction, aspect, subject in (
        ("msr tpidr_el2, x1", "system-register", "TPIDR_EL2"),
        ("str x1, [x3, #8]", "memory", "memory at x3 + 0x8"),
    ):
        printed, status = report(stub(assemble), stub(assemble, ("9:  nop", f"9:  {instruction}")))
        assert status == 12
        assert set(changed(printed, "old-callers").values()) == {"weaker"}
        found = first(printed, "old-callers", "HVC_SET_VECTORS")
        assert (found["aspect"], found["subject"]) == (aspect, subject)


def test_memory_that_is_written_in_other_pieces_is_undecided(assemble: Assemble) -> None:
    whole = stub(assemble, ("9:  nop", "9:  str x2, [x3]"))
    halves = stub(assemble, ("9:  nop", "9:  str w2, [x3]\n    str w4, [x3, #4]"))
    assert set(changed(report(whole, halves)[0], "old-callers").values()) == {"undecided"}
    other = stub(assemble, ("9:  nop", "9:  str x4, [x3]"))
    printed, _ = report(whole, other)
    assert set(changed(printed, "old-callers").values()) == {"incompatible"}
    found = first(printed, "old-callers", "HVC_RESET_VECTORS")
    assert (found["aspect"], found["subject"]) == ("memory", "memory at x3")


def test_what_cannot_be_followed_is_undecided_and_never_equal(assemble: Assemble) -> None:
    odd = stub(assemble, ("9:  nop", "9:  .inst 0x00c0ffee"))
    printed, status = report(stub(assemble), odd)
    assert status == 16
    calls = {"HVC_SET_VECTORS", "HVC_RESET_VECTORS"}
    assert changed(printed, "old-callers") == dict.fromkeys(calls, "undecided")
    printed, status = report(odd, odd)
    assert status == 0  # one program, whatever it does


def test_a_saved_form_stands_for_its_image(assemble: Assemble, tmp_path: Path) -> None:
    images = stub(assemble), stub(assemble, LOST)
    saved = tmp_path / "old.saved", tmp_path / "new.saved"
    for image, file in zip(images, saved, strict=True):
        ran = hypabi("derive", image, "--save", file)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        assert str(tmp_path) not in file.read_text()
    written = json.loads(saved[0].read_text())
    jsonschema_rs.Draft202012Validator(schema("saved")).validate(written)
    hypabi_process("derive", images[0], "--save", tmp_path / "again.saved", PYTHONHASHSEED="7")
    assert (tmp_path / "again.saved").read_bytes() == saved[0].read_bytes()

    def bodies(*files: Path) -> tuple[str, int]:
        ran = hypabi("diff", *files)
        return ran.stdout.replace(f"hypabi diff {files[0]}", ""), ran.returncode

    def without_command(text: str) -> str:
        start, _, rest = text.partition("To repeat")
        return start + rest[rest.index("\nwith ") :]

    wanted, status = bodies(*images)
    for old in (images[0], saved[0]):
        for new in (images[1], saved[1]):
            text, its_status = bodies(old, new)
            assert without_command(text) == without_command(wanted)
            assert its_status == status == 12


def test_the_same_bytes_come_out_under_every_hash_seed(assemble: Assemble) -> None:
    files = stub(assemble), stub(assemble, LOST)
    for form in ("text", "json"):
        ran = [
            hypabi_process("diff", *files, "--format", form, PYTHONHASHSEED=seed) for seed in "123"
        ]
        assert len({each.stdout for each in ran}) == 1


def test_the_text_fits_a_mail(assemble: Assemble) -> None:
    for change in (LOST, ("br x4", "br x2")):
        ran = hypabi("diff", stub(assemble), stub(assemble, change))
        start, _, _ = ran.stdout.partition("To repeat")
        assert max(map(len, start.splitlines())) <= 75


def test_only_the_callers_that_were_asked_for_count(assemble: Assemble) -> None:
    files = stub(assemble, LOST), stub(assemble)
    assert report(*files)[1] == 12
    printed, status = report(*files, "--callers", "old")
    assert status == 4
    assert {each["direction"] for each in printed["changes"]} == {"old-callers"}


SUPPRESSED = """
suppressions:
  - party: stub
    call: HVC_SET_VECTORS
    change: weaker
    reason: nobody keeps anything in x19 there
    expires: 2027-01-31
  - party: stub
    call: HVC_RESET_VECTORS
    change: weaker
    direction: old-callers
    reason: the same
    expires: 2027-01-31
  - {party: stub, call: any-other, change: incompatible, reason: unused, expires: 2027-01-31}
  - {party: stub, call: HVC_SET_VECTORS, clause: registers, reason: of check, expires: 2027-01-31}
"""


def test_a_suppressed_change_is_listed_and_does_not_count(
    assemble: Assemble, tmp_path: Path
) -> None:
    files = stub(assemble), stub(assemble, LOST)
    given = tmp_path / "given.yaml"
    given.write_text(SUPPRESSED)
    options = ("--suppressions", str(given), "--callers", "old", "--today")
    printed, status = report(*files, *options, "2027-01-30")
    assert status == 0
    assert (counted(printed)["weaker"], counted(printed)["suppressed"]) == (0, 2)
    assert [each["what"] for each in printed["suppressions"]["unused"]] == [
        "stub, any-other: incompatible"
    ]
    assert printed["suppressions"]["expired"] == []
    text = hypabi("diff", *files, *options, "2027-01-30").stdout
    assert "nobody keeps anything in x19 there (until 2027-01-31)" in " ".join(text.split())
    assert "* unused, line 14: stub, any-other: incompatible" in text

    printed, status = report(*files, *options, "2027-01-31")
    assert status == 12
    assert len(printed["suppressions"]["expired"]) == 3
    assert all(each["suppressed"] is None for each in printed["changes"])


def test_a_suppressed_refutation_is_listed_and_does_not_count(
    assemble: Assemble, tmp_path: Path
) -> None:
    image = stub(assemble, LOST)
    given = tmp_path / "given.yaml"
    given.write_text(SUPPRESSED)
    more = ("--suppressions", str(given), "--today", "2027-01-30")
    assert hypabi("check", image).returncode == 12
    ran = hypabi("check", image, *more, "--format", "json")
    printed = json.loads(ran.stdout)
    jsonschema_rs.Draft202012Validator(schema("check")).validate(printed)
    refuted = [each for each in printed["verdicts"] if each["counterexample"]]
    assert [
        (each["call"], each["verdict"], each["suppressed"] is not None) for each in refuted
    ] == [
        ("HVC_SET_VECTORS", "suppressed", True),
        ("HVC_RESET_VECTORS", "refuted", False),
    ]
    clauses = printed["counts"]["clauses"]
    assert (clauses["suppressed"], clauses["refuted"]) == (1, 1)
    assert ran.returncode == 12
    given.write_text(SUPPRESSED + SUPPRESSED.splitlines()[-1].replace("SET", "RESET") + "\n")
    ran = hypabi("check", "-v", image, *more)
    assert ran.returncode == 0
    assert ran.stdout.startswith("5.10.0-made: PROVED\n")
    assert " 2 suppressed" in ran.stdout.splitlines()[1]
    assert "x19 is lost" in ran.stdout.partition("Suppressed, as of 2027-01-30")[2]
    assert "REFUTED" not in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("--today", "tomorrow"), "--today tomorrow: this is no date; write it as 2027-01-31"),
        (("--suppressions", "none.yaml"), "none.yaml: cannot be read: No such file or directory"),
        (("--old-contract", "linux"), "linux: no contract of this name is shipped"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_line(
    assemble: Assemble, arguments: tuple[str, ...], refusal: str
) -> None:
    ran = hypabi("diff", stub(assemble), stub(assemble), *arguments)
    assert ran.returncode == (3 if "no date" in refusal else 1)
    assert one_line(ran).startswith(refusal)


def test_a_saved_form_cannot_name_a_file_to_open(assemble: Assemble, tmp_path: Path) -> None:
    file = tmp_path / "old.saved"
    hypabi("derive", stub(assemble), "--save", file)
    file.write_text(file.read_text().replace('"linux-hyp-abi"', '"/dev/zero"'))
    ran = hypabi("diff", file, stub(assemble))
    assert ran.returncode == 1
    assert "saved under the contract '/dev/zero', which is not shipped; name it" in one_line(ran)
    assert hypabi("diff", file, stub(assemble), "--old-contract", "linux-hyp-abi").returncode == 0


def test_an_image_without_a_version_is_compared_at_the_one_that_is_named() -> None:
    folder = ROOT / "hypabi/reference"
    images = folder / "arm64-stub-b5-a64.elf", folder / "arm64-stub-b8-a64.elf"
    ran = hypabi("diff", *images)
    assert (ran.returncode, "name it with --kernel-version" in one_line(ran)) == (1, True)
    printed, status = report(*images, "--kernel-version", "6.12")
    assert (status, printed["old"]["contract"]["version"]) == (12, "6.12")
    assert changed(printed, "old-callers") == {None: "incompatible"}  # 4 is no call of 6.12
    # Who asks has a GICv3 (ID_AA64PFR0_EL1.GIC).
    entry = {"x0": "0x4", "ID_AA64PFR0_EL1": "0x2000000"}
    assert first(printed, "old-callers", None)["entry"] == entry
    printed, status = report(*images, "--kernel-version", "6.12", "--new-kernel-version", "6.19")
    assert (status, printed["new"]["contract"]["version"]) == (28, "6.19")


def test_images_of_two_architectures_are_refused(assemble: Assemble) -> None:
    reference = ROOT / "hypabi/reference/arm-stub-a7-a32.elf"
    ran = hypabi("diff", reference, stub(assemble), "--old-kernel-version", "5.10")
    assert ran.returncode == 1
    assert "it is arm64, the other arm; compare images of one architecture" in one_line(ran)


@pytest.mark.parametrize("name", ["6.1-arm64", "6.12-armmp"])
def test_a_real_kernel_is_equal_to_itself(kernel: Kernel, name: str) -> None:
    printed, status = report(kernel(name), kernel(name))
    assert status == 0
    assert not any(each["differences"] for each in printed["changes"])
    assert counted(printed)["equal"] + counted(printed)["vacuous"] == len(printed["changes"])


def test_6_12_to_7_2_clears_gcscr_el2_and_serves_one_call_more(kernel: Kernel) -> None:
    printed, status = report(kernel("6.12-arm64"), kernel("7.2-arm64"))
    assert status == 28
    assert changed(printed, "old-callers") == {"HVC_FINALISE_EL2": "incompatible"}
    found = differences(printed, "old-callers", "HVC_FINALISE_EL2")
    told = {each["subject"]: (each["bearing"], each["old"], each["new"]) for each in found}
    assert told["GCSCR_EL2"] == ("loses", "GCSCR_EL2 is kept", "GCSCR_EL2 is 0")
    # 6.12 finds its per-CPU data by what __finalise_el2 copies; 7.2 sets it up behind the call.
    assert told["TPIDR_EL2"] == ("breaks", "TPIDR_EL2 is TPIDR_EL1 (0)", "TPIDR_EL2 is kept")
    unserved = {
        (each["party"], each["change"])
        for each in printed["changes"]
        if each["call"] == "HVC_GET_ICH_VTR_EL2"
    }
    assert ("stub", "incompatible") in unserved
    assert ("trans-pgd", "equal") in unserved


def test_the_32_bit_stub_has_not_changed_since_5_10(kernel: Kernel) -> None:
    for old, new in (("5.10", "6.1"), ("6.1", "6.12"), ("6.12", "7.2")):
        printed, status = report(kernel(f"{old}-armmp"), kernel(f"{new}-armmp"))
        assert status == 0
        assert counted(printed)["equal"] == len(printed["changes"])
