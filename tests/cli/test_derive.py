import json
from pathlib import Path
from typing import Any

import pytest

from hypabi.analysis.derivation import Wanted, derivation
from hypabi.analysis.session import open_image
from hypabi.smt.allowance import MOST
from tests.cli.door import hypabi, one_line
from tests.cli.kernel import BASE, SLOTS, stub
from tests.inputs import Assemble, Kernel, KernelResult
from tests.kernel_results import JSON
from tests.report.schemas import strict


@pytest.fixture
def made(assemble: Assemble) -> Path:
    return stub(assemble)


def calls(*arguments: str | Path) -> dict[str | None, list[dict[str, Any]]]:
    """Return the cases of the only entry that was derived, by call number."""
    report = json.loads(hypabi("derive", *arguments, "--format", "json").stdout)
    strict("derive").validate(report)
    (entry,) = report["entries"]
    return {each["number"]: each["cases"] for each in entry["calls"]}


def test_every_number_that_the_code_tells_apart_has_a_row(made: Path) -> None:
    assert list(calls(made, "--entry", "sync")) == ["0x0", "0x1", "0x2", None]


def test_a_row_says_what_is_written_and_what_is_kept(made: Path) -> None:
    (case,) = calls(made, "--party", "stub")["0x0"]
    assert case["registers"] == {}
    assert case["system_registers"] == {"VBAR_EL2": "x1"}
    assert case["memory"] == []
    assert case["ends"] == "returns"
    assert {"x0", "x19", "x30"} <= set(case["kept"])


def test_a_row_says_where_control_goes_and_with_what(made: Path) -> None:
    (case,) = calls(made, "--party", "stub")["0x1"]
    assert case["registers"] == {"x0": "x2", "x1": "x3", "x2": "x4", "x4": "x1"}
    assert (case["ends"], case["how"]) == ("leaves", "to x1 at EL2h")


def test_any_other_number_is_a_row_of_its_own(made: Path) -> None:
    (case,) = calls(made, "--party", "stub")[None]
    assert case["registers"] == {"x0": "0xbadca11"}


def test_the_text_shows_the_rows(made: Path) -> None:
    ran = hypabi("derive", made, "--party", "stub")
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[:2] == [
        "5.10.0-made (arm64): DERIVED",
        "1 entry: 1 derived; 4 calls: 4 derived",
    ]
    assert (
        "x0 = 0  HVC_SET_VECTORS\n"
        "  result    x0 = 0\n"
        "  loses     nothing else\n"
        "  keeps     x1-x30, SP_EL0-SP_EL3\n"
        "  sets      VBAR_EL2 = x1\n"
        "  returns   to the caller, from sync+0x48\n"
    ) in ran.stdout
    assert "  leaves    to x1 at EL2h, from sync+0x28\n" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 75


@pytest.mark.parametrize("entry", ["__hyp_stub_vectors", f"{BASE:#x}", f"{BASE + 0x400:#x}"])
def test_a_table_stands_for_the_slot_that_an_hvc_enters(made: Path, entry: str) -> None:
    ran = hypabi("derive", made, "--entry", entry)
    assert f"hvc enters at {BASE + 0x400:#x}" in ran.stdout
    assert "HVC_SET_VECTORS" in ran.stdout


def test_a_table_that_nothing_tells_to_be_of_el2_is_one_where_it_is_named(
    assemble: Assemble,
) -> None:
    """Its code uses nothing that EL1 may not use: only who asks knows whose vectors these are."""
    slots = "\n".join(".balign 0x80\n" + ("b served" if n == 8 else "b .") for n in range(16))
    source = f"""
    .balign 0x800
    .globl own
own:
    {slots}
    .balign 0x80
served:
    cmp w9, #7
    b.ne 1f
    mov x10, #1
    eret
1:  mov x10, #2
    eret
"""
    made = assemble(source, "arm64", text=BASE)
    nothing = hypabi("derive", made)
    assert nothing.returncode == 16
    assert "--entry" in nothing.stdout
    for entry in ("own", f"{BASE:#x}", f"{BASE + 0x400:#x}"):
        text = " ".join(hypabi("derive", made, "--entry", entry).stdout.split())
        assert f"hvc enters at {BASE + 0x400:#x}" in text
        assert "w9 = 7 result " in text
    assert "stuck at own+0x80" in " ".join(
        hypabi("derive", made, "--entry", "own+0x80").stdout.split()
    )


def test_another_slot_can_be_named_by_symbol_and_offset(made: Path) -> None:
    ran = hypabi("derive", made, "--entry", "__hyp_stub_vectors+0x480")
    assert "any other x0\n  stuck     at invalid\n" in ran.stdout


def test_all_cases_prints_those_that_agree_one_by_one(assemble: Assemble) -> None:
    # Two instructions return, and both with the same answer.
    twice = "cbz x5, 7f\n    ldr x0, =0xbadca11\n    eret\n7:"
    image = stub(assemble, unknown=twice)
    together = hypabi("derive", image, "--entry", "sync").stdout
    apart = hypabi("derive", image, "--entry", "sync", "--all-cases").stdout
    assert "any other x0\n  result    x0 = 0xbadca11\n" in together
    assert "any other x0  (2 cases)\n  case 1\n    where     x5 == 0\n" in apart
    assert "  case 2\n    where     x5 != 0\n" in apart


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--entry", "__hyp_stub_vector"],
            "no symbol '__hyp_stub_vector'; did you mean '__hyp_stub_vectors'",
        ),
        (["--entry", "0x10"], "the image has nothing at 0x10"),
        (["--entry", "sync+ten"], "'ten' in 'sync+ten' is no number"),
        (["--entry", f"{BASE + 2:#x}"], "is not aligned to 4 bytes"),
        (["--party", "stup"], "no party 'stup' at 5.10.0-made; did you mean 'stub'?"),
        (["--party", "kvm-init"], "the image does not hold the vectors of kvm-init"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    made: Path, arguments: list[str], says: str
) -> None:
    ran = hypabi("derive", made, *arguments)
    assert says in one_line(ran)
    assert ran.returncode == 1


