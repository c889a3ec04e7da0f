"""Where a slot leads is told by branches alone, and not where more than branches decide."""

import pytest

from hypabi.code.vector_slots import Route, reads_syndrome, route_of
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.symbolic.handler import image_of

TAIL = """
handler:
    msr vbar_el2, x1
    eret
looks:
    mrs x0, esr_el2
    eret
dead: b .
"""


@pytest.mark.parametrize(
    ("slot", "route"),
    [
        ("b handler", Route.AS_CALL),
        ("nop\n b 1f\n1: nop\n b handler", Route.AS_CALL),
        ("b dead", Route.HANGS),
        ("1: nop\n nop\n b 1b", Route.HANGS),
        ("b looks", Route.ELSEWHERE),
        ("cbz x0, handler\n b dead", Route.ELSEWHERE),
        ("mov x9, #1\n b handler", Route.ELSEWHERE),
        ("bl handler", Route.ELSEWHERE),
        (".word 0", Route.ELSEWHERE),
        ("1: wfe\n b 1b", Route.ELSEWHERE),
    ],
)
def test_branches_alone_tell_where_a_slot_leads(
    assemble: Assemble, slot: str, route: Route
) -> None:
    source = f".globl _start\n_start: b handler\nslot: {slot}\n{TAIL}"
    image = image_of(source, assemble)
    explorer = explorer_for(image)
    (at,) = image.symbols.find("slot")
    found = route_of(at.address, image.entry, explorer.instruction, explorer.patches)
    assert found is route


def test_code_that_reads_the_syndrome_is_told_from_code_that_does_not(assemble: Assemble) -> None:
    image = image_of(f".globl _start\n_start: nop\n{TAIL}", assemble)
    lift = explorer_for(image).instruction
    at = {name: image.symbols.find(name)[0].address for name in ("handler", "looks")}
    assert not reads_syndrome([at["handler"], at["handler"] + 4], lift)
    assert reads_syndrome([at["looks"]], lift)
