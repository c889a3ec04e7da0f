"""Callers are held against SMCCC, PSCI and Xen: registers, width, conduit, and the level."""

import pytest

from tests.cli.door import hypabi
from tests.cli.stub import function
from tests.inputs import Assemble

REFUTED, UNDECIDED = 12, 16
VERSION = "mov w0, #0x84000000; hvc #0; "


@pytest.mark.parametrize(
    ("body", "contract", "status", "said"),
    [
        (VERSION + "ret", "arm-psci", 0, ""),
        # SMCCC, DEN0028, 2.5: a call of 32 bits answers in W0.
        (
            VERSION + "tbnz x0, #63, 1f; ret; 1: mov x0, #0; ret",
            "arm-psci",
            REFUTED,
            "bits 63 to 32",
        ),
        (VERSION + "tbnz w0, #31, 1f; ret; 1: mov x0, #0; ret", "arm-psci", 0, ""),
        (
            VERSION + "add x0, x0, x3; ret",
            "arm-psci",
            REFUTED,
            "x3, which the contract lets a call",
        ),
        (VERSION + "add x0, x0, x19; ret", "arm-psci", 0, ""),
        # x1 to x3 hold answers of SMCCC's calls in general, and from 1.1 on x4 to x17 are kept.
        ("mov w0, #0x80000000; hvc #0; add x0, x3, x4; ret", "arm-smccc", 0, ""),
        ("mov w0, #0x84000000; hvc #1; ret", "arm-psci", REFUTED, "has to be by hvc #0x0"),
        ("mrs x1, hcr_el2; " + VERSION + "ret", "arm-psci", REFUTED, "issued at EL2 or HYP"),
        ("mrs x1, sctlr_el1; " + VERSION + "ret", "arm-psci", 0, ""),
        ("mov x16, #17; hvc #0xea1; mov x0, x4; ret", "xen-arm", REFUTED, "x4, which"),
        ("mov x16, #17; hvc #0xea1; mov x0, x5; ret", "xen-arm", 0, ""),
        ("mov x0, #2; hvc #0; ret", "arm-psci", UNDECIDED, "0 call sites"),
    ],
)
def test_a_caller_is_held_against_what_is_stated(
    assemble: Assemble, body: str, contract: str, status: int, said: str
) -> None:
    unit = assemble(function("ask", body), "arm64")
    ran = hypabi("callers", unit, "--contract", contract)
    assert ran.returncode == status, ran.stdout
    assert said in " ".join(ran.stdout.split())


def test_a_wrapper_is_held_as_its_callers_use_it(assemble: Assemble) -> None:
    wrapper = function("wrap", "hvc #0; ret")
    use = function(
        "use",
        "stp x29, x30, [sp, #-16]!; mov w0, #0x84000000; bl wrap; {} ldp x29, x30, [sp], #16; ret",
    )
    kept = hypabi("callers", assemble(wrapper + use.format(""), "arm64"), "--contract", "arm-psci")
    assert (kept.returncode, "PSCI_VERSION" in kept.stdout) == (0, True)


def test_a_call_at_el2_is_told_without_a_contract(assemble: Assemble) -> None:
    body = "msr vbar_el2, x1; mov x0, #2; hvc #0; ret"
    ran = hypabi("callers", assemble(function("ask", body), "arm64"), "--kernel-version", "6.1")
    assert ran.returncode == UNDECIDED
    assert "issued at EL2 or HYP itself" in ran.stdout
    arm = ".arm\n" + function("ask", "mcr p15, 4, r1, c12, c0, 0; mov r0, #1; hvc #0; bx lr")
    unit = assemble(arm, "arm", flags=["-march=armv7ve"])
    assert (
        "issued at EL2 or HYP itself" in hypabi("callers", unit, "--kernel-version", "6.1").stdout
    )


def test_a_stated_contract_is_not_held_against_a_kernel(assemble: Assemble) -> None:
    unit = assemble(function("ask", "hvc #0; ret"), "arm64")
    ran = hypabi("callers", unit, "--contract", "arm-psci", "--against", unit)
    assert ran.returncode == 3
    assert "is held by whoever makes its calls" in ran.stderr
    other = hypabi("callers", unit, "--contract", "kvm-s390-diagnose")
    assert "does not speak of arm64" in other.stderr
