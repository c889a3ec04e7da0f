"""What a function has done before it comes to an instruction, on every way and on some."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from tests.callsites.programs import address_of, call_sites, call_sites_a32
from tests.inputs import Assemble

A64, A32 = InstructionSet.A64, InstructionSet.A32


def hvc_of(sites: CallSites, state: InstructionSet) -> tuple[int, int]:
    """Return where ``root`` starts, and where its ``hvc`` is."""
    start = address_of(sites, "root")
    body = sites.functions.callee(start, state)
    assert body is not None
    (site,) = (each.address for each in sites.find() if body.holds(each.address))
    return start, site


def called(assemble: Assemble, body: str) -> tuple[set[str], set[str]]:
    """Return the functions that are called before the ``hvc`` surely, and those that may be."""
    sites = call_sites(assemble, root=body, f="ret", g="ret")
    done = sites.functions.done_before(*hvc_of(sites, A64), A64)
    assert done is not None
    names = {address_of(sites, name): name for name in ("f", "g")}
    return {names[at] for at in done.surely}, {names[at] for at in done.maybe}


@pytest.mark.parametrize(
    ("body", "surely", "maybe"),
    [
        ("bl f; hvc #0; bl g; ret", {"f"}, {"f"}),
        ("cbz x0, 1f; bl f; 1: bl g; hvc #0; ret", {"g"}, {"f", "g"}),
        ("hvc #0; bl f; ret", set(), set()),
        ("1: hvc #0; bl f; cbz x0, 1b; ret", set(), {"f"}),
        ("bl f; cbz x0, 1f; hvc #0; 1: ret", {"f"}, {"f"}),
        ("bl f; blr x9; bl g; hvc #0; ret", {"f", "g"}, {"g"}),
    ],
)
def test_what_is_called_before_is_told_from_what_may_be(
    assemble: Assemble, body: str, surely: set[str], maybe: set[str]
) -> None:
    assert called(assemble, body) == (surely, maybe)


def written(assemble: Assemble, body: str, register: str = "SCTLR_EL1") -> list[object] | None:
    """Return what a system register was given last, ``None`` where that is open."""
    sites = call_sites(assemble, root=body, f="ret")
    start, site = hvc_of(sites, A64)
    found = sites.functions.written_before(start, site, register, A64)
    return None if found is None else [each.value for each in found]


def test_the_last_value_that_a_system_register_was_given_is_found(assemble: Assemble) -> None:
    assert written(assemble, "mov x9, #5; msr sctlr_el1, x9; hvc #0; ret") == [5]
    assert written(assemble, "msr sctlr_el1, xzr; isb; hvc #0; ret") == [0]
    twice = "mov x9, #5; msr sctlr_el1, x9; mov x9, #4; msr sctlr_el1, x9; hvc #0; ret"
    assert written(assemble, twice) == [4]
    both = "mov x9, #5; cbz x0, 1f; mov x9, #4; 1: msr sctlr_el1, x9; hvc #0; ret"
    assert sorted(map(str, written(assemble, both) or ())) == ["4", "5"]


def test_a_register_that_is_not_written_on_some_way_is_told(assemble: Assemble) -> None:
    assert written(assemble, "mov x9, #5; msr sctlr_el1, x9; hvc #0; ret", "TCR_EL1") == []
    assert written(assemble, "cbz x0, 1f; msr sctlr_el1, xzr; 1: hvc #0; ret") == []
    assert written(assemble, "hvc #0; msr sctlr_el1, xzr; ret") == []


def test_behind_a_call_what_a_system_register_holds_is_open(assemble: Assemble) -> None:
    assert written(assemble, "msr sctlr_el1, xzr; bl f; hvc #0; ret") is None
    assert written(assemble, "bl f; msr sctlr_el1, xzr; hvc #0; ret") == [0]


def test_a_register_of_cp15_is_found_as_well(assemble: Assemble) -> None:
    code = "mov r2, #4; mcr p15, 0, r2, c1, c0, 0; hvc #0; bx lr"
    sites = call_sites_a32(assemble, root=code, f="bx lr")
    start, site = hvc_of(sites, A32)
    found = sites.functions.written_before(start, site, "SCTLR", A32)
    assert found is not None and [each.value for each in found] == [4]
    assert sites.functions.written_before(start, site, "HSCTLR", A32) == ()
