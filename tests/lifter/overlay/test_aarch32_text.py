"""What we print of a form that SLEIGH cannot print assembles to the word it came from."""

import random

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.overlay.a32 import decode
from hypabi.lifter.overlay.a32_forms import CONDITIONAL, UNCONDITIONAL, Form, classify
from hypabi.lifter.overlay.aarch32_text import a32_text, t32_text
from hypabi.lifter.sleigh import Lifter
from tests.lifter.overlay.gnu_arm import assemble, words

PRINTED = {
    Form.ERET, Form.MRS_BANKED, Form.MSR_BANKED, Form.SRS, Form.MCR, Form.MRC, Form.MCRR, Form.MRRC,
}  # fmt: skip


def sample() -> list[int]:
    choose = random.Random(4)
    found = set()
    for mask, value, form in (*CONDITIONAL, *UNCONDITIONAL):
        if form not in PRINTED:
            continue
        for _ in range(4000):
            one = choose.getrandbits(32) & ~mask | value
            if mask >> 28 == 0:
                one = one & 0x0FFF_FFFF | choose.choice([14, 14, choose.randrange(14)]) << 28
            if form in (Form.MCR, Form.MRC, Form.MCRR, Form.MRRC):
                one = one & ~0xF00 | 0xF00
            found.add(one)
    found |= {0xE160_006E, 0x0160_006E, 0xF8CD_0513, 0xF96D_0511, 0xE10F_0300, 0xE12E_F30E}
    return sorted(one for one in found if isinstance(decode(one, 0), tuple))


def test_text_assembles_to_the_word_it_came_from() -> None:
    ours = [one for one in sample() if classify(one) in PRINTED]
    texts = [a32_text(one) or "" for one in ours]
    assert words("\n".join(text.split("  @")[0] for text in texts)) == ours
    assert {classify(one) for one in ours} == PRINTED
    assert len(ours) > 100


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("mcr p15, 4, r7, c12, c0, 0", "mcr p15, 4, r7, c12, c0, 0  @ HVBAR"),
        ("mcrr p15, 4, r7, r7, c14", "mcrr p15, 4, r7, r7, c14  @ CNTVOFF"),
        ("mcr p15, 0, r0, c7, c5, 0", "mcr p15, 0, r0, c7, c5, 0  @ ICIALLU"),
        ("eret", "eret"),
        ("msr elr_hyp, lr", "msr ELR_hyp, lr"),
        ("mrs r2, r8_usr", "mrs r2, r8_usr"),
        ("mrs r2, SPSR_svc", "mrs r2, SPSR_svc"),
    ],
)
def test_text_names_what_is_reached_in_both_instruction_sets(line: str, text: str) -> None:
    for mode, state in (("arm", InstructionSet.A32), ("thumb", InstructionSet.T32)):
        code = assemble(line, mode)
        assert Lifter(state, ByteOrder.LITTLE).text(0x8000, code) == text


def test_t32_text_assembles_to_the_instruction_it_came_from() -> None:
    for line in ("srsdb sp!, #0x13", "srsia sp, #0x11", "mrs r1, LR_und", "msr sp_usr, r3"):
        code = assemble(line, "thumb")
        text = t32_text(int.from_bytes(code, "little"), 4)
        assert text is not None and assemble(text, "thumb") == code
