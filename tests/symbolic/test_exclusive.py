"""An exclusive store happens behind the exclusive load of the same memory; others may fail."""

import pytest

from hypabi.smt import terms
from hypabi.symbolic.memory import Store
from hypabi.symbolic.outcome import Returned, Undecided
from hypabi.symbolic.path_context import UNCONTENDED
from tests.inputs import Assemble
from tests.symbolic.handler import DATA, at_exit, paths

FREE = """
    ldr x9, =word
    mov w10, #1
{}
    eret
    .data
    .balign 16
word: .quad 0, 0
"""


def stored(path_stores: tuple[Store, ...]) -> set[tuple[int, int]]:
    return {(each.offset, each.size) for each in path_stores}


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("form", ["x", "ax"])
def test_a_store_happens_behind_the_load_of_the_same(
    assemble: Assemble, size: int, form: str
) -> None:
    letter, register = {1: "b", 2: "h"}.get(size, ""), "x" if size == 8 else "w"
    load = f"ld{form}r{letter} {register}11, [x9]"
    store = f"st{'l' if form == 'ax' else ''}xr{letter} w12, {register}10, [x9]"
    (only,) = paths(FREE.format(f"{load}\n{store}"), assemble)
    assert isinstance(only.outcome, Returned)
    assert at_exit(only, "x12") == 0
    assert stored(only.state.memory.stores) == {(DATA, size)}
    assert UNCONTENDED in only.state.assumptions


@pytest.mark.parametrize(
    "code",
    [
        "stxr w12, w10, [x9]",
        "ldxr w11, [x9]\nclrex\nstxr w12, w10, [x9]",
        "add x8, x9, #4\nldxr w11, [x8]\nstxr w12, w10, [x9]",
        "ldxr x11, [x9]\nstxr w12, w10, [x9]",
        "ldxr w11, [x9]\nstxr w13, w10, [x9]\nstxr w12, w10, [x9]",
    ],
    ids=["without a load", "cleared", "of another place", "of another size", "once before"],
)
def test_any_other_store_may_fail(assemble: Assemble, code: str) -> None:
    found = paths(FREE.format(code), assemble)
    assert not any(isinstance(at_exit(path, "x12"), int) for path in found)
    assert {len(path.state.memory.stores) for path in found} == {
        code.count("stxr") - 1,
        code.count("stxr"),
    }
    assert all("may fail" in " ".join(path.state.assumptions) for path in found)


def test_a_lock_is_taken_where_it_is_free_and_waited_for_where_it_is_not(
    assemble: Assemble,
) -> None:
    """That another CPU gives it back is no fact of this code, nor that it never does."""
    lock = """
    sevl
1:  wfe
2:  ldaxr w11, [x9]
    cbnz w11, 1b
    stxr w11, w10, [x9]
    cbnz w11, 2b
"""
    outcomes = [path.outcome for path in paths(FREE.format(lock), assemble)]
    assert {type(each) for each in outcomes} == {Returned, Undecided}
    (waits,) = (each for each in outcomes if isinstance(each, Undecided))
    assert "waits for another CPU" in waits.reason


def test_a_part_of_an_array_that_the_cpu_s_number_selects_is_not_on_the_stack(
    assemble: Assemble,
) -> None:
    """What the number selects; an index from the caller may be anything."""
    code = """
    ldr x9, =word
    {}
    mov x12, #0x2b8
    stp x0, x1, [sp, #-16]!
    madd x9, x11, x12, x9
    str x2, [x9]
    ldp x4, x5, [sp], #16
    eret
    .data
    .balign 16
word: .quad 0, 0
"""
    (own,) = paths(code.format("mrs x11, mpidr_el1\n and x11, x11, #0xff"), assemble)
    assert at_exit(own, "x4") is terms.symbol("x0", 64)
    assert any("MPIDR_EL1 selects" in each for each in own.state.assumptions)
    found = paths(code.format("and x11, x3, #0xff"), assemble)
    assert not any(at_exit(path, "x4") is terms.symbol("x0", 64) for path in found)
