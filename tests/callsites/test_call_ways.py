"""Ways from a function to others."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble


@pytest.mark.parametrize("head", ["", "setend be"])
@pytest.mark.parametrize(("target", "goes_on"), [("install", True), ("other", False)])
def test_such_an_entry_is_followed_behind_the_switch(
    assemble: Assemble, head: str, target: str, *, goes_on: bool
) -> None:
    """As ``stext`` of a Thumb-2 kernel calls ``__hyp_stub_install``, whatever its symbol says."""
    source = f"""
        .arch armv7ve
        .arm
        .globl entry
        .type entry, %function
    entry: {head}
        add r9, pc, #1
        bx r9
        .thumb
        bl {target}
    1:  b 1b
        .thumb_func
        .type install, %function
    install: bx lr
        .thumb_func
        .type other, %function
    other: bx lr
    """
    image = load_image(assemble(source, "arm", text=0x10000)).images[-1]
    sites = CallSites(explorer_for(image))
    (install,) = image.symbols.find("install")
    for state in (InstructionSet.A32, InstructionSet.T32):
        ways = list(sites.ways.ways_into(0x10000, frozenset({install.address}), state))
        assert bool(ways) == goes_on
