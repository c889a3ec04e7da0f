"""In which order a function and those that it calls make their calls, and with whom live."""

from hypabi.callsites.call_order import Asked, CallOrder, Live
from tests.callsites.programs import address_of, call_sites
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
    sites = call_sites(assemble, **functions)
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
    order = CallOrder(sites, around, answer)
    whole = order.walk(address_of(sites, "root"), ANYBODY, unknown)
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
