"""A return address that was signed comes back only where it is authenticated with the same."""

import pytest

from hypabi.symbolic.outcome import Returned, Undecided
from tests.inputs import Assemble
from tests.symbolic.handler import paths

FRAME = ".arch armv8.3-a\nmov x9, x30\nbl 1f\nmov x30, x9\neret\n1: {}\n"
SIGNED = [
    "paciasp; autiasp; ret",
    "pacibsp; sub sp, sp, #16; add sp, sp, #16; autibsp; ret",
    "paciasp; str x30, [sp, #-16]!; mov x30, #0; ldr x30, [sp], #16; retaa",
    "paciasp; cbz x1, 2f; nop; 2: retaa",
]
OTHERWISE = [
    "autiasp; ret",
    "paciasp; autibsp; ret",
    "paciasp; sub sp, sp, #16; autiasp; ret",
    "paciasp; add x30, x30, #4; autiasp; ret",
    "paciasp; msr apiakeylo_el1, x1; isb; autiasp; ret",
    "paciasp; mrs x2, sctlr_el2; bic x2, x2, #0x80000000; msr sctlr_el2, x2; isb; autiasp; ret",
    "pacibsp; retaa",
    "paciasp; ret",
    "mov x30, x1; paciasp; autiasp; ret",
]


@pytest.mark.parametrize("body", SIGNED)
def test_what_is_authenticated_as_it_was_signed_is_what_it_was(
    body: str, assemble: Assemble
) -> None:
    ends = paths(FRAME.format(body), assemble)
    assert ends and {type(each.outcome) for each in ends} == {Returned}


@pytest.mark.parametrize("body", OTHERWISE)
def test_what_may_be_authenticated_otherwise_is_undecided(body: str, assemble: Assemble) -> None:
    ends = paths(FRAME.format(body), assemble)
    assert ends and {type(each.outcome) for each in ends} == {Undecided}
