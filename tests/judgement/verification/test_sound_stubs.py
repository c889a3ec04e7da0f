"""Whole stubs, one act away from one that is proved: what the act breaks is never called proved.

Each program is assembled here and checked as a user would.  A stub with a harmless act in the same
place is proved, so that nothing is refused for the place or the form alone.
"""

from collections.abc import Callable

import pytest

from hypabi.cli.main import main
from tests.inputs import Assemble

REFUTED, UNDECIDED = 8, 16
Verdict = Callable[[str, str, str], int]
"""Status of ``check`` for a stub with an act at its start, a restart, and what follows it."""

A64 = """
    .text
    .align 11
    .globl __hyp_stub_vectors
    .type __hyp_stub_vectors, %object
__hyp_stub_vectors:
    .rept 8
    .align 7
    b other
    .endr
    .align 7
    b sync
    .rept 7
    .align 7
    b other
    .endr
    .align 11
    .type sync, %function
sync:
ACT
    cbnz x0, 20f
    msr vbar_el2, x1
    b 90f
20: cmp x0, #1
    b.ne 30f
    mov x0, x2
    mov x2, x4
    mov x4, x1
    mov x1, x3
RESTART
30: cmp x0, #2
    b.eq 90f
    movz x0, #0xca11
    movk x0, #0xbad, lsl #16
    eret
90: mov x0, xzr
    eret
    .type other, %function
other:
    b .
"""
A32 = """
    .syntax unified
    .arch armv7ve
    .arch_extension sec
    .STATE
    .text
    .align 7
    .globl __hyp_stub_vectors
    .type __hyp_stub_vectors, %object
__hyp_stub_vectors:
    .rept 5
    BRANCH .
    .endr
    BRANCH trap
    .rept 2
    BRANCH .
    .endr
    .type trap, %function
trap:
ACT
    cmp r0, #1
    bne 20f
    mov r3, r1
RESTART
20: cmp r0, #0
    beq 90f
    cmp r0, #2
90: movw r0, #0xca11
    movt r0, #0xbad
    eret
"""


@pytest.fixture
def a64(assemble: Assemble) -> Verdict:
    def verdict(act: str = "", restart: str = "br x4", more: str = "") -> int:
        source = A64.replace("ACT", act).replace("RESTART", restart) + more
        program = assemble(source, "arm64", flags=["-march=armv8.5-a"], text=0x40080000)
        return main(["check", str(program), "--kernel-version", "5.10"])

    return verdict


@pytest.fixture
def aarch32(assemble: Assemble, request: pytest.FixtureRequest) -> Verdict:
    state = request.param

    def verdict(act: str = "", restart: str = "bx r3", more: str = "") -> int:
        branch = "b.w" if state == "thumb" else "b"
        source = A32.replace("STATE", state).replace("BRANCH", branch)
        source = source.replace("ACT", act).replace("RESTART", restart) + more
        program = assemble(source, "arm", text=0x40080000)
        return main(["check", str(program), "--kernel-version", "5.10"])

    return verdict


BOTH = pytest.mark.parametrize("aarch32", ["arm", "thumb"], indirect=True)
LITERAL = ".align 3\nlit: .quad 1, 2\n"
READ = "ldr w7, lit\ncmp w7, #1\nb.eq 1f\nmov x19, #0\n1:"
RETURN_TO = "msr elr_el2, x4\nmsr spsr_el2, x5\neret"


@pytest.mark.parametrize(
    ("act", "restart", "more"),
    [
        ("nop", "br x4", ""),
        (READ, "br x4", LITERAL),
        ("mrs x5, sctlr_el2\nmsr sctlr_el2, x5\nisb\n" + READ, "br x4", LITERAL),
        ("adr x5, lit\nldr x6, [x5, #8]", "br x4", LITERAL),
        ("ldr x6, [sp, #8]", "br x4", ""),
        ("", "mov x5, #0x3c9\n" + RETURN_TO, ""),
        ("mrs x6, hcr_el2\nmsr hcr_el2, x6", "br x4", ""),
        ("dc civac, x1", "br x4", ""),
        ("b 2f\n1:", "br x4", "2: b 1b\n"),
    ],
)
def test_harmless_act_is_proved(a64: Verdict, act: str, restart: str, more: str) -> None:
    assert a64(act, restart, more) == 0


