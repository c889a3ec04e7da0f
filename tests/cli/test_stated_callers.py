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
        # An smc is made to firmware, from EL2 too; the same registers are lost and answer.
        ("mov w0, #0x84000000; smc #0; ret", "arm-psci", 0, "by smc"),
        ("mrs x1, hcr_el2; mov w0, #0x84000000; smc #0; ret", "arm-psci", 0, "by smc"),
        (
            "mov w0, #0x84000000; smc #0; add x0, x0, x9; ret",
            "arm-psci",
            REFUTED,
            "x9, which the contract lets a call",
        ),
        (
            "mov w0, #0x84000000; smc #0; tbnz x0, #63, 1f; ret; 1: mov x0, #0; ret",
            "arm-psci",
            REFUTED,
            "bits 63 to 32",
        ),
        # A wrapper stores all four registers that can answer; one alone was meant to be kept.
        (
            "mov x19, sp; mov w0, #0x84000000; smc #0; stp x0, x1, [x19]; stp x2, x3, [x19]; ret",
            "arm-psci",
            0,
            "by smc",
        ),
        (
            "mov x19, sp; mov w0, #0x84000000; smc #0; str x3, [x19]; ret",
            "arm-psci",
            REFUTED,
            "x3, which the contract lets a call",
        ),
        ("mov w0, #0x84000000; smc #1; ret", "arm-psci", REFUTED, "by smc #0x1, and has to be by"),
        # Xen is no firmware: an smc asks it for nothing.
        ("mov x16, #17; smc #0xea1; ret", "xen-arm", UNDECIDED, "0 call sites"),
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


@pytest.mark.parametrize(("register", "at_hyp"), [("4, r1, c12", True), ("0, r1, c12", False)])
def test_a_call_of_t32_at_hyp_is_told_by_what_only_hyp_may_access(
    assemble: Assemble, register: str, *, at_hyp: bool
) -> None:
    body = f"mcr p15, {register}, c0, 0; movs r0, #1; hvc #0; bx lr"
    source = ".syntax unified\n.thumb\n.thumb_func\n" + function("ask", body)
    unit = assemble(source, "arm", flags=["-march=armv7ve"])
    said = hypabi("callers", unit, "--kernel-version", "6.1").stdout
    assert ("issued at EL2 or HYP itself" in said) == at_hyp


@pytest.mark.parametrize("mode", [".arm", ".thumb\n.thumb_func"])
@pytest.mark.parametrize(("register", "status"), [("r2", REFUTED), ("r4", 0)])
def test_an_smc_of_arm_is_held_in_both_instruction_sets(
    assemble: Assemble, mode: str, register: str, status: int
) -> None:
    body = f"movw r0, #0; movt r0, #0x8400; smc #0; add r0, r0, {register}; bx lr"
    source = f".syntax unified\n.arch_extension sec\n{mode}\n" + function("ask", body)
    unit = assemble(source, "arm", flags=["-march=armv7ve"])
    ran = hypabi("callers", unit, "--contract", "arm-psci")
    assert (ran.returncode, "PSCI_VERSION" in ran.stdout) == (status, True), ran.stdout


def test_a_stated_contract_is_not_held_against_a_kernel(assemble: Assemble) -> None:
    unit = assemble(function("ask", "hvc #0; ret"), "arm64")
    ran = hypabi("callers", unit, "--contract", "arm-psci", "--against", unit)
    assert ran.returncode == 3
    assert "is held by whoever makes its calls" in ran.stderr
    other = hypabi("callers", unit, "--contract", "kvm-s390-diagnose")
    assert "does not speak of arm64" in other.stderr
