"""Which instructions of a function are reached when registers hold a known number at entry."""

from hypabi.arch.names import InstructionSet
from hypabi.callsites.finder import CallSites
from tests.callsites.programs import address_of, call_sites, call_sites_a32
from tests.inputs import Assemble


def skipped(assemble: Assemble, body: str, **known: int) -> set[str]:
    """Return the functions that one does not call then, of ``f`` and ``g``."""
    sites = call_sites(assemble, root=body, f="ret", g="ret")
    return _skipped(sites, InstructionSet.A64, known)


def _skipped(sites: CallSites, state: InstructionSet, known: dict[str, int]) -> set[str]:
    start = address_of(sites, "root")
    body = sites.functions.callee(start, state)
    assert body is not None
    names = {address_of(sites, name): name for name in ("f", "g")}
    unreached = sites.functions.unreached_with(start, known, state)
    targets = {step.target for step in body.turns() if step.address in unreached}
    return {name for address, name in names.items() if address in targets}


SWITCH = "cbz x1, 1f; cmp x1, #2; b.hi 2f; bl f; 2: ret; 1: bl g; ret"


def test_a_branch_that_a_number_decides_goes_one_way(assemble: Assemble) -> None:
    assert skipped(assemble, SWITCH, x1=0) == {"f"}
    assert skipped(assemble, SWITCH, x1=2) == {"g"}
    assert skipped(assemble, SWITCH, x1=3) == {"f", "g"}
    assert skipped(assemble, SWITCH, x2=0) == set()


def test_what_is_computed_from_a_number_is_known_and_what_is_read_is_not(
    assemble: Assemble,
) -> None:
    code = "{}; cbz x3, 1f; bl f; 1: ret"
    assert skipped(assemble, code.format("sub x3, x1, #2"), x1=2) == {"f"}
    assert skipped(assemble, code.format("ldr x3, [x1]"), x1=2) == set()


def test_a_call_loses_scratch_registers_alone(assemble: Assemble) -> None:
    code = "mov x19, x1; bl g; cbz {}, 1f; bl f; 1: ret"
    assert skipped(assemble, code.format("x19"), x1=0) == {"f"}
    assert skipped(assemble, code.format("x1"), x1=0) == set()


def test_behind_a_computed_branch_nothing_is_said(assemble: Assemble) -> None:
    assert skipped(assemble, "cbz x1, 1f; bl f; 1: br x2", x1=0) == set()


def test_ways_that_meet_know_what_both_know(assemble: Assemble) -> None:
    code = "mov x3, #0; cbz x2, 1f; mov x3, #{}; 1: cbz x3, 2f; bl f; 2: ret"
    assert skipped(assemble, code.format(0), x1=0) == {"f"}
    assert skipped(assemble, code.format(1), x1=0) == set()


def test_a32_is_followed_as_a64_is(assemble: Assemble) -> None:
    code = "cmp r1, #0; beq 1f; bl f; bx lr; 1: bl g; bx lr"
    sites = call_sites_a32(assemble, root=code, f="bx lr", g="bx lr")
    assert _skipped(sites, InstructionSet.A32, {"r1": 0}) == {"f"}
    assert _skipped(sites, InstructionSet.A32, {"r1": 1}) == {"g"}
