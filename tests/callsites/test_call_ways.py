"""Ways from a function to others."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.callsites.programs import address_of, call_sites, call_sites_a32
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


def left(sites: CallSites, state: InstructionSet) -> int:
    """Return how many ways there are on which a function leaves by a pointer."""
    return len(list(sites.ways.ways_out(address_of(sites, "f"), state)))


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("ldr x1, [x0]; blr x1; brk #0x800", 1),
        ("ldr x1, [x0]; blr x1; ret", 1),
        ("ldr x1, [x0]; blr x1; bl g; ret", 0),
        ("ldr x1, [x0]; blr x1; ldr x2, [x3]; blr x2; ret", 1),
        ("cbz x2, 1f; ldr x1, [x0]; blr x1; 1: bl g; ret", 1),
        ("adr x1, g; blr x1; ret", 0),
        ("bl g; ret", 0),
    ],
)
def test_a_function_leaves_by_the_pointer_behind_which_it_calls_nothing(
    assemble: Assemble, body: str, ways: int
) -> None:
    assert left(call_sites(assemble, f=body, g="ret"), InstructionSet.A64) == ways


def test_a_function_of_a32_leaves_by_blx(assemble: Assemble) -> None:
    leaves = "ldr r3, [r0]; blx r3; udf #1"
    assert left(call_sites_a32(assemble, f=leaves, g="bx lr"), InstructionSet.A32) == 1
    goes_on = "ldr r3, [r0]; blx r3; bl g; bx lr"
    assert left(call_sites_a32(assemble, f=goes_on, g="bx lr"), InstructionSet.A32) == 0
