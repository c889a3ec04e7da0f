"""Whether control gets from a function to a call site by calls and jumps whose target is known."""

from typing import Literal

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.call_graph import Lead, leads_to
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.image.model import Image
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble

FUNCTION = ".globl {name}; .type {name}, %function; {name}: {body}\n"
STATES = {"arm64": InstructionSet.A64, "arm": InstructionSet.A32}


def lead(
    assemble: Assemble, architecture: Literal["arm", "arm64"] = "arm64", /, **functions: str
) -> Lead:
    """Ask from the function ``root`` for every call site of a program."""
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    if architecture == "arm":
        source = f".arch armv7ve\n.arm\n{source}"
    return lead_in(load_image(assemble(source, architecture, text=0x10000)).images[-1])


def lead_in(image: Image) -> Lead:
    sites = CallSites(explorer_for(image))
    wanted = frozenset(site.address for site in sites.find())
    (root,) = image.symbols.find("root")
    return leads_to(sites, root.address, STATES[image.architecture.value], wanted)


def test_a_call_a_jump_and_the_function_itself_lead_to_its_site(assemble: Assemble) -> None:
    assert lead(assemble, root="hvc #0; ret") is Lead.LEADS
    assert lead(assemble, root="bl f; ret", f="hvc #0; ret") is Lead.LEADS
    assert lead(assemble, root="b f", f="hvc #0; ret") is Lead.LEADS
    assert lead(assemble, root="ret", f="hvc #0; ret") is Lead.NOT


def test_code_that_runs_on_into_the_next_function_leads_there(assemble: Assemble) -> None:
    assert lead(assemble, root="mov x0, #0", f="hvc #0; ret") is Lead.LEADS
    assert lead(assemble, root="mov x0, #0; ret", f="hvc #0; ret") is Lead.NOT


def test_a_branch_to_an_address_loaded_before_it_leads_there(assemble: Assemble) -> None:
    literal = "ldr x8, 1f; br x8; .balign 8; 1: .quad f"
    assert lead(assemble, root=literal, f="hvc #0; ret") is Lead.LEADS
    pages = "adrp x8, f; add x8, x8, :lo12:f; blr x8; ret"
    assert lead(assemble, root=pages, f="hvc #0; ret") is Lead.LEADS
    assert lead(assemble, root="ldr x8, [x0]; br x8", f="hvc #0; ret") is Lead.NOT
    other = "ldr x8, 1f; mov x8, x1; br x8; .balign 8; 1: .quad f"
    assert lead(assemble, root=other, f="hvc #0; ret") is Lead.NOT


@pytest.mark.parametrize("flags", [(), ("-EB",)])
def test_a_literal_has_the_byte_order_of_the_image(
    assemble: Assemble, flags: tuple[str, ...]
) -> None:
    bodies = {"root": "ldr x8, 1f; br x8; .balign 8; 1: .quad f", "f": "hvc #0; ret"}
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in bodies.items())
    path = assemble(source, "arm64", text=0x10000, flags=flags, link=flags)
    assert lead_in(load_image(path).images[-1]) is Lead.LEADS


def chain(calls: int) -> dict[str, str]:
    """Return a function that gets to an ``hvc`` through so many calls within each other."""
    inner = {f"f{n}": f"bl f{n + 1}; ret" for n in range(1, calls)}
    return {"root": "bl f1; ret", **inner, f"f{calls}": "hvc #0; ret"}


def test_four_calls_lead_there_and_a_fifth_is_left_undecided(assemble: Assemble) -> None:
    assert lead(assemble, **chain(4)) is Lead.LEADS
    assert lead(assemble, **chain(5)) is Lead.BEYOND
    assert lead(assemble, **chain(5) | {"f5": "ret", "g": "hvc #0; ret"}) is Lead.NOT
    assert lead(assemble, **chain(4) | {"f4": "b h", "h": "hvc #0; ret"}) is Lead.LEADS


def test_a_jump_that_is_found_late_costs_no_call(assemble: Assemble) -> None:
    """``root`` calls a chain that ends in ``f4``, and jumps to what calls ``f4`` itself."""
    jumps = {**chain(4), "root": "cbz x0, g; bl f1; ret", "g": "bl f4; ret", "f4": "bl h; ret"}
    assert lead(assemble, **jumps, h="bl i; ret", i="hvc #0; ret") is Lead.LEADS


def test_functions_of_arm_are_followed_too(assemble: Assemble) -> None:
    assert lead(assemble, "arm", root="blne f; bx lr", f="hvc #0; bx lr") is Lead.LEADS
    assert lead(assemble, "arm", root="bx lr", f="hvc #0; bx lr") is Lead.NOT


@pytest.mark.parametrize(
    ("architecture", "to", "back"),
    [("arm64", "bl", "ret"), ("arm64", "b", "ret"), ("arm", "bl", "bx lr"), ("arm", "b", "bx lr")],
)
def test_what_no_file_defines_leaves_it_open(
    assemble: Assemble, architecture: Literal["arm", "arm64"], to: str, back: str
) -> None:
    head = ".arch armv7ve\n.arm\n" if architecture == "arm" else ""
    for target, expected in (("elsewhere", Lead.OPEN), ("g", Lead.NOT), ("f", Lead.LEADS)):
        bodies = {"root": f"{to} {target}; {back}", "f": f"hvc #0; {back}", "g": back}
        source = head + "".join(FUNCTION.format(name=n, body=b) for n, b in bodies.items())
        assert lead_in(load_image(assemble(source, architecture)).images[-1]) is expected
