"""Paths through T32: IT blocks, both instruction sets, and what is no instruction there."""

from collections.abc import Callable

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_behaviour
from hypabi.behaviour.outcome import CalledBack, Left, Returned, Undecided
from hypabi.code.vector_tables import How, Kind, find_vector_tables
from hypabi.image.load import load_image
from hypabi.smt import terms
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble

R0, R1 = terms.symbol("r0", 32), terms.symbol("r1", 32)
HEAD = ".syntax unified\n.arch armv7ve\n.text\n.global handler\n"
Derive = Callable[[str], Behaviour]


@pytest.fixture
def thumb(assemble: Assemble) -> Derive:
    """Return what a handler in T32 does that is entered by ``hvc``."""

    def derived(body: str) -> Behaviour:
        source = f"{HEAD}.thumb\n.thumb_func\nhandler:\n{body}\n"
        image = load_image(assemble(source, "arm", text=0x8000)).images[-1]
        (symbol,) = image.symbols.find("handler")
        assert symbol.thumb
        return derive_behaviour(explorer_for(image), symbol.address, 0, InstructionSet.T32)

    return derived


def test_an_it_block_is_one_case_with_a_value_that_depends(thumb: Derive) -> None:
    (case,) = thumb("cmp r0, #3\nite eq\nmoveq r1, #5\nmovne r1, #7\neret").cases
    assert isinstance(case.outcome, Returned)
    expected = terms.ite(terms.eq(R0, 3, 32), 5, 7, 32)
    assert case.registers["r1"] is expected


def test_a_branch_in_an_it_block_is_taken_or_not(thumb: Derive) -> None:
    cases = thumb("cmp r0, #3\nit eq\nbeq 1f\nmov r1, #7\neret\n1: mov r1, #5\neret").cases
    by_value = {case.registers["r1"]: case.guard[0].term for case in cases}
    assert by_value == {5: terms.eq(R0, 3, 32), 7: terms.lnot(terms.eq(R0, 3, 32))}


def test_a_call_into_a32_is_followed_there_and_back(thumb: Derive) -> None:
    body = "mov r4, lr\nblx 1f\nmov lr, r4\neret\n.arm\n.balign 4\n1: add r1, r0, #1\nbx lr"
    (case,) = thumb(body).cases
    assert isinstance(case.outcome, Returned)
    assert case.registers["r1"] is terms.add(R0, 1, 32)


def test_the_caller_s_function_is_called_and_not_followed(thumb: Derive) -> None:
    (case,) = thumb("blx r1\neret").cases
    assert case.outcome == CalledBack(terms.and_(R1, 0xFFFFFFFE, 32), "hyp")


def test_a_branch_to_the_caller_s_address_leaves(thumb: Derive) -> None:
    (case,) = thumb("bx r1").cases
    assert case.outcome == Left(terms.and_(R1, 0xFFFFFFFE, 32), "hyp")


def test_an_address_that_no_instruction_can_have_is_undecided(thumb: Derive) -> None:
    # Bit 0 clear: A32, where bits 1:0 of an address are 0 (DDI 0406C, A2.3.1).
    (case,) = thumb("adr r3, 1f\nadd r3, r3, #2\nbx r3\n.balign 4\n1: nop\nnop\nnop").cases
    assert isinstance(case.outcome, Undecided)
    assert "misaligned" in case.outcome.reason


def test_what_is_read_as_a32_where_t32_stands_is_not_the_same(assemble: Assemble) -> None:
    source = f"{HEAD}.thumb\n.thumb_func\nhandler:\nmov r1, #5\neret\n"
    image = load_image(assemble(source, "arm", text=0x8000)).images[-1]
    address = image.symbols.find("handler")[0].address
    (right,) = derive_behaviour(explorer_for(image), address, 0, InstructionSet.T32).cases
    wrong = derive_behaviour(explorer_for(image), address, 0, InstructionSet.A32).cases
    assert right.registers["r1"] == 5
    assert [case.outcome for case in wrong] != [right.outcome]


def test_the_instruction_set_and_the_byte_order_say_what_hsctlr_is(thumb: Derive) -> None:
    behaviour = thumb("eret")
    control = terms.symbol("HSCTLR", 32)
    te = terms.eq(terms.extract(control, 30, 1, 32), 1, 1)
    ee = terms.eq(terms.extract(control, 25, 1, 32), 0, 1)
    assert set(behaviour.holds) == {te, ee}


# ------------------------------------------------------------------------------------ T32 tables

SLOTS = "b.w .\n" * 5 + "b.w trap\n" + "b.w .\n" * 2


def table(assemble: Assemble, slots: str) -> list[tuple[str, InstructionSet]]:
    source = f"{HEAD}.thumb\ntrap: eret\n.balign 32\n.global vectors\nvectors:\n{slots}\nhandler:\n"
    image = load_image(assemble(source, "arm", text=0x8000)).images[-1]
    found = find_vector_tables(image, ["vectors"], explorer_for(image).instruction)
    assert all((each.kind, each.how) == (Kind.HYP, How.SYMBOL) for each in found)
    return [(each.name, each.state) for each in found]


def test_eight_wide_branches_under_a_known_name_are_a_table_of_t32(assemble: Assemble) -> None:
    assert table(assemble, SLOTS) == [("vectors", InstructionSet.T32)]


@pytest.mark.parametrize("other", ["nop.w", "bl trap", "nop\nnop", "beq.w trap"])
def test_with_anything_else_in_a_slot_it_is_none(assemble: Assemble, other: str) -> None:
    assert table(assemble, SLOTS.replace("b.w trap", other)) == []
