"""``hypabi callers``: what it prints of real kernels and of small ones, and its exit status."""

import json
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from tests.callsites.sources import FUNCTION
from tests.cli.door import hypabi, hypabi_process, one_line
from tests.inputs import Assemble, Kernel, KernelResult
from tests.kernel_results import JSON, TEXT
from tests.report.schemas import schema, strict


def listed(*arguments: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - as the command line
    ran = hypabi("callers", *arguments, "--format", "json")
    assert ran.stderr == ""
    found = published(ran.stdout)
    assert found["exit_status"] == ran.returncode
    return ran.returncode, found


def published(text: str) -> dict[str, Any]:
    """Return a report that is as published, and whose counts are those of its sites."""
    found: dict[str, Any] = json.loads(text)
    strict("callers").validate(found)
    counts = found["counts"]["call sites"]
    assert {k: n for k, n in counts.items() if n} == Counter(s["verdict"] for s in found["sites"])
    return found


def of(assemble: Assemble, body: str) -> tuple[int, dict[str, Any]]:
    path = assemble(FUNCTION.format(name="f", body=f"{body}; ret"), "arm64", text=0x10000)
    return listed(path, "--kernel-version", "6.1")


def test_the_published_schema_is_one() -> None:
    jsonschema_rs.meta.validate(schema("callers"))


@pytest.mark.parametrize(
    ("body", "kind", "verdict", "status"),
    [
        ("mov x0, #2; hvc #0", "named", "named", 0),
        ("mov x0, #9; hvc #0", "no call", "undecided", 16),
        ("hvc #0", "depends on its caller", "named", 0),
        ("mrs x0, CNTVCT_EL0; hvc #0", "unresolved", "undecided", 16),
        ("mov x0, x9; hvc #0", "uninitialised", "refuted", 12),
    ],
)
def test_the_status_says_what_was_found(
    assemble: Assemble, body: str, kind: str, verdict: str, status: int
) -> None:
    returned, found = of(assemble, body)
    assert (returned, found["verdict"]) == (status, verdict)
    assert [site["verdict"] for site in found["sites"]] == [kind]
    assert found["sites"][0]["finding"] is (kind == "uninitialised")


def test_a_shared_number_and_a_foreign_one_are_published(assemble: Assemble) -> None:
    shared = "mov x0, #2; movk x0, #0xc600, lsl #16; hvc #0"
    path = assemble(FUNCTION.format(name="f", body=f"{shared}; ret"), "arm64", text=0x10000)
    status, found = listed(path, "--kernel-version", "6.12")
    (name,) = found["sites"][0]["paths"][0]["asks_for"]
    assert status == 0 and name["identifier"] == "0xc6000002"
    assert {each["contract"] for each in name["among"]} == {"arm-smccc", "kvm-arm64-host"}
    status, found = of(assemble, "mov x0, #2; movk x0, #0x4600, lsl #16; hvc #0")
    (name,) = found["sites"][0]["paths"][0]["asks_for"]
    assert status == 16 and name["owner"] == "the vendor's hypervisor"


def test_a_word_that_is_not_shown_to_be_code_leaves_the_answer_open(assemble: Assemble) -> None:
    status, found = of(assemble, "br x3; mov x0, #2; hvc #0")
    assert status == 16
    (site,) = found["sites"]
    assert site["reached"] == "not shown" and site["kind"] == "named"
    assert site["verdict"] == "in doubt"


def test_an_image_without_a_call_site_has_nothing_that_is_named(assemble: Assemble) -> None:
    status, found = of(assemble, "nop")
    assert (status, found["verdict"], found["sites"]) == (16, "undecided", [])


@pytest.mark.parametrize(
    ("name", "programs", "findings"),
    [
        ("5.10-arm64", {"kernel"}, []),
        ("6.1-arm64", {"kernel"}, [""]),
        ("6.12-arm64", {"kernel"}, ["swsusp_arch_suspend_exit"]),
        ("7.2-arm64", {"kernel"}, []),
        ("6.1-armmp", {"decompressor", "kernel"}, []),
    ],
)
def test_real_kernels_have_the_uninitialised_identifiers_they_are_known_for(
    kernel_result: KernelResult, name: str, programs: set[str], findings: list[str]
) -> None:
    """Resume from hibernation: before its repair it gives the copied stub no call number.

    5.10 has vectors there that take any call; 7.2 sets x0 (arch/arm64/kernel/hibernate-asm.S).
    """
    found = published(JSON["callers"](kernel_result("callers", name)))
    assert {site["program"] for site in found["sites"]} == programs
    left = [site["function"]["name"] or "" for site in found["sites"] if site["finding"]]
    assert left == findings
    assert bool(found["exit_status"] & 8) is bool(findings)
    assert found["counts"]["call sites"]["no call"] == 0


def test_the_text_says_the_answer_first_and_fits_a_mail(
    kernel: Kernel, kernel_result: KernelResult
) -> None:
    ran = hypabi_process("callers", kernel("6.12-arm64"), PYTHONHASHSEED="7")
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("6.12.") and lines[0].endswith(": REFUTED")
    assert " call sites: " in lines[1] and " 1 uninitialised; in " in " ".join(lines[1:3])
    assert max(map(len, lines)) <= 75
    assert "To repeat" in lines
    assert any(line.startswith("swsusp_arch_suspend_exit+") for line in lines)
    mine = TEXT["callers"](kernel_result("callers", "6.12-arm64"))  # under another hash seed
    assert mine.partition("\nTo repeat")[0] == ran.stdout.partition("\nTo repeat")[0]


def test_one_function_is_told_in_full(kernel: Kernel) -> None:
    ran = hypabi("callers", kernel("6.12-arm64"), "--function", "__hyp_set_vectors")
    assert ran.returncode == 0
    assert "HVC_SET_VECTORS (0x0) of linux-hyp-abi" in ran.stdout
    assert ": NAMED\n1 call site: 1 named; in 1 function; by contract: 1 linux-" in ran.stdout


def test_a_function_that_only_passes_on_is_not_listed_among_stub_calls(kernel: Kernel) -> None:
    """A caller of __arm_smccc_hvc has a way with 0 in x0; it itself asks for nothing."""
    ran = hypabi("callers", kernel("6.12-arm64"), "--function", "__arm_smccc_hvc")
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[1] == "1 call site: 1 depends on its caller; in 1 function"
    assert "\nUnresolved\n" in ran.stdout and "Calls of" not in ran.stdout
    assert "an argument of the function" in ran.stdout and "__invoke_psci_fn_hvc" in ran.stdout


def test_a_function_without_a_call_is_refused(kernel: Kernel) -> None:
    ran = hypabi("callers", kernel("6.12-arm64"), "--function", "panic")
    assert ran.returncode == 1
    assert "panic" in one_line(ran)
