"""Functions of a program, as they lie in it."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble


@pytest.mark.parametrize(
    ("head", "switches"),
    [
        ("add r9, pc, #1; bx r9", True),
        ("add r9, pc, #1; bx r8", False),
        ("add r9, pc, #2; bx r9", False),
        ("nop; bx r9", False),
        ("bx lr", False),
        ("setend be; add r9, pc, #1; bx r9", True),
        ("setend be; nop; add r9, pc, #1; bx r9", False),
    ],
)
def test_an_entry_that_goes_on_in_t32_at_once_is_told(
    assemble: Assemble, head: str, *, switches: bool
) -> None:
    source = f".arch armv7ve\n.arm\n.globl entry\n.type entry, %function\nentry: {head}\n"
    image = load_image(assemble(source, "arm", text=0x10000)).images[-1]
    sites = CallSites(explorer_for(image))
    for state in (InstructionSet.A32, InstructionSet.T32):
        assert sites.functions.switches_to_t32(0x10000, state) == switches