def test_a_kernel_that_the_contract_does_not_know_is_derived_without_names(
    assemble: Assemble,
) -> None:
    ran = hypabi("derive", stub(assemble, version="3.8.0-old"))
    assert ran.returncode == 0
    assert "x0 = 1\n" in ran.stdout
    assert "HVC_" not in ran.stdout


def test_one_call_is_shown_by_its_name_or_its_number(made: Path) -> None:
    by_name = calls(made, "--call", "HVC_SOFT_RESTART")
    assert list(by_name) == ["0x1"]
    assert by_name == calls(made, "--call", "1") == calls(made, "--call", "0x1")
    assert list(calls(made, "--call", "any-other")) == [None]


def test_a_number_that_is_not_told_apart_is_answered_as_any_other(made: Path) -> None:
    assert calls(made, "--call", "0x77") == calls(made, "--call", "any-other")


def test_a_call_that_is_mistyped_is_refused_with_the_one_that_was_meant(made: Path) -> None:
    said = one_line(hypabi("derive", made, "--call", "HVC_SOFT_RESET"))
    assert "no call 'HVC_SOFT_RESET', and no number; did you mean 'HVC_SOFT_RESTART'?" in said


def test_a_table_that_nobody_claims_is_named_and_derived_on_request(
    kernel_result: KernelResult, assemble: Assemble
) -> None:
    found = kernel_result("derive", "6.1-arm64")
    assert all(entry.parties for entry in found.entries)
    unclaimed = kernel_result("check", "6.1-arm64").unclaimed_tables
    assert [each.address for each in found.left_out] == [each.address for each in unclaimed]

    ends_nowhere = f"quiet: msr vbar_el2, x1\nb .\n.balign 0x800\n{SLOTS}"
    other = ends_nowhere.replace("b sync", "b quiet")
    image = stub(assemble, callers=other)
    few, every = hypabi("derive", image).stdout, hypabi("derive", image, "--all-tables").stdout
    left = "Left out, as no party of the contract claims them: 0x"
    assert (left in few, left in every) == (True, False)
    assert ("no party of the contract\n---" in few, "no party of the contract\n---" in every) == (
        False,
        True,
    )


def test_an_undecided_path_is_in_the_exit_status(assemble: Assemble) -> None:
    ran = hypabi("derive", stub(assemble, success=".inst 0x00c0ffee"), "--party", "stub")
    assert ran.returncode == 16
    assert ran.stdout.startswith("5.10.0-made (arm64): UNDECIDED\n1 entry: 1 undecided; ")
    assert "  undecided beyond sync" in ran.stdout


def test_a_real_stub_is_derived_with_names_within_75_columns(
    kernel: Kernel, kernel_result: KernelResult
) -> None:
    ran = hypabi("derive", kernel("6.1-arm64"), "--party", "stub")
    assert ran.returncode == 0
    for call in ("SET_VECTORS", "SOFT_RESTART", "RESET_VECTORS", "FINALISE_EL2"):
        assert f"  HVC_{call}" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 75
    strict("derive").validate(json.loads(JSON["derive"](kernel_result("derive", "6.1-arm64"))))


@pytest.mark.parametrize(
    ("offset", "ends"), [("0x2000", ["returns"]), ("0x2008", ["returns", "undecided"])]
)
def test_a_stack_in_the_data_of_a_cpu_is_as_aligned_as_its_place_there(
    assemble: Assemble, offset: str, ends: list[str]
) -> None:
    """One that is not aligned is undecided where SCTLR_EL2.SA is 1."""
    take = f"mrs x9, tpidr_el2; mov x10, #{offset}; add sp, x9, x10"
    source = f".text\n.globl entry\nentry: {take}; stp x0, x1, [sp, #-16]!; mov x0, #0; eret\n"
    cases = calls(assemble(source, "arm64"), "--entry", "entry")[None]
    assert sorted(case["ends"] for case in cases) == ends


def test_a_load_that_may_hit_any_word_of_a_saved_frame_ends_at_its_place_at_little_cost(
    assemble: Assemble,
) -> None:
    """A frame of 30 registers, and a pointer of which nothing is known: as Xen and Xvisor do."""
    saves = "".join(f"stp x{n}, x{n + 1}, [sp, #-16]!\n" for n in range(0, 30, 2))
    source = f"""
        .globl entry
    entry: {saves}
        adrp x9, current; ldr x9, [x9, :lo12:current]; ldr x9, [x9, #8]
    inner: ldr x9, [x9, #8]
        add sp, sp, #240; mov x0, x9; eret
        .data
        .balign 8
    current: .quad 0
    """
    path = assemble(source, "arm64", text=0x10000)
    said = " ".join(hypabi("derive", path, "--entry", "entry").stdout.split())
    assert "undecided beyond inner: 8 bytes at an address that may not be aligned" in said
    session = open_image(path)
    derivation(session, Wanted(entry="entry"), ())
    (program,) = session.programs.values()
    assert program.explorer.allowance.left > MOST // 2
