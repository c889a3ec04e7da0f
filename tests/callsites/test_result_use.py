"""What becomes of a register behind an instruction: asked for, stored, returned, or not known."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.path_runner import Approach
from hypabi.callsites.result_use import MOST_STEPS, Aftermath, aftermath
from hypabi.image.load import load_image
from hypabi.smt import terms
from hypabi.smt.terms import Term
from hypabi.symbolic.setup import explorer_for
from tests.callsites.a64_body import START, body
from tests.inputs import Assemble

ANSWER = terms.symbol("x0 after the call", 64)
assert isinstance(ANSWER, Term)


def seen(assemble: Assemble, source: str, most: int = MOST_STEPS) -> Aftermath:
    (image,) = load_image(assemble(source.replace(";", "\n"), "arm64", text=START)).images
    approach = Approach(explorer_for(image), InstructionSet.A64)
    return aftermath(approach, body(source), START, {"x0": ANSWER}, most)


def test_a_branch_on_it_asks_under_the_condition_that_it_tests(assemble: Assemble) -> None:
    (asked,) = seen(assemble, "nop; cbnz x0, 1f; mov x1, #0; 1: ret").asked
    assert (asked.address, asked.condition) == (START + 4, terms.ne(ANSWER, 0, 64))
    (compared,) = seen(assemble, "cmp x0, #5; b.eq 1f; nop; 1: ret").asked
    assert compared.condition == terms.eq(ANSWER, 5, 64)


@pytest.mark.parametrize("first", ["mov x0, #0", "ldr x0, [x5]", "bl .+0x100"])
def test_a_branch_on_what_replaced_it_asks_nothing(assemble: Assemble, first: str) -> None:
    found = seen(assemble, f"{first}; cbnz x0, 1f; nop; 1: ret")
    assert found.asked == () and found.whole


def test_it_is_stored_where_its_value_reaches_memory(assemble: Assemble) -> None:
    assert seen(assemble, "add x3, x0, #1; str x3, [x1]; ret").stored == {"x0"}
    assert seen(assemble, "str x2, [x1]; ret").stored == frozenset()


def test_it_is_returned_where_a_way_ends_with_it_in_its_place(assemble: Assemble) -> None:
    assert seen(assemble, "mov x1, #0; ret").returned == {"x0"}
    assert seen(assemble, "mov x3, x0; mov x0, x3; ret").returned == {"x0"}
    assert seen(assemble, "add x0, x0, #1; ret").returned == frozenset()
    assert seen(assemble, "cbz x1, 1f; mov x0, #0; 1: ret").returned == {"x0"}


def test_a_way_that_is_not_followed_to_its_end_says_so(assemble: Assemble) -> None:
    assert not seen(assemble, "mov x3, x0; br x4").whole
    assert not seen(assemble, "nop; nop; nop; ret", most=2).whole
    assert seen(assemble, "nop; nop; nop; ret").whole
