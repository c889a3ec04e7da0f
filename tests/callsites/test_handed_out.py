"""Whether a function hands out an address as it is linked, and not as it lies."""

import pytest

from hypabi.callsites.handed_out import handed_out
from tests.callsites.a64_body import START, body

NAMED = "adr x1, 9f;"


@pytest.mark.parametrize(
    ("source", "named", "places"),
    [
        (f"{NAMED} blr x2; ret; 9: nop", True, 1),
        (f"{NAMED} str x1, [x3]; ret; 9: nop", True, 1),
        (f"{NAMED} stp x4, x1, [x3]; ret; 9: nop", True, 1),
        (f"{NAMED} str x1, [x3, x4]; ret; 9: nop", True, 1),
        (f"{NAMED} mov x9, x1; mov x1, #0; mov x2, x9; b 8f; 8: svc #0; br x5; 9: nop", True, 1),
        (f"{NAMED} str x1, [sp, #16]; mov x1, #0; ret; 9: nop", True, 0),
        (f"{NAMED} sub x1, x1, x2; blr x3; ret; 9: nop", True, 0),
        (f"{NAMED} sub x0, x1, x2; blr x3; ret; 9: nop", True, 0),
        (f"{NAMED} sub x0, x1, x2; str x1, [x3]; ret; 9: nop", True, 1),
        (f"{NAMED} cbz x0, 1f; sub x1, x1, x2; 1: str x1, [x3]; ret; 9: nop", True, 0),
        ("str x1, [x3]; blr x2; ret; 9: nop", False, 0),
    ],
)
def test_a_linked_address_is_told_where_it_is_stored_or_passed(
    source: str, places: int, *, named: bool
) -> None:
    function = body(source)
    found = handed_out(function, function.end - 4)
    assert found is not None and found.named is named
    assert len(found.places) == places and START not in found.places


def test_another_address_that_is_moved_is_told() -> None:
    function = body("adr x1, 8f; sub x0, x1, x2; blr x3; ret; 8: nop; 9: nop")
    found = handed_out(function, function.end - 4)
    assert found is not None and not found.named
    assert found.others == (function.end - 8,)
    own = handed_out(function, function.end - 8)
    assert own is not None and own.named and own.others == ()
