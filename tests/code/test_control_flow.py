"""Flow: where control can go next, and the order in which states wait for each other."""

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.code.alternatives import NO_PATCHES, PatchSite
from hypabi.code.control_flow import MOST_INSTRUCTIONS, Order, successors
from hypabi.image.model import Image
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.symbolic.lifting import image_lifter
from tests.inputs import Assemble
from tests.semantics.a64_machine import lift
from tests.symbolic.handler import TEXT, Sites, image_of


def order_of(image: Image, patches: object = NO_PATCHES) -> Order:
    lifter = Lifter(InstructionSet.A64, ByteOrder.LITTLE)
    return Order(image_lifter(image, lifter.lift), patches, lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0xD503201F, {4}),  # nop
        (0x14000004, {16}),  # b
        (0x94000004, {4, 16}),  # bl
        (0x54000080, {4, 16}),  # b.eq
        (0xB4000081, {4, 16}),  # cbz
        (0x37000081, {4, 16}),  # tbnz
        (0xD65F03C0, set()),  # ret
        (0xD61F0020, set()),  # br x1
        (0xD63F0020, {4}),  # blr x1
        (0xD69F03E0, set()),  # eret
        (0xDA810020, {4}),  # csinv, which branches inside
        (0xFA410800, {4}),  # ccmp, as well
    ],
)
def test_successors_are_the_next_instruction_and_the_target(word: int, expected: set[int]) -> None:
    instruction = lift(word)
    assert isinstance(instruction, Instruction)
    assert {address - 0x1000 for address in successors(instruction)} == expected


def test_control_that_is_reached_first_comes_first(assemble: Assemble) -> None:
    source = "cbz x0, 1f\nmov x1, #1\nb 2f\n1: mov x1, #2\n2: mov x2, #3\ncbnz x1, 2b\neret"
    order = order_of(image_of(source, assemble))
    first, one, two, join = (order.index(TEXT + 4 * n) for n in (0, 1, 3, 4))
    assert first < one < join and first < two < join


def test_paths_meet_where_control_comes_from_two_instructions(assemble: Assemble) -> None:
    source = "cbz x0, 1f\nmov x1, #1\nb 2f\n1: mov x1, #2\n2: mov x2, #3\neret"
    order = order_of(image_of(source, assemble))
    order.index(TEXT)
    assert [n for n in range(6) if order.joins(TEXT + 4 * n)] == [4]


def test_paths_meet_behind_a_patched_site(assemble: Assemble) -> None:
    image = image_of("nop\nnop\neret\nmov x1, #1", assemble)
    order = order_of(image, Sites((PatchSite(TEXT + 4, 4, 1, TEXT + 12, callback=False),)))
    order.index(TEXT)
    assert order.joins(TEXT + 8)


def test_code_without_an_end_is_ordered_up_to_a_bound() -> None:
    lifted = []

    def endless(address: int) -> Instruction | Undecodable:
        lifted.append(address)
        return lift(0xD503201F, address)

    order = Order(endless, NO_PATCHES, lambda _: None)
    assert order.index(0) == 0
    assert len(lifted) <= MOST_INSTRUCTIONS + 1


def test_behind_an_end_nobody_asks(assemble: Assemble) -> None:
    image = image_of("cbz x0, 1f\nmov x1, #1\n1: mov x2, #3\neret", assemble)
    lifter = Lifter(InstructionSet.A64, ByteOrder.LITTLE)
    looked_at: list[int] = []

    def lifting(address: int) -> Instruction | Undecodable:
        looked_at.append(address)
        return image_lifter(image, lifter.lift)(address)

    Order(lifting, NO_PATCHES, lambda _: None, {TEXT + 8}).index(TEXT)
    assert TEXT + 4 in looked_at and TEXT + 8 not in looked_at
