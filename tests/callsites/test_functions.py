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


@pytest.mark.parametrize(
    ("last", "goes_on"), [("mov x1, x0", True), ("ret", False), ("b inner", False), ("bl g", False)]
)
def test_a_function_goes_on_past_a_symbol_within_it(
    assemble: Assemble, last: str, *, goes_on: bool
) -> None:
    """As ``secondary_holding_pen`` of arm64 does past ``pen``, where it waits."""
    source = f"""
    .globl f, inner, g
    .type f, %function
    f: mov x0, #1
       {last}
    inner: cbz x0, inner
       b g
    .type g, %function
    g: ret
    """
    image = load_image(assemble(source, "arm64", text=0x10000)).images[-1]
    sites = CallSites(explorer_for(image))
    (target,) = (each.address for each in image.symbols.find("g"))
    flow = sites.functions.entry_flow(0x10000, InstructionSet.A64)
    ways = list(sites.ways.ways_into(0x10000, frozenset({target}), InstructionSet.A64))
    assert flow is not None
    assert (0x1000C in flow) is goes_on
    assert bool(ways) is (goes_on or last == "bl g")
    (inner,) = (each.address for each in image.symbols.find("inner"))
    body = sites.functions.callee(0x10000, InstructionSet.A64)
    assert body is not None and body.end == inner
