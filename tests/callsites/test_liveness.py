"""What is live behind a place: read before written, on some way, by whom."""

import pytest

from hypabi.callsites.backward_paths import Budget
from hypabi.callsites.liveness import reliance
from hypabi.callsites.model import Liveness, Why
from hypabi.callsites.path_runner import A64
from hypabi.code.function_body import Body
from tests.callsites.a64_body import START, body

PLENTY = 10_000


def behind(source: str, *callees: Body, budget: int = PLENTY) -> Liveness:
    known = {each.start: each for each in callees}
    return reliance(body(source), START, A64, known.get, Budget(budget))


def reads(found: Liveness) -> set[str]:
    return {each.register for each in found.reads}


def may(found: Liveness, why: Why) -> set[str]:
    return {each.register for each in found.may_read if each.why is why}


def test_a_register_is_live_that_is_read_before_it_is_written() -> None:
    found = behind("mov x1, x9; mov x10, #0; mov x2, x10; ret")
    assert [(each.register, each.address) for each in found.reads] == [
        ("x9", START),
        ("x30", START + 12),
    ]
    assert "x10" not in found.live and "x1" not in reads(found)
    assert not found.undecided


def test_one_way_on_which_it_is_read_is_enough_and_none_is_not() -> None:
    assert "x9" in reads(behind("cbz x3, 1f; mov x9, #0; 1: mov x1, x9; ret"))
    assert "x9" not in reads(
        behind("cbz x3, 1f; mov x9, #0; b 2f; 1: mov x9, #1; 2: mov x1, x9; ret")
    )


def test_a_loop_is_walked_to_its_end() -> None:
    found = behind("1: add x1, x1, x9; subs x2, x2, #1; b.ne 1b; ret")
    assert reads(found) == {"x1", "x2", "x9", "x30"}


def test_a_return_passes_results_and_what_is_callee_saved() -> None:
    found = behind("mov x1, #0; mov x20, #0; ret")
    assert may(found, Why.RETURNED) == {"x0"}
    assert may(found, Why.KEPT) == {f"x{n}" for n in (18, 19, *range(21, 30))}
    assert "x5" not in found.live


def test_behind_a_call_that_was_not_followed_only_callee_saved_registers_are_as_before() -> None:
    found = behind("mov x29, x30; bl .+0x1000; mov x1, x19; mov x2, x9; mov x30, x29; ret")
    assert "x19" in reads(found) and "x9" not in reads(found)
    assert may(found, Why.ARGUMENT) == {f"x{n}" for n in range(8)}


def test_a_function_that_is_called_reads_what_its_own_code_reads() -> None:
    callee = body("mov x0, x2; ret", START + 0x1000)
    source = "mov x29, x30; bl .+0xffc; mov x30, x29; ret"
    found = behind(source, callee)
    assert may(found, Why.CALLEE) == {"x2"}
    assert not may(found, Why.ARGUMENT)
    assert "x2" in may(behind(source), Why.ARGUMENT)


@pytest.mark.parametrize("end", ["br x3", "b .+0x1000"])
def test_where_control_goes_elsewhere_others_may_read(end: str) -> None:
    found = behind(f"mov x9, #0; {end}")
    assert "x9" not in found.live and "x19" in found.live
    assert bool(found.undecided) is (end == "br x3")


def test_what_may_be_looked_at_is_bounded_and_said() -> None:
    source = "mov x1, x9; mov x2, x10; ret"
    assert behind(source, budget=1).undecided
    assert not behind(source).undecided
