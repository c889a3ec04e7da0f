"""Vectors that count in SP, as KVM's hardened ones do: seven slots add 1 and run into the next."""

import pytest

from hypabi.analysis.options import contract_of
from hypabi.analysis.session import open_image
from hypabi.contract.version import Version
from hypabi.judgement.verification.verdict import Proved, Refuted, Verdict
from hypabi.records import replace
from tests.inputs import Assemble
from tests.reference.references import FOLDER

HEAD = {
    "A32": ".arch armv7-a\n.arch_extension virt\n.syntax unified\n.arm\n",
    "T32": ".arch armv7-a\n.arch_extension virt\n.syntax unified\n.thumb\n",
}

TABLE = """
        .text
        .align 5
        .global __kvm_hyp_vector_ic_inv
        .type   __kvm_hyp_vector_ic_inv, %function
__kvm_hyp_vector_ic_inv:
        .rept {adds}
        add{w}   sp, sp, #1
        .endr
        nop{w}
        mcr     p15, 0, r0, c7, c5, 0
        isb
        b       decode
decode:
"""

DECODE = {
    "A32": """
        .macro  slot value, target
        eor     sp, sp, #\\value
        tst     sp, #7
        eorne   sp, sp, #\\value
        beq     \\target
        .endm
        slot 0, stuck
        slot 1, stuck
        slot {hvc}, answer
        b       stuck
answer: push    {{r1, r2}}
        pop     {{r1, r2}}
""",
    "T32": """
        mcr     p15, 4, r0, c0, c0, 0
        mov     r0, sp
        and     r0, r0, #7
        sub     sp, sp, r0
        push    {{r1, r2}}
        mov     r1, r0
        mrc     p15, 4, r0, c0, c0, 0
        mrc     p15, 0, r2, c0, c0, 0
        mcr     p15, 4, r2, c0, c0, 0
        cmp     r1, #{hvc}
        itt     eq
        popeq   {{r1, r2}}
        beq     answer
        b       stuck
answer:
""",
}

ANSWER = """
        cmp     r0, #-1
        bne     stuck
        mrc     p15, 4, r0, c12, c0, 0
        eret
stuck:  b       stuck
"""


def _get(assemble: Assemble, state: str, adds: int = 7, hvc: int = 2) -> dict[str, Verdict]:
    wide = ".w" if state == "T32" else ""
    table = TABLE.format(adds=adds, w=wide)
    source = HEAD[state] + table + DECODE[state].format(hvc=hvc) + ANSWER
    path = assemble(source, "arm", text=0x40010000)
    contract, version = contract_of("arm-hyp-stub-2012"), Version.exact("4.9")
    findings = open_image(path).examine(contract, version).judgement.findings
    return {f.clause.name: f.verdict for f in findings if f.call == "GET"}


@pytest.mark.parametrize("state", ["A32", "T32"])
def test_a_call_is_decoded_from_the_low_bits_of_sp(assemble: Assemble, state: str) -> None:
    """The slot of hvc is the sixth: two additions are left, the third slot behind does nothing."""
    found = _get(assemble, state)
    assert found["vectors"] == Proved(1)
    assert found["returns"] == Proved(1)
    assert isinstance(found["memory"], Proved)


@pytest.mark.parametrize("state", ["A32", "T32"])
def test_a_decoder_that_takes_it_for_another_exception_is_refuted(
    assemble: Assemble, state: str
) -> None:
    assert isinstance(_get(assemble, state, hvc=3)["returns"], Refuted)


@pytest.mark.parametrize("state", ["A32", "T32"])
def test_a_table_that_counts_to_six_only_is_none(assemble: Assemble, state: str) -> None:
    assert _get(assemble, state, adds=6) == {}


def test_a_kernel_may_leave_them_out_but_not_the_vectors_they_stand_in_for() -> None:
    contract, version = contract_of("arm-hyp-stub-2017"), Version.exact("4.14")
    stub = open_image(FOLDER / "arm-stub-a6-a32.elf").examine(contract, version)
    kvm = open_image(FOLDER / "arm-kvm-a6-a32.elf").examine(contract, version)
    for examined in (stub, kvm):
        assert "kvm-run-ic-inv" not in examined.expected
    without = replace(contract.parties["kvm-run-ic-inv"], left_out=None)
    parties = {**contract.parties, "kvm-run-ic-inv": without}
    changed = replace(contract, parties=parties, sha256="changed")
    held = open_image(FOLDER / "arm-kvm-a6-a32.elf").examine(changed, version)
    assert "of the same owner" in held.expected["kvm-run-ic-inv"]
