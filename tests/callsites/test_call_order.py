"""In which order a function and those that it calls make their calls, and with whom live."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.call_order import Asked, CallOrder, Live
from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.callsites.programs import address_of, call_sites, call_sites_a32, call_sites_t32
from tests.inputs import Assemble

ANYBODY: Live = frozenset({"stub", "kvm"})
STUB: Live = frozenset({"stub"})
CALL = "mov x0, #2; hvc #0; ret"


def walk(
    assemble: Assemble, unknown: Live | None = ANYBODY, **functions: str
) -> tuple[list[tuple[str, Live]], bool]:
    """Walk ``root``; return the function of each call and who is live before it, and if all was.

    Each call leaves the stub.
    """
    return walk_program(call_sites(assemble, **functions), InstructionSet.A64, ANYBODY, unknown)


def walk_program(
    sites: CallSites, state: InstructionSet, live: Live, unknown: Live | None = ANYBODY
) -> tuple[list[tuple[str, Live]], bool]:
    found = []

    def answer(asked: Asked) -> Live:
        symbol = sites.image.symbols.around(asked.site)
        assert symbol is not None
        found.append((symbol.name, asked.live))
        return STUB

    around: dict[int, frozenset[int]] = {address_of(sites, "root"): frozenset()}
    for site in sites.find():
        start = site.function.address
        around[start] = around.get(start, frozenset()) | {site.address}
    order = CallOrder(sites, around, answer, state, ANYBODY)
    whole = order.walk(address_of(sites, "root"), live, unknown).whole
    return sorted(found, key=lambda each: (each[0], sorted(each[1]))), whole


def walked(
    assemble: Assemble, unknown: Live | None = ANYBODY, **functions: str
) -> list[tuple[str, Live]]:
    found, whole = walk(assemble, unknown, **functions)
    assert whole
    return found


def test_a_call_behind_another_meets_whom_that_left(assemble: Assemble) -> None:
    assert walked(assemble, root="bl f; bl g; ret", f=CALL, g=CALL) == [("f", ANYBODY), ("g", STUB)]
    assert walked(assemble, root="bl f; b g", f=CALL, g=CALL) == [("f", ANYBODY), ("g", STUB)]


def test_a_branch_goes_both_ways_and_each_is_one_way(assemble: Assemble) -> None:
    found = walked(assemble, root="cbz x0, 1f; bl f; 1: bl g; ret", f=CALL, g=CALL)
    assert found == [("f", ANYBODY), ("g", ANYBODY), ("g", STUB)]


def test_at_el1_a_branch_that_asks_for_the_level_goes_one_way(assemble: Assemble) -> None:
    level = "mrs x0, CurrentEL; cmp x0, #{}; b.{} 1f; bl f; 1: bl g; ret"
    reset = [("f", ANYBODY), ("g", STUB)]
    assert walked(assemble, root=level.format(8, "eq"), f=CALL, g=CALL) == reset
    assert walked(assemble, root=level.format(4, "ne"), f=CALL, g=CALL) == reset
    skipped = [("g", ANYBODY)]
    assert walked(assemble, root=level.format(8, "ne"), f=CALL, g=CALL) == skipped
    assert walked(assemble, root=level.format(4, "eq"), f=CALL, g=CALL) == skipped
    other = "mrs x0, MPIDR_EL1; cmp x0, #8; b.eq 1f; bl f; 1: bl g; ret"
    assert len(walked(assemble, root=other, f=CALL, g=CALL)) == 3


def test_behind_a_call_by_register_it_is_not_known_who_is_live(assemble: Assemble) -> None:
    code = "bl f; blr x1; bl g; ret"
    assert walked(assemble, root=code, f=CALL, g=CALL) == [("f", ANYBODY), ("g", ANYBODY)]
    assert walked(assemble, None, root=code, f=CALL, g=CALL) == [("f", ANYBODY), ("g", STUB)]


def test_behind_a_function_that_is_entered_at_its_call_it_is_not_known_who_is_live(
    assemble: Assemble,
) -> None:
    inside = walked(assemble, root="bl g; bl f + 4; bl g; ret", f=CALL, g=CALL)
    assert inside == [("g", ANYBODY), ("g", ANYBODY)]
    behind = walked(assemble, root="bl g; bl f + 8; bl g; ret", f=CALL, g=CALL)
    assert behind == [("g", ANYBODY), ("g", STUB)]


def test_behind_a_function_that_no_file_defines_it_is_not_known_who_is_live(
    assemble: Assemble,
) -> None:
    head = ".type f, %function; f: mov x0, #2; hvc #0; ret\n"
    for other, defined, live in (("elsewhere", "", ANYBODY), ("g", "g: ret\n", STUB)):
        root = f".type root, %function; root: bl f; bl {other}; bl f; ret\n"
        image = load_image(assemble(head + root + defined, "arm64")).images[-1]
        sites = CallSites(explorer_for(image))
        found, whole = walk_program(sites, InstructionSet.A64, ANYBODY)
        assert whole and set(found) == {("f", ANYBODY), ("f", live)}


def test_a_loop_ends(assemble: Assemble) -> None:
    found = walked(assemble, root="1: bl f; cbz x0, 1b; ret", f=CALL)
    assert found == [("f", ANYBODY), ("f", STUB)]


def test_a_walk_that_ends_early_says_so(assemble: Assemble) -> None:
    nested = {f"f{n}": f"stp x29, x30, [sp, #-16]!; bl f{n + 1}; {CALL}" for n in range(5)}
    _, whole = walk(assemble, ANYBODY, root="bl f0; ret", **nested, f5=CALL)
    assert not whole
    nested = {f"f{n}": f"stp x29, x30, [sp, #-16]!; bl f{n + 1}; {CALL}" for n in range(2)}
    _, whole = walk(assemble, ANYBODY, root="bl f0; ret", **nested, f2=CALL)
    assert whole


CALL_A32 = "mov r0, #2; hvc #0; bx lr"
ASKS_BY_TEQ = "mrs r0, spsr; and r3, r0, #0x1f; teq r3, #{}; b{} 1f; bl f; 1: bl g; bx lr"
ASKS = "mrs r0, spsr; and r0, r0, #0x1f; cmp r0, #{}; b{} 1f; bl f; 1: bl g; bx lr"


def walked_a32(assemble: Assemble, live: Live, root: str) -> list[tuple[str, Live]]:
    sites = call_sites_a32(assemble, root=root, f=CALL_A32, g=CALL_A32)
    found, whole = walk_program(sites, InstructionSet.A32, live)
    assert whole
    return found


@pytest.mark.parametrize("branch", ["bne", "bne.w"])
def test_t32_asks_for_hyp_as_a32_does(assemble: Assemble, branch: str) -> None:
    asks = f"mrs r0, spsr; and.w r0, r0, #0x1f; cmp r0, #26; {branch} 1f; bl f; 1: bl g; bx lr"
    call = "mov r0, #2; hvc #0; bx lr"
    sites = call_sites_t32(assemble, root=asks, f=call, g=call)
    nobody: Live = frozenset()
    for live, expected in ((STUB, [("f", STUB), ("g", STUB)]), (nobody, [("g", nobody)])):
        found, whole = walk_program(sites, InstructionSet.T32, live)
        assert whole and found == expected


def test_a32_is_walked_as_a64_is(assemble: Assemble) -> None:
    assert walked_a32(assemble, ANYBODY, "bl f; bl g; bx lr") == [("f", ANYBODY), ("g", STUB)]
    assert walked_a32(assemble, ANYBODY, "bl f; b g") == [("f", ANYBODY), ("g", STUB)]
    both = [("f", ANYBODY), ("g", ANYBODY), ("g", STUB)]
    assert walked_a32(assemble, ANYBODY, "cmp r1, #0; beq 1f; bl f; 1: bl g; bx lr") == both


def test_a_branch_that_asks_for_hyp_goes_one_way_by_whether_anybody_is_live(
    assemble: Assemble,
) -> None:
    nobody: Live = frozenset()
    in_hyp = [("f", STUB), ("g", STUB)]
    assert walked_a32(assemble, STUB, ASKS.format(26, "ne")) == in_hyp
    assert walked_a32(assemble, nobody, ASKS.format(26, "ne")) == [("g", nobody)]
    assert walked_a32(assemble, STUB, ASKS.format(26, "eq")) == [("g", STUB)]
    outside = [("f", nobody), ("g", STUB)]
    assert walked_a32(assemble, nobody, ASKS.format(26, "eq")) == outside
    assert len(walked_a32(assemble, nobody, ASKS.format(19, "ne"))) == 3
    assert walked_a32(assemble, STUB, ASKS_BY_TEQ.format(26, "ne")) == in_hyp
    assert walked_a32(assemble, nobody, ASKS_BY_TEQ.format(26, "ne")) == [("g", nobody)]
    assert len(walked_a32(assemble, nobody, ASKS_BY_TEQ.format(19, "ne"))) == 3
    masked = ASKS_BY_TEQ.replace("teq r3", "teq r0")
    assert len(walked_a32(assemble, nobody, masked.format(26, "ne"))) == 3
