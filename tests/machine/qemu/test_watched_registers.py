"""What is read of the code under a breakpoint."""

import pytest

from hypabi.image.load import load_image
from hypabi.machine.qemu.watched_registers import entry_of_calls
from tests.inputs import Assemble

BEGINS = "stp x0, x1, [sp, #-16]!; mrs x0, esr_el2; ubfx x0, x0, #26, #6; cmp x0, #0x16; b.eq away"
SPACES = 20


def entry_of(assemble: Assemble, slot: str) -> int | None:
    """Return where a slot has its hypercalls, as a distance from it."""
    path = assemble(
        f"before: .space 16\nslot: {slot}; b .\n.space {SPACES}\naway: ret", "arm64", text=0
    )
    (image,) = load_image(str(path)).images
    return entry_of_calls(image.read(16, 4 * 8), 16)


def test_where_a_slot_tells_hypercalls_from_other_exceptions(assemble: Assemble) -> None:
    assert entry_of(assemble, BEGINS) == 16 + 4 * 6 + SPACES
    assert entry_of(assemble, BEGINS.replace("ubfx x0, x0, #26, #6", "lsr x0, x0, #26")) is not None
    assert entry_of(assemble, BEGINS.replace("away", "before")) == 0


@pytest.mark.parametrize(
    ("known", "other"),
    [
        ("#0x16", "#0x17"),
        ("b.eq", "b.ne"),
        ("x0, x1, [sp", "x1, x0, [sp"),
        ("esr_el2", "esr_el1"),
        ("#26, #6", "#26, #5"),
        ("stp x0, x1, [sp, #-16]!;", "nop;"),
    ],
)
def test_a_slot_that_begins_otherwise_tells_nothing(
    assemble: Assemble, known: str, other: str
) -> None:
    assert known in BEGINS
    assert entry_of(assemble, BEGINS.replace(known, other)) is None