@pytest.mark.parametrize(
    "act",
    [
        "cbz x7, 1f\nmov x6, #1 << 27\nmsr hcr_el2, x6\n1:",  # TGE
        "mrs x6, hcr_el2\ncmp x7, #0\ncsel x6, x6, xzr, eq\nmsr hcr_el2, x6",  # RW, merged
        "mrs x6, hcr_el2\nbic x6, x6, x7\nmsr hcr_el2, x6",
        "mrs x6, spsr_el2\nbfi x6, x7, #0, #5\nmsr spsr_el2, x6",
    ],
)
def test_return_that_a_register_makes_illegal_is_refuted(
    a64: Verdict, act: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert a64(act, "br x4", "") & REFUTED
    assert "illegal exception return" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("mov x5, #0x3c9\nmovk x5, #0x10, lsl #16", "IL is set"),
        ("mov x5, #0x3c9\nmovk x5, #0x20, lsl #16", "SS is set"),
        ("mov x5, #0x7c9", "BTYPE is set"),
        ("mov x5, #0x3c9\nbfi x5, x7, #20, #1", "IL is set"),
        ("mov x5, #0x3da", "illegal exception return"),  # nRW, Hyp mode
        ("mov x5, #0x3cb", "illegal exception return"),
        ("mov x5, #0x3cd", "illegal exception return"),  # EL3
    ],
)
def test_restart_at_an_instruction_that_faults_is_refuted(
    a64: Verdict, status: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert a64("", f"{status}\n{RETURN_TO}", "") & REFUTED
    assert why in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "act",
    [
        "mrs x5, sctlr_el2\norr x6, x5, #1 << 25\nmsr sctlr_el2, x6\nisb\nBODY\n",  # EE
        "mrs x5, sctlr_el2\nbfi x5, x8, #25, #1\nmsr sctlr_el2, x5\nisb\nBODY\n",
        "mrs x5, sctlr_el2\norr x6, x5, #1\nmsr sctlr_el2, x6\nisb\nBODY\n",  # M
        "adr x5, lit\nldur x6, [x5, #1]",
        "adr x5, lit + 4\nldp x6, x7, [x5]",
        "add x5, x1, x2\nstr x6, [x5, #2]",
        "add x10, sp, #8\nmov x9, sp\nmov sp, x10\nldr x6, [sp]\nmov sp, x9",
        "dc ivac, x1",
        "dc isw, x1",
        "b w\n1:",
    ],
)
def test_what_changes_the_meaning_of_what_follows_is_never_proved(a64: Verdict, act: str) -> None:
    body = "ldr w7, lit\nmsr sctlr_el2, x5\nisb\ncmp w7, #1\nb.eq 1f\nmov x19, #0\n1:"
    more = LITERAL + '.section .w, "awx"\nw: b 1b\n' if "b w" in act else LITERAL
    assert a64(act.replace("BODY", body), "br x4", more) & (REFUTED | UNDECIDED)


@pytest.mark.parametrize(
    "target", ["mov x4, #0x1000\nbr x4", f"mov x4, #0x1000\nmov x5, #0x3c9\n{RETURN_TO}"]
)
def test_target_without_code_is_undecided_and_not_refuted(a64: Verdict, target: str) -> None:
    assert a64("", target, "") == UNDECIDED


def test_data_in_a_writable_section_is_not_constant(a64: Verdict) -> None:
    act = "adr x5, w\nldr w7, [x5]\ncmp w7, #1\nb.eq 1f\nmov x19, #0\n1:"
    writable = '.section .w, "awx"\n.align 3\nw: .word 1\n'
    assert a64(act, "br x4", writable) & (REFUTED | UNDECIDED)
    assert a64(act, "br x4", writable.replace("aw", "a")) == 0


TO_HYP = "mrs r2, cpsr\nbfi r2, r3, #5, #1\nSTATUS\nmsr spsr_cxsf, r2\nmsr elr_hyp, r3\neret"


@BOTH
@pytest.mark.parametrize(
    ("act", "restart"),
    [
        ("nop", "bx r3"),
        ("adr r2, lit\nldr r3, [r2, #4]", "bx r3"),
        ("", TO_HYP.replace("STATUS", "")),
        ("mcr p15, 0, r1, c7, c14, 1", "bx r3"),  # DCCIMVAC
        ("setend le", "bx r3"),
    ],
)
def test_harmless_act_on_aarch32_is_proved(aarch32: Verdict, act: str, restart: str) -> None:
    assert aarch32(act, restart, LITERAL) == 0


@BOTH
@pytest.mark.parametrize(
    ("restart", "why"),
    [
        (TO_HYP.replace("STATUS", "orr r2, r2, #0x100000"), "IL is set"),
        (TO_HYP.replace("STATUS", "orr r2, r2, #0x1000000"), "J is set"),
        (TO_HYP.replace("STATUS", "orr r2, r2, #0x400"), "IT is set"),
        (TO_HYP.replace("STATUS", "orr r2, r2, #0x200"), "the other byte order"),
        (TO_HYP.replace("STATUS", "orr r2, r2, #0x20"), "the other instruction set"),
        (TO_HYP.replace("STATUS", "eor r2, r2, #0xc"), "illegal exception return"),  # Monitor mode
        ("setend be\nbx r3", "the other byte order"),
        ("bic r3, r3, #1\nbx r3", "the other instruction set"),
        ("orr r3, r3, #1\nbx r3", "the other instruction set"),
    ],
)
def test_restart_in_another_state_is_refuted(
    aarch32: Verdict, restart: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert aarch32("", restart, "") & REFUTED
    assert why in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("aarch32", "proved"), [("arm", 0), ("thumb", 1)], indirect=["aarch32"])
def test_mov_to_the_pc_keeps_t32_whatever_bit_0_says(aarch32: Verdict, proved: int) -> None:
    assert (aarch32("", "mov pc, r3", "") & REFUTED != 0) == bool(proved)


@BOTH
@pytest.mark.parametrize(
    "act",
    [
        "setend be\nldr r3, lit\nsetend le\ncmp r3, #1\nbeq 1f\nmov r4, #0\n1:",
        "mrs r2, cpsr\norr r2, r2, #0x200\nmsr cpsr_x, r2\nldr r3, lit\nsetend le",
        "mrc p15, 4, r2, c1, c0, 0\norr r3, r2, #1\nmcr p15, 4, r3, c1, c0, 0\nldr r3, lit",
        "adr r2, lit\nldr r3, [r2, #1]",
        "adr r2, lit\nldrh r3, [r2, #1]",
        "mcr p15, 0, r1, c7, c6, 1",  # DCIMVAC
        "mcr p15, 0, r1, c7, c6, 2",  # DCISW
        "cmp r5, #0\nbeq 1f\nmov r2, #1 << 27\nmcr p15, 4, r2, c1, c1, 0\n1:",  # HCR.TGE
    ],
)
def test_what_changes_the_meaning_on_aarch32_is_never_proved(aarch32: Verdict, act: str) -> None:
    assert aarch32(act, "bx r3", LITERAL) & (REFUTED | UNDECIDED)
